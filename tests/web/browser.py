"""A browser for tests of pages, and the clock of the application that it uses."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

COOKIE = "prospectus_session"


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
        options.setdefault("buffered", True)  # so that what an answer holds open is closed
        options.setdefault("environ_overrides", {"REMOTE_ADDR": self.source})
        return self.client.open(path, method=method, **options)
