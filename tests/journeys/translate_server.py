"""The service in this process, with catalogs that a test may write."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext
from werkzeug.serving import make_server

from service import bootstrap
from service.cli.db import bring_up_to_date
from service.config import Settings
from service.domain import accounts, demo, sessions
from service.i18n.catalogs import Catalogs
from service.paths import data_dir
from service.web.app import create_app
from service.web.identity import cookie_name


@dataclass(frozen=True)
class TranslateServer:
    """Where it answers, the folder of its catalogs, and the cookie of somebody who may edit them."""

    url: str
    locales: Path
    cookie: tuple[str, str]

    def file(self, code: str) -> Path:
        """Return the catalog of a language."""
        return self.locales / code / "LC_MESSAGES" / "messages.po"

    def translator(self, browser: Browser, **options: object) -> BrowserContext:
        """Open a browser profile in which somebody with every permission is signed in."""
        context = browser.new_context(**options)  # type: ignore[arg-type]
        name, value = self.cookie
        context.add_cookies([{"name": name, "value": value, "url": self.url}])
        return context


@contextmanager
def serving(folder: Path, *, editing: bool = True, source: Path | None = None) -> Iterator[TranslateServer]:
    """Serve a copy of the product's catalogs, or of other ones, until the block ends."""
    locales = folder / "locales"
    shutil.copytree(source or data_dir("locales"), locales)
    settings = Settings(data=folder / "data", secret_key="k" * 40, translation_editing=editing)
    settings.data.mkdir()
    services = bootstrap.build(settings, jobs=False)
    services = replace(services, catalogs=Catalogs(locales, settings.data / "catalogs"))
    bring_up_to_date(settings, services.db)
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        demo.fill(session, now=now)
        user = accounts.find_user(session, demo.ADMINISTRATOR)
        assert user is not None
        _, secret = sessions.open_session(session, user, now=now)
    server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield TranslateServer(f"http://127.0.0.1:{server.port}", locales, (cookie_name(settings), secret))
    finally:
        server.shutdown()
        thread.join(timeout=30)
        services.db.dispose()
