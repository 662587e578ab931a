"""*Send from* in the compose form: the installation's address, or one's own checked mail account."""

import email
import re
from collections.abc import Callable
from email.policy import default

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import mail_accounts
from service.domain.mail_accounts import Access
from service.facts.mail_checks import MailCheck
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.mail.servers import Checked
from service.models import Campaign, Program, Prospect, User
from tests.domain import factories
from tests.web.browser import Browser, Clock
from tests.web.pages import check_page, error_of, soup, words
from tests.web.writing import TEXTS

NEW = "/en/campaigns/new"


@pytest.fixture
def connect(parts: Services, clock: Clock) -> Callable[..., int]:
    """Connect an account for a user, checked unless told otherwise, and return its id."""

    def add(user: str, address: str, *, good: bool = True) -> int:
        with parts.db.transaction() as session:
            owner = session.scalars(select(User).where(User.email_key == user)).one()
            access = Access("smtp.corp.example", 587, "ada", "canary")
            reach = parts.account_post.reach
            made = mail_accounts.connect(
                session, parts.vault, owner, address, access, reach=reach, now=clock.now
            )
            found = Checked(MailCheck.OK) if good else Checked(MailCheck.SIGN_IN_REFUSED, 535)
            mail_accounts.record(session, made.id, found, version=made.version, now=clock.now)
            return made.id

    return add


@pytest.fixture
def anna(parts: Services, program: Program) -> Prospect:
    with parts.db.transaction() as session:
        into = session.get_one(Program, program.id)
        return factories.prospect(session, into, "Anna", locale="en", first_name="Ann", email="a@x.example")


@pytest.fixture
def author(enter: Callable[..., Browser], anna: Prospect) -> Browser:
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, email="ada@brand.example")
    browser.post("/en/prospects/select", {"query": "", "select": "matching"})
    return browser


@pytest.fixture
def colleague(enter: Callable[..., Browser], anna: Prospect) -> Browser:
    return enter(BuiltInRole.ADMINISTRATOR, email="bo@brand.example")


def campaign_of(parts: Services) -> Campaign:
    with parts.db.reading() as session:
        return session.scalars(select(Campaign).order_by(Campaign.id.desc())).first()  # type: ignore[return-value]


def write(
    browser: Browser, account: object, action: str = "save", path: str = NEW, version: str = "1"
) -> object:
    sent = {**TEXTS, "form_key": "k1", "version": version, "action": action, "mail_account": str(account)}
    return browser.post(path, sent)


def offered(browser: Browser, path: str = NEW) -> list[str]:
    return [words(option) for option in soup(browser.get(path)).select("#f-mail_account option")]


def test_without_an_account_there_is_nothing_to_choose(author: Browser) -> None:
    """H-6: the installation's address it is, and one's own stands in Reply-To."""
    assert offered(author) == []


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(author: Browser, connect: Callable[..., int], code: str) -> None:
    connect("ada@brand.example", "ada@corp.example")
    page = check_page(author.get(f"/{code}/campaigns/new"), code)
    assert len(page.select("#f-mail_account option")) == 2


def test_ones_own_accounts_are_offered_and_no_others(
    author: Browser, colleague: Browser, connect: Callable[..., int]
) -> None:
    """H-6."""
    connect("ada@brand.example", "ada@corp.example")
    connect("ada@brand.example", "ada@second.example", good=False)
    connect("bo@brand.example", "bo@corp.example")
    common = "noreply@localhost.invalid (this installation)"
    assert offered(author) == [common, "ada@corp.example", "ada@second.example (check the connection first)"]
    assert offered(colleague) == [common, "bo@corp.example"]


def test_the_chosen_account_is_the_sender(
    author: Browser, parts: Services, connect: Callable[..., int], anna: Prospect
) -> None:
    """H-6: in the preview, in the launched campaign, and on its page."""
    account = connect("ada@brand.example", "ada@corp.example")
    write(author, account)
    campaign = campaign_of(parts)
    path = f"/en/campaigns/{campaign.id}/edit"
    chosen = soup(author.get(path)).select_one("#f-mail_account option[selected]")
    assert words(chosen) == "ada@corp.example"
    raw = author.get(f"/en/campaigns/{campaign.id}/preview/{anna.id}/raw").get_data()
    assert email.message_from_bytes(raw, policy=default)["From"] == "Alex Morgan <ada@corp.example>"
    write(author, account, "send", path)
    campaign = campaign_of(parts)
    assert (campaign.state, campaign.mail_account_id, campaign.from_address) == (
        "sending",
        account,
        "ada@corp.example",
    )
    details = words(soup(author.get(f"/en/campaigns/{campaign.id}")).select_one("dl.facts"))
    assert "Send from ada@corp.example" in details


def test_another_users_account_cannot_be_named(
    author: Browser, parts: Services, connect: Callable[..., int], colleague: Browser
) -> None:
    """H-6: a forged form gets the answer of something that is not there."""
    theirs = connect("bo@brand.example", "bo@corp.example")
    for account in (theirs, 999):
        assert write(author, account).status_code == 404  # type: ignore[attr-defined]
    assert campaign_of(parts) is None


def test_who_sends_a_colleagues_draft_does_not_send_from_their_account(
    author: Browser, colleague: Browser, parts: Services, connect: Callable[..., int]
) -> None:
    """H-6: also when the form names the account that is stored."""
    account = connect("ada@brand.example", "ada@corp.example")
    write(author, account)
    campaign = campaign_of(parts)
    path = f"/en/campaigns/{campaign.id}/edit"
    assert offered(colleague, path) == []
    answer = write(colleague, account, "send", path, str(campaign.version))
    assert answer.status_code == 303  # type: ignore[attr-defined]
    sent = campaign_of(parts)
    assert (sent.state, sent.mail_account_id, sent.from_address) == ("sending", None, None)


def test_an_account_that_cannot_send_holds_the_launch_and_not_the_draft(
    author: Browser, parts: Services, connect: Callable[..., int]
) -> None:
    account = connect("ada@brand.example", "ada@corp.example", good=False)
    answer = write(author, account)
    found = re.fullmatch(r"/en/campaigns/(\d+)/edit", answer.location)  # type: ignore[attr-defined]
    assert found is not None
    refused = write(author, account, "send", found[0])
    assert refused.status_code == 400  # type: ignore[attr-defined]
    page = soup(refused)  # type: ignore[arg-type]
    assert error_of(page, "mail_account").startswith("This mail account cannot send: ada@corp.example.")
    assert campaign_of(parts).state == "draft"
