"""Settings → Personal data: found, shown, handed out and erased, in all programs or not at all."""

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import partners
from service.facts.permissions import BuiltInRole
from service.models import Import, Partner, Program, User
from tests.domain import factories
from tests.web.browser import Browser, Clock

PAGE = "/en/settings/personal-data"


@pytest.fixture
def person(parts: Services, program: Program, clock: Clock) -> int:
    with parts.db.transaction() as session:
        made = factories.prospect(session, program, "葉山 ひかり", email="hikari@example.test", at=clock.now)
        factories.prospect(session, program, "Somebody else", email="else@example.test", at=clock.now)
        return made.partner_id


def test_a_person_is_found_by_name_and_address(
    enter: Callable[..., Browser], person: int, program: Program
) -> None:
    browser = enter(BuiltInRole.ADMINISTRATOR)
    for typed in ("葉山", "HIKARI@example"):
        page = BeautifulSoup(browser.get(f"{PAGE}?q={typed}").get_data(as_text=True), "html.parser")
        links = [link["href"] for link in page.select("tbody th a")]
        assert links == [f"{PAGE}/{person}"]
    assert "Nobody was found" in browser.get(f"{PAGE}?q=nobody").get_data(as_text=True)


def test_a_search_says_when_it_shows_not_everybody(
    enter: Callable[..., Browser], parts: Services, program: Program, clock: Clock
) -> None:
    browser = enter(BuiltInRole.ADMINISTRATOR)
    told = []
    for number in range(21):
        with parts.db.transaction() as session:
            email = f"{number}@example.test"
            factories.prospect(session, program, "Hikari", email=email, at=clock.now)
        if number >= 19:
            text = browser.get(f"{PAGE}?q=hikari").get_data(as_text=True)
            told.append((text.count('<th scope="row">'), "Only the first 20 are shown" in text))
    assert told == [(20, False), (20, True)]


def test_a_page_shows_counts_without_reading_what_is_counted(
    enter: Callable[..., Browser], parts: Services, person: int, count_queries: Callable[..., int]
) -> None:
    """W-5: also with imports, whose rows are looked at for the archive alone."""
    browser = enter(BuiltInRole.ADMINISTRATOR)
    before = count_queries(lambda: browser.get(f"{PAGE}/{person}"))
    with parts.db.transaction() as session:
        program = session.scalars(select(Program)).one()
        user = session.scalars(select(User)).one()
        for number in range(5):
            session.add(
                Import(
                    program_id=program.id, user_id=user.id, size=1, file_name=f"{number}.csv", locale="en",
                    state="done", created_at=factories.NOW,
                )
            )  # fmt: skip
    assert count_queries(lambda: browser.get(f"{PAGE}/{person}")) == before
    text = browser.get(f"{PAGE}/{person}").get_data(as_text=True)
    assert "rows of imported files" in text


def test_everything_is_handed_out_in_one_archive(
    enter: Callable[..., Browser], parts: Services, person: int
) -> None:
    """D-4."""
    answer = enter(BuiltInRole.ADMINISTRATOR).post(f"{PAGE}/{person}/export.zip")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="person-{person}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        assert archive.namelist() == ["person.json"]
        facts = json.loads(archive.read("person.json"))
    assert (facts["partners"][0]["name"], facts["partners"][0]["email"]) == (
        "葉山 ひかり",
        "hikari@example.test",
    )


def test_an_erasure_is_confirmed_by_the_address(
    enter: Callable[..., Browser], parts: Services, person: int
) -> None:
    browser = enter(BuiltInRole.ADMINISTRATOR)
    browser.get(f"{PAGE}/{person}")
    refused = browser.post(f"{PAGE}/{person}/erase", {"address": "else@example.test"})
    assert (refused.status_code, "as it is shown above" in refused.get_data(as_text=True)) == (400, True)
    erased = browser.post(f"{PAGE}/{person}/erase", {"address": "Hikari@Example.test", "never_again": "y"})
    assert (erased.status_code, erased.headers["Location"]) == (303, PAGE)
    assert browser.get(f"{PAGE}/{person}").status_code == 404
    with parts.db.reading() as session:
        assert session.scalars(select(Partner.name)).all() == ["Somebody else"]
        key = partners.email_address("hikari@example.test").key
    assert list(parts.erasure_log.read()) == [session.info["address_marks"].mark(key)]


def test_who_may_not_see_all_programs_sees_nobody(
    enter: Callable[..., Browser], person: int, program: Program
) -> None:
    browser = enter(BuiltInRole.ADMINISTRATOR, program)
    for path in (PAGE, f"{PAGE}/{person}"):
        answer = browser.client.get(f"{path}?q=hikari")
        assert (answer.status_code, "葉山".encode() in answer.get_data()) == (403, False)
    assert browser.post(f"{PAGE}/{person}/export.zip").status_code == 403
