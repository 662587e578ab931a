"""NU002: numbers written by hand as another language writes them."""

import re
from collections.abc import Iterator

from service.facts.findings import Fix
from service.facts.words import N_
from service.lint.pairs import Mark, Pair, advice
from service.lint.styles import language

_COMMA = frozenset(
    {
        "fr",
        "de",
        "es",
        "it",
        "pt",
        "nl",
        "pl",
        "cs",
        "sk",
        "sv",
        "da",
        "nb",
        "nn",
        "fi",
        "ru",
        "uk",
        "tr",
        "el",
        "hu",
    }
    | {"ro", "bg", "hr", "sr", "sl", "lt", "lv", "et", "ca", "gl", "eu", "id", "vi"}
)
"""Languages whose decimals have a comma. Those of Mexico, Switzerland and South Africa differ: not judged."""
_ELSEWHERE = frozenset({"MX", "CH", "LI", "ZA", "US"})
_SPACED = frozenset(
    {"fr", "pl", "cs", "sk", "sv", "nb", "nn", "fi", "ru", "uk", "bg", "lt", "lv", "et", "hu"}
)
_DECIMAL = re.compile(
    r"(?<![\w.,-])(\d{1,4})\.(\d{1,2})(?=[\s\u00a0\u202f]?(?:%|€|\$|£|[kKMGT]?i?[BboO]\b|octets?\b|px\b|em\b|ms\b|s\b|h\b"
    r"|min\b|m\b|c?m\b|mm\b|km\b|kg\b|g\b|x\b|×))"
)
_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w.,]*\d)")
_VERSION = re.compile(r"(?:version|v|python|django|release)\.?\s*$", re.IGNORECASE)
_DIGITS = re.compile(r"\d[.,]\d")

NUMBER = N_("“%(found)s” is written “%(wanted)s” in this language.")


def check(pair: Pair) -> Iterator[Mark]:
    """NU002. FR004 tells of thousands in French."""
    plain = pair.target.plain
    if not _DIGITS.search(plain):
        return
    code = language(pair.locale)
    if code not in _COMMA or _ELSEWHERE & set(pair.locale.cldr.split("_")):
        return
    for found in _DECIMAL.finditer(plain):
        if not _VERSION.search(plain, 0, found.start()):
            yield _mark(found, f"{found[1]},{found[2]}")
    if code != "fr":
        for found in _GROUPED.finditer(plain):
            if found[0] in pair.source.plain:
                swapped = found[0].translate(
                    str.maketrans(",.", ("\u202f" if code in _SPACED else ".") + ",")
                )
                yield _mark(found, swapped)


def _mark(found: re.Match[str], wanted: str) -> Mark:
    fix = Fix(*found.span(), wanted)
    return advice("NU002", NUMBER, found.start(), fix=fix, found=found[0], wanted=wanted)
