"""Addresses for downloads: how long they work, for what, and under which keys."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from service.domain import attachments, downloads, sessions
from service.domain.attachments import Sender, Upload
from service.domain.errors import DomainError
from service.domain.signing import Signer
from service.facts import verdicts
from service.facts.filetypes import FileType
from service.facts.limits import DOWNLOAD_LIFE
from service.facts.messages import Side
from service.facts.refusals import Refusal
from service.models import Attachment, Program, Thread, User
from tests.domain import factories
from tests.domain.factories import NOW, AskedJobs

KEY, NEXT = "k" * 32, "n" * 32
SIGNER = Signer(KEY)


def attached(session: Session, thread: Thread, by: Sender, number: int = 1) -> Attachment:
    upload = Upload(f"{number}.csv", FileType.CSV, 9, f"digest {number}", f"stored {number}")
    made = attachments.take(session, AskedJobs(), thread, upload, by=by, upload_key="key", now=NOW)
    attachments.settle(session, made.id, verdicts.CLEAN, now=NOW)
    return made


@pytest.fixture
def file(session: Session, thread: Thread) -> Attachment:
    return attached(session, thread, Sender(Side.PARTNER))


def refused(session: Session, token: str, *, signer: Signer = SIGNER, after: timedelta = timedelta()) -> bool:
    try:
        downloads.find(session, signer, token, now=NOW + after)
    except DomainError as error:
        return (error.refusal, error.values) == (Refusal.NOT_FOUND, {})
    return False


def test_an_address_works_for_a_minute(session: Session, thread: Thread, file: Attachment) -> None:
    """U-6: from whole seconds on, so that it is never longer."""
    assert timedelta(0) < DOWNLOAD_LIFE <= timedelta(seconds=60)
    almost = timedelta(microseconds=999_999)
    token = downloads.sign_for_partner(SIGNER, thread, file, now=NOW + almost)
    assert downloads.find(session, SIGNER, token, now=NOW + almost) is file
    assert [refused(session, token, after=DOWNLOAD_LIFE + off) for off in (-almost, timedelta(0))] == [
        False,
        True,
    ]


def test_keys_are_those_of_all_tokens(session: Session, thread: Thread, file: Attachment) -> None:
    """D-7: a key before the current one still verifies, another one does not."""
    token = downloads.sign_for_partner(SIGNER, thread, file, now=NOW)
    assert [refused(session, token, signer=Signer(*keys)) for keys in ((NEXT, KEY), (NEXT,))] == [False, True]


def test_it_is_for_the_one_file_of_the_one_who_asked(
    session: Session, thread: Thread, file: Attachment
) -> None:
    """U-12: a user's unsent file is not the partner's, whoever's session a token names."""
    user: User = factories.user(session, session.get_one(Program, thread.program_id))
    own = attached(session, thread, Sender(Side.BRAND, user.id), 2)
    opened, _ = sessions.open_session(session, user, now=NOW)
    token = downloads.sign_for_user(SIGNER, opened.id, own, now=NOW)
    assert downloads.find(session, SIGNER, token, now=NOW) is own
    assert refused(session, downloads.sign_for_user(SIGNER, opened.id, file, now=NOW))
    assert refused(session, downloads.sign_for_partner(SIGNER, thread, own, now=NOW))
    assert refused(session, downloads.sign_for_user(SIGNER, opened.id + 1, own, now=NOW))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=2),
        max_leaves=8,
    )
)
def test_whatever_else_is_signed_is_refused(payload: object) -> None:
    """U-6: before the database is asked."""
    with pytest.raises(DomainError):
        downloads.find(None, SIGNER, SIGNER.sign("download", payload), now=NOW)  # type: ignore[arg-type]


@given(st.text())
def test_whatever_is_not_signed_is_refused(token: str) -> None:
    """U-6."""
    with pytest.raises(DomainError):
        downloads.find(None, SIGNER, token, now=NOW)  # type: ignore[arg-type]
