"""The service in this process, with catalogs that a test may write."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from service import bootstrap
from service.config import Settings
from service.i18n.catalogs import Catalogs
from service.paths import data_dir
from service.web.app import create_app
from tests.journeys.served import Served, answering, signed_in


@dataclass(frozen=True)
class TranslateServer(Served):
    """A service, and the folder of its catalogs."""

    locales: Path

    def file(self, code: str) -> Path:
        """Return the catalog of a language."""
        return self.locales / code / "LC_MESSAGES" / "messages.po"


@contextmanager
def serving(folder: Path, *, editing: bool = True, source: Path | None = None) -> Iterator[TranslateServer]:
    """Serve a copy of the product's catalogs, or of other ones, until the block ends."""
    locales = folder / "locales"
    shutil.copytree(source or data_dir("locales"), locales)
    settings = Settings(data=folder / "data", secret_key="k" * 40, translation_editing=editing)
    settings.data.mkdir()
    services = bootstrap.build(settings, jobs=False)
    services = replace(services, catalogs=Catalogs(locales, settings.data / "catalogs"))
    cookie = signed_in(services)
    try:
        with answering(create_app(services)) as url:
            yield TranslateServer(url, cookie, locales)
    finally:
        services.db.dispose()
