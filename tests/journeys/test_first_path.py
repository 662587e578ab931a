"""The whole path in each language: a spreadsheet in, one email written, everyone reads their own language."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.formats import formats
from service.mail import check
from tests.journeys.conftest import Demo, Traveller, travel, until

pytestmark = pytest.mark.journey
LANGUAGES = ("en", "fr", "ja", "zh")
# The two ends of the calendar: their dates always differ.
EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"
HEADERS = {
    "en": "Partner name,Contact email,Media property,Contact first name,Contact last name,Language,Time zone",
    "fr": "Nom du partenaire,E-mail de contact,Propriété média,Prénom du contact,Nom de famille du contact,"
    "Langue,Fuseau horaire",
    "ja": "パートナー名,連絡先メールアドレス,メディアプロパティ,連絡先の名,連絡先の姓,言語,タイムゾーン",
    "zh": "合作伙伴名称,联系人电子邮件,媒体资源,联系人名字,联系人姓氏,语言,时区",
}
# name, mailbox, first name, last name, language, zone -> the greeting in the mail
PEOPLE = (
    (("株式会社髙島①", "takashima", "健太", "髙島", "ja", EAST), "髙島様"),
    (("Blue Kettle", "kettle", "Rhys", "Owen", "en", WEST), "Hello Rhys,"),
    (("Atelier Garance", "garance", "Camille", "Durand", "fr", "Europe/Paris"), "Bonjour Camille,"),
    (("四季工房", "shiji", "秀英", "王", "zh", "Asia/Shanghai"), "王秀英，您好："),
    (("Werkstatt Blau", "blau", "Anna", "Gross", "de", "Europe/Berlin"), "Hello Anna,"),
    (("Nameless Shop", "nameless", "", "", "fr", "Europe/Paris"), "Bonjour à vous,"),
)


def _csv(language: str) -> bytes:
    """Return the people as a CP932 file with the headers of one language, where CP932 can write them."""
    header = HEADERS[language]
    try:
        header.encode("cp932")
    except UnicodeEncodeError:
        # What Excel in Tokyo saves cannot hold é or 伙: such a file carries the Japanese headers.
        header = HEADERS["ja"]
    lines = [header]
    for (name, mailbox, first, last, locale, zone), _ in PEOPLE:
        cells = (
            name,
            f"{mailbox}.{language}@people.example",
            f"https://{mailbox}.example/",
            first,
            last,
            locale,
            zone,
        )
        lines.append(",".join(cells))
    return "\r\n".join(lines).encode("cp932")


@pytest.fixture(
    params=[*((code, True) for code in LANGUAGES), ("ja", False)],
    ids=lambda param: f"{param[0]}-{'scripts' if param[1] else 'plain'}",
)
def journey(
    request: pytest.FixtureRequest, browser: Browser, demo: Demo, storage: Path, catalogs: Catalogs
) -> Iterator[tuple[Traveller, Catalog, str]]:
    """A signed-in tab in one language, with and without scripts."""
    language, scripts = request.param
    context, traveller = travel(browser, demo, scripts=scripts, storage=storage)
    yield traveller, catalogs.catalog(language), f"{language}{'' if scripts else '-plain'}"
    context.close()
    assert traveller.errors == []


def test_from_a_spreadsheet_to_everyones_own_language(
    journey: tuple[Traveller, Catalog, str], demo: Demo, tmp_path: Path
) -> None:
    """P7, P9, M-8, M-9, T-10: the path of the product, read back from the raw bytes."""
    traveller, words, name = journey
    _import(traveller, words, name, tmp_path)
    _select(traveller, words, name)
    _compose(traveller, words)
    before = datetime.now(UTC)
    _send(traveller, words)
    _read(demo, words.locale.code, name, before)
    _outbox(traveller, name)


def _look(traveller: Traveller) -> None:
    traveller.see_no_overflow()
    if traveller.scripts:
        traveller.see_no_barrier()


def _import(traveller: Traveller, words: Catalog, name: str, tmp_path: Path) -> None:
    page, code = traveller.page, words.locale.code
    traveller.open(f"/{code}/")
    _look(traveller)
    traveller.open(f"/{code}/settings/import")
    _look(traveller)
    file = tmp_path / "見込み先.csv"
    file.write_bytes(_csv(code).replace(f".{code}@".encode(), f".{name}@".encode()))
    page.locator("input[type=file]").set_input_files(file)
    page.locator("input[name=dry_run]").check()
    page.get_by_role("button", name=words.gettext("Submit"), exact=True).click()
    until(page, lambda: page.get_by_role("button", name=words.gettext("Apply"), exact=True).count() > 0)
    _look(traveller)
    page.get_by_role("button", name=words.gettext("Apply"), exact=True).click()
    link = page.get_by_role("link", name=words.gettext("Show imported prospects"))
    until(page, lambda: link.count() > 0)
    _look(traveller)


def _select(traveller: Traveller, words: Catalog, name: str) -> None:
    page, code = traveller.page, words.locale.code
    traveller.open(f"/{code}/prospects?source=import&q=.{name}@")
    expect(page.locator("tbody input[name=selected]")).to_have_count(len(PEOPLE))
    _look(traveller)
    if traveller.scripts:
        page.locator("tbody input[name=selected]").first.check()
        expect(page.locator("[data-selection-count]")).to_contain_text("1")
    page.locator("button[name=action][value=page]").click()
    expect(page.locator("tbody input[name=selected]:checked")).to_have_count(len(PEOPLE))
    page.locator("button[name=action][value=email]").click()
    page.wait_for_url(f"**/{code}/campaigns/new")


def _compose(traveller: Traveller, words: Catalog) -> None:
    page = traveller.page
    _look(traveller)
    page.locator("select[name=template]").select_option("invitation")
    page.locator("button[name=action][value=template]").click()
    page.wait_for_url("**/edit**")
    for code in LANGUAGES:
        subject = page.locator(f"input[name=subject_{code}]")
        if not subject.is_visible():
            panel = subject.evaluate("field => field.closest('[id^=variant]').id")
            page.locator(f"a.tab[href='#{panel}']").click()
        subject.fill(f"{subject.input_value()} {{currentDay}}")
        content = page.locator(f"textarea[name=content_{code}]")
        content.fill(content.input_value() + "\n\n{currentDay}\n")
    page.locator("button[name=action][value=preview]").click()
    page.wait_for_load_state()
    frame = page.frame_locator("iframe[data-preview]")
    expect(frame.locator("body")).to_contain_text("Maison Aurore")
    _look(traveller)


def _send(traveller: Traveller, words: Catalog) -> None:
    page = traveller.page
    page.locator("button[name=action][value=send]").first.click()
    page.wait_for_url("**/campaigns/*")
    finished = words.pgettext("campaign", "Finished")
    until(page, lambda: page.locator("main").get_by_text(finished, exact=True).count() > 0)
    _look(traveller)


def _read(demo: Demo, language: str, name: str, before: datetime) -> None:
    got = {to: raw for to, raw in demo.mails() if f".{name}@" in to}
    assert set(got) == {f"{person[1]}.{name}@people.example" for person, _ in PEOPLE}
    for (_, mailbox, _, _, locale, zone), greeting in PEOPLE:
        raw = got[f"{mailbox}.{name}@people.example"]
        assert check.check(raw) == ()
        mail = message_from_bytes(raw, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        written = locale if locale in LANGUAGES else "en"
        days = {
            formats(written).long_date(moment.astimezone(ZoneInfo(zone)))
            for moment in (before, datetime.now(UTC))
        }
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert mail["Content-Language"] == {"zh": "zh-Hans"}.get(written, written)
        assert any(str(mail["Subject"]).endswith(day) for day in days), (mail["Subject"], days)
        assert greeting in text.splitlines()
        assert any(day in text and day in html for day in days)
        assert "{" not in text
    dates = [
        message_from_bytes(got[f"{box}.{name}@people.example"], policy=policy.default)["Subject"][-8:]
        for box in ("takashima", "kettle")
    ]
    assert dates[0] != dates[1]


def _outbox(traveller: Traveller, name: str) -> None:
    page = traveller.page
    traveller.open("/ja/outbox")
    _look(traveller)
    page.get_by_role("link").filter(has_text="Maison Aurore").first.click()
    page.wait_for_load_state()
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Maison Aurore")
    _look(traveller)
