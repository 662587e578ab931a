"""How a user wants to be mailed, and the news that lead to a conversation."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.i18n.locales import LOCALES
from service.models import NotificationChoice, Program
from tests.domain.talks import talk
from tests.web.browser import Browser
from tests.web.pages import check_page, form_of, words

PATH = "settings/notifications"


@pytest.mark.parametrize("code", LOCALES)
def test_choices_are_shown_and_kept(
    enter: Callable[..., Browser], parts: Services, program: Program, code: str
) -> None:
    browser = enter()
    page = check_page(browser.get(f"/{code}/{PATH}"), code)
    given = form_of(page, action=f"/{code}/{PATH}")
    del given["csrf_token"]
    assert given == {
        "message_received": "at_once",
        "thread_reported": "at_once",
        "attachment_refused": "daily",
    }
    wanted = {**given, "message_received": "daily", "thread_reported": "off"}
    assert browser.post(f"/{code}/{PATH}", wanted).status_code == 303
    page = check_page(browser.get(f"/{code}/{PATH}"), code)
    found = form_of(page, action=f"/{code}/{PATH}")
    del found["csrf_token"]
    assert found == wanted


def test_another_word_is_no_choice(enter: Callable[..., Browser], parts: Services, program: Program) -> None:
    browser = enter()
    assert browser.submit(f"/en/{PATH}", {"message_received": "hourly"}).status_code == 400
    with parts.db.reading() as session:
        assert session.scalars(select(NotificationChoice)).all() == []


@pytest.mark.parametrize("code", LOCALES)
def test_news_of_a_message_lead_to_the_conversation(
    enter: Callable[..., Browser], parts: Services, program: Program, code: str
) -> None:
    """X-1: the partner's name is text."""
    browser = enter()
    with parts.db.transaction() as session:
        thread_id = talk(session, name="<b>花</b>").thread.id
        here = talk(session, name="Other")
        here.answer(session, key="a")
        assert here.thread.id != thread_id
    page = check_page(browser.get(f"/{code}/notices"), code)
    (link,) = page.select("main li a")
    assert link["href"] == f"/{code}/inbox/{here.thread.id}"
    assert "Other" in words(link)
