"""Conversations in which files are attached, with an installation, its store and its worker."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import func, select

from service.bootstrap import Services
from service.domain import attachments, messages, threads
from service.domain.attachments import Sender, Upload
from service.facts.filetypes import FileType
from service.facts.messages import Channel, ScanState, Side
from service.models import Attachment, Message, SystemMail, Thread, User
from tests.domain import factories

CSV = b"name,rate\r\nLumi\xc3\xa8re,12\r\n"
ADDRESS = "canari-7f3e@oiseaux.example"


@dataclass(frozen=True)
class Conversation:
    """A thread with a partner, and the user of the brand who writes in it."""

    services: Services
    thread_id: int
    user_id: int

    def attach(self, content: bytes = CSV, *, key: str = "form", side: Side = Side.BRAND) -> int:
        """Upload a file as the web does it, and return its id."""
        file_id = self.services.attachments.put(content)
        upload = Upload("rates.csv", FileType.CSV, len(content), sha256(content).hexdigest(), file_id)
        with self.services.db.transaction() as session:
            thread = session.get_one(Thread, self.thread_id)
            by = Sender(side, self.user_id if side is Side.BRAND else None)
            now = datetime.now(UTC)
            return attachments.take(
                session, self.services.jobs, thread, upload, by=by, upload_key=key, now=now
            ).id

    def send(self, *, key: str = "form") -> int:
        """Send the message of that form, and return its id."""
        with self.services.db.transaction() as session:
            author = session.get_one(User, self.user_id)
            now = datetime.now(UTC)
            return messages.send(
                session, self.thread_id, actor=author, body="The rates.", form_key=key, now=now
            ).id

    def answer_by_email(self, *, key: str = "mail") -> int:
        """Answer as the partner with a file, and return the id of the message."""
        self.attach(key=key, side=Side.PARTNER)
        with self.services.db.transaction() as session:
            return messages.answer(
                session,
                self.thread_id,
                body="Mine.",
                form_key=key,
                channel=Channel.EMAIL,
                now=datetime.now(UTC),
            ).id

    def states(self) -> list[str]:
        """Return what the scanner said of each file."""
        with self.services.db.reading() as session:
            return list(session.scalars(select(Attachment.state).order_by(Attachment.id)))

    def tries(self) -> int:
        """Return how often the scanner did not answer, of all files together."""
        with self.services.db.reading() as session:
            return session.scalar(select(func.sum(Attachment.tries))) or 0

    def is_shown(self, message_id: int) -> bool:
        """Tell whether the partner sees a message."""
        with self.services.db.reading() as session:
            return session.get_one(Message, message_id).shown_at is not None

    def mails(self) -> Counter[str]:
        """Return how many mails of each kind were queued or sent."""
        with self.services.db.reading() as session:
            return Counter(session.scalars(select(SystemMail.template)))

    def is_clean(self) -> bool:
        """Tell whether every file is."""
        return set(self.states()) == {ScanState.CLEAN.value}


def begin(services: Services) -> Conversation:
    """Open a conversation."""
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        program = factories.program(session)
        user = factories.user(session, program)
        made = factories.prospect(session, program, "Canari 7F3E", email=ADDRESS, messaging_enabled=True)
        thread = threads.open_with(session, program.id, made.partner_id, now=now)
        return Conversation(services, thread.id, user.id)


def stored(services: Services) -> set[str]:
    """Return the names of everything in the store."""
    return {file.name for file in (services.settings.data / "attachments").glob("??/*")}


def known(services: Services) -> set[str]:
    """Return the ids of the files that the database knows."""
    with services.db.reading() as session:
        return set(attachments.stored_ids(session))
