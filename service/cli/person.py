"""`prospectus person`: hand out or erase what is stored about one person, by their address."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from service.bootstrap import Services
from service.cli.installation import installation_here, refusals_said
from service.cli.words import WORDS, fail, say
from service.domain import accounts, audit, erasure, partners, people, user_data, user_erasure
from service.domain.personal_files import write_export
from service.facts.acts import Act
from service.facts.words import N_, NN_
from service.models import Partner


@click.group("person", help=WORDS.say(N_("Hand out or erase what is stored about a person.")))
def group() -> None:
    """Hold the commands together."""


_USER_HELP = WORDS.say(N_("The user with this address, not the partner."))
_OF_A_USER = click.option("--user", "of_user", is_flag=True, help=_USER_HELP)


@group.command("export", help=WORDS.say(N_("Write everything about a person into a ZIP file.")))
@click.argument("address", metavar="ADDRESS")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@_OF_A_USER
def export(address: str, file: Path, *, of_user: bool) -> None:
    """Export one person."""
    services = installation_here()
    with refusals_said(), services.db.reading() as session:
        if of_user:
            user_id = _user_with(session, address)
            found = user_data.export(session, user_id)
        else:
            user_id = None
            found = people.export(session, _only_one(session, address).id)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            write_export(archive, found, services.attachments)
    act = Act.USER_EXPORTED if of_user else Act.PERSON_EXPORTED
    with services.db.transaction() as session:
        audit.record(session, act, actor=None, subject_id=user_id, now=datetime.now(UTC))
    say(N_("Written: %(file)s"), file=str(file))


@group.command("erase", help=WORDS.say(N_("Erase everything about a person, and never write to them again.")))
@click.argument("address", metavar="ADDRESS")
@_OF_A_USER
@click.confirmation_option(prompt=WORDS.say(N_("This cannot be undone. Go on?")))
def erase(address: str, *, of_user: bool) -> None:
    """Erase one person, everywhere."""
    services = installation_here()
    now = datetime.now(UTC)
    with refusals_said():
        with services.db.reading() as session:
            found = (
                [_user_with(session, address)]
                if of_user
                else [partner.id for partner in _with_address(session, address)]
            )
        for person_id in found:
            (erase_user_everywhere if of_user else erase_everywhere)(services, person_id, now=now)
    say(NN_("%(num)s person is erased.", "%(num)s people are erased."), num=len(found))


def erase_everywhere(services: Services, partner_id: int, *, now: datetime) -> None:
    """Erase a partner from the database, the log for backups, the stored files and the captured outbox.

    The trail tells of it. Raises DomainError as `erasure.erase_partner`.
    """
    with services.db.reading() as session:
        looked = erasure.look_through(session, partner_id)
    with services.db.transaction() as session:
        done = erasure.erase_partner(session, partner_id, actor_id=None, looked=looked, now=now)
        audit.record(session, Act.PERSON_ERASED, actor=None, now=now)
        services.erasure_log.note(done.marks, at=now)
    services.clear_outside(done)


def erase_user_everywhere(
    services: Services, user_id: int, *, the_last_too: bool = False, now: datetime
) -> None:
    """Erase a user of the brand from where `erase_everywhere` erases partners.

    Raises DomainError as `user_erasure.erase`.
    """
    with services.db.transaction() as session:
        done = user_erasure.erase(session, user_id, actor=None, the_last_too=the_last_too, now=now)
        audit.record(session, Act.USER_ERASED, actor=None, subject_id=user_id, now=now)
        services.erasure_log.note(done.marks, at=now)
    services.clear_outside(done)


def _user_with(session: Session, address: str) -> int:
    user = accounts.find_user(session, partners.email_address(address).as_written)
    if user is None:
        fail(N_("No user has this address: %(address)s"), address=address)
    return user.id


def _only_one(session: Session, address: str) -> Partner:
    found = _with_address(session, address)
    if len(found) > 1:
        fail(N_("Several partners have this address. Export them in the browser, one by one."))
    return found[0]


def _with_address(session: Session, address: str) -> list[Partner]:
    parsed = partners.email_address(address)
    found = people.list_with_address(session, parsed.key)
    if not found and accounts.find_user(session, parsed.as_written) is not None:
        fail(N_("This is the address of a user, not of a partner. For the user, add --user."))
    if not found:
        fail(N_("Nobody with this address is stored: %(address)s"), address=address)
    return found
