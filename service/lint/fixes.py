"""Fixes brought from a translation into its file and applied there: only their own characters change."""

import re
from collections.abc import Iterable

from service.facts.findings import Finding, Fix
from service.i18n import po
from service.i18n.po_mistakes import ONE_STRING

_ONE = re.compile(r"\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.)|[^\\]", re.DOTALL)


def in_file(file: po.PoFile, entry: po.Entry, form: int, fix: Fix) -> Fix | None:
    """A fix of one form counted in the file's text, written as the file writes it.

    None where the characters to replace stand in several quoted strings, or are written as bytes.
    """
    if form >= len(entry.spans) or "\n" in fix.text[:-1]:
        return None
    at = 0
    for string in ONE_STRING.finditer(file.text, *entry.spans[form]):
        end = string.end() - 1
        bounds = [found.start() for found in _ONE.finditer(file.text, string.start() + 1, end)] + [end]
        if at <= fix.start and fix.end < at + len(bounds):
            raw = Fix(bounds[fix.start - at], bounds[fix.end - at], _written(fix.text))
            # Escapes that stand for bytes make several signs of one character, and the place would be wrong.
            meant = _written(entry.strings[form][fix.start : fix.end])
            return raw if meant == file.text[raw.start : raw.end] else None
        at += len(bounds) - 1
    return None


def _written(text: str) -> str:
    return po.quote(text)[1:-1] if "\n" not in text[:-1] else text


def apply(text: str, findings: Iterable[Finding]) -> str:
    """The text with the fixes of findings applied; of those that overlap the first."""
    pieces: list[str] = []
    last, done = -1, 0
    for fix in sorted({one.fix for one in findings if one.fix}, key=lambda fix: (fix.start, fix.end)):
        if fix.start <= last:  # also where two only touch: one may be there because of the other
            continue
        pieces += [text[done : fix.start], fix.text]
        done = last = fix.end
    return "".join([*pieces, text[done:]])
