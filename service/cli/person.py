"""`prospectus person`: hand out or erase what is stored about one person, by their address."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from service.bootstrap import Services
from service.cli.installation import installation_here, refusals_said
from service.cli.words import WORDS, fail, say
from service.domain import erasure, partners, people
from service.domain.personal_files import write_export
from service.facts.words import N_, NN_
from service.models import Partner


@click.group("person", help=WORDS.say(N_("Hand out or erase what is stored about a person.")))
def group() -> None:
    """Hold the commands together."""


@group.command("export", help=WORDS.say(N_("Write everything about a person into a ZIP file.")))
@click.argument("address", metavar="ADDRESS")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
def export(address: str, file: Path) -> None:
    """Export one person."""
    services = installation_here()
    with refusals_said(), services.db.reading() as session:
        (partner,) = _only_one(session, address)
        found = people.export(session, partner.id)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            write_export(archive, found, services.attachments)
    say(N_("Written: %(file)s"), file=str(file))


@group.command("erase", help=WORDS.say(N_("Erase everything about a person, and never write to them again.")))
@click.argument("address", metavar="ADDRESS")
@click.confirmation_option(prompt=WORDS.say(N_("This cannot be undone. Go on?")))
def erase(address: str) -> None:
    """Erase one person, everywhere."""
    services = installation_here()
    now = datetime.now(UTC)
    with refusals_said():
        with services.db.reading() as session:
            found = [partner.id for partner in _with_address(session, address)]
        for partner_id in found:
            erase_everywhere(services, partner_id, now=now)
    say(NN_("%(num)s person is erased.", "%(num)s people are erased."), num=len(found))


def erase_everywhere(services: Services, partner_id: int, *, now: datetime) -> None:
    """Erase a partner from the database, the log for backups, the stored files and the captured outbox."""
    with services.db.transaction() as session:
        done = erasure.erase_partner(session, partner_id, actor_id=None, now=now)
        services.erasure_log.note(done.marks, at=now)
    services.clear_outside(done)


def _only_one(session: Session, address: str) -> list[Partner]:
    found = _with_address(session, address)
    if len(found) > 1:
        fail(N_("Several partners have this address. Export them in the browser, one by one."))
    return found


def _with_address(session: Session, address: str) -> list[Partner]:
    found = people.list_with_address(session, partners.email_address(address).key)
    if not found:
        fail(N_("Nobody with this address is stored: %(address)s"), address=address)
    return found
