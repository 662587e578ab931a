"""Settings → Program, and switching the program one works in."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import Program
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, error_of, form_of, soup, words

PATH = "/en/settings/program"
HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


def stored(parts: Services, program: Program) -> Program:
    with parts.db.reading() as session:
        return session.get_one(Program, program.id)


def fields(browser: Browser) -> dict[str, str]:
    page = soup(browser.get(PATH))
    assert page.main is not None
    return form_of(page, action=PATH)


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(enter: Callable[..., Browser], program: Program, code: str) -> None:
    page = check_page(enter().get(f"/{code}/settings/program"), code)
    name = page.find(id="f-name")
    assert name is not None
    assert name["value"] == "Alpine"


def test_only_who_may_manage_programs(enter: Callable[..., Browser], program: Program) -> None:
    assert enter(BuiltInRole.COMMUNITY_MANAGER).get(PATH).status_code == 403


def test_saving(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    browser = enter()
    data = {**fields(browser), "name": "北アルプス", "time_zone": "Asia/Tokyo", "default_locale": "ja"}
    answer = browser.post(PATH, {**data, "invitation_days": "30"})
    assert words(soup(browser.get(answer.location)).select_one(".notices")) == "The program has been saved."
    kept = stored(parts, program)
    assert (kept.name, kept.time_zone, kept.default_locale, kept.invitation_days, kept.version) == (
        "北アルプス", "Asia/Tokyo", "ja", 30, 2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("name", "", "Enter a name."),
        ("name", "kumo outdoor", "A program with this name already exists: kumo outdoor."),
        ("default_locale", "xx", "This language is not available: xx."),
        ("time_zone", "../../etc/passwd", "This time zone is unknown: ../../etc/passwd."),
        ("invitation_days", "0", "The invitation period must be between 1 and 365 days."),
        ("invitation_days", "9" * 5000, "The invitation period must be between 1 and 365 days."),
        ("invitation_days", "soon", "The invitation period must be between 1 and 365 days."),
    ],
)
def test_a_refusal_stands_beside_its_field(
    enter: Callable[..., Browser], parts: Services, program: Program, name: str, value: str, told: str
) -> None:
    with parts.db.transaction() as session:
        factories.program(session, "Kumo Outdoor")
    browser = enter(BuiltInRole.ADMINISTRATOR, program)
    answer = browser.post(PATH, {**fields(browser), name: value})
    assert answer.status_code == 400
    page = soup(answer)
    assert error_of(page, name) == told
    assert words(page.select_one(f".error-summary a[href='#f-{name}']")) == told
    assert stored(parts, program).version == 1


def test_two_people_at_once_see_each_other_s_version(
    enter: Callable[..., Browser], parts: Services, program: Program
) -> None:
    """F-13."""
    browser = enter()
    mine = fields(browser)
    browser.post(PATH, {**mine, "name": "Hers"})
    answer = browser.post(PATH, {**mine, "name": "His"})
    assert answer.status_code == 409
    page = soup(answer)
    assert words(page.select_one(".notice-warning dl")).startswith("Name Hers Default language English")
    name = page.find(id="f-name")
    assert name is not None
    assert name["value"] == "His"
    assert stored(parts, program).name == "Hers"
    assert browser.post(PATH, form_of(page, action=PATH)).status_code == 303
    assert stored(parts, program).name == "His"


def test_working_in_another_program(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    with parts.db.transaction() as session:
        other = factories.program(session, "Kumo Outdoor")
    browser = enter()
    assert words(soup(browser.get("/en/")).h1) == "Alpine"
    assert browser.post("/en/program", {"program": str(other.id)}).location == "/en/"
    assert words(soup(browser.get("/en/")).h1) == "Kumo Outdoor"


@pytest.mark.parametrize("wanted", ["other", "999", "", "x", "9" * 5000])
def test_no_program_but_one_s_own(
    enter: Callable[..., Browser], parts: Services, program: Program, wanted: str
) -> None:
    """A-2."""
    with parts.db.transaction() as session:
        other = factories.program(session, "Kumo Outdoor")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program)
    data = {"program": str(other.id) if wanted == "other" else wanted}
    assert browser.post("/en/program", data).status_code == 404
    assert words(soup(browser.get("/en/")).h1) == "Alpine"


def test_a_hostile_name_is_text(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    """X-1: in the program menu of every page, too."""
    browser = enter()
    browser.post(PATH, {**fields(browser), "name": HOSTILE})
    page = check_page(browser.get("/en/"), "en")
    assert words(page.h1) == HOSTILE
    assert HOSTILE in words(page.select_one(".bar-program"))
