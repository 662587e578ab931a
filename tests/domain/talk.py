"""Conversations for tests: a program with a user, threads, and messages from either side at given minutes."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.domain import messages, threads
from service.facts.messages import ScanState, Side
from service.models import Attachment, Message, Program, Thread, User
from tests.domain import factories
from tests.domain.factories import NOW


def at(minutes: float) -> datetime:
    """Return a moment so many minutes after NOW."""
    return NOW + timedelta(minutes=minutes)


class Talk:
    """A program whose user writes to its prospects; every message has a form of its own."""

    def __init__(self, session: Session, name: str = "Maison Aurore") -> None:
        self.session = session
        self.program: Program = factories.program(session, name)
        self.user: User = factories.user(session, self.program, email=f"u{self.program.id}@brand.example")
        self._forms = 0

    def thread(self, name: str = "Atelier Lumière", **facts: object) -> Thread:
        """Open the conversation with a new prospect who takes messages."""
        email = f"{self.program.id}-{name.encode().hex()}"[:60] + "@people.example"
        known = {"messaging_enabled": True, "email": email, **facts}
        made = factories.prospect(self.session, self.program, name, **known)  # type: ignore[arg-type]
        return threads.open_with(self.session, self.program.id, made.partner_id, now=NOW)

    def send(self, thread: Thread, body: str, minutes: float = 0, **how: object) -> Message:
        """Write to the partner."""
        values = {"form_key": self.form(), "actor": self.user, **how}
        return messages.send(self.session, thread.id, body=body, now=at(minutes), **values)  # type: ignore[arg-type]

    def answer(self, thread: Thread, body: str, minutes: float = 0, **how: object) -> Message:
        """Write to the brand."""
        values = {"form_key": self.form(), **how}
        return messages.answer(self.session, thread.id, body=body, now=at(minutes), **values)  # type: ignore[arg-type]

    def form(self) -> str:
        """Return a new form's key."""
        self._forms += 1
        return f"form-{self._forms}"

    def upload(
        self, thread: Thread, form_key: str, side: Side, state: ScanState = ScanState.WAITING
    ) -> Attachment:
        """Upload a file into a form."""
        file = Attachment(
            thread_id=thread.id,
            upload_key=form_key,
            side=side.value,
            name="tarifs.pdf",
            kind="pdf",
            size=9,
            digest="0" * 64,
            state=state.value,
            give_up_at=at(60),
            created_at=NOW,
        )
        self.session.add(file)
        self.session.flush()
        return file
