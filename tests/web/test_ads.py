"""Settings → Ads: what the token for an ad prints."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.domain import ads
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import Ad, Program
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, error_of, form_of, soup, words

PATH = "/en/settings/ads"
GOOD = {"name": "Autumn", "link_url": "https://shop.example/a", "image_url": "https://shop.example/a.png"}
HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


@pytest.fixture
def add(parts: Services) -> Callable[..., Ad]:
    """Add an ad to a program."""

    def make(program: Program, name: str = "Autumn") -> Ad:
        with parts.db.transaction() as session:
            return ads.add(session, program.id, name=name, link_url="https://shop.example/", image_url=None)

    return make


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(enter: Callable[..., Browser], program: Program, add: Callable[..., Ad], code: str) -> None:
    browser = enter()
    check_page(browser.get(f"/{code}/settings/ads"), code)
    ad = add(program)
    page = check_page(browser.get(f"/{code}/settings/ads"), code)
    assert words(page.select_one("tbody code")) == f"{{adcode_{ad.id}}}"
    check_page(browser.get(f"/{code}/settings/ads/{ad.id}"), code)


def test_the_number_of_queries_does_not_grow_with_the_rows(
    enter: Callable[..., Browser],
    program: Program,
    add: Callable[..., Ad],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    browser = enter()
    add(program, "First")
    one = count_queries(lambda: browser.get(PATH))
    add(program, "Second")
    add(program, "Third")
    assert (one, count_queries(lambda: browser.get(PATH))) == (5, 5)


def test_only_who_may_manage_ads(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Ad]
) -> None:
    ad = add(program)
    browser = enter(BuiltInRole.COMMUNITY_MANAGER)
    assert browser.get(PATH).status_code == 403
    assert browser.post(f"{PATH}/{ad.id}", GOOD).status_code == 403


def test_create_and_edit(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    browser = enter()
    assert browser.submit(PATH, GOOD).location == PATH
    page = soup(browser.get(PATH))
    link = page.select_one("tbody th a")
    assert link is not None
    path = str(link["href"])
    data = {**form_of(soup(browser.get(path)), action=path), "name": "Winter", "image_url": ""}
    assert browser.post(path, data).location == PATH
    with parts.db.reading() as session:
        ad = session.query(Ad).one()
    assert (ad.name, ad.link_url, ad.image_url, ad.version) == ("Winter", GOOD["link_url"], None, 2)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("name", "", "Enter a name."),
        ("link_url", "javascript:alert(1)", "This is not a valid web address: javascript:alert(1). "
         "It must start with https:// or http://."),
        ("image_url", "data:image/svg+xml,x", "This is not a valid web address: data:image/svg+xml,x. "
         "It must start with https:// or http://."),
    ],
)  # fmt: skip
def test_a_refusal_stands_beside_its_field(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Ad], name: str, value: str, told: str
) -> None:
    """X-5: no address but one of the web."""
    ad = add(program)
    browser = enter()
    for path, version in ((PATH, ""), (f"{PATH}/{ad.id}", "1")):
        answer = browser.submit(path, {**GOOD, "version": version, name: value})
        assert answer.status_code == 400
        page = soup(answer)
        assert error_of(page, name) == told
        field = page.find(id=f"f-{name}")
        assert field is not None
        assert field["value"] == value


def test_two_people_at_once_see_each_other_s_version(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Ad]
) -> None:
    """F-13."""
    path = f"{PATH}/{add(program).id}"
    browser = enter()
    mine = form_of(soup(browser.get(path)), action=path)
    browser.post(path, {**mine, "name": "Hers"})
    answer = browser.post(path, {**mine, "name": "His"})
    assert answer.status_code == 409
    page = soup(answer)
    assert words(page.select_one(".notice-warning dl")).startswith("Name Hers Link")
    assert form_of(page, action=path)["name"] == "His"
    assert browser.post(path, form_of(page, action=path)).status_code == 303


def test_another_program_s_ad_does_not_exist(
    enter: Callable[..., Browser], parts: Services, program: Program, add: Callable[..., Ad]
) -> None:
    """A-2."""
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    ad = add(theirs)
    browser = enter(BuiltInRole.ADMINISTRATOR, program)
    assert [browser.get(f"{PATH}/{id_}").status_code for id_ in (ad.id, ad.id + 1)] == [404, 404]
    assert browser.post(f"{PATH}/{ad.id}", GOOD).status_code == 404
    assert "Autumn" not in words(soup(browser.get(PATH)).main)


def test_hostile_values_are_text(enter: Callable[..., Browser], program: Program) -> None:
    """X-1."""
    browser = enter()
    answer = browser.submit(PATH, {"name": HOSTILE, "link_url": "https://x.example/?a=<b>&\"'"})
    assert answer.status_code == 303
    page = check_page(browser.get(PATH), "en")
    assert words(page.select_one("tbody th")) == HOSTILE
