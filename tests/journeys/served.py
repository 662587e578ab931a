"""The service in this process, with the demo's data and its administrator signed in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Flask
from playwright.sync_api import Browser, BrowserContext
from werkzeug.serving import make_server

from service.bootstrap import Services
from service.cli.db import bring_up_to_date
from service.domain import accounts, demo, sessions
from service.web.identity import cookie_name


@dataclass(frozen=True)
class Served:
    """Where it answers, and the cookie of its administrator."""

    url: str
    cookie: tuple[str, str]

    def administrator(self, browser: Browser, **options: object) -> BrowserContext:
        """Open a browser profile in which somebody with every permission is signed in."""
        context = browser.new_context(**options)  # type: ignore[arg-type]
        name, value = self.cookie
        context.add_cookies([{"name": name, "value": value, "url": self.url}])
        return context


def signed_in(services: Services) -> tuple[str, str]:
    """Fill an empty database with the demo's data; return the name and the secret of a session's cookie."""
    bring_up_to_date(services.settings, services.db)
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        demo.fill(session, now=now)
        user = accounts.find_user(session, demo.ADMINISTRATOR)
        assert user is not None
        _, secret = sessions.open_session(session, user, now=now)
    return cookie_name(services.settings), secret


@contextmanager
def answering(app: Flask) -> Iterator[str]:
    """Serve an application until the block ends; yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(timeout=30)
