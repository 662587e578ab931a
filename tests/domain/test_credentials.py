"""Checks that passwords are changed by their owner and reset by mail, without telling who has an account."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain import accounts, credentials, sessions, throttle
from service.domain.errors import DomainError
from service.domain.passwords import Passwords
from service.domain.signing import Signer
from service.facts.permissions import BuiltInRole
from service.facts.refusals import Refusal
from service.models import SystemMail, User

FAST = Passwords(memory_kib=8, passes=1)
SIGNER = Signer("a key of the tests that is long enough")
BASE = "https://prospectus.example"
NEW = "a wholly new pass phrase"


class RecordedJobs:
    """Remembers which mails were asked for; the tests send nothing."""

    def __init__(self) -> None:
        self.mails: list[int] = []

    def deliver(self, session: Session, campaign_id: int) -> None:
        raise AssertionError

    def send_system_mail(self, session: Session, mail_id: int) -> None:
        self.mails.append(mail_id)

    def run_import(self, session: Session, import_id: int) -> None:
        raise AssertionError

    def scan(self, session: Session, attachment_id: int) -> None:
        raise AssertionError


@pytest.fixture
def user(session: Session, now: datetime) -> User:
    role = accounts.built_in_role(session, BuiltInRole.ANALYST)
    return accounts.add_user(
        session,
        email="hanako@example.test",
        name="Hanako",
        role=role,
        locale="ja",
        time_zone="Asia/Tokyo",
        password="correct horse battery",
        passwords=FAST,
        now=now,
    )


def token_for(user: User, now: datetime) -> str:
    return credentials.reset_link(SIGNER, user, base_url=BASE, now=now).rsplit("/", 1)[1]


def test_a_reset_mail_goes_to_the_user_in_their_language_with_a_link_from_the_base_url(
    session: Session, user: User, now: datetime
) -> None:
    """H-7: links in mails use the configured base URL only."""
    jobs = RecordedJobs()
    credentials.request_reset(session, jobs, SIGNER, email="HANAKO@example.test", base_url=BASE, now=now)
    mail = session.scalars(select(SystemMail)).one()
    assert (mail.template, mail.address, mail.locale) == ("password-reset", "hanako@example.test", "ja")
    assert jobs.mails == [mail.id]
    assert mail.values.keys() == {"url", "minutes"}
    assert mail.values["minutes"] == 60
    url = str(mail.values["url"])
    assert url.startswith(f"{BASE}/ja/reset/")
    assert credentials.user_of_reset(session, SIGNER, url.rsplit("/", 1)[1], now=now) is user


@pytest.mark.parametrize("email", ["nobody@example.test", "", "no address", "x" * 4000])
def test_an_unknown_address_gets_nothing_after_the_same_work(
    session: Session, user: User, now: datetime, email: str
) -> None:
    """A-5: the same for known and unknown accounts; the job asked for is undone with its row."""
    jobs = RecordedJobs()
    credentials.request_reset(session, jobs, SIGNER, email=email, base_url=BASE, now=now)
    assert len(jobs.mails) == 1
    assert session.scalar(select(func.count(SystemMail.id))) == 0


def test_a_disabled_user_gets_no_reset_mail(session: Session, user: User, now: datetime) -> None:
    accounts.disable(session, user, actor=None, now=now)
    credentials.request_reset(session, RecordedJobs(), SIGNER, email=user.email, base_url=BASE, now=now)
    assert session.scalar(select(func.count(SystemMail.id))) == 0


def test_a_reset_sets_the_password_and_ends_every_session(
    session: Session, user: User, now: datetime
) -> None:
    """A-4: all sessions die on password reset."""
    secrets = [sessions.open_session(session, user, now=now)[1] for _ in range(3)]
    credentials.reset_password(session, SIGNER, token_for(user, now), NEW, hasher=FAST, now=now)
    assert FAST.verify(user.password_hash, NEW)
    assert not FAST.verify(user.password_hash, "correct horse battery")
    assert [sessions.find(session, secret, now=now) for secret in secrets] == [None] * 3


def test_a_reset_link_works_once_and_for_an_hour(session: Session, user: User, now: datetime) -> None:
    token = token_for(user, now)
    spare = token_for(user, now)
    credentials.user_of_reset(session, SIGNER, token, now=now + timedelta(minutes=59))
    with pytest.raises(DomainError) as error:
        credentials.reset_password(session, SIGNER, token, NEW, hasher=FAST, now=now + timedelta(hours=1))
    assert error.value.refusal is Refusal.LINK_SPENT
    credentials.reset_password(session, SIGNER, token, NEW, hasher=FAST, now=now)
    for used in (token, spare):
        with pytest.raises(DomainError) as error:
            credentials.reset_password(session, SIGNER, used, NEW + "2", hasher=FAST, now=now)
        assert error.value.refusal is Refusal.LINK_SPENT


def test_a_refused_password_leaves_the_reset_link_good(session: Session, user: User, now: datetime) -> None:
    token = token_for(user, now)
    with pytest.raises(DomainError) as error:
        credentials.reset_password(session, SIGNER, token, "sunshine1", hasher=FAST, now=now)
    assert (error.value.refusal, error.value.field) == (Refusal.PASSWORD_COMMON, "password")
    credentials.reset_password(session, SIGNER, token, NEW, hasher=FAST, now=now)


def test_a_reset_lets_the_owner_at_the_second_factor_again(
    session: Session, user: User, now: datetime
) -> None:
    """A-5: who stole a password and tried codes has not locked the owner out."""
    brakes = throttle.code_brakes(user.id)
    for _ in range(10):
        throttle.attempt(session, brakes, now=now)
    with pytest.raises(DomainError):
        throttle.attempt(session, brakes, now=now)
    credentials.reset_password(session, SIGNER, token_for(user, now), NEW, hasher=FAST, now=now)
    throttle.attempt(session, brakes, now=now)


def test_links_of_one_purpose_do_not_serve_another(session: Session, user: User, now: datetime) -> None:
    """D-7: tokens are bound to their purpose."""
    link = accounts.sign_in_link(session, SIGNER, user, base_url=BASE, now=now).rsplit("/", 1)[1]
    with pytest.raises(DomainError):
        credentials.user_of_reset(session, SIGNER, link, now=now)
    with pytest.raises(DomainError):
        accounts.user_of_link(session, SIGNER, token_for(user, now), now=now)


def test_a_change_ends_the_other_sessions_and_renews_this_one(
    session: Session, user: User, now: datetime
) -> None:
    """A-4: the session id changes on password change; all other sessions die."""
    rows = [sessions.open_session(session, user, now=now) for _ in range(3)]
    kept, old = rows[1]
    renewed = credentials.change_password(session, user, NEW, keep=kept.id, hasher=FAST, now=now)
    assert renewed is not None
    assert [sessions.find(session, secret, now=now) for _, secret in rows] == [None] * 3
    assert old != renewed
    assert sessions.find(session, renewed, now=now) is kept
    assert FAST.verify(user.password_hash, NEW)


def test_a_refused_change_changes_nothing(session: Session, user: User, now: datetime) -> None:
    row, secret = sessions.open_session(session, user, now=now)
    before = user.password_hash
    with pytest.raises(DomainError) as error:
        credentials.change_password(session, user, "short", keep=row.id, hasher=FAST, now=now)
    assert (error.value.refusal, error.value.field) == (Refusal.PASSWORD_TOO_SHORT, "new_password")
    assert user.password_hash == before
    assert sessions.find(session, secret, now=now) is row
