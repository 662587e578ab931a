"""Discover → Prospects → a prospect → Edit: what is known of them, changed by hand."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import Partner, Program, Prospect
from tests.domain import factories
from tests.web.browser import Browser, Clock
from tests.web.pages import check_page, error_of, form_of, soup, words

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"
Add = Callable[..., Prospect]


@pytest.fixture
def add(parts: Services, clock: Clock, program: Program) -> Add:
    """Add a prospect to the program."""

    def make(name: str = "Atelier Lumière", **facts: object) -> Prospect:
        with parts.db.transaction() as session:
            return factories.prospect(session, program, name, at=clock.now, **facts)  # type: ignore[arg-type]

    return make


def partner_of(parts: Services) -> Partner:
    with parts.db.reading() as session:
        found = session.query(Partner).one()
        assert found.media_properties is not None
        return found


def path_of(prospect: Prospect, locale: str = "en") -> str:
    return f"/{locale}/prospects/{prospect.id}/edit"


@pytest.mark.parametrize("code", LOCALES)
def test_the_page_leads_to_the_form_and_back(enter: Callable[..., Browser], add: Add, code: str) -> None:
    prospect = add("王秀英", locale="zh")
    browser = enter()
    shown = soup(browser.get(f"/{code}/prospects/{prospect.id}"))
    assert shown.select_one(f'a[href="{path_of(prospect, code)}"]') is not None
    check_page(browser.get(path_of(prospect, code)), code)


def test_what_is_known_is_changed(enter: Callable[..., Browser], parts: Services, add: Add) -> None:
    prospect = add(media_properties=("https://a.example/", "https://b.example/"))
    browser = enter()
    form = form_of(soup(browser.get(path_of(prospect))), action=path_of(prospect))
    assert form["media_property"].split() == ["https://a.example/", "https://b.example/"]
    changed = {
        **form,
        "name": "Atelier d’Été",
        "first_name": "Zoé",
        "last_name": "",
        "locale": "ja",
        "time_zone": "Asia/Tokyo",
        "media_property": "https://b.example/\r\nhttps://c.example/",
        "description": HOSTILE,
    }
    assert browser.post(path_of(prospect), changed).location == f"/en/prospects/{prospect.id}"
    partner = partner_of(parts)
    assert (partner.name, partner.first_name, partner.last_name) == ("Atelier d’Été", "Zoé", None)
    assert (partner.locale, partner.time_zone, partner.description) == ("ja", "Asia/Tokyo", HOSTILE)
    assert [one.url for one in partner.media_properties] == ["https://b.example/", "https://c.example/"]
    # It is found by its new name.
    assert "Été" in words(soup(browser.get("/en/prospects?q=atelier+ete")).select_one("tbody"))
    page = soup(browser.get(path_of(prospect)))
    assert browser.post(path_of(prospect), form_of(page, action=path_of(prospect))).status_code == 303
    assert partner_of(parts).description == HOSTILE


def test_somebody_else_s_change_is_never_lost(
    enter: Callable[..., Browser], parts: Services, add: Add
) -> None:
    """Also one that no person made, such as an import's: both versions are shown, and nothing is written."""
    prospect = add(locale="fr")
    browser = enter()
    mine = {**form_of(soup(browser.get(path_of(prospect))), action=path_of(prospect)), "name": "Mine"}
    with parts.db.transaction() as session:
        session.get_one(Partner, prospect.partner_id).locale = "ja"
    answer = browser.post(path_of(prospect), mine)
    assert answer.status_code == 409
    page = soup(answer)
    assert "Japanese" in words(page.select_one(".notice dl"))
    form = form_of(page, action=path_of(prospect))
    assert (form["name"], form["locale"]) == ("Mine", "fr")
    assert partner_of(parts).name == "Atelier Lumière"
    assert browser.post(path_of(prospect), form).status_code == 303
    assert (partner_of(parts).name, partner_of(parts).locale) == ("Mine", "fr")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("name", " ", "Enter a name."),
        ("name", "a\u2028b", "The text contains a character that cannot be stored: U+2028."),
        ("locale", "xx", "This language is not available: xx."),
        ("time_zone", "Mars/Base", "This time zone is unknown: Mars/Base."),
        (
            "media_property",
            "https://a.example ftp://b.example",
            "This is not a valid web address: ftp://b.example. It must start with https:// or http://.",
        ),
    ],
)
def test_a_refusal_stands_beside_its_field(
    enter: Callable[..., Browser], parts: Services, add: Add, name: str, value: str, told: str
) -> None:
    prospect = add()
    browser = enter()
    form = form_of(soup(browser.get(path_of(prospect))), action=path_of(prospect))
    answer = browser.post(path_of(prospect), {**form, "first_name": "New", name: value})
    assert answer.status_code == 400
    assert error_of(soup(answer), name) == told
    assert partner_of(parts).first_name != "New"


def test_what_an_import_knew_and_we_do_not_offer_stays(
    enter: Callable[..., Browser], parts: Services, add: Add
) -> None:
    prospect = add()
    with parts.db.transaction() as session:
        partner = session.get_one(Partner, prospect.partner_id)
        partner.locale, partner.time_zone = "de", "Etc/GMT-9"
    browser = enter()
    form = form_of(soup(browser.get(path_of(prospect))), action=path_of(prospect))
    assert browser.post(path_of(prospect), {**form, "first_name": "Eva"}).status_code == 303
    partner = partner_of(parts)
    assert (partner.locale, partner.time_zone, partner.first_name) == ("de", "Etc/GMT-9", "Eva")


def test_an_account_keeps_its_name(enter: Callable[..., Browser], parts: Services, add: Add) -> None:
    prospect = add(mpid="98765")
    browser = enter()
    page = soup(browser.get(path_of(prospect)))
    form = form_of(page, action=path_of(prospect))
    assert "name" not in form
    answer = browser.post(path_of(prospect), {**form, "name": "Other", "locale": "zh"})
    assert answer.status_code == 303
    assert (partner_of(parts).name, partner_of(parts).locale) == ("Atelier Lumière", "zh")


def test_only_who_may_edit_prospects_of_the_program(
    enter: Callable[..., Browser], parts: Services, add: Add, clock: Clock
) -> None:
    prospect = add()
    with parts.db.transaction() as session:
        other = factories.program(session, "Elsewhere")
        theirs = factories.prospect(session, other, "Theirs", at=clock.now)
    browser = enter()
    assert browser.get(path_of(theirs)).status_code == 404
    assert browser.post(path_of(theirs), {"name": "Mine"}).status_code == 404
    analyst = enter(BuiltInRole.ANALYST)
    shown = soup(analyst.get(f"/en/prospects/{prospect.id}"))
    assert shown.select_one(f'a[href="{path_of(prospect)}"]') is None
    assert analyst.get(path_of(prospect)).status_code == 403
