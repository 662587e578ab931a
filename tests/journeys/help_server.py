"""The service in this process, with help pages that a test may write."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext
from werkzeug.serving import make_server

from service import bootstrap
from service.cli.db import bring_up_to_date
from service.config import Settings
from service.content.pages import Pages
from service.content.search_glossary import words_of
from service.content.search_index import Searchable
from service.domain import accounts, demo, sessions
from service.i18n import glossary
from service.paths import data_dir
from service.web.app import create_app
from service.web.identity import cookie_name


@dataclass(frozen=True)
class HelpServer:
    """Where it answers, the folder of its pages, and the cookie of somebody who may see previews."""

    url: str
    content: Path
    cookie: tuple[str, str]

    def writer(self, browser: Browser, **options: object) -> BrowserContext:
        """Open a browser profile in which a writer is signed in."""
        context = browser.new_context(**options)  # type: ignore[arg-type]
        name, value = self.cookie
        context.add_cookies([{"name": name, "value": value, "url": self.url}])
        return context


@contextmanager
def serving(folder: Path) -> Iterator[HelpServer]:
    """Serve a copy of the product's pages until the block ends."""
    content = folder / "content"
    shutil.copytree(data_dir("content"), content)
    settings = Settings(data=folder / "data", secret_key="k" * 40)
    settings.data.mkdir()
    services = bootstrap.build(settings, jobs=False)
    bring_up_to_date(settings, services.db)
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        demo.fill(session, now=now)
        user = accounts.find_user(session, demo.ADMINISTRATOR)
        assert user is not None
        _, secret = sessions.open_session(session, user, now=now)
    app = create_app(services)
    pages = Pages(content, services.catalogs.catalog, settings.data / "content")
    app.extensions["help"] = Searchable(pages, words_of(glossary.read(data_dir("locales") / "glossary.toml")))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield HelpServer(f"http://127.0.0.1:{server.port}", content, (cookie_name(settings), secret))
    finally:
        server.shutdown()
        thread.join(timeout=30)
        services.db.dispose()
