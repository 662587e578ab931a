"""An application on an empty database, and browsers that use it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import bootstrap, models
from service.bootstrap import Services
from service.config import Settings
from service.db import Base
from service.domain import accounts
from service.domain.passwords import Passwords
from service.facts.permissions import BuiltInRole
from service.models import Program, Role, User
from service.web.app import create_app

assert models  # imported so that every table is registered

FAST = Passwords(memory_kib=8, passes=1)
PASSWORD = "correct horse battery"


@dataclass(slots=True)
class Clock:
    """The time of the application under test, which only moves when told to."""

    now: datetime = datetime(2038, 1, 18, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, span: timedelta) -> None:
        """Let some time go by."""
        self.now += span


@dataclass(slots=True)
class Browser:
    """A browser: keeps cookies, follows nothing by itself, fills in the tokens of forms it has seen."""

    client: FlaskClient
    source: str = "192.0.2.7"
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page and remember the token of its forms."""
        response = self._send("GET", path, **options)
        found = re.search(r'name="csrf_token" value="([^"]+)"', response.get_data(as_text=True))
        if found:
            self.token = found[1]
        return response

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form with the token last seen."""
        return self._send("POST", path, data={"csrf_token": self.token, **(data or {})}, **options)

    def submit(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Open a page, then send its form to the same address."""
        self.get(path)
        return self.post(path, data, **options)

    def cookie(self, name: str) -> str | None:
        """Return a cookie's value, if the browser has it."""
        kept = self.client.get_cookie(name)
        return kept.value if kept else None

    def _send(self, method: str, path: str, **options: Any) -> TestResponse:
        options.setdefault("headers", self.headers)
        options.setdefault("environ_overrides", {"REMOTE_ADDR": self.source})
        return self.client.open(path, method=method, **options)


@pytest.fixture
def clock() -> Clock:
    """The time of the application."""
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of the installation under test."""
    return Settings(data=tmp_path, secret_key="a key of the tests that is long enough")


@pytest.fixture
def parts(settings: Settings) -> Iterator[Services]:
    """The parts of an installation, with an empty database and without a job engine."""
    built = bootstrap.build(settings, jobs=False)
    Base.metadata.create_all(built.db.engine)
    yield built
    built.db.dispose()


@pytest.fixture
def app(parts: Services, clock: Clock) -> Flask:
    """The application."""
    made = create_app(parts, clock=clock)
    made.extensions["passwords"] = FAST
    return made


@pytest.fixture
def new_browser(app: Flask) -> Callable[[], Browser]:
    """Make a browser nobody has used yet."""
    return lambda: Browser(app.test_client())


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    """A browser nobody has used yet."""
    return new_browser()


@pytest.fixture
def add_user(parts: Services, clock: Clock) -> Callable[..., User]:
    """Add a user with the password PASSWORD, of one role, who may work in every program."""

    def add(
        role: BuiltInRole | str = BuiltInRole.ADMINISTRATOR, email: str = "hanako@example.test", **more: Any
    ) -> User:
        with parts.db.transaction() as session:
            if isinstance(role, BuiltInRole):
                held: Role | None = accounts.built_in_role(session, role)
            else:
                held = session.query(Role).filter_by(name=role).one()
            given = {
                "name": "山田 花子",
                "locale": "en",
                "time_zone": "Asia/Tokyo",
                "password": PASSWORD,
                **more,
            }
            return accounts.add_user(
                session, email=email, role=held, all_programs=True, passwords=FAST, now=clock.now, **given
            )

    return add


@pytest.fixture
def sign_in() -> Callable[..., TestResponse]:
    """Sign a browser in by address and password."""

    def enter(
        browser: Browser,
        email: str = "hanako@example.test",
        password: str = PASSWORD,
        path: str = "/en/sign-in",
    ) -> TestResponse:
        return browser.submit(path, {"email": email, "password": password})

    return enter


@pytest.fixture
def program(parts: Services, clock: Clock) -> Program:
    """One program to work in."""
    with parts.db.transaction() as session:
        made = Program(
            name="Alpine", name_key="alpine", default_locale="en", time_zone="UTC", created_at=clock.now
        )
        session.add(made)
    return made
