"""What a request knows: the reader's language and formats, who it is, which program, what time it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import current_app, g
from sqlalchemy.orm import Session

from service.bootstrap import Services
from service.domain import audit
from service.domain.conversations import Conversation
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.i18n.catalogs import Catalog
from service.i18n.formats import Formats
from service.i18n.locales import Locale
from service.models import Program, User


@dataclass(slots=True)
class Here:
    """The surroundings of one request; `program` is the one the reader works in."""

    now: datetime
    locale: Locale
    catalog: Catalog
    formats: Formats
    zone: ZoneInfo
    user: User | None = None
    session_id: int | None = None
    permissions: frozenset[Permission] = frozenset()
    programs: tuple[Program, ...] = ()
    program: Program | None = None
    unread: int = 0
    unread_threads: int = 0
    notices: list[tuple[str, str]] = field(default_factory=list)

    def may(self, permission: Permission) -> bool:
        """Whether the reader's role includes the permission."""
        return permission in self.permissions

    def program_of(self, program_id: int) -> Program:
        """Return the one of the reader's programs that has this id."""
        return next(one for one in self.programs if one.id == program_id)

    def to_zone(self, moment: datetime) -> datetime:
        """Return the moment in the reader's time zone."""
        return moment.astimezone(self.zone)


# Asked hundreds of times a page: without the detour through the proxy's own look-up.
_request_globals: Callable[[], Any] = g._get_current_object


def here() -> Here:
    """Return the surroundings of the request being answered."""
    found: Here = _request_globals().here
    return found


def reader() -> User:
    """Return the signed-in user; only for routes that need one."""
    user = here().user
    assert user is not None
    return user


def session_id() -> int:
    """Return the id of the reader's session; only for routes that need somebody signed in."""
    known = here().session_id
    assert known is not None
    return known


def use_zone_of(conversation: Conversation) -> None:
    """Tell times in the partner's zone, on pages where nobody is signed in."""
    here().zone = ZoneInfo(conversation.partner.time_zone or conversation.program.time_zone)


def program() -> Program:
    """Return the program the reader works in; refuses somebody who has none."""
    current = here().program
    if current is None:
        raise DomainError(Refusal.NO_PROGRAM)
    return current


def services() -> Services:
    """Return the parts the installation was built from."""
    return cast(Services, current_app.extensions["prospectus"])


def record(
    session: Session,
    act: Act,
    *,
    subject_id: int | None = None,
    program_id: int | None = None,
    **details: object,
) -> None:
    """Write down in the audit trail what the reader does; in the transaction that does it."""
    audit.record(
        session,
        act,
        actor=here().user,
        now=here().now,
        subject_id=subject_id,
        program_id=program_id,
        **details,
    )


@contextmanager
def transaction() -> Iterator[Session]:
    """Yield a session that commits at the end."""
    with services().db.transaction() as session:
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """Yield a session for looking only."""
    with services().db.reading() as session:
        yield session
