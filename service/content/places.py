"""Which language a page file is in, and which file it was translated from: by its folder, or by its name."""

import os
from dataclasses import dataclass
from pathlib import Path

from service.i18n.locales import LOCALES, SOURCE, Locale

_ALIASES = {
    alias.lower(): code
    for code, locale in LOCALES.items()
    for alias in (code, locale.tag, locale.cldr.replace("_", "-"), locale.cldr)
} | {
    "en-us": "en",
    "en-gb": "en",
    "fr-fr": "fr",
    "ja-jp": "ja",
    "zh-cn": "zh",
    "zh-hans-cn": "zh",
    "zh_cn": "zh",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A file's language, None where nothing tells, and the files beside it in other languages.

    `base` is the folder that has one folder for each language, None where the file's name bears its language.
    """

    path: Path
    code: str | None
    base: Path | None = None
    folder: str = ""
    rest: Path | None = None

    @property
    def locale(self) -> Locale | None:
        return LOCALES[self.code] if self.code else None

    def beside(self, code: str) -> Path | None:
        """Return where this page is, or would be, in another language; None where there is no telling."""
        if self.base is not None and self.rest is not None:
            for name in (code, *(name for name, known in _ALIASES.items() if known == code)):
                if (self.base / name).is_dir():
                    return self.base / name / self.rest
            return None
        stem, _, mark = self.path.stem.rpartition(".")
        if self.code is None or mark.lower() not in _ALIASES:
            return None
        for name in (f"{stem}.{code}", *((stem,) if code == SOURCE else ())):
            found = self.path.with_name(name + self.path.suffix)
            if found.is_file():
                return found
        return None

    @property
    def source(self) -> Path | None:
        """The file this page was translated from, where it exists."""
        if self.code in (None, SOURCE):
            return None
        found = self.beside(SOURCE)
        return found if found and found.is_file() else None


def place(path: Path) -> Place:
    """Tell a file's language: `page.ja.md`, or the nearest folder that is named like one of ours."""
    mark = path.stem.rpartition(".")[2].lower()
    if "." in path.stem and mark in _ALIASES:
        return Place(path, _ALIASES[mark])
    parts = Path(os.path.abspath(path)).parts
    for at in range(len(parts) - 2, 0, -1):
        code = _ALIASES.get(parts[at].lower())
        if code:
            base = _as_given(path, len(parts) - at)
            return Place(path, code, base, parts[at], Path(*parts[at + 1 :]))
    return Place(path, None)


def _as_given(path: Path, up: int) -> Path:
    """Return the folder so many levels up, written like the path: findings name files as they were given."""
    found = path
    for _ in range(up):
        found = found.parent if found.name not in ("", "..") else Path(os.path.abspath(found)).parent
    return found
