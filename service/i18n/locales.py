"""The one table of locales: every other room asks here what a language code means.

The product ships four. An installation adds more with `prospectus catalog add-locale`, which writes
`locales/<code>/locale.toml`; they are read once, when a process starts.
"""

import gettext
import logging
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar

from service.paths import data_dir

log = logging.getLogger(__name__)
T = TypeVar("T")

SOURCE = "en"
"""The locale the source texts are written in."""


@dataclass(frozen=True, slots=True)
class Locale:
    """One language the product speaks.

    `code` is the URL segment and the directory name, `tag` the BCP 47 tag of `<html lang>`, `cldr` the
    identifier Babel reads, `name` the language's name for itself, `plural_forms` the gettext header value.
    A `shipped` locale is complete; one that an installation added falls back to the source's words.
    """

    code: str
    tag: str
    cldr: str
    name: str
    direction: Literal["ltr", "rtl"]
    plural_forms: str
    shipped: bool = True

    @property
    def plural_count(self) -> int:
        """How many plural forms an entry has in this language."""
        return int(self.plural_forms.partition("nplurals=")[2].partition(";")[0])

    @property
    def plural_expression(self) -> str:
        """The C expression that picks a plural form for `n`."""
        return self.plural_forms.partition("plural=")[2].rstrip("; ")


class ByLocale(dict[str, T]):
    """Values by locale code; a language that has none of its own gets the source's."""

    def __missing__(self, code: str) -> T:
        if code == SOURCE:
            raise KeyError(code)
        return self[SOURCE]


class LocaleRefused(ValueError):
    """A `locale.toml` that cannot be used, and why."""


_CODE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_FIELDS = frozenset({"cldr", "name", "direction", "plural_forms"})
FILE = "locale.toml"


def read_added(path: Path) -> Locale:
    """Read the `locale.toml` of the folder that bears the locale's code. OSError, LocaleRefused."""
    code = path.parent.name
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LocaleRefused(str(error)) from error
    if data.keys() != _FIELDS or not all(value and isinstance(value, str) for value in data.values()):
        raise LocaleRefused(f"it must have the texts {', '.join(sorted(_FIELDS))} and nothing else")
    if not _CODE.fullmatch(code) or code in SHIPPED or code in PSEUDO:
        raise LocaleRefused(f"{code!r} cannot be the code of an added locale")
    if data["direction"] not in ("ltr", "rtl"):
        raise LocaleRefused("direction must be ltr or rtl")
    locale = Locale(code=code, tag=code, shipped=False, **data)
    try:
        gettext.c2py(locale.plural_expression)
        sound = 1 <= locale.plural_count <= 9
    except ValueError:
        sound = False
    if not sound:
        raise LocaleRefused("plural_forms must be as in the header of a catalog")
    return locale


def added(directory: Path) -> Iterator[Locale]:
    """The locales added to a `locales` directory; what cannot be used is named in the log and left out."""
    for path in sorted(directory.glob(f"*/{FILE}")):
        try:
            yield read_added(path)
        except (OSError, LocaleRefused) as error:
            log.error("locale left out: %s: %s", path, error)


_TABLE = (
    Locale("en", "en", "en", "English", "ltr", "nplurals=2; plural=(n != 1);"),
    Locale("fr", "fr", "fr", "Français", "ltr", "nplurals=2; plural=(n > 1);"),
    Locale("ja", "ja", "ja", "日本語", "ltr", "nplurals=1; plural=0;"),
    Locale("zh", "zh-Hans", "zh_Hans_CN", "简体中文", "ltr", "nplurals=1; plural=0;"),
)
_PRETENDED = (
    Locale("en-XA", "en-XA", "en", "Ŵíðé Éñĝļíšĥ", "ltr", "nplurals=2; plural=(n != 1);", shipped=False),
    Locale("ar-XB", "ar-XB", "en", "Mirrored English", "rtl", "nplurals=2; plural=(n != 1);", shipped=False),
)


def _by_code(*locales: Locale) -> Mapping[str, Locale]:
    return MappingProxyType({locale.code: locale for locale in locales})


def _directory() -> Path:
    try:
        return data_dir("locales")
    except FileNotFoundError:
        return Path("locales")


def locales_in(directory: Path) -> Mapping[str, Locale]:
    """The locales of a `locales` directory: those of the product, and what was added there."""
    return _by_code(*_TABLE, *added(directory))


def catalog_file(directory: Path, code: str) -> Path:
    """The catalog of a language below a `locales` directory."""
    return directory / code / "LC_MESSAGES" / "messages.po"


SHIPPED = _by_code(*_TABLE)
"""The locales of the product, each complete."""
PSEUDO = _by_code(*_PRETENDED)
"""Locales made of the source texts to find what no catalog knows; never offered to readers."""
LOCALES = locales_in(_directory())
"""The locales a reader may choose: shipped ones, and those of this installation's own."""
ALL_LOCALES = _by_code(*LOCALES.values(), *_PRETENDED)
"""Whatever the path of a page may name."""
