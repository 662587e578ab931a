"""The one table of locales: every other room asks here what a language code means."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

SOURCE = "en"
"""The locale the source texts are written in."""


@dataclass(frozen=True, slots=True)
class Locale:
    """One language the product speaks.

    `code` is the URL segment and the directory name, `tag` the BCP 47 tag of `<html lang>`, `cldr` the
    identifier Babel reads, `name` the language's name for itself, `plural_forms` the gettext header value.
    """

    code: str
    tag: str
    cldr: str
    name: str
    direction: Literal["ltr", "rtl"]
    plural_forms: str

    @property
    def plural_count(self) -> int:
        """How many plural forms an entry has in this language."""
        return int(self.plural_forms.partition("nplurals=")[2].partition(";")[0])

    @property
    def plural_expression(self) -> str:
        """The C expression that picks a plural form for `n`."""
        return self.plural_forms.partition("plural=")[2].rstrip("; ")


_TABLE = (
    Locale("en", "en", "en", "English", "ltr", "nplurals=2; plural=(n != 1);"),
    Locale("fr", "fr", "fr", "Français", "ltr", "nplurals=2; plural=(n > 1);"),
    Locale("ja", "ja", "ja", "日本語", "ltr", "nplurals=1; plural=0;"),
    Locale("zh", "zh-Hans", "zh_Hans_CN", "简体中文", "ltr", "nplurals=1; plural=0;"),
)

LOCALES: Mapping[str, Locale] = MappingProxyType({locale.code: locale for locale in _TABLE})
