"""`prospectus mail inbound`: record received mail, from a pipe, from files or from a Maildir."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from service.adapters.maildir import Maildir
from service.adapters.received_mail import NoRoom, Received, received
from service.bootstrap import Services
from service.cli.inbound_files import Keeper
from service.cli.installation import installation_here
from service.cli.words import WORDS, end, fail
from service.domain import inbound
from service.domain.inbound import Done, Taken
from service.facts.limits import ATTACHMENT_BYTES, ATTACHMENTS, INBOUND_MAIL_BYTES
from service.facts.words import N_
from service.mail.bounces import Letter, understand
from service.mail.replies import read_reply

# EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and tries again. EX_DATAERR: that was no mail.
LATER, NO_MAIL = 75, 65
_STDIN = "-"


@click.command(
    "inbound",
    help=WORDS.say(
        N_(
            "Read received emails and record the bounces, complaints and answers among them. "
            "Without a FILE, one email is read from standard input. "
            "The exit status is 75 if the emails are to be given again later, and 65 if something is not "
            "an email; the others are recorded."
        )
    )
    + "\n\n"
    + WORDS.say(
        N_(
            "Up to %(num)s files of an answer, %(size)s each, are attached to its message once they are "
            "scanned. Of an email larger than %(most)s the end is not read, and its message says that files "
            "are missing."
        ),
        num=ATTACHMENTS,
        size=WORDS.formats.file_size(ATTACHMENT_BYTES),
        most=WORDS.formats.file_size(INBOUND_MAIL_BYTES),
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
            taken = _read(services, path, came_to)
            _say(str(path), taken)
            if taken.done is Done.TOO_EARLY:
                sys.exit(LATER)
            strange |= taken.done is Done.NO_MAIL
        if maildir is not None:
            strange |= _empty(services, Maildir(maildir), came_to)
    except DBAPIError:
        fail(N_("The database is busy or not ready. Try again later."), code=LATER)
    except NoRoom:
        fail(N_("The server cannot store anything at the moment. Try again later."), code=LATER)
    except OSError as error:
        end(_printable(f"{error.filename}: {error.strerror}"))
    if strange:
        sys.exit(NO_MAIL)


def _empty(services: Services, folder: Maildir, came_to: tuple[str, ...]) -> bool:
    """Take in what is new; return whether some of it is no mail."""
    waits = strange = False
    for file in folder.new():
        taken = _read(services, file, came_to)
        if taken.done is Done.TOO_EARLY:
            waits = True  # it stays among the new ones, and holds up nobody
        else:
            folder.mark_seen(file)
        strange |= taken.done is Done.NO_MAIL
        _say(file.name, taken)
    if waits:
        sys.exit(LATER)
    return strange


def _read(services: Services, path: Path, came_to: tuple[str, ...]) -> Taken:
    folder = services.settings.data
    if str(path) == _STDIN:
        with received(sys.stdin.buffer, folder) as mail:
            return _take(services, mail, came_to)
    with path.open("rb") as file, received(file, folder) as mail:
        return _take(services, mail, came_to)


def _take(services: Services, came: Received, came_to: tuple[str, ...]) -> Taken:
    """Record a mail; its files are judged and stored before that, while nobody waits for the database."""
    mail = understand(came.octets, is_cut=came.is_cut)
    with services.db.reading() as session:
        brings = inbound.brings_files(
            session, services.return_path, mail, replies=services.replies, came_to=came_to
        )
    keeper = Keeper(services, is_cut=came.is_cut)
    kept: frozenset[str] = frozenset()
    try:
        brought = keeper.take(read_reply(mail.content)) if brings and isinstance(mail, Letter) else None
        with services.db.transaction() as session:
            taken = inbound.take(
                session,
                services.return_path,
                mail,
                replies=services.replies,
                jobs=services.jobs,
                brought=brought,
                came_to=came_to,
                now=datetime.now(UTC),
            )
            kept = taken.file_ids
    finally:
        for file_id in keeper.stored - kept:
            services.attachments.delete(file_id)
    return taken


def _say(name: str, taken: Taken) -> None:
    delivery = "" if taken.delivery_id is None else f" [{taken.delivery_id}]"
    click.echo(f"{_printable(name)}: {WORDS.say(taken.done.phrase)}{delivery}")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
