"""Settings → Mail accounts: connect, check, change, disconnect; a password goes in and never comes out."""

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from service.adapters.account_post import AccountPost
from service.bootstrap import Services
from service.domain import campaigns, mail_accounts
from service.domain.campaigns import Writing
from service.domain.selections import Selected
from service.domain.vault import Vault
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.mail.servers import START, Reach
from service.models import MailAccount, Program, User
from tests.adapters.conversation import Conversation
from tests.adapters.test_account_check import GOOD, NAME, OFFERS
from tests.adapters.test_smtp import polite
from tests.domain import factories
from tests.tls import Authority
from tests.web.browser import Browser
from tests.web.pages import check_page, error_of, form_of, soup, words

BASE = "/en/settings/mail-accounts"
CANARY = "canary-password-4711"


class Corporation:
    """A company's mail server, which says what it is told to say."""

    def __init__(self, authority: Authority) -> None:
        self.said: dict[str, str | None] = {}
        self._usual = polite(dict(GOOD), offers=OFFERS)
        self.server = Conversation(self._answer, tls=authority.context(NAME))
        self.addresses: tuple[str, ...] = ("127.0.0.1",)

    def _answer(self, line: str) -> str | None:
        return next((text for start, text in self.said.items() if line.startswith(start)), self._usual(line))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def corporation(authority: Authority) -> Iterator[Corporation]:
    made = Corporation(authority)
    yield made
    made.server.__exit__()


@pytest.fixture
def parts(parts: Services, corporation: Corporation, authority: Authority) -> Services:
    """The installation may reach the company's server, at its odd port."""
    reach = Reach(
        (ipaddress.ip_network("127.0.0.0/8"),), {corporation.server.port: START, 587: START, 465: "first"}
    )
    post = AccountPost(reach, ca_file=str(authority.file), resolve=lambda *_: corporation.addresses)
    return replace(parts, account_post=post)


@pytest.fixture
def entry(corporation: Corporation) -> dict[str, str]:
    return {
        "address": "hanako@corp.example",
        "host": NAME,
        "port": str(corporation.server.port),
        "user_name": "hanako",
        "password": CANARY,
    }


@pytest.fixture
def author(enter: Callable[..., Browser], program: Program) -> Browser:
    return enter(BuiltInRole.COMMUNITY_MANAGER)


def accounts(parts: Services) -> list[MailAccount]:
    with parts.db.reading() as session:
        return list(session.scalars(select(MailAccount)))


def after(browser: Browser, path: str, data: dict[str, str] | None = None) -> str:
    """Send a form and return what the next page tells."""
    answer = browser.post(path, data)
    assert (answer.status_code, answer.location) == (303, BASE)
    page = browser.get(BASE)
    assert CANARY not in page.get_data(as_text=True)
    return words(soup(page).select(".notices .notice-body")[-1])


@pytest.mark.parametrize("code", LOCALES)
def test_the_empty_page_says_what_to_do(author: Browser, code: str) -> None:
    page = check_page(author.get(f"/{code}/settings/mail-accounts"), code)
    links = [link["href"] for link in page.select(".empty a")]
    assert links == [f"/{code}/settings/mail-accounts/new", f"/{code}/help/connect-your-mail"]


@pytest.mark.parametrize("code", LOCALES)
def test_every_page_works(author: Browser, parts: Services, entry: dict[str, str], code: str) -> None:
    page = check_page(author.get(f"/{code}/settings/mail-accounts/new"), code)
    field = page.find(id="f-password")
    assert field is not None
    assert (field["type"], field["value"]) == ("password", "")
    author.post(f"{BASE}/new", entry)
    made = accounts(parts)[0].id
    for path in ("", f"/{made}", f"/{made}/disconnect"):
        answer = author.get(f"/{code}/settings/mail-accounts{path}")
        check_page(answer, code)
        assert CANARY not in answer.get_data(as_text=True)


def test_connect_check_change_disconnect(author: Browser, parts: Services, entry: dict[str, str]) -> None:
    """The whole way of one account."""
    said = after(author, f"{BASE}/new", entry)
    assert said == "The mail account hanako@corp.example is connected. You can send from it."
    account = accounts(parts)[0]
    assert mail_accounts.is_ready(account)
    assert words(soup(author.get(BASE)).select_one(".badge")) == "Connected"
    kept = form_of(soup(author.get(f"{BASE}/{account.id}")), action=f"{BASE}/{account.id}")
    assert {name: value for name, value in kept.items() if name != "csrf_token"} == {
        "host": NAME,
        "port": entry["port"],
        "user_name": "hanako",
        "password": "",
    }
    after(author, f"{BASE}/{account.id}", kept)
    with parts.db.reading() as session:
        server = mail_accounts.server_of(parts.vault, session.get_one(MailAccount, account.id))
    assert server.password == CANARY
    said = after(author, f"{BASE}/{account.id}/disconnect")
    assert said == "The mail account hanako@corp.example is disconnected. Its password has been deleted."
    assert accounts(parts) == []


@pytest.mark.parametrize(
    ("said", "words_of_ours"),
    [
        ({"AUTH": "535 canary-banner"}, "The server refused the user name or the password. Reply code: 535."),
        (
            {"MAIL": "550 canary-banner"},
            "The server does not let this user send from this address. Reply code: 550.",
        ),
        ({"EHLO": "554 canary-banner"}, "The server does not accept connections from here. Reply code: 554."),
        (
            {"EHLO": "250 canary-banner"},
            "The server offers no encryption on this port, so no password was sent.",
        ),
    ],
)
def test_a_failed_check_is_told_in_our_words(
    author: Browser,
    parts: Services,
    corporation: Corporation,
    entry: dict[str, str],
    said: dict[str, str | None],
    words_of_ours: str,
) -> None:
    """W-10: a reason and a code; of what the server writes nothing is shown or kept."""
    corporation.said = said
    assert after(author, f"{BASE}/new", entry) == f"Error {words_of_ours}"
    shown = author.get(BASE).get_data(as_text=True)
    assert words_of_ours in " ".join(shown.split())
    account = accounts(parts)[0]
    assert not mail_accounts.is_ready(account)
    assert "canary-banner" not in f"{shown} {vars(account)}"


@pytest.mark.parametrize("address", ["10.0.0.5", "169.254.169.254", "::1", "64:ff9b::a9fe:a9fe"])
def test_a_name_that_leads_inside_is_told_and_not_touched(
    author: Browser, corporation: Corporation, entry: dict[str, str], address: str
) -> None:
    """W-10."""
    corporation.addresses = (address,)
    assert "private or special network" in after(author, f"{BASE}/new", entry)
    assert corporation.server.heard == []


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "smtp.example.com:25", "a b", ""]
)
def test_a_host_that_is_none_is_refused_beside_its_field(
    author: Browser, parts: Services, entry: dict[str, str], host: str
) -> None:
    """W-10, D-2: the form comes back with what was typed, but for the password."""
    answer = author.post(f"{BASE}/new", {**entry, "host": host})
    assert answer.status_code == 400
    page = soup(answer)
    assert error_of(page, "host").startswith("This is not the name of a mail server")
    assert CANARY not in answer.get_data(as_text=True)
    kept = form_of(page, action=f"{BASE}/new")
    assert (kept["address"], kept["host"], kept["password"]) == ("hanako@corp.example", host, "")
    assert accounts(parts) == []


@pytest.mark.parametrize("port", ["22", "80", "3306", "-1", "x", "", "99999999999999999999"])
def test_a_port_that_is_not_offered_is_refused(
    author: Browser, parts: Services, entry: dict[str, str], port: str
) -> None:
    """W-10."""
    answer = author.post(f"{BASE}/new", {**entry, "port": port})
    assert error_of(soup(answer), "port") == "Choose one of the ports that are offered."
    assert accounts(parts) == []


def test_the_stored_password_is_not_sent_elsewhere(
    author: Browser, parts: Services, corporation: Corporation, entry: dict[str, str]
) -> None:
    """D-1: who changes the server must know the password."""
    author.post(f"{BASE}/new", entry)
    account = accounts(parts)[0]
    heard = len(corporation.server.heard)
    moved = {"host": "evil.example", "port": entry["port"], "user_name": "hanako", "password": ""}
    answer = author.post(f"{BASE}/{account.id}", moved)
    assert error_of(soup(answer), "password").startswith("Enter the password again")
    assert len(corporation.server.heard) == heard
    assert accounts(parts)[0].host == NAME


def test_another_users_account_does_not_exist(
    author: Browser, enter: Callable[..., Browser], parts: Services, entry: dict[str, str], program: Program
) -> None:
    """H-6, A-1: not to be seen, checked, changed or disconnected."""
    author.post(f"{BASE}/new", entry)
    account = accounts(parts)[0]
    other = enter(BuiltInRole.ADMINISTRATOR)
    assert "hanako@corp.example" not in other.get(BASE).get_data(as_text=True)
    for path in (f"{BASE}/{account.id}", f"{BASE}/{account.id}/disconnect"):
        assert other.get(path).status_code == 404
        assert other.post(path, {**entry}).status_code == 404
    assert other.post(f"{BASE}/{account.id}/check").status_code == 404
    assert accounts(parts)[0].secret == account.secret


def test_checking_is_no_way_to_scan(author: Browser, corporation: Corporation, entry: dict[str, str]) -> None:
    """W-10: after some looks that found nothing one has to wait."""
    corporation.said = {"AUTH": "535 No"}
    author.post(f"{BASE}/new", entry)
    for _ in range(9):
        author.post(f"{BASE}/1/check")
    heard = len(corporation.server.heard)
    assert after(author, f"{BASE}/1/check").startswith("Error Too many tries.")
    assert len(corporation.server.heard) == heard


def test_a_lost_key_asks_for_the_password(
    author: Browser, parts: Services, app: Flask, entry: dict[str, str]
) -> None:
    """D-1: a wrong key is told, and a new password mends it."""
    author.post(f"{BASE}/new", entry)
    app.extensions["prospectus"] = replace(parts, vault=Vault("another key of a vault, long enough"))
    said = after(author, f"{BASE}/1/check")
    assert said == "Error The stored password can no longer be read. Enter it again."
    again = {key: value for key, value in entry.items() if key != "address"}
    assert "is connected" in after(author, f"{BASE}/1", again)


def test_an_account_waits_for_its_campaigns(
    author: Browser, parts: Services, entry: dict[str, str], program: Program
) -> None:
    """The question before disconnecting says how many campaigns will wait."""
    author.post(f"{BASE}/new", entry)
    account = accounts(parts)[0]
    with parts.db.transaction() as session:
        anna = factories.prospect(session, session.get_one(Program, program.id), "Anna", locale="en")
        campaign = campaigns.draft(
            session,
            session.get_one(Program, program.id),
            Writing("Hanako", "", "en", {"en": ("Hi", "Hello")}, mail_account_id=account.id),
            form_key="k",
            selected=Selected(frozenset({anna.id})),
            actor=session.get_one(User, account.user_id),
            now=factories.NOW,
        )
        campaigns.launch(session, parts.jobs, parts.composer, campaign, now=factories.NOW)
        path = f"/en/campaigns/{campaign.id}"
    assert "These emails wait" not in author.get(path).get_data(as_text=True)
    page = author.get(f"{BASE}/{account.id}/disconnect").get_data(as_text=True)
    assert "1 campaign is going out from it." in page
    author.post(f"{BASE}/{account.id}/disconnect")
    shown = words(soup(author.get(path)).select_one(".notice-warning"))
    assert "The mail account hanako@corp.example is disconnected." in shown
    assert "Emails are waiting because your mail account cannot send" in author.get("/en/notices").get_data(
        as_text=True
    )
