"""The captured outbox: what each recipient got, as list, HTML, text and bytes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from service.adapters.capture import CapturedOutbox
from service.bootstrap import Services
from service.config import Settings
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.mail.addresses import Mailbox, parse
from service.mail.mime import Letter, serialize
from service.models import Program
from service.web.app import create_app
from service.web.security import MAIL_POLICY
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


@pytest.fixture
def capture(parts: Services) -> Callable[..., bytes]:
    """Put a mail into the outbox and return its bytes."""

    def put(
        subject: str = "春のご案内", text: str = "本文", html: str = "<p>本文</p>", language: str = "ja"
    ) -> bytes:
        assert isinstance(parts.mailer, CapturedOutbox)
        number = parts.mailer.count()
        letter = Letter(
            sender=Mailbox("Alex", parse("noreply@brand.example")),
            recipients=(Mailbox("", parse("hana@x.example")),),
            subject=subject,
            date=datetime(2038, 1, 18, 12, tzinfo=UTC),
            message_id=f"<m{number}@brand.example>",
            language=language,
            text=text,
            html=html,
        )
        raw = serialize(letter)
        connection = parts.mailer.connect()
        connection.begin(sender="noreply@brand.example", recipient="hana@x.example", data=raw)
        connection.close()
        return raw

    return put


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(
    enter: Callable[..., Browser], program: Program, capture: Callable[..., bytes], code: str
) -> None:
    browser = enter()
    check_page(browser.get(f"/{code}/outbox"), code)
    capture()
    page = check_page(browser.get(f"/{code}/outbox"), code)
    link = page.select_one("tbody th a")
    assert link is not None
    assert words(link) == "春のご案内"
    for part in ("html", "text", "raw", "x"):
        page = check_page(browser.get(str(link["href"]), query_string={"part": part}), code)
        assert page.h1 is not None
        assert (words(page.h1), page.h1["lang"]) == ("春のご案内", "ja")


def test_the_three_faces_of_a_mail(
    enter: Callable[..., Browser], program: Program, capture: Callable[..., bytes]
) -> None:
    raw = capture()
    browser = enter()
    frame = soup(browser.get("/en/outbox/1")).iframe
    assert frame is not None
    framed = browser.get(str(frame["src"]))
    assert framed.headers["Content-Security-Policy"] == MAIL_POLICY
    assert framed.get_data(as_text=True) == "<p>本文</p>\n"
    text = soup(browser.get("/en/outbox/1?part=text")).find("pre")
    assert words(text) == "本文"
    download = browser.get("/en/outbox/1/raw")
    assert download.data == raw
    assert download.headers["Content-Type"] == "message/rfc822"
    assert download.headers["Content-Disposition"] == 'attachment; filename="mail-1.eml"'
    assert message_from_bytes(download.data, policy=policy.default)["Subject"] == "春のご案内"


def test_only_who_may_manage_settings(
    enter: Callable[..., Browser], program: Program, capture: Callable[..., bytes]
) -> None:
    capture()
    browser = enter(BuiltInRole.COMMUNITY_MANAGER)
    paths = ("/en/outbox", "/en/outbox/1", "/en/outbox/1/html", "/en/outbox/1/raw")
    assert [browser.get(path).status_code for path in paths] == [403] * 4


def test_what_is_not_there(enter: Callable[..., Browser], program: Program) -> None:
    browser = enter()
    assert [browser.get(f"/en/outbox/7{part}").status_code for part in ("", "/html", "/raw")] == [404] * 3


def test_pages(enter: Callable[..., Browser], program: Program, capture: Callable[..., bytes]) -> None:
    for number in range(PAGE_ROWS + 1):
        capture(subject=f"Mail {number:02}")
    browser = enter()
    page = soup(browser.get("/en/outbox"))
    assert words(page.select_one("tbody th")) == f"Mail {PAGE_ROWS:02}"
    following = page.select_one("a[rel=next]")
    assert following is not None
    page = soup(browser.get(str(following["href"])))
    assert [words(row) for row in page.select("tbody th")] == ["Mail 00"]


@pytest.mark.parametrize("before", ["-1", "1e400", "9" * 5000, "\0", "x", ""])
def test_a_forged_place_is_the_beginning(
    enter: Callable[..., Browser], program: Program, capture: Callable[..., bytes], before: str
) -> None:
    """W-5."""
    capture()
    answer = enter().get("/en/outbox", query_string={"before": before})
    assert len(soup(answer).select("tbody tr")) == 1


def test_hostile_mails_are_text_outside_their_frame(
    enter: Callable[..., Browser], program: Program, capture: Callable[..., bytes]
) -> None:
    """X-1, X-9."""
    capture(subject=HOSTILE, text=HOSTILE, html=HOSTILE, language="en")
    browser = enter()
    for path in ("/en/outbox", "/en/outbox/1", "/en/outbox/1?part=text"):
        assert HOSTILE in words(check_page(browser.get(path), "en").main)
    assert "sandbox" in browser.get("/en/outbox/1/html").headers["Content-Security-Policy"]


def test_no_outbox_where_mails_are_really_sent(
    enter: Callable[..., Browser], parts: Services, settings: Settings, program: Program
) -> None:
    browser = enter()
    sending = replace(parts, settings=replace(settings, mail_url="smtp://127.0.0.1:2525"), mailer=object())  # type: ignore[arg-type]
    other = Browser(create_app(sending).test_client())
    cookie = browser.cookie("prospectus_session")
    assert cookie is not None
    other.client.set_cookie("prospectus_session", cookie)
    assert other.get("/en/outbox").status_code in {303, 404}
    assert "/en/outbox" not in {str(link["href"]) for link in soup(browser.get("/en/")).select("nav a")} - {
        "/en/outbox"
    }
