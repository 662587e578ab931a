"""F-3, F-4: when nothing can be stored, pages are read as before, and who sends a form gets it back."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from service import db
from service.bootstrap import Services
from service.db import Trouble, trouble_of
from service.i18n.locales import LOCALES
from service.models import Group, Program, User
from service.web.errors import TITLES
from tests.web.browser import Browser


@contextmanager
def write_lock(parts: Services) -> Iterator[None]:
    """Another program holds SQLite's only write lock."""
    other = sqlite3.connect(
        parts.settings.database.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that waits a tenth of a second; the usual five are tested below."""
    monkeypatch.setattr(db, "PATIENCE", 0.1)
    usual = db.Database.transaction
    monkeypatch.setattr(
        db.Database, "transaction", lambda self, *, patience=0.1: usual(self, patience=patience)
    )


@pytest.mark.parametrize("locale", list(LOCALES))
def test_a_form_that_could_not_be_stored_comes_back_whole(
    parts: Services,
    browser: Browser,
    program: Program,
    add_user: Callable[..., User],
    sign_in: Callable[..., TestResponse],
    hasty: None,
    locale: str,
) -> None:
    """F-4: 503 in the reader's language, when to try again, and a button that sends the same once more."""
    add_user(locale=locale)
    sign_in(browser)
    browser.get(f"/{locale}/groups")
    name = "Früh & spät 「早」"
    with write_lock(parts):
        answer = browser.post(f"/{locale}/groups", {"name": name})
        assert browser.get(f"/{locale}/groups").status_code == 200
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert parts.catalogs.catalog(locale).say(TITLES[503]) in answer.text
    page = BeautifulSoup(answer.text, "html.parser")
    form = page.select_one("main form")
    assert form is not None
    fields = {str(field["name"]): str(field["value"]) for field in form.select("input")}
    assert fields["name"] == name
    sent = browser.client.post(
        str(form["action"]), data=fields, environ_overrides={"REMOTE_ADDR": browser.source}
    )
    assert sent.status_code in {302, 303}
    with parts.db.reading() as session:
        assert session.scalars(select(Group.name)).all() == [name]


def test_writers_wait_five_seconds_and_readers_not_at_all(parts: Services) -> None:
    """F-4: half a minute of lock is not waited out."""
    assert db.PATIENCE == 5.0
    with write_lock(parts):
        with parts.db.reading() as session:
            assert session.scalars(select(Group)).all() == []
        with pytest.raises(DBAPIError) as raised, parts.db.transaction(patience=0.2) as session:
            session.connection()
    assert trouble_of(raised.value) is Trouble.BUSY


@pytest.mark.parametrize("words", ["database or disk is full", "disk I/O error"])
def test_a_full_or_failing_disk_is_said_in_words(
    app: Flask,
    parts: Services,
    browser: Browser,
    program: Program,
    add_user: Callable[..., User],
    sign_in: Callable[..., TestResponse],
    words: str,
) -> None:
    """F-3: the reader learns that nothing was stored, and reads on."""
    add_user()
    sign_in(browser)
    browser.get("/en/groups")

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError(words)

    event.listen(parts.db.engine, "before_cursor_execute", _on_insert(fail), retval=False)
    answer = browser.post("/en/groups", {"name": "x"})
    assert answer.status_code == 503
    assert "The server cannot store anything at the moment." in answer.text
    assert words not in answer.text
    assert browser.get("/en/groups").status_code == 200


def _on_insert(fail: Callable[..., None]) -> Callable[..., None]:
    def listen(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO groups"):
            fail()

    return listen


def test_passwords_are_not_handed_back(parts: Services, browser: Browser, hasty: None) -> None:
    """A secret does not stand in an error page."""
    browser.get("/en/sign-in")
    with write_lock(parts):
        answer = browser.post("/en/sign-in", {"email": "a@x.example", "password": "correct horse battery"})
    assert "correct horse" not in answer.text


def test_health_tells_that_the_database_is_away(app: Flask, parts: Services, browser: Browser) -> None:
    """F-18: in a form for machines, with a code of its own."""
    assert browser.get("/healthz").get_json() == {
        "status": "ok",
        "workers": {"alive": 0, "in_trouble": 0, "silent": 0},
    }

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    event.listen(parts.db.engine, "before_cursor_execute", fail)
    answer = browser.get("/healthz")
    event.remove(parts.db.engine, "before_cursor_execute", fail)
    assert (answer.status_code, answer.get_json()) == (503, {"status": "down", "database": "storage"})
