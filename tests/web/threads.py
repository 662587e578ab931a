"""Threads for the tests of the inbox: a partner who takes messages, and what both sides write."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from service.bootstrap import Services
from service.domain import messages, threads
from service.models import Message, Program, Thread, User
from tests.domain import factories
from tests.web.browser import Browser, Clock
from tests.web.pages import soup

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}{% raw %}&lt;b&gt;"


@dataclass(frozen=True, slots=True)
class Post:
    """Writes from either side, each text a form of its own."""

    parts: Services
    clock: Clock

    def open(self, program: Program, name: str = "Atelier Lumière", **facts: object) -> Thread:
        """Make a prospect who takes messages, and their thread."""
        with self.parts.db.transaction() as session:
            kept = {"messaging_enabled": True, **facts}
            prospect = factories.prospect(session, program, name, at=self.clock.now, **kept)  # type: ignore[arg-type]
            return threads.open_with(session, program.id, prospect.partner_id, now=self.clock.now)

    def partner_writes(self, thread: Thread, body: str) -> int:
        """Answer as the partner; return the message's id."""
        with self.parts.db.transaction() as session:
            made = messages.answer(session, thread.id, body=body, form_key=body, now=self.clock.now)
            return made.id

    def brand_writes(self, thread: Thread, body: str) -> int:
        """Write as a user of the brand; return the message's id."""
        with self.parts.db.transaction() as session:
            user = session.scalars(select(User).order_by(User.id)).first()
            assert user is not None
            made = messages.send(session, thread.id, actor=user, body=body, form_key=body, now=self.clock.now)
            return made.id

    def partner_reads(self, thread: Thread) -> None:
        """Look at the thread as the partner."""
        with self.parts.db.transaction() as session:
            messages.mark_read_by_partner(session, session.get_one(Thread, thread.id), now=self.clock.now)

    def kept(self, thread: Thread) -> Thread:
        """Return the thread as it is now."""
        with self.parts.db.reading() as session:
            return session.get_one(Thread, thread.id)

    def bodies(self, thread: Thread) -> list[str]:
        """Return the texts of a thread, the oldest first."""
        with self.parts.db.reading() as session:
            query = select(Message.body).where(Message.thread_id == thread.id).order_by(Message.id)
            return list(session.scalars(query))


def composed(browser: Browser, thread: Thread) -> dict[str, Any]:
    """Return the form for a message as the page has it."""
    page = soup(browser.get(f"/en/inbox/{thread.id}"))
    form = page.select_one(".composer form")
    assert form is not None
    sent = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}
    body = form.select_one("textarea")
    assert body is not None
    return {**sent, "body": body.get_text().removeprefix("\n")}


def message(parts: Services, message_id: int) -> Message:
    """Return a message as it is now."""
    with parts.db.reading() as session:
        return session.get_one(Message, message_id)
