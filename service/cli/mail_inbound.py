"""`prospectus mail inbound`: record received mail, from a pipe, from files or from a Maildir."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy.exc import DBAPIError

from service.adapters.maildir import Maildir
from service.bootstrap import Services
from service.cli.installation import installation_here
from service.cli.words import REFUSED, WORDS, fail
from service.domain import inbound
from service.domain.inbound import Done, Taken
from service.facts.words import N_
from service.mail.bounces import understand
from service.mail.received import MOST_OCTETS

# EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and tries again. EX_DATAERR: that was no mail.
LATER, NO_MAIL = 75, 65
_STDIN = "-"
_CHUNK = 64 * 1024


@click.command(
    "inbound",
    help=WORDS.say(
        N_(
            "Read received emails and record the bounces, complaints and answers among them. "
            "Without a FILE, one email is read from standard input. "
            "The exit status is 75 if the emails are to be given again later, and 65 if something is not "
            "an email; the others are recorded."
        )
    ),
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, allow_dash=True), metavar="[FILE...]")
@click.option(
    "--maildir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=WORDS.say(N_("Folder whose new emails are read and then marked as seen.")),
)
@click.option(
    "--recipient",
    "came_to",
    multiple=True,
    metavar="ADDRESS",
    help=WORDS.say(N_("Address the mail server received the email for.")),
)
def command(files: tuple[Path, ...], *, maildir: Path | None, came_to: tuple[str, ...]) -> None:
    """Take in every mail that is given; the first one that has to wait ends the run."""
    services = installation_here()
    strange = False
    try:
        for path in files or (() if maildir else (Path(_STDIN),)):
            taken = _take(services, _read(path), came_to)
            _say(str(path), taken)
            if taken.done is Done.TOO_EARLY:
                sys.exit(LATER)
            strange |= taken.done is Done.NO_MAIL
        if maildir is not None:
            strange |= _empty(services, Maildir(maildir), came_to)
    except DBAPIError:
        fail(N_("The database is busy or not ready. Try again later."), code=LATER)
    except OSError as error:
        click.echo(_printable(f"{error.filename}: {error.strerror}"), err=True)
        sys.exit(REFUSED)
    if strange:
        sys.exit(NO_MAIL)


def _empty(services: Services, folder: Maildir, came_to: tuple[str, ...]) -> bool:
    """Take in what is new; return whether some of it is no mail."""
    waits = strange = False
    for file in folder.new():
        taken = _take(services, _read(file), came_to)
        if taken.done is Done.TOO_EARLY:
            waits = True  # it stays among the new ones, and holds up nobody
        else:
            folder.mark_seen(file)
        strange |= taken.done is Done.NO_MAIL
        _say(file.name, taken)
    if waits:
        sys.exit(LATER)
    return strange


def _take(services: Services, data: bytes, came_to: tuple[str, ...]) -> Taken:
    mail = understand(data)
    with services.db.transaction() as session:
        return inbound.take(
            session,
            services.return_path,
            mail,
            replies=services.replies,
            came_to=came_to,
            now=datetime.now(UTC),
        )


def _read(path: Path) -> bytes:
    if str(path) == _STDIN:
        return _start(sys.stdin.buffer)
    with path.open("rb") as file:
        return file.read(MOST_OCTETS)


def _start(stream: BinaryIO) -> bytes:
    """Read as much as is looked at, and the rest for nothing: a mail server must not see its pipe closed."""
    start = stream.read(MOST_OCTETS)
    while stream.read(_CHUNK):
        pass
    return start


def _say(name: str, taken: Taken) -> None:
    delivery = "" if taken.delivery_id is None else f" [{taken.delivery_id}]"
    click.echo(f"{_printable(name)}: {WORDS.say(taken.done.phrase)}{delivery}")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
