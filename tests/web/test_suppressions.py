"""Settings → Email → Suppression list."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import erased, suppression
from service.domain.suppression import SuppressionReason
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import Program, Suppression, SuppressionLift
from tests.domain import factories
from tests.web.browser import Browser
from tests.web.pages import check_page, error_of, form_of, soup, words

PATH = "/en/settings/suppression-list"


@pytest.fixture
def put(parts: Services, program: Program) -> Callable[..., int]:
    """Put an address on the list; return the entry's id."""

    def add(key: str, reason: SuppressionReason = SuppressionReason.MANUAL, into: Program = program) -> int:
        with parts.db.transaction() as session:
            suppression.suppress(session, into.id, key, reason=reason, now=factories.NOW)
            return session.scalars(
                select(Suppression.id).where(
                    Suppression.address_key == key, Suppression.program_id == into.id
                )
            ).one()

    return add


def kept(parts: Services) -> list[str]:
    with parts.db.reading() as session:
        return list(session.scalars(select(Suppression.address_key).order_by(Suppression.id)))


def rows(browser: Browser, query: str = "") -> list[str]:
    return [words(row) for row in soup(browser.get(PATH + query)).select("tbody th")]


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(enter: Callable[..., Browser], put: Callable[..., int], code: str) -> None:
    browser = enter()
    path = PATH.replace("/en/", f"/{code}/")
    page = check_page(browser.get(path), code)
    assert page.select_one(".empty") is not None
    entry_id = put("<b>@x.example", SuppressionReason.COMPLAINT)
    page = check_page(browser.get(path), code)
    assert words(page.select_one("tbody th")) == "<b>@x.example"
    check_page(browser.get(f"{path}/{entry_id}"), code)


def test_it_is_reached_from_the_settings(enter: Callable[..., Browser], program: Program) -> None:
    manager, analyst = enter(BuiltInRole.COMMUNITY_MANAGER), enter(BuiltInRole.ANALYST)
    found = [
        [str(link["href"]) for link in soup(browser.get("/en/settings")).select("main a")]
        for browser in (manager, analyst)
    ]
    assert [PATH in links for links in found] == [True, False]
    assert analyst.get(PATH).status_code == 403


def test_an_address_is_added_once(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    browser = enter()
    said = []
    for address in ("Ann@X.example", "ann@x.example"):
        answer = browser.submit(PATH, {"email": address})
        said.append(words(soup(browser.get(answer.location)).select_one(".notices")))
    assert kept(parts) == ["ann@x.example"]
    assert said[0].endswith("This address gets no more emails from the program: Ann@X.example")
    assert said[1].endswith("This address is already on the suppression list: ann@x.example")


def test_what_is_no_address_is_told_beside_the_field(enter: Callable[..., Browser], program: Program) -> None:
    answer = enter().submit(PATH, {"email": "ann"})
    assert answer.status_code == 400
    assert error_of(soup(answer), "email") == "This is not a valid email address: ann."
    assert soup(answer).find(id="f-email")["value"] == "ann"  # type: ignore[index]


def test_search_and_pages(
    enter: Callable[..., Browser], put: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.suppressions.PAGE_ROWS", 2)
    for key in ("ann@x.example", "bob@y.example", "eve@x.example"):
        put(key)
    browser = enter()
    assert rows(browser) == ["eve@x.example", "bob@y.example"]
    following = soup(browser.get(PATH)).select_one("a[rel=next]")
    assert following is not None
    assert rows(browser, str(following["href"]).removeprefix(PATH)) == ["ann@x.example"]
    assert rows(browser, "?q=X.EXAMPLE") == ["eve@x.example", "ann@x.example"]
    page = soup(browser.get(f"{PATH}?q=<i>nobody"))
    assert "No address on the list contains this: <i>nobody" in words(page.main)
    assert rows(browser, "?before=-1") == rows(browser, "?before=x") == rows(browser)


def test_a_search_reads_and_counts_what_people_read(
    enter: Callable[..., Browser], put: Callable[..., int]
) -> None:
    put("ann@x.example")
    entry_id = put("名前@xn--r8jz45g.xn--zckzah")
    browser = enter()
    page = soup(browser.get(f"{PATH}?q=例え"))
    assert [words(row) for row in page.select("tbody th")] == ["名前@例え.テスト"]
    assert words(page.select_one("main p[role=status]")) == "1 address found"
    assert words(soup(browser.get(PATH)).select_one("main p[role=status]")) == "2 addresses on the list"
    nothing = soup(browser.get(f"{PATH}?q=nobody")).select("main p[role=status]")
    assert [words(line) for line in nothing] == ["No address on the list contains this: nobody"]
    assert "名前@例え.テスト" in words(soup(browser.get(f"{PATH}/{entry_id}")).main)
    answer = browser.submit(f"{PATH}/{entry_id}", {"note": ""})
    assert words(soup(browser.get(answer.location)).select_one(".notices")).endswith("名前@例え.テスト")


def test_lifting_what_a_person_asked_for_takes_a_reason(
    enter: Callable[..., Browser], parts: Services, put: Callable[..., int]
) -> None:
    entry_id = put("ann@x.example", SuppressionReason.UNSUBSCRIBED)
    browser = enter()
    path = f"{PATH}/{entry_id}"
    page = soup(browser.get(path))
    assert page.find(id="f-note").has_attr("required")  # type: ignore[union-attr]
    answer = browser.post(path, form_of(page, action=path))
    assert answer.status_code == 400
    assert error_of(soup(answer), "note").startswith("Say why the address may be written to again")
    assert kept(parts) == ["ann@x.example"]
    answer = browser.post(path, {"note": "She asked by phone"})
    assert words(soup(browser.get(answer.location)).select_one(".notices")).endswith(
        "The program may write to this address again: ann@x.example"
    )
    with parts.db.reading() as session:
        lifted = session.scalars(select(SuppressionLift)).one()
    assert (kept(parts), lifted.note, lifted.reason) == ([], "She asked by phone", "unsubscribed")


def test_what_was_added_by_hand_is_lifted_without_a_reason(
    enter: Callable[..., Browser], parts: Services, put: Callable[..., int]
) -> None:
    path = f"{PATH}/{put('ann@x.example')}"
    browser = enter()
    assert browser.submit(path, {"note": ""}).status_code == 303
    assert kept(parts) == []


def test_another_programs_list_does_not_exist(
    enter: Callable[..., Browser], parts: Services, program: Program, put: Callable[..., int]
) -> None:
    """A-2."""
    with parts.db.transaction() as session:
        theirs = factories.program(session, "Kumo Outdoor")
    entry_id = put("ann@x.example", into=theirs)
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program)
    assert rows(browser) == []
    for path in (f"{PATH}/{entry_id}", f"{PATH}/{entry_id + 1}"):
        assert browser.get(path).status_code == 404
        browser.post(path, {"note": "x"})
    assert kept(parts) == ["ann@x.example"]


def test_addresses_of_erased_people_are_a_count(
    enter: Callable[..., Browser], put: Callable[..., int], parts: Services, program: Program
) -> None:
    """D-5: they are kept out too, and nobody can read who they were."""
    browser = enter()
    with parts.db.transaction() as session:
        for number in range(2):
            address = f"p{number}@x.example"
            erased.keep_out(session, program.id, address, reason="unsubscribed", now=factories.NOW)
    page = soup(browser.get(PATH))
    told = "2 addresses of erased people are kept as codes only. They get no emails either."
    assert (words(page.select_one("[data-erased]")), page.select_one(".empty")) == (told, None)
    put("c@x.example")
    assert rows(browser) == ["c@x.example"]
    assert words(soup(browser.get(PATH)).select_one("[data-erased]")) == told
    assert soup(browser.get(f"{PATH}?q=p1")).select_one("[data-erased]") is None
