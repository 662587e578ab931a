"""`prospectus mail dkim-key`: make the key that signs mails, and print the record to publish."""

import os
from pathlib import Path

import click

from service import dkim_key
from service.cli.words import WORDS, end, fail, say
from service.facts.words import N_
from service.mail.addresses import AddressError, domain_key
from service.mail.dkim import quoted_strings, record_name

EXISTS = N_("The file exists already and stays as it is: %(path)s")
NOT_WRITTEN = N_("The file %(path)s cannot be written: %(reason)s")
NO_SELECTOR = N_("“%(selector)s” is not a selector such as s2038.")
WRITTEN = N_("The key is in %(path)s. Only you can read it.")
PUBLISH = N_("Publish this TXT record where the domain is managed:")
SET = N_("Then set these for the service:")


@click.command(
    "dkim-key",
    help=WORDS.say(
        N_(
            "Make a key that signs emails (DKIM) and print the TXT record to publish. "
            "A file that exists is never overwritten."
        )
    ),
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=WORDS.say(N_("File for the private key.")),
)
@click.option(
    "--selector",
    default=dkim_key.DEFAULT_SELECTOR,
    show_default=True,
    help=WORDS.say(N_("Name of the key among those of the domain.")),
)
@click.option("--domain", help=WORDS.say(N_("Domain that emails come from.")))
@click.option(
    "--ed25519",
    is_flag=True,
    help=WORDS.say(N_("Make an Ed25519 key. Some receivers verify only RSA, which is the default.")),
)
def command(*, out: Path, selector: str, domain: str | None, ed25519: bool) -> None:
    """Make the key."""
    label = selector.lower()
    try:
        name = record_name(domain_key(f"{label}.example").removesuffix(".example"), "")
    except AddressError:
        fail(NO_SELECTOR, selector=selector)
    try:
        host = domain_key(domain) if domain else ""
    except AddressError as error:
        end(WORDS.say(error.phrase, **error.values))
    pem = dkim_key.make(ed25519_key=ed25519)
    _write(out, pem)
    say(WRITTEN, path=out)
    say(PUBLISH)
    # Without a domain the name is relative, as it stands in the domain's own zone file.
    owner = f"{name}{host}." if host else name.rstrip(".")
    click.echo(f"\n{owner} IN TXT {quoted_strings(dkim_key.read(pem).record)}\n")
    say(SET)
    click.echo(
        f"\nDKIM_KEY={out.absolute()}\nDKIM_SELECTOR={label}" + (f"\nDKIM_DOMAIN={host}" if host else "")
    )


def _write(out: Path, pem: bytes) -> None:
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        fail(EXISTS, path=out)
    except OSError as error:
        fail(NOT_WRITTEN, path=out, reason=error.strerror)
