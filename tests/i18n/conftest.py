"""Catalog files made for a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from service.i18n.catalogs import Catalog, read
from service.i18n.locales import LOCALES

Write = Callable[[str, str], Path]


def header(code: str) -> str:
    locale = LOCALES[code]
    return (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
        f'"Language: {locale.code}\\n"\n"Plural-Forms: {locale.plural_forms}\\n"\n\n'
    )


def make(code: str, body: str) -> Catalog:
    return read((header(code) + body).encode(), LOCALES[code], Path("messages.po"))[0]


@pytest.fixture
def locales(tmp_path: Path) -> Path:
    """A directory with an empty catalog for every locale."""
    for code in LOCALES:
        path = tmp_path / "locales" / code / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        path.write_text(header(code), encoding="utf-8")
    return tmp_path / "locales"


@pytest.fixture
def write(locales: Path) -> Write:
    """Write a catalog's messages, keeping a valid header, as an editor would: all at once."""

    def save(code: str, body: str) -> Path:
        path = locales / code / "LC_MESSAGES" / "messages.po"
        path.write_text(header(code) + body, encoding="utf-8")
        return path

    return save
