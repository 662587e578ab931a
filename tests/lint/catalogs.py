"""Well-kept catalogs to try rules on: ours, and those of packages that are installed."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from service.i18n import po
from service.lint import languages
from service.paths import PACKAGE, data_dir

LANGUAGES = ("fr", "ja", "zh")
_ENVIRONMENT = PACKAGE.parent / ".venv"
_PLACES = (*_ENVIRONMENT.glob("lib/python*/site-packages"), _ENVIRONMENT / "bench")


def ours() -> tuple[Path, ...]:
    return tuple(sorted(data_dir("locales").glob("*/LC_MESSAGES/messages.po")))


@cache
def installed() -> tuple[Path, ...]:
    """Catalogs of other projects in our languages; each package once, those of the benches where they are."""
    found: dict[tuple[str, ...], Path] = {}
    for place in _PLACES:
        for path in sorted(place.rglob("*.po")):
            locale = languages.judged(languages.of_path(path) or "")
            if locale is not None and locale.code in LANGUAGES:
                found[path.relative_to(place).parts] = path
    return tuple(found.values())


@cache
def read(path: Path) -> po.PoFile:
    return po.read(path.read_bytes())


def entries(code: str) -> Iterator[po.Entry]:
    """Translated entries of a language, ours first."""
    for path in (*ours(), *installed()):
        locale = languages.judged(languages.of_path(path) or "")
        if locale is not None and locale.code == code:
            yield from (entry for entry in read(path).messages if entry.translated)
