"""The service in this process, with help pages that a test may write."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service import bootstrap
from service.config import Settings
from service.content.pages import Pages
from service.content.search_glossary import words_of
from service.content.search_index import Searchable
from service.i18n import glossary
from service.paths import data_dir
from service.web.app import create_app
from tests.journeys.served import Served, answering, signed_in


@dataclass(frozen=True)
class HelpServer(Served):
    """A service, and the folder of its pages."""

    content: Path


@contextmanager
def serving(folder: Path) -> Iterator[HelpServer]:
    """Serve a copy of the product's pages until the block ends."""
    content = folder / "content"
    shutil.copytree(data_dir("content"), content)
    settings = Settings(data=folder / "data", secret_key="k" * 40)
    settings.data.mkdir()
    services = bootstrap.build(settings, jobs=False)
    cookie = signed_in(services)
    app = create_app(services)
    pages = Pages(content, services.catalogs.catalog, settings.data / "content")
    app.extensions["help"] = Searchable(pages, words_of(glossary.read(data_dir("locales") / "glossary.toml")))
    try:
        with answering(app) as url:
            yield HelpServer(url, cookie, content)
    finally:
        services.db.dispose()
