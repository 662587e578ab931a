"""Settings → Sending domain, with the records on a real name server."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from service import dkim_key
from service.adapters.dns import DnsLookup
from service.bootstrap import Services
from service.config import Settings
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import Program
from tests.nameserver import BROKEN, NameServer, Zone
from tests.web.browser import Browser
from tests.web.pages import check_page, words

PATH = "settings/sending-domain"
KEY = dkim_key.make()


@pytest.fixture
def zone() -> dict[str, list[str] | str]:
    """What is published; a test may change it before it looks."""
    return {
        "mail.brand.example": ["v=spf1 a:relay.example ~all"],
        "s1._domainkey.brand.example": [dkim_key.read(KEY).record],
        "_dmarc.brand.example": ["v=DMARC1; p=none"],
    }


@pytest.fixture
def name_server(zone: Zone) -> Iterator[NameServer]:
    """A name server that publishes the zone."""
    with NameServer(zone) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation that signs, and sends through a relay."""
    file = tmp_path / "dkim.pem"
    file.write_bytes(KEY)
    return Settings(
        data=tmp_path, secret_key="a key of the tests that is long enough",
        mail_from="partners@mail.brand.example", mail_url="smtp://user:secret@relay.example",
        dkim_key=file, dkim_domain="brand.example", dkim_selector="s1",
    )  # fmt: skip


@pytest.fixture
def parts(parts: Services, name_server: NameServer) -> Services:
    """The installation asks the name server of the test."""
    return replace(parts, dns=lambda: DnsLookup(("127.0.0.1",), port=name_server.port))


def statuses(browser: Browser, code: str = "en") -> list[str]:
    page = check_page(browser.get(f"/{code}/{PATH}"), code)
    return [words(badge) for badge in page.select("main .badge")]


def copyable(page: BeautifulSoup) -> list[str]:
    return [str(one.get("value") or one.get_text().strip()) for one in page.select("main .input-code")]


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(enter: Callable[..., Browser], program: Program, code: str) -> None:
    """M-22: in each language, records as they are published."""
    page = check_page(enter().get(f"/{code}/{PATH}"), code)
    found = [words(record) for record in page.select("main .facts code")]
    assert found == [
        "mail.brand.example", "v=spf1 a:relay.example ~all",
        "s1._domainkey.brand.example", dkim_key.read(KEY).record,
        "_dmarc.brand.example", "v=DMARC1; p=none",
    ]  # fmt: skip
    assert copyable(page) == []
    assert len(page.select("main .badge-success")) == 3
    assert "secret" not in page.get_text()


def test_what_is_missing_can_be_copied(
    enter: Callable[..., Browser], program: Program, zone: dict[str, list[str] | str]
) -> None:
    """M-22: each record to publish stands ready, with the name it belongs under."""
    zone.clear()
    browser = enter()
    assert statuses(browser) == ["Missing", "Missing", "Missing"]
    page = check_page(browser.get(f"/en/{PATH}"), "en")
    assert copyable(page) == [
        "v=spf1 a:relay.example ~all", dkim_key.read(KEY).record, "v=DMARC1; p=none",
    ]  # fmt: skip
    names = [words(code) for code in page.select("main .facts code")]
    assert names == ["mail.brand.example", "s1._domainkey.brand.example", "_dmarc.mail.brand.example"]
    copies = [button["data-copy"] for button in page.select("[data-copy]")]
    assert copies == ["#spf-record", "#dkim-record", "#dmarc-record"]


def test_a_wrong_record_is_named(
    enter: Callable[..., Browser], program: Program, zone: dict[str, list[str] | str]
) -> None:
    zone["mail.brand.example"] = ["v=spf1 ip4:<b>300</b> -all"]
    zone["s1._domainkey.brand.example"] = ["v=DKIM1; p="]
    browser = enter()
    assert statuses(browser) == ["Not valid", "Not valid", "Not valid"]
    page = check_page(browser.get(f"/en/{PATH}"), "en")
    assert [words(one) for one in page.select("main .finding-error")] == [
        "Error The SPF record contains a part that receivers cannot read: ip4:<b>300</b>",
        "Error The published record withdraws the key.",
        "Error Emails of this installation pass DMARC neither by SPF nor by DKIM.",
    ]


@pytest.mark.parametrize("code", LOCALES)
def test_a_dns_that_is_down_is_told_as_such(
    enter: Callable[..., Browser], program: Program, zone: dict[str, list[str] | str], code: str
) -> None:
    """M-22: nobody knows what is published, so nothing is called missing and nothing proposed."""
    for name in ("mail.brand.example", "s1._domainkey.brand.example", "_dmarc.mail.brand.example"):
        zone[name] = BROKEN
    page = check_page(enter().get(f"/{code}/{PATH}"), code)
    assert len(page.select("main .badge-soft")) == 3
    assert copyable(page) == []


class TestWithoutMailFrom:
    """An installation as it is before anybody has set it up."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        """The defaults."""
        return Settings(data=tmp_path, secret_key="a key of the tests that is long enough")

    @pytest.mark.parametrize("code", LOCALES)
    def test_it_says_what_to_set_and_asks_nobody(
        self, enter: Callable[..., Browser], program: Program, name_server: NameServer, code: str
    ) -> None:
        page = check_page(enter().get(f"/{code}/{PATH}"), code)
        warnings = [words(notice) for notice in page.select("main .notice-warning")]
        assert len(warnings) == 2
        assert "http://127.0.0.1:8000" in warnings[0]
        assert "noreply@localhost.invalid" in warnings[1]
        assert "MAIL_FROM" in warnings[1]
        assert page.select("main .badge") == []
        assert name_server.asked == []


class TestWithoutKey:
    """An installation that does not sign."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """The same, with no key and a domain in another script."""
        return replace(settings, dkim_key=None, mail_from="a@例え.jp", mail_url="capture:")

    def test_the_command_that_makes_a_key_can_be_copied(
        self, enter: Callable[..., Browser], program: Program
    ) -> None:
        page = check_page(enter().get(f"/en/{PATH}"), "en")
        assert copyable(page) == [
            "v=spf1 mx ~all",
            "prospectus mail dkim-key --out dkim.pem --domain xn--r8jz45g.jp",
            "v=DMARC1; p=none",
        ]
        assert "例え.jp (xn--r8jz45g.jp)" in [words(fact) for fact in page.select("dl.facts dd")]


def test_settings_lead_there_for_those_who_may(enter: Callable[..., Browser], program: Program) -> None:
    def offered(role: BuiltInRole) -> bool:
        page = check_page(enter(role).get("/en/settings"), "en")
        return page.select_one(f'main a[href="/en/{PATH}"]') is not None

    assert offered(BuiltInRole.ADMINISTRATOR)
    assert not offered(BuiltInRole.COMMUNITY_MANAGER)
