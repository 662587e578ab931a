"""What is wrong with a catalog that cannot be read: its first mistake, where it is, and in which words."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NoReturn

from service.facts.words import N_, Phrase

STRING = r'"(?>(?:[^"\\\n]++|\\[^\n])*)"'
ONE_STRING = re.compile(STRING)
SPACE = re.compile(r"\s*+", re.ASCII)
_SKIP = re.compile(r"(?>(?:\s*+#[^\n]*+)*)\s*+", re.ASCII)
_KEYWORD = re.compile(r"msgctxt|msgid_plural|msgid|msgstr")
_INDEX = re.compile(r"\s*+\[\s*+[0-9]++\s*+\]", re.ASCII)
_CONFLICT = re.compile(r"<{7}|>{7}|={7}|\|{7}")


class Mistake(StrEnum):
    """The kinds of mistakes for which a catalog is refused."""

    SYNTAX = "syntax"
    DOUBLE = "double"
    CONFLICT = "conflict"
    ENCODING = "encoding"


class PoSyntaxError(Exception):
    """A catalog that cannot be read: the reason as a phrase with its values, line and column from 1."""

    def __init__(
        self, phrase: Phrase, line: int, column: int, mistake: Mistake = Mistake.SYNTAX, **values: object
    ) -> None:
        super().__init__(f"{line}:{column}: {phrase.text}")
        self.phrase = phrase
        self.mistake = mistake
        self.values: Mapping[str, object] = values
        self.line = line
        self.column = column


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def diagnose(text: str, at: int) -> NoReturn:
    """Walk an entry that did not match, statement by statement, and name its first mistake."""
    skip = _SKIP.match(text, at)
    at = skip.end() if skip else at
    seen: list[str] = []
    opened = at
    while True:
        keyword = _KEYWORD.match(text, at)
        if keyword is None:
            _refuse_junk(text, at, seen, opened)
        _refuse_order(text, at, keyword[0], seen, opened)
        if not seen:
            opened = at
        seen.append(keyword[0])
        at = keyword.end()
        index = _INDEX.match(text, at)
        if index:
            at = index.end()
            seen[-1] += "[]"
        at = _strings_end(text, at)


def _strings_end(text: str, at: int) -> int:
    found = False
    while True:
        space = SPACE.match(text, at)
        here = space.end() if space else at
        if text[here : here + 1] != '"':
            if not found:
                raise PoSyntaxError(N_("A text in quotation marks is expected here."), *position(text, here))
            return here
        string = ONE_STRING.match(text, here)
        if string is None:
            raise PoSyntaxError(
                N_("The closing quotation mark is missing on this line."), *position(text, here)
            )
        at, found = string.end(), True


def _refuse_order(text: str, at: int, keyword: str, seen: list[str], opened: int) -> None:
    before = seen[-1] if seen else ""
    allowed = {
        "": ("msgctxt", "msgid"),
        "msgctxt": ("msgid",),
        "msgid": ("msgid_plural", "msgstr"),
        "msgid_plural": ("msgstr",),
        "msgstr[]": ("msgstr",),
    }.get(before, ())
    if keyword in allowed:
        return
    if before in ("msgid", "msgid_plural", "msgctxt"):
        _refuse_missing(text, opened, before)
    raise PoSyntaxError(N_("“%(keyword)s” is out of place here."), *position(text, at), keyword=keyword)


def _refuse_missing(text: str, opened: int, before: str) -> NoReturn:
    missing = "msgid" if before == "msgctxt" else "msgstr"
    raise PoSyntaxError(
        N_("“%(keyword)s” is missing from this message."), *position(text, opened), keyword=missing
    )


def _refuse_junk(text: str, at: int, seen: list[str], opened: int) -> NoReturn:
    where = position(text, at)
    line_start = text.rfind("\n", 0, at) + 1
    if _CONFLICT.match(text, line_start):
        phrase = N_("A conflict marker of the version control is left in the file.")
        raise PoSyntaxError(phrase, *where, Mistake.CONFLICT)
    if seen and (at >= len(text) or text[at] == "#"):
        if not seen[-1].startswith("msgstr"):
            _refuse_missing(text, opened, seen[-1])
        raise PoSyntaxError(N_("This message mixes singular and plural."), *position(text, opened))
    line_end = text.find("\n", at)
    rest = text[at : line_end if line_end >= 0 else len(text)]
    if text[line_start:at].rstrip().endswith('"'):
        if '"' in rest:
            raise PoSyntaxError(N_('A quotation mark inside a text is written “\\"”.'), *where)
        raise PoSyntaxError(N_("Nothing may follow the closing quotation mark."), *where)
    if rest.startswith('"'):
        raise PoSyntaxError(N_("This text belongs to no “msgid” or “msgstr”."), *where)
    raise PoSyntaxError(N_("This line is neither a comment nor part of a message."), *where)
