"""The catalogs of this installation as sheets, judged again when a file changed."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from flask import current_app

from service.domain import translations
from service.domain.translations import Sheet
from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n.glossary import EMPTY, Glossary, GlossaryError
from service.i18n.locales import LOCALES, catalog_file
from service.lint import catalog_files
from service.lint.report import Allowed, ConfigError
from service.web.context import services

_BESIDE = ("glossary.toml", "lint.toml")


@dataclass(frozen=True, slots=True)
class _Judged:
    made_of: tuple[bytes, ...]
    sheet: Sheet


class Sheets:
    """The sheets below a `locales` directory; judging takes tenths of a second, looking again none."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._judged: dict[str, _Judged] = {}
        self._locks = {code: threading.Lock() for code in LOCALES}

    def path(self, code: str) -> Path:
        """Return the file of a locale."""
        return catalog_file(self.directory, code)

    def sheet(self, code: str) -> Sheet:
        """Return a locale's sheet as its file is now."""
        beside = tuple(_bytes(self.directory / name) or b"" for name in _BESIDE)
        data = _bytes(self.path(code))
        if data is None:
            broken = Finding("PO001", Severity.ERROR, N_("The file cannot be read."))
            return Sheet(LOCALES[code], broken=broken)
        with self._locks[code]:
            kept = self._judged.get(code)
            if kept is None or kept.made_of != (data, *beside):
                glossary, allowed = self.settings()
                made = translations.sheet_of(data, LOCALES[code], glossary=glossary, allowed=allowed)
                kept = self._judged[code] = _Judged((data, *beside), made)
            return kept.sheet

    def settings(self) -> tuple[Glossary, tuple[Allowed, ...]]:
        """Return the glossary and the allowed findings; nothing where they are being edited and broken."""
        try:
            return catalog_files.settings_of(self.directory)
        except (GlossaryError, ConfigError, OSError) as error:
            current_app.logger.warning("the settings of the catalogs cannot be used: %s", error)
            return EMPTY, ()

    def changed_at(self, code: str) -> datetime | None:
        """Return when a locale's file was last written."""
        try:
            return datetime.fromtimestamp(self.path(code).stat().st_mtime, UTC)
        except OSError:
            return None


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def sheets() -> Sheets:
    """Return the sheets of this installation."""
    kept = current_app.extensions.get("sheets")
    if kept is None:
        kept = current_app.extensions["sheets"] = Sheets(services().catalogs.directory)
    return cast(Sheets, kept)
