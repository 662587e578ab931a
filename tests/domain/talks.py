"""A conversation for tests: a program, a user of the brand, a partner who takes messages, their thread."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.domain import messages, prospects, threads
from service.models import Message, Partner, Program, Prospect, Thread, User
from tests.domain import factories
from tests.domain.factories import NOW


@dataclass
class Talk:
    """Who speaks, and where."""

    program: Program
    user: User
    prospect: Prospect
    thread: Thread

    @property
    def partner(self) -> Partner:
        return self.prospect.partner

    def say(
        self, session: Session, body: str = "When do we start?", *, key: str, at: datetime = NOW
    ) -> Message:
        """Write as the brand."""
        return messages.send(session, self.thread.id, actor=self.user, body=body, form_key=key, now=at)

    def answer(self, session: Session, body: str = "Tomorrow.", *, key: str, at: datetime = NOW) -> Message:
        """Write as the partner."""
        return messages.answer(session, self.thread.id, body=body, form_key=key, now=at)


def talk(session: Session, *, locale: str | None = "fr", name: str = "Le Carnet", **facts: object) -> Talk:
    """Open a conversation with somebody new."""
    program = session.query(Program).first() or factories.program(session)
    user = session.query(User).first() or factories.user(session, program)
    prospect = factories.prospect(session, program, name, locale=locale, **facts)  # type: ignore[arg-type]
    prospect.partner.messaging_enabled = True
    thread = threads.open_with(session, program.id, prospect.partner_id, now=NOW)
    assert prospects.find_by_partner(session, program.id, prospect.partner_id) is prospect
    return Talk(program, user, prospect, thread)
