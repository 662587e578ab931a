"""Putting values into a text's `%(name)s` placeholders without ever failing on what the text says."""

import re
from collections.abc import Callable, Mapping

PLACEHOLDER = re.compile(r"%(?:\((\w+)\)[sd]?|%)")
"""A named placeholder, its letter optional since a translation may lose it, or a doubled percent sign."""

_NAMED = re.compile(r"%\((\w+)\)")
_NONE: frozenset[str] = frozenset()


def named(text: str) -> frozenset[str]:
    """The names of a text's placeholders."""
    if "%(" not in text:
        return _NONE
    return frozenset(_NAMED.findall(text.replace("%%", "")))


def _as_it_is(value: object) -> object:
    return value


def fill(text: str, values: Mapping[str, object], shown: Callable[[object], object] = _as_it_is) -> str:
    """Replace every placeholder by its value; one without a value, and a lone `%`, print themselves."""
    if "%" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "%"
        return str(shown(values[name])) if name in values else match[0]

    return PLACEHOLDER.sub(one, text)
