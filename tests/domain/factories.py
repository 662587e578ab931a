"""Things that domain tests stand on: a program, people, a user, and the jobs that were asked for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zlib import crc32

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain import accounts, partners, programs, prospects
from service.facts.permissions import BuiltInRole
from service.facts.sources import PartnerKind, Source
from service.models import Partner, Program, Prospect, User

NOW = datetime(2038, 1, 18, 12, 0, 0, tzinfo=UTC)


@dataclass
class AskedJobs:
    """Remembers what was enqueued; the engine's own side of it is tested in tests/adapters."""

    delivered: list[int] = field(default_factory=list)
    system: list[int] = field(default_factory=list)
    imports: list[int] = field(default_factory=list)
    scans: list[int] = field(default_factory=list)

    def deliver(self, session: Session, campaign_id: int) -> None:
        self.delivered.append(campaign_id)

    def send_system_mail(self, session: Session, mail_id: int) -> None:
        self.system.append(mail_id)

    def run_import(self, session: Session, import_id: int) -> None:
        self.imports.append(import_id)

    def scan(self, session: Session, attachment_id: int) -> None:
        self.scans.append(attachment_id)


def program(session: Session, name: str = "Maison Aurore", **changes: object) -> Program:
    facts = {"default_locale": "en", "time_zone": "Europe/Paris", "now": NOW, **changes}
    return programs.add(session, name=name, **facts)  # type: ignore[arg-type]


def user(session: Session, *made: Program, email: str = "alex@brand.example") -> User:
    return accounts.add_user(
        session,
        email=email,
        name="Alex Morgan",
        role=accounts.built_in_role(session, BuiltInRole.COMMUNITY_MANAGER),
        locale="en",
        time_zone="UTC",
        programs=made,
        now=NOW,
    )


def misplaced(session: Session) -> list[str]:
    """Return the names of prospects that their program does not list where they belong."""
    key = func.substr(Partner.search_text, 1, 60)
    query = select(Partner.name).join(Prospect, Prospect.partner_id == Partner.id)
    return list(session.scalars(query.where(Prospect.sort_key != key)))


def prospect(
    session: Session,
    into: Program,
    name: str = "Atelier Lumière",
    *,
    email: str | None = None,
    at: datetime = NOW,
    source: Source = Source.MARKETPLACE,
    **facts: object,
) -> Prospect:
    address = email or f"p{crc32(name.encode())}@people.example"
    profile = partners.Profile(name=name, email=address, kind=PartnerKind.PARTNER, **facts)  # type: ignore[arg-type]
    return prospects.mark(session, into.id, partners.add(session, profile, now=at), source=source, now=at)
