"""The terms for messages: written by who manages settings, read by all, accepted by who writes."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import MessagingTerms, TermsAcceptance
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words

TEXTS = {
    "text_en": "# Rules\n\nBe **kind**. <b>x</b> {firstName}",
    "text_ja": "# 決まり",
    "text_fr": "",
    "text_zh": "",
}


def versions(parts: Services) -> list[dict[str, str]]:
    with parts.db.reading() as session:
        return [one.texts for one in session.scalars(select(MessagingTerms).order_by(MessagingTerms.id))]


@pytest.mark.parametrize("code", LOCALES)
def test_from_writing_to_accepting(
    enter: Callable[..., Browser], parts: Services, program: object, code: str
) -> None:
    """X-2: a preview saves nothing, a version is kept, its headings stand under the page's own."""
    browser = enter()
    path = f"/{code}/settings/messaging-terms"
    check_page(browser.get(path), code)
    answer = browser.post(path, {**TEXTS, "based_on": "0", "do": "preview"})
    page = check_page(answer, code)
    assert [one["lang"] for one in page.select(".prose")] == ["en", "ja"]
    assert (words(page.select_one(".prose h2")), versions(parts)) == ("Rules", [])
    assert browser.post(path, {**TEXTS, "based_on": "0"}).status_code == 303
    assert versions(parts) == [{"en": TEXTS["text_en"], "ja": TEXTS["text_ja"]}]
    page = check_page(browser.get(path), code)
    (link,) = page.select("table th a")
    check_page(browser.get(str(link["href"])), code)
    page = check_page(browser.get(f"/{code}/messaging-terms"), code)
    assert words(page.select_one(".prose h2")) == ("決まり" if code == "ja" else "Rules")
    assert browser.post(f"/{code}/messaging-terms", {"accept": "1"}).status_code == 303
    page = check_page(browser.get(f"/{code}/messaging-terms"), code)
    assert page.select_one("button[name=accept]") is None
    with parts.db.reading() as session:
        assert len(session.scalars(select(TermsAcceptance)).all()) == 1


def test_nothing_is_saved_over_somebody_elses_version(
    enter: Callable[..., Browser], parts: Services, program: object
) -> None:
    """F-13: both texts stay on the page; the second saving is on purpose."""
    browser = enter()
    path = "/en/settings/messaging-terms"
    browser.submit(path, {**TEXTS, "based_on": "0"})
    answer = browser.post(path, {**TEXTS, "text_en": "Mine", "based_on": "0"})
    assert (answer.status_code, len(versions(parts))) == (400, 1)
    page = soup(answer)
    assert page.select_one("#f-text_en").get_text().strip() == "Mine"  # type: ignore[union-attr]
    again = page.select_one("input[name=based_on]")
    assert again is not None
    assert (
        browser.post(path, {**TEXTS, "text_en": "Mine", "based_on": str(again["value"])}).status_code == 303
    )
    assert len(versions(parts)) == 2


def test_a_text_that_is_too_long_is_named(
    enter: Callable[..., Browser], parts: Services, program: object
) -> None:
    browser = enter()
    answer = browser.submit("/en/settings/messaging-terms", {"text_ja": "字" * 30_000, "based_on": "0"})
    assert answer.status_code == 400
    assert soup(answer).select_one("#f-text_ja-error") is not None
    assert versions(parts) == []


def test_an_old_version_cannot_be_accepted(enter: Callable[..., Browser], program: object) -> None:
    browser = enter()
    for number, text in enumerate(("One", "Two")):
        browser.submit("/en/settings/messaging-terms", {"text_en": text, "based_on": str(number)})
    assert browser.post("/en/messaging-terms", {"accept": "1"}).status_code == 400


def test_who_writes_no_messages_only_reads(enter: Callable[..., Browser], program: object) -> None:
    browser = enter()
    browser.submit("/en/settings/messaging-terms", {"text_en": "One", "based_on": "0"})
    analyst = enter(BuiltInRole.ANALYST)
    page = check_page(analyst.get("/en/messaging-terms"), "en")
    assert page.select_one("button[name=accept]") is None
