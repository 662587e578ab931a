"""Attached files: who may take, see and remove them, and what a scan's verdict sets going."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import attachments, messages, threads
from service.domain.attachments import RETRY_MINUTES, Sender, Upload
from service.domain.errors import DomainError
from service.facts import verdicts
from service.facts.filetypes import FileType
from service.facts.limits import ATTACHMENT_BYTES, ATTACHMENT_DAY_BYTES, ATTACHMENTS
from service.facts.messages import MessageState, ScanState, Side
from service.facts.refusals import Refusal
from service.facts.verdicts import Unscannable
from service.models import Attachment, Message, Notice, Thread, User
from tests.domain import factories
from tests.domain.factories import NOW, AskedJobs

PARTNER = Sender(Side.PARTNER)
LATER = NOW + timedelta(minutes=1)
KEY = "k" * 20


@pytest.fixture
def author(session: Session, thread: Thread) -> User:
    return factories.user(session)


def brand(author: User) -> Sender:
    return Sender(Side.BRAND, author.id)


def uploaded(number: int = 1, *, size: int = 100) -> Upload:
    return Upload(f"{number}.csv", FileType.CSV, size, f"digest {number}", f"stored {number}")


def take(session: Session, thread: Thread, by: Sender, number: int = 1, **facts: int) -> Attachment:
    upload = uploaded(number, **facts)
    return attachments.take(session, AskedJobs(), thread, upload, by=by, upload_key=KEY, now=NOW)


def write(session: Session, thread: Thread, author: User, body: str = "See the list.") -> Message:
    return messages.send(session, thread.id, actor=author, body=body, form_key=KEY, now=NOW)


def refusal_of(call: object, *arguments: object, **named: object) -> Refusal:
    with pytest.raises(DomainError) as refused:
        call(*arguments, **named)  # type: ignore[operator]
    return refused.value.refusal


def test_a_message_waits_until_all_its_files_are_clean(
    session: Session, thread: Thread, author: User
) -> None:
    """U-12: the receiver sees neither the message nor its files before."""
    first, second = (take(session, thread, brand(author), number) for number in (1, 2))
    message = write(session, thread, author)
    assert (message.state, message.shown_at) == (MessageState.WAITING.value, None)
    assert messages.list_in(session, thread, side=Side.PARTNER) == []
    attachments.settle(session, first.id, verdicts.CLEAN, now=LATER)
    assert message.shown_at is None
    assert refusal_of(attachments.find_download, session, thread, first.id, by=PARTNER) is Refusal.NOT_FOUND
    attachments.settle(session, second.id, verdicts.CLEAN, now=LATER)
    assert (message.state, message.shown_at) == (MessageState.SENT.value, LATER)
    assert messages.list_in(session, thread, side=Side.PARTNER) == [message]
    assert attachments.find_download(session, thread, first.id, by=PARTNER) is first


def test_only_a_clean_file_is_handed_out(session: Session, thread: Thread, author: User) -> None:
    """P4: not even to whoever attached it."""
    file = take(session, thread, brand(author))
    for state in ScanState:
        file.state = state.value
        if state is ScanState.CLEAN:
            assert attachments.find_download(session, thread, file.id, by=brand(author)) is file
        else:
            found = refusal_of(attachments.find_download, session, thread, file.id, by=brand(author))
            assert found is Refusal.NOT_FOUND


def test_files_of_others_do_not_exist(session: Session, thread: Thread, author: User) -> None:
    """U-12, A-2: another thread's file, a colleague's unsent one, one of the other side."""
    file = take(session, thread, brand(author))
    attachments.settle(session, file.id, verdicts.CLEAN, now=LATER)
    colleague = factories.user(session, email="kim@brand.example")
    elsewhere = factories.prospect(session, factories.program(session, "B"), "B", messaging_enabled=True)
    other = threads.open_with(session, elsewhere.program_id, elsewhere.partner_id, now=NOW)
    for place, by in ((other, brand(author)), (thread, brand(colleague)), (thread, PARTNER)):
        assert refusal_of(attachments.find_download, session, place, file.id, by=by) is Refusal.NOT_FOUND
        removed = refusal_of(attachments.remove, session, place, file.id, by=by, now=LATER)
        assert removed is Refusal.NOT_FOUND
    assert attachments.find_download(session, thread, file.id, by=brand(author)) is file


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (verdicts.infected("Win.Test"), ScanState.REFUSED),
        (verdicts.not_scanned(Unscannable.ENCRYPTED), ScanState.UNSCANNED),
    ],
)
def test_a_refused_file_is_deleted_and_its_author_told(
    session: Session, thread: Thread, author: User, verdict: verdicts.Verdict, state: ScanState
) -> None:
    file = take(session, thread, brand(author))
    message = write(session, thread, author)
    assert attachments.settle(session, file.id, verdict, now=LATER) == "stored 1"
    assert (file.state, file.threat, file.file_id) == (state.value, verdict.threat or None, None)
    assert message.shown_at is None
    told = session.scalars(select(Notice)).all()
    assert [(one.user_id, one.kind, one.values) for one in told] == [
        (author.id, "attachment_refused", {"file": "1.csv"})
    ]


def test_without_the_refused_file_the_message_goes_out(
    session: Session, thread: Thread, author: User
) -> None:
    bad, good = (take(session, thread, brand(author), number) for number in (1, 2))
    message = write(session, thread, author)
    attachments.settle(session, bad.id, verdicts.infected("Win.Test"), now=LATER)
    attachments.settle(session, good.id, verdicts.CLEAN, now=LATER)
    assert message.shown_at is None
    assert attachments.remove(session, thread, bad.id, by=brand(author), now=LATER) is None
    assert message.shown_at == LATER
    assert [file.name for file in attachments.of_messages(session, [message.id])[message.id]] == ["2.csv"]


def test_a_message_of_nothing_but_a_removed_file_is_withdrawn(
    session: Session, thread: Thread, author: User
) -> None:
    file = take(session, thread, brand(author))
    message = write(session, thread, author, body="")
    assert attachments.remove(session, thread, file.id, by=brand(author), now=LATER) == "stored 1"
    assert (message.state, message.shown_at) == (MessageState.WITHDRAWN.value, None)


def test_a_shown_file_stays(session: Session, thread: Thread, author: User) -> None:
    file = take(session, thread, brand(author))
    write(session, thread, author)
    attachments.settle(session, file.id, verdicts.CLEAN, now=LATER)
    refused = refusal_of(attachments.remove, session, thread, file.id, by=brand(author), now=LATER)
    assert refused is Refusal.NOT_FOUND


def test_a_silent_scanner_is_asked_again_ever_later_and_given_up_after_a_day(
    session: Session, thread: Thread, author: User
) -> None:
    """U-9: 1, 5, 15 minutes and so on; then the sender is told."""
    file = take(session, thread, brand(author))
    now, waits = NOW, []
    while file.state == ScanState.WAITING.value:
        assert attachments.list_due(session, now=now, limit=10) == [file.id]
        assert attachments.begin(session, file.id, now=now) == attachments.Due(file.id, "stored 1")
        attachments.settle(session, file.id, verdicts.unavailable("down"), now=now)
        if file.next_try_at is not None:
            waits.append((file.next_try_at - now) // timedelta(minutes=1))
            now = file.next_try_at
    assert tuple(waits[: len(RETRY_MINUTES)]) == RETRY_MINUTES
    assert now - NOW >= timedelta(hours=24) > now - NOW - timedelta(minutes=RETRY_MINUTES[-1])
    assert (file.state, file.threat, file.file_id) == (ScanState.UNSCANNED.value, None, None)
    assert len(session.scalars(select(Notice)).all()) == 1


def test_an_outage_is_forgotten_with_the_next_answer(session: Session, thread: Thread, author: User) -> None:
    """U-10: no answer is ever kept for the same bytes."""
    first = take(session, thread, brand(author))
    attachments.settle(session, first.id, verdicts.unavailable("down"), now=NOW)
    attachments.settle(session, first.id, verdicts.CLEAN, now=LATER)
    assert first.state == ScanState.CLEAN.value
    write(session, thread, author)
    same = Upload("1.csv", FileType.CSV, 100, "digest 1", "stored again")
    by = brand(author)
    again = attachments.take(session, AskedJobs(), thread, same, by=by, upload_key=KEY, now=NOW)
    assert (again.id != first.id, again.state) == (True, ScanState.WAITING.value)


def test_one_worker_at_a_time_has_a_file(session: Session, thread: Thread, author: User) -> None:
    """F-1: and after a kill the next one gets it, within minutes."""
    file = take(session, thread, brand(author))
    assert attachments.begin(session, file.id, now=NOW) is not None
    assert attachments.begin(session, file.id, now=NOW) is None
    assert attachments.list_due(session, now=NOW, limit=10) == []
    assert attachments.begin(session, file.id, now=NOW + timedelta(minutes=2)) is not None


def test_a_settled_file_keeps_its_verdict(session: Session, thread: Thread, author: User) -> None:
    file = take(session, thread, brand(author))
    attachments.settle(session, file.id, verdicts.infected("Win.Test"), now=LATER)
    assert attachments.settle(session, file.id, verdicts.CLEAN, now=LATER) is None
    assert file.state == ScanState.REFUSED.value
    assert attachments.begin(session, file.id, now=LATER) is None


def test_the_same_file_twice_is_one(session: Session, thread: Thread, author: User) -> None:
    """F-12."""
    jobs, by = AskedJobs(), brand(author)
    first = attachments.take(session, jobs, thread, uploaded(), by=by, upload_key=KEY, now=NOW)
    twin = Upload("1.csv", FileType.CSV, 100, "digest 1", "stored again")
    assert attachments.take(session, jobs, thread, twin, by=by, upload_key=KEY, now=NOW) is first
    assert (first.file_id, jobs.scans) == ("stored 1", [first.id])


def test_there_is_an_end_to_how_many_and_how_much(session: Session, thread: Thread, author: User) -> None:
    """U-4: files of one message, and bytes of one user in 24 hours."""
    for number in range(ATTACHMENTS):
        take(session, thread, brand(author), number)
    assert refusal_of(take, session, thread, brand(author), 9) is Refusal.ATTACHMENTS_TOO_MANY
    assert take(session, thread, PARTNER, 9).id > 0
    for file in session.scalars(select(Attachment).where(Attachment.user_id == author.id)):
        file.size, file.upload_key = ATTACHMENT_DAY_BYTES // ATTACHMENTS, "earlier"
    assert refusal_of(take, session, thread, brand(author), 9, size=1) is Refusal.ATTACHMENTS_QUOTA
    assert take(session, thread, PARTNER, 10, size=ATTACHMENT_BYTES).id > 0


def test_a_partner_uses_up_nobody_elses_share(session: Session, thread: Thread, author: User) -> None:
    """U-4: partners have no account, so that each conversation counts for itself."""
    prospect = factories.prospect(session, factories.program(session, "B"), "B", messaging_enabled=True)
    other = threads.open_with(session, prospect.program_id, prospect.partner_id, now=NOW)
    take(session, thread, PARTNER, size=ATTACHMENT_DAY_BYTES)
    assert refusal_of(take, session, thread, PARTNER, 2, size=1) is Refusal.ATTACHMENTS_QUOTA
    assert take(session, other, PARTNER, 3, size=ATTACHMENT_DAY_BYTES).id > 0
    assert take(session, thread, brand(author), 4, size=ATTACHMENT_DAY_BYTES).id > 0


def test_what_nobody_sent_or_withdrew_is_swept(session: Session, thread: Thread, author: User) -> None:
    old = take(session, thread, brand(author))
    old.created_at, old.upload_key = NOW - timedelta(days=2), "never sent"
    take(session, thread, brand(author), 2)
    message = write(session, thread, author)
    messages.withdraw(session, thread, message.id, actor=author, now=LATER)
    fresh = take(session, thread, PARTNER, 3)
    assert sorted(attachments.sweep(session, now=NOW)) == ["stored 1", "stored 2"]
    assert attachments.stored_ids(session) == ["stored 3"]
    assert session.scalars(select(Attachment)).all() == [fresh]


def test_files_of_a_withdrawn_message_are_handed_out_no_more(
    session: Session, thread: Thread, author: User
) -> None:
    file = take(session, thread, brand(author))
    message = write(session, thread, author)
    attachments.settle(session, file.id, verdicts.CLEAN, now=LATER)
    messages.withdraw(session, thread, message.id, actor=author, now=LATER)
    for by in (brand(author), PARTNER):
        assert refusal_of(attachments.find_download, session, thread, file.id, by=by) is Refusal.NOT_FOUND


def test_a_message_with_a_refused_file_is_not_taken(session: Session, thread: Thread, author: User) -> None:
    file = take(session, thread, brand(author))
    attachments.settle(session, file.id, verdicts.infected("Win.Test"), now=LATER)
    assert refusal_of(write, session, thread, author) is Refusal.ATTACHMENT_REFUSED
    assert session.scalars(select(Message)).all() == []


def test_files_alone_keep_a_draft(session: Session, thread: Thread, author: User) -> None:
    """The form's key is in it: without it the files would be lost to the next page."""
    take(session, thread, brand(author))
    assert messages.keep_draft(session, thread, actor=author, body="", form_key=KEY, now=NOW) is not None
    assert messages.keep_draft(session, thread, actor=author, body="", form_key="other", now=NOW) is None
