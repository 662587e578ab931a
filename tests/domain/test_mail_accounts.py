"""Mail accounts: connected, checked, changed, disconnected, and never another user's."""

import ipaddress

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import campaigns, mail_accounts, notices
from service.domain.campaigns import Writing
from service.domain.errors import DomainError
from service.domain.letters import Composer
from service.domain.mail_accounts import Access, AccountUnusable
from service.domain.selections import Selected
from service.domain.signing import Signer
from service.domain.vault import Vault
from service.facts.mail_checks import MAIL_CHECK_WORDS, MailCheck
from service.facts.refusals import Refusal
from service.facts.states import CampaignState
from service.i18n.catalogs import Catalogs
from service.mail.servers import Checked, MailServer, Reach
from service.models import Campaign, MailAccount, Notice, Program, User
from service.paths import data_dir
from tests.domain import factories
from tests.domain.factories import NOW, AskedJobs

VAULT = Vault("the key of the tests' vault, long enough")
ACCESS = Access("smtp.corp.example", 587, "alex", "canary-password")
OK = Checked(MailCheck.OK)


@pytest.fixture
def program(session: Session) -> Program:
    return factories.program(session)


@pytest.fixture
def user(session: Session, program: Program) -> User:
    return factories.user(session, program)


@pytest.fixture
def other(session: Session, program: Program) -> User:
    return factories.user(session, program, email="other@brand.example")


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer(
        Catalogs(data_dir("locales")),
        Signer("k" * 40),
        base_url="https://brand.example",
        mail_from="noreply@brand.example",
        https=True,
    )


def connect(
    session: Session, user: User, address: str = "Alex@corp.example", access: Access = ACCESS
) -> MailAccount:
    return mail_accounts.connect(session, VAULT, user, address, access, reach=Reach(), now=NOW)


def change(session: Session, account: MailAccount, access: Access) -> None:
    mail_accounts.change(session, VAULT, account, access, reach=Reach())


def checked(session: Session, account: MailAccount, found: Checked = OK) -> None:
    mail_accounts.record(session, account.id, found, version=account.version, now=NOW)


def draft(session: Session, program: Program, user: User, account_id: int | None) -> Campaign:
    anna = factories.prospect(session, program, f"Anna {session.query(Campaign).count()}")
    writing = Writing("Alex", "", "en", {"en": ("Hi", "Hello")}, mail_account_id=account_id)
    return campaigns.draft(
        session,
        program,
        writing,
        form_key=f"k{anna.id}",
        selected=Selected(frozenset({anna.id})),
        actor=user,
        now=NOW,
    )


def launch(session: Session, composer: Composer, campaign: Campaign) -> None:
    campaigns.launch(session, AskedJobs(), composer, campaign, now=NOW)


def test_a_password_is_sealed_and_comes_back_for_sending(session: Session, user: User) -> None:
    """D-1, D-2: what stands in the row is not the password, and nothing that shows an account shows it."""
    account = connect(session, user)
    server = mail_accounts.server_of(VAULT, account)
    assert server == MailServer(
        "Alex@corp.example", "smtp.corp.example", 587, "start", "alex", "canary-password"
    )
    shown = f"{account.secret} {account!r} {server!r} {ACCESS!r} {vars(account)}"
    assert "canary" not in shown
    assert not mail_accounts.is_ready(account)


@pytest.mark.parametrize(
    ("address", "access", "refusal", "field"),
    [
        ("", ACCESS, Refusal.EMAIL_MISSING, "address"),
        ("a@b.example, c@d.example", ACCESS, Refusal.EMAIL_INVALID, "address"),
        ("a@b.example", Access("127.1", 587, "alex", "x"), Refusal.HOST_INVALID, "host"),
        ("a@b.example", Access("", 587, "alex", "x"), Refusal.HOST_INVALID, "host"),
        ("a@b.example", Access("mx.example", 22, "alex", "x"), Refusal.PORT_REFUSED, "port"),
        ("a@b.example", Access("mx.example", 2525, "alex", "x"), Refusal.PORT_REFUSED, "port"),
        ("a@b.example", Access("mx.example", 587, " ", "x"), Refusal.NAME_MISSING, "user_name"),
        ("a@b.example", Access("mx.example", 587, "a\r\nb", "x"), Refusal.TEXT_UNPRINTABLE, "user_name"),
        ("a@b.example", Access("mx.example", 587, "alex", ""), Refusal.PASSWORD_MISSING, "password"),
        ("a@b.example", Access("mx.example", 587, "alex", "a\0b"), Refusal.PASSWORD_UNSENDABLE, "password"),
        (
            "a@b.example",
            Access("mx.example", 587, "alex", "x" * 1001),
            Refusal.PASSWORD_UNSENDABLE,
            "password",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_beside_its_field(
    session: Session, user: User, address: str, access: Access, refusal: Refusal, field: str
) -> None:
    """W-10 and bad input: the place and the reason."""
    with pytest.raises(DomainError) as refused:
        connect(session, user, address, access)
    assert (refused.value.refusal, refused.value.field) == (refusal, field)


@pytest.mark.parametrize(("port", "tls"), [(587, "start"), (465, "first"), (25, "start")])
def test_the_port_says_how_it_is_encrypted(session: Session, user: User, port: int, tls: str) -> None:
    """M-20: there is no way without."""
    account = connect(session, user, access=Access("mx.example", port, "alex", "x"))
    assert account.tls == tls


def test_an_empty_password_keeps_the_stored_one(session: Session, user: User) -> None:
    """D-2: write-only, so leaving the field empty is how it stays."""
    account = connect(session, user)
    checked(session, account)
    change(session, account, Access("smtp.corp.example", 465, "alex", ""))
    server = mail_accounts.server_of(VAULT, account)
    assert (server.port, server.tls, server.password) == (465, "first", "canary-password")
    assert account.verified_at is None


@pytest.mark.parametrize(
    "access", [Access("evil.example", 587, "alex", ""), Access("smtp.corp.example", 587, "eve", "")]
)
def test_the_stored_password_goes_to_no_other_server(session: Session, user: User, access: Access) -> None:
    """D-1: who finds a browser open, or writes to the database, cannot have the password sent to them."""
    account = connect(session, user)
    with pytest.raises(DomainError) as refused:
        change(session, account, access)
    assert refused.value.refusal is Refusal.PASSWORD_NEEDED_AGAIN
    account.host = "evil.example"
    with pytest.raises(AccountUnusable) as unusable:
        mail_accounts.server_of(VAULT, account)
    assert unusable.value.result is MailCheck.SECRET_UNREADABLE


def test_one_address_is_connected_once_and_by_anybody_who_can(
    session: Session, user: User, other: User
) -> None:
    connect(session, user)
    with pytest.raises(DomainError) as refused:
        connect(session, user, "alex@CORP.example")
    assert refused.value.refusal is Refusal.ACCOUNT_KNOWN
    assert connect(session, other).user_id == other.id


def test_the_latest_check_counts_and_an_old_one_does_not(session: Session, user: User) -> None:
    """A look begun before a change says nothing of what stands there now."""
    account = connect(session, user)
    before = account.version
    change(session, account, Access("smtp.corp.example", 587, "alex", "another"))
    assert mail_accounts.record(session, account.id, OK, version=before, now=NOW) is None
    assert not mail_accounts.is_ready(account)
    checked(session, account)
    assert mail_accounts.is_ready(account)
    checked(session, account, Checked(MailCheck.TIMEOUT))
    assert (account.last_error, mail_accounts.is_ready(account)) == ("timeout", True)
    checked(session, account, Checked(MailCheck.SIGN_IN_REFUSED, 535))
    assert (account.last_error, account.last_code) == ("sign_in_refused", 535)
    assert not mail_accounts.is_ready(account)
    checked(session, account)
    assert (account.last_error, account.last_code, mail_accounts.is_ready(account)) == (None, None, True)


def test_a_campaign_goes_out_from_an_own_checked_account_only(
    session: Session, program: Program, user: User, other: User, composer: Composer
) -> None:
    """H-6: not from an unchecked one, and another user's does not exist."""
    mine, theirs = connect(session, user), connect(session, other)
    checked(session, theirs)
    campaign = draft(session, program, user, mine.id)
    with pytest.raises(DomainError) as refused:
        draft(session, program, user, theirs.id)
    assert refused.value.refusal is Refusal.NOT_FOUND
    with pytest.raises(DomainError) as unchecked:
        launch(session, composer, campaign)
    assert (unchecked.value.refusal, unchecked.value.field) == (Refusal.ACCOUNT_NOT_READY, "mail_account")


@pytest.fixture
def sending(
    session: Session, program: Program, user: User, composer: Composer
) -> tuple[MailAccount, Campaign]:
    """A campaign that is out from a checked account."""
    account = connect(session, user)
    checked(session, account)
    campaign = draft(session, program, user, account.id)
    launch(session, composer, campaign)
    return account, campaign


def told(session: Session, user: User) -> list[tuple[str, int | None]]:
    return [
        (row.kind, row.subject_id) for row in session.scalars(select(Notice).where(Notice.user_id == user.id))
    ]


def test_the_address_freezes_at_launch(session: Session, sending: tuple[MailAccount, Campaign]) -> None:
    account, campaign = sending
    assert (campaign.mail_account_id, campaign.from_address) == (account.id, "Alex@corp.example")


def test_disconnecting_forgets_the_password_and_tells_who_waits(
    session: Session, user: User, sending: tuple[MailAccount, Campaign]
) -> None:
    """D-1: nothing of the password is left; the campaign is told of, and goes on when the account is back."""
    account, campaign = sending
    assert mail_accounts.under_way(session, account.id) == 1
    assert mail_accounts.disconnect(session, account, now=NOW) == 1
    assert account.secret is None
    assert told(session, user) == [(notices.HELD, campaign.id)]
    with pytest.raises(AccountUnusable):
        mail_accounts.server_of(VAULT, account)
    with pytest.raises(DomainError):
        mail_accounts.find(session, user.id, account.id)
    assert mail_accounts.list_of(session, user.id) == []
    again = connect(session, user)
    assert again.id == account.id
    assert not mail_accounts.is_ready(again)
    checked(session, again)
    assert mail_accounts.is_ready(again)


def test_a_scheduled_campaign_is_told_of_a_lost_account_too(
    session: Session, user: User, sending: tuple[MailAccount, Campaign]
) -> None:
    """F-9: its author can still mend the account before the start."""
    account, campaign = sending
    campaign.state = CampaignState.SCHEDULED.value
    session.flush()
    assert mail_accounts.under_way(session, account.id) == 1
    checked(session, account, Checked(MailCheck.SIGN_IN_REFUSED))
    assert told(session, user) == [(notices.HELD, campaign.id)]
    for state, count in ((CampaignState.PAUSED, 1), (CampaignState.FINISHED, 0), (CampaignState.DRAFT, 0)):
        campaign.state = state.value
        session.flush()
        assert mail_accounts.under_way(session, account.id) == count


def test_an_account_no_campaign_names_is_gone(session: Session, user: User) -> None:
    """D-3: no address is kept without need."""
    account = connect(session, user)
    assert mail_accounts.disconnect(session, account, now=NOW) == 0
    assert session.scalars(select(MailAccount)).all() == []


def test_a_refused_sign_in_is_told_once_until_it_is_read(
    session: Session, user: User, sending: tuple[MailAccount, Campaign]
) -> None:
    account, campaign = sending
    checked(session, account, Checked(MailCheck.TIMEOUT))
    assert told(session, user) == []
    for _ in range(2):
        checked(session, account, Checked(MailCheck.SIGN_IN_REFUSED, 535))
    assert told(session, user) == [(notices.HELD, campaign.id)]


def test_another_user_sees_nothing_of_it(session: Session, user: User, other: User) -> None:
    """H-6."""
    account = connect(session, user)
    with pytest.raises(DomainError) as refused:
        mail_accounts.find(session, other.id, account.id)
    assert refused.value.refusal is Refusal.NOT_FOUND
    assert mail_accounts.list_of(session, other.id) == []


def test_every_result_of_a_check_has_its_words() -> None:
    assert set(MAIL_CHECK_WORDS) == set(MailCheck)


def test_private_networks_are_let_in_by_the_operator_alone() -> None:
    """W-10."""
    assert not Reach().allows("10.1.0.5")
    assert Reach((ipaddress.ip_network("10.1.0.0/16"),)).allows("10.1.0.5")
