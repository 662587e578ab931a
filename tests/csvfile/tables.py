"""Tables of prospects in a language, for trying out which encoding a short file is taken for."""

import csv
import io
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from babel import Locale

from service.csvfile import headers

# A locale of the words, and the encodings that programs of its readers write.
ENCODINGS = {
    "en": ("cp1252", "mac_roman", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"),
    "fr": ("cp1252", "mac_roman", "utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"),
    "ja": ("cp932", "euc_jp", "iso2022_jp", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"),
    "zh": ("gb18030", "gbk", "utf-8", "utf-8-sig", "utf-16-le"),
    "zh_Hant": ("big5", "utf-8", "utf-16-le"),
}
READERS = ("en", "fr", "ja", "zh")
HEADERS = ("own", "en", "short")
Words = Callable[[str], Sequence[str]]


def reader_of(locale: str) -> str:
    """The language of ours that readers of a locale use."""
    return locale.partition("_")[0]


@cache
def cldr(locale: str) -> tuple[str, ...]:
    """Names of countries, languages, currencies, scripts and cities from CLDR."""
    names = Locale.parse("zh_Hans" if locale == "zh" else locale)
    cities = [zone["city"] for zone in names.time_zones.values() if "city" in zone]
    found = [*names.territories.values(), *names.languages.values(), *names.currencies.values()]
    return tuple(str(name) for name in (*found, *names.scripts.values(), *cities))


@cache
def help_pages(locale: str) -> tuple[str, ...]:
    """Phrases of the help pages: nothing in the ranking was made from them. None in traditional Chinese."""
    folder = Path(__file__).parents[2] / "content" / locale
    text = "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("**/*.md")))
    phrases = re.split(r"[\n,.;:!?()\[\]{}|`*#<>\"、。，；：！？（）「」・/]+", text)
    return tuple(sorted({phrase.strip() for phrase in phrases if 1 < len(phrase.strip()) <= 40}))


def held(codec: str, text: str) -> bool:
    """Whether an encoding holds a text."""
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def table(
    locale: str, codec: str, count: int, header: str, chance: random.Random, words: Words = cldr
) -> list[list[str]]:
    """A header row and `count` rows; `header` is `own`, `en`, or `short` for two columns of other names."""

    def word() -> str:
        return next(one for one in iter(lambda: chance.choice(words(locale)), None) if held(codec, one))

    def address() -> str:
        return f"u{chance.randrange(9999)}@example.com"

    if header == "short":
        return [["email", "name"], *[[address(), word()] for _ in range(count)]]
    names = headers.header_row("zh" if locale == "zh_Hant" else locale if header == "own" else "en")
    if not all(held(codec, name) for name in names):
        names = headers.header_row("en")
    rows = [
        [word(), address(), f"https://site{number}.example", word(), word(), word(), word(), "", "", ""]
        for number in range(count)
    ]
    return [list(names), *rows]


def as_bytes(rows: Sequence[Sequence[str]], codec: str) -> bytes:
    """A table as a file."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(codec)
