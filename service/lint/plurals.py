"""Plural rules of catalogs: whether a header's can be used, which counts a form serves, what is customary."""

import gettext
import re
from collections.abc import Callable
from functools import cache

from service.i18n.any_locale import UnknownLanguage, locale_for
from service.i18n.locales import Locale

PROBES = (*range(1001), 1_000_000, 2_000_000)
"""Counts that a plural rule is tried with: a million has a form of its own in some languages."""
_HEADER = re.compile(r"\s*nplurals\s*=\s*([0-9]{1,2})\s*;\s*plural\s*=([^;]*);?\s*", re.ASCII | re.DOTALL)

_OLD = {
    "cy": (4,),
    **dict.fromkeys(("az", "fa", "hu", "hy", "ka", "kk", "ky", "tk", "tr", "tt", "ug", "uz"), (1,)),
}
"""What catalogs had before CLDR counted forms, and often still have."""


@cache
def rule(header: str) -> tuple[int, Callable[[int], int]] | None:
    """How many forms a Plural-Forms header names, and the rule that picks one; None where it is no rule."""
    found = _HEADER.fullmatch(header)
    if found is None:
        return None
    try:
        return int(found[1]), gettext.c2py(found[2])
    except (ValueError, RecursionError, SyntaxError, MemoryError):
        return None


@cache
def served(header: str) -> tuple[tuple[int, ...], ...] | None:
    """For each form the probes it serves; None where a count gets a form that is not there, or none."""
    found = rule(header)
    if found is None or found[0] == 0:
        return None
    forms: list[list[int]] = [[] for _ in range(found[0])]
    try:
        for count in PROBES:
            form = found[1](count)
            if form < 0:
                return None
            forms[form].append(count)
    except (ArithmeticError, ValueError, TypeError, IndexError, RecursionError):
        return None
    return tuple(map(tuple, forms))


def usable(header: str) -> bool:
    """Whether every count has a form."""
    return served(header) is not None


def counts_of(locale: Locale, form: int) -> tuple[int, ...]:
    """Probes that a plural form of a locale serves."""
    forms = served(locale.plural_forms)
    return forms[form] if forms and form < len(forms) else ()


@cache
def customary(code: str) -> frozenset[int]:
    """How many plural forms gettext and CLDR have for a language; nothing where neither knows it."""
    try:
        locale = locale_for(code) if code != "und" else None
    except UnknownLanguage:
        locale = None
    if locale is None:
        return frozenset()
    # Babel is there only where a catalog of another project is judged.
    from babel import Locale as Cldr

    categories = Cldr.parse(locale.cldr).plural_form.tags | {"other"}
    return frozenset({locale.plural_count, len(categories), *_OLD.get(code.partition("_")[0], ())})
