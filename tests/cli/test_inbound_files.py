"""Files of answers by email, from the pipe of a mail server to what the brand may download."""

import io
import subprocess
import sys
import zipfile
from base64 import encodebytes
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from PIL.ExifTags import IFD
from sqlalchemy import select

from service import bootstrap
from service.bootstrap import Services
from service.cli.inbound_files import MOST_JUDGED
from service.cli.mail_inbound import command
from service.config import Settings
from service.domain import attachments, threads
from service.domain.answer_mails import TEMPLATE
from service.domain.attachments import Sender
from service.domain.errors import DomainError
from service.facts.limits import ATTACHMENT_BYTES, ATTACHMENT_DAY_BYTES, ATTACHMENTS, INBOUND_MAIL_BYTES
from service.facts.messages import MessageState, Side
from service.facts.verdicts import unavailable
from service.models import Attachment, Message, SystemMail, Thread, User
from service.worker import scan
from tests.clamd import EICAR, EICAR_THREAT, Clamd
from tests.domain.talks import talk
from tests.files.made import pdf
from tests.mail.answers import part, parts
from tests.worker.process import environment_of

REPLIES = "replies@brand.example"
PROGRAMS = Path(__file__).parents[1] / "mail" / "programs"
CSV = b"name,rate\r\nLumi\xc3\xa8re,12\r\n"
GIVEN = "-: The recipient answered a message. The answer is in the conversation.\n"
IN_PART = (
    "-: The recipient answered a message. The answer is in the conversation, but not all of its files.\n"
)
KNOWN = "-: This was already recorded. Nothing is changed.\n"


@pytest.fixture
def settings(settings: Settings, clamd: Clamd) -> Settings:
    return replace(settings, scanner_url=clamd.url, scanner_local_signatures=True, mail_replies=REPLIES)


class Inbox:
    """An installation with a conversation, and the command that a mail server calls."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.services: Services = bootstrap.build(settings, jobs=False)
        with self.services.db.transaction() as session:
            here = talk(session, email="lin@people.example")
            here.say(session, key="a")
            self.thread_id = here.thread.id
        self.address = str(self.services.replies.of(self.thread_id, 1))

    def give(self, mail: bytes) -> str:
        """Give the command a mail, and return what it says; its exit status is 0."""
        status, said = self.call(mail)
        assert status == 0, said
        return said

    def call(self, mail: bytes) -> tuple[int, str]:
        environment = {
            **environment_of(self.settings), "LC_ALL": "C.UTF-8", "MAIL_REPLIES": self.settings.mail_replies,
        }  # fmt: skip
        done = CliRunner().invoke(command, input=mail, env=environment)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def program(self, name: str) -> bytes:
        return (PROGRAMS / f"{name}.eml").read_bytes().replace(b"REPLY-ADDRESS", self.address.encode())

    def answer(self, *inner: bytes, message_id: str = "answer@people.example") -> bytes:
        return parts("mixed", part("Here."), *inner, to=self.address, message_id=message_id)

    def scan(self) -> None:
        """Have the scanner asked about each file."""
        for file in self.files():
            scan.scan(self.services, file.id, lambda: datetime.now(UTC))

    def files(self) -> list[Attachment]:
        with self.services.db.reading() as session:
            return list(session.scalars(select(Attachment).order_by(Attachment.id)))

    def answers(self) -> list[Message]:
        with self.services.db.reading() as session:
            return list(
                session.scalars(select(Message).where(Message.side == "partner").order_by(Message.id))
            )

    def left_out(self) -> list[tuple[str, str]]:
        (message,) = self.answers()
        return [(name, reason) for name, reason, _ in message.left_out]

    def mails(self) -> list[SystemMail]:
        with self.services.db.reading() as session:
            told = select(SystemMail).where(SystemMail.template == TEMPLATE)
            return list(session.scalars(told.order_by(SystemMail.id)))

    def stored(self) -> set[str]:
        return {file.name for file in (self.settings.data / "attachments").glob("??/*")}

    def known(self) -> set[str]:
        with self.services.db.reading() as session:
            return set(attachments.stored_ids(session))

    def download(self, attachment_id: int, *, side: Side = Side.BRAND) -> bytes | None:
        """Return what a side may download of a file, None for nothing."""
        with self.services.db.reading() as session:
            try:
                thread = session.get_one(Thread, self.thread_id)
                found = attachments.find_download(session, thread, attachment_id, by=Sender(side, 1))
            except DomainError:
                return None
            assert found.file_id is not None
            with self.services.attachments.open(found.file_id) as content:
                return content.read()


@pytest.fixture
def inbox(settings: Settings) -> Iterator[Inbox]:
    made = Inbox(settings)
    yield made
    assert made.stored() == made.known()
    made.services.db.dispose()


def file(name: str, octets: bytes, kind: str = "application/pdf") -> bytes:
    lines = (
        f"Content-Type: {kind}",
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{name}"',
    )
    return "\n".join(lines).encode() + b"\n\n" + encodebytes(octets)


@pytest.mark.parametrize(
    ("program", "names", "left_out"),
    [
        ("apple-mail", ["Tarifs été 2038.pdf", "IMG_0042.jpeg"], []),
        ("outlook", ["Rates 2038.pdf"], [("attachment-2.eml", "NAME_EXTENSION")]),
        ("outlook-rich-text", [], [("winmail.dat", "NAME_EXTENSION")]),
        ("gmail", ["报价单.pdf"], []),
        ("becky", ["料金表改訂版.csv"], []),
        ("foxmail", ["报价单.pdf"], []),
    ],
)
def test_the_files_of_an_answer_are_attached(
    inbox: Inbox, program: str, names: list[str], left_out: list[tuple[str, str]]
) -> None:
    """U-12, P4: as common programs send them; held until they are called clean, then the brand has them."""
    assert inbox.give(inbox.program(program)) == (IN_PART if left_out else GIVEN)
    assert [one.name for one in inbox.files()] == names
    assert inbox.left_out() == left_out
    assert [inbox.download(one.id) for one in inbox.files()] == [None] * len(names)
    (message,) = inbox.answers()
    assert message.state == (MessageState.WAITING if names else MessageState.SENT)
    inbox.scan()
    assert [one.state for one in inbox.files()] == ["clean"] * len(names)
    assert all(inbox.download(one.id) for one in inbox.files())
    (message,) = inbox.answers()
    assert (message.state, message.body != "") == (MessageState.SENT, True)
    assert len(inbox.mails()) == bool(left_out)


def test_where_a_picture_was_taken_is_removed(inbox: Inbox) -> None:
    """U-5: the same judgement as on the page."""
    mail = inbox.program("apple-mail")
    inbox.give(mail)
    inbox.scan()
    picture = inbox.download(inbox.files()[1].id)
    assert picture is not None
    with Image.open(io.BytesIO(picture)) as image:
        assert dict(image.getexif().get_ifd(IFD.GPSInfo)) == {}


def test_a_threat_is_handed_to_nobody_and_the_words_arrive(inbox: Inbox) -> None:
    """U-7, P4: EICAR in a PDF from a mail; the brand gets the text and the clean file, the partner a mail."""
    bad = file("rates.pdf", pdf(stream=EICAR))
    assert inbox.give(inbox.answer(file("rates.csv", CSV, "text/csv"), bad)) == GIVEN
    scan.scan(inbox.services, inbox.files()[0].id, lambda: datetime.now(UTC))
    assert inbox.answers()[0].shown_at is None
    inbox.scan()
    fine, refused = inbox.files()
    assert (fine.state, refused.state, refused.threat) == ("clean", "refused", EICAR_THREAT)
    assert (inbox.download(fine.id), inbox.download(refused.id)) == (CSV, None)
    assert inbox.download(refused.id, side=Side.PARTNER) is None
    assert inbox.answers()[0].shown_at is not None
    (mail,) = inbox.mails()
    assert mail.address == "lin@people.example"


def test_a_scanner_that_never_answers_holds_the_words_for_a_day(inbox: Inbox) -> None:
    """U-9: could not be scanned; nobody gets the file, the brand gets the text."""
    inbox.give(inbox.answer(file("rates.pdf", pdf())))
    (one,) = inbox.files()
    for later, state in ((timedelta(hours=23), "waiting"), (timedelta(hours=25), "unscanned")):
        with inbox.services.db.transaction() as session:
            now = datetime.now(UTC) + later
            gone = attachments.settle(session, one.id, unavailable("away"), now=now)
        assert [file.state for file in inbox.files()] == [state]
        assert (inbox.answers()[0].shown_at is not None) == (state == "unscanned")
        assert inbox.download(one.id) is None
    inbox.services.attachments.delete(gone or "")
    assert len(inbox.mails()) == 1


def test_the_same_mail_twice_is_one_message_and_one_set_of_files(inbox: Inbox) -> None:
    """F-1: also one without a Message-ID; another file under the same words is another message."""
    mail = inbox.answer(file("rates.pdf", pdf()), file("rates.csv", CSV, "text/csv"))
    assert [inbox.give(mail) for _ in range(2)] == [GIVEN, KNOWN]
    assert [one.name for one in inbox.files()] == ["rates.pdf", "rates.csv"]
    nameless = inbox.answer(file("rates.pdf", pdf()), message_id="")
    assert [inbox.give(nameless) for _ in range(2)] == [GIVEN, KNOWN]
    assert inbox.give(inbox.answer(file("rates.pdf", pdf(pages=2)), message_id="")) == GIVEN
    assert len(inbox.answers()) == 3
    assert len(inbox.files()) == 4


def test_the_same_mail_from_two_sides_at_once(inbox: Inbox) -> None:
    """F-1: whoever comes second takes back what it stored."""
    environment = {**environment_of(inbox.settings), "LC_ALL": "C.UTF-8", "MAIL_REPLIES": REPLIES}
    mail = inbox.settings.data / "answer.eml"
    mail.write_bytes(inbox.answer(file("rates.pdf", pdf())))
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "service", "mail", "inbound", str(mail)],
            env=environment,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    said = sorted(one.communicate(timeout=120)[0].decode().partition(": ")[2] for one in running)
    assert said == sorted(one.removeprefix("-: ") for one in (GIVEN, KNOWN))
    assert [one.name for one in inbox.files()] == ["rates.pdf"]


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.txt", "a")
    return made.getvalue()


@pytest.mark.parametrize(
    ("inner", "left_out"),
    [
        (file("rates.pdf", zipped()), [("rates.pdf", "TYPE_UNKNOWN")]),
        (file("rates.zip", zipped()), [("rates.zip", "NAME_EXTENSION")]),
        (file("rates.png", pdf()), [("rates.png", "TYPE_DIFFERS")]),
        (file("rates.exe.pdf", pdf()), [("rates.exe.pdf", "NAME_EXECUTABLE")]),
        (file("rates\u202efdp.exe", pdf()), [("ratesfdp.exe", "NAME_UNPRINTABLE")]),
        (file("a.pdf", pdf(root=b"/OpenAction << /S /JavaScript /JS (1) >>")), [("a.pdf", "PDF_SCRIPT")]),
        (file("", pdf(), "application/octet-stream"), [("", "NAME_EMPTY")]),
        (file("rates.pdf", b""), [("rates.pdf", "EMPTY")]),
        (file("rates.pdf", pdf()) + b"!\n", [("rates.pdf", "NOT_WHOLE")]),
        (file("rates.pdf", b"%PDF-1.7\n" + bytes(ATTACHMENT_BYTES)), [("rates.pdf", "TOO_LARGE")]),
    ],
)
def test_what_no_form_takes_no_mail_brings(
    inbox: Inbox, inner: bytes, left_out: list[tuple[str, str]]
) -> None:
    """U-1 to U-4: the text is there at once, with the reason; nothing is stored."""
    assert inbox.give(inbox.answer(inner)) == IN_PART
    assert (inbox.left_out(), inbox.files()) == (left_out, [])
    (message,) = inbox.answers()
    assert (message.body, message.state, message.files_left_out) == ("Here.", MessageState.SENT, 1)


def test_more_files_than_a_message_holds(inbox: Inbox) -> None:
    """U-4: the first ones are taken; of a thousand parts no more are judged than a few."""
    many = [file(f"{number}.pdf", pdf(pages=number + 1)) for number in range(ATTACHMENTS + 2)]
    inbox.give(inbox.answer(*many))
    assert [one.name for one in inbox.files()] == [f"{number}.pdf" for number in range(ATTACHMENTS)]
    assert inbox.left_out() == [("5.pdf", "ATTACHMENTS_TOO_MANY"), ("6.pdf", "ATTACHMENTS_TOO_MANY")]


def test_a_thousand_parts(inbox: Inbox) -> None:
    """T-2, U-4: each is counted, also beyond what is read, and a few are judged."""
    inbox.give(inbox.answer(*[file("a.pdf", b"no")] * 1005))
    (message,) = inbox.answers()
    reasons = [reason for _, reason, _ in message.left_out]
    assert reasons == ["TYPE_UNKNOWN"] * MOST_JUDGED + ["ATTACHMENTS_TOO_MANY"] * MOST_JUDGED
    assert message.files_left_out == 1005


def test_the_same_file_twice_in_a_mail_is_one(inbox: Inbox) -> None:
    assert inbox.give(inbox.answer(*[file("rates.pdf", pdf())] * 7)) == GIVEN
    assert len(inbox.files()) == 1


def test_a_quota_is_kept(inbox: Inbox) -> None:
    """U-4: the partner's own of a day, whichever way the files come; the words go on."""
    with inbox.services.db.transaction() as session:
        now = datetime.now(UTC)
        session.add(
            Attachment(
                thread_id=inbox.thread_id, upload_key="x", side="partner", name="a", kind="pdf", digest="",
                size=ATTACHMENT_DAY_BYTES, state="waiting", give_up_at=now, created_at=now,
            )
        )  # fmt: skip
    inbox.give(inbox.answer(file("rates.pdf", pdf())))
    assert inbox.left_out() == [("rates.pdf", "ATTACHMENTS_QUOTA")]


def test_without_a_scanner_files_are_left_out(settings: Settings) -> None:
    """P4: and the text says so."""
    inbox = Inbox(replace(settings, scanner_url=""))
    assert inbox.give(inbox.program("outlook")) == IN_PART
    off = "ATTACHMENTS_OFF"
    assert inbox.left_out() == [("Rates 2038.pdf", off), ("attachment-2.eml", off)]
    assert (inbox.answers()[0].state, inbox.stored()) == (MessageState.SENT, set())


@pytest.mark.parametrize("more", ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: bulk"])
def test_a_machines_files_are_not_even_looked_at(inbox: Inbox, more: str) -> None:
    """M-13: RFC 3834."""
    mail = f"{more}\n".encode() + inbox.answer(file("rates.pdf", pdf()))
    assert inbox.give(mail) == "-: This is an automatic message. Nothing is changed.\n"
    assert (inbox.answers(), inbox.files(), inbox.stored()) == ([], [], set())


def test_a_forged_address_brings_nothing_and_is_told_nothing(inbox: Inbox) -> None:
    """M-14: an address of revoked links as well; no mail goes to who says that they sent it."""
    with inbox.services.db.transaction() as session:
        thread, writer = session.get_one(Thread, inbox.thread_id), session.scalars(select(User)).first()
        assert writer is not None
        assert threads.revoke_links(session, thread, version=1, actor=writer, now=datetime.now(UTC))
    inbox.give(inbox.answer(file("rates.zip", zipped()), file("rates.pdf", pdf())))
    assert (inbox.answers(), inbox.files(), inbox.stored(), inbox.mails()) == ([], [], set(), [])


def test_what_cannot_be_stored_is_to_be_given_again(inbox: Inbox) -> None:
    """75 of sysexits.h, 4.3.0 of RFC 3463: the mail server keeps the mail, nothing is half done."""
    folder = inbox.settings.data / "attachments"
    folder.write_bytes(b"")
    mail = inbox.answer(file("rates.pdf", pdf()))
    assert inbox.call(mail)[0] == 75
    assert inbox.answers() == []
    folder.unlink()
    assert inbox.give(mail) == GIVEN


def test_the_help_names_the_limits() -> None:
    told = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    assert "Up to 5 files of an answer, 10 MB each" in told
    assert "Of an email larger than 72 MB the end is not read" in told


def test_a_mail_that_was_cut_on_its_way_keeps_its_words(inbox: Inbox) -> None:
    """A table with fewer rows is no table: the file that stops in the middle is left out."""
    mail = inbox.answer(file("a.csv", CSV, "text/csv"), file("b.csv", CSV * 100, "text/csv"))
    inbox.give(mail[: mail.index(b"b.csv") + 400])
    assert ([one.name for one in inbox.files()], inbox.left_out()) == (["a.csv"], [("b.csv", "NOT_WHOLE")])


def test_the_largest_mail_takes_little_memory_and_a_larger_one_loses_its_end(
    settings: Settings, inbox: Inbox
) -> None:
    """U-4: five files of ten megabytes, then one more file, which is told to be missing."""
    room = ATTACHMENT_BYTES - len(pdf()) - 100
    large = [file(f"{number}.pdf", pdf(stream=b"%d" % number * room)) for number in range(ATTACHMENTS)]
    mail = inbox.answer(*large)
    assert 65_000_000 < len(mail) < INBOUND_MAIL_BYTES
    environment = {**environment_of(settings), "LC_ALL": "C.UTF-8", "MAIL_REPLIES": REPLIES}
    program = (
        "from service.cli import main\n"
        "try: main(['mail', 'inbound'])\n"
        "finally: print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=mail,
        env=environment,
        capture_output=True,
        timeout=250,
        check=True,
    )
    said, kilobytes = done.stdout.decode().splitlines()
    assert said + "\n" == GIVEN
    assert len(inbox.files()) == ATTACHMENTS
    # The mail itself is a file that the system may take out of memory again, and is counted here.
    assert int(kilobytes) * 1024 - len(mail) < 200_000_000
    larger = inbox.answer(
        *large, file("last.pdf", pdf(stream=b"x" * room)), message_id="larger@people.example"
    )
    assert inbox.give(larger) == IN_PART
    message = inbox.answers()[1]
    assert [(name, reason) for name, reason, _ in message.left_out] == [("last.pdf", "MAIL_TOO_LARGE")]
