"""Emphasis and strikethrough that know Chinese and Japanese, as inline rules for markdown-it.

CommonMark's flanking rules treat 「 and 。 like ASCII punctuation, so `これは**「重要」**です` stays literal.
Here punctuation counts only when it is not East Asian, and an East Asian letter counts like a space when
it stands outside the mark (the "CJK-friendly emphasis" amendment proposed for CommonMark).
"""

import functools
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline.state_inline import Delimiter, StateInline


@functools.lru_cache(maxsize=4096)
def is_cjk(char: str) -> bool:
    """Tell whether a character is East Asian wide, full or half width (UAX 11)."""
    return unicodedata.east_asian_width(char) in "WFH"


@functools.lru_cache(maxsize=4096)
def joins_lines(char: str) -> bool:
    """Tell whether a line break beside this character means no space: East Asian, but not Hangul."""
    return is_cjk(char) and not unicodedata.name(char, "").startswith("HANGUL")


@functools.lru_cache(maxsize=4096)
def _kind(char: str) -> str:
    """Return `space`, `mark` (punctuation), `wide mark` (East Asian), `wide` or `letter`."""
    if isWhiteSpace(ord(char)):
        return "space"
    mark = isMdAsciiPunct(ord(char)) or isPunctChar(char)
    if is_cjk(char):
        return "wide mark" if mark else "wide"
    return "mark" if mark else "letter"


def _flanks(inner: str, outer: str) -> bool:
    return inner != "space" and (inner != "mark" or outer != "letter")


def scan(state: StateInline, start: int, *, inside_words: bool) -> tuple[int, bool, bool]:
    """Return the length of a run of marks at `start`, whether it can open, whether it can close."""
    marker = state.src[start]
    end = start
    while end < state.posMax and state.src[end] == marker:
        end += 1
    before = _kind(state.src[start - 1] if start else " ")
    after = _kind(state.src[end] if end < state.posMax else " ")
    left, right = _flanks(after, before), _flanks(before, after)
    if inside_words:
        return end - start, left, right
    return (
        end - start,
        left and (not right or before.endswith("mark")),
        right and (not left or after.endswith("mark")),
    )


def can_mark(before: str, first: str, final: str, after: str, *, nested: bool) -> bool:
    """Tell whether marks around `first … final`, between `before` and `after`, are read as a pair.

    Inside others of their kind they must not fit those: the first may only open, the second only close.
    """
    opens, closes = _flanks(_kind(first), _kind(before)), _flanks(_kind(final), _kind(after))
    if nested:
        opens = opens and not _flanks(_kind(before), _kind(first))
        closes = closes and not _flanks(_kind(after), _kind(final))
    return opens and closes


def _push(state: StateInline, text: str, length: int, can_open: bool, can_close: bool) -> None:
    token = state.push("text", "", 0)
    token.content = text
    state.delimiters.append(
        Delimiter(
            marker=ord(text[0]),
            length=length,
            token=len(state.tokens) - 1,
            end=-1,
            open=can_open,
            close=can_close,
        )
    )


def emphasis(state: StateInline, silent: bool) -> bool:
    """Inline rule: `*` and `_`."""
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    length, can_open, can_close = scan(state, state.pos, inside_words=marker == "*")
    for _ in range(length):
        _push(state, marker, length, can_open, can_close)
    state.pos += length
    return True


def strikethrough(state: StateInline, silent: bool) -> bool:
    """Inline rule: `~~`; an odd mark is text, as markdown-it has it."""
    if silent or state.src[state.pos] != "~":
        return False
    length, can_open, can_close = scan(state, state.pos, inside_words=True)
    if length < 2:
        return False
    if length % 2:
        state.push("text", "", 0).content = "~"
    for _ in range(length // 2):
        # Length 0 turns off the "rule of three", which is for emphasis only.
        _push(state, "~~", 0, can_open, can_close)
    state.pos += length
    return True


def install(md: MarkdownIt) -> None:
    """Put these rules in the place of markdown-it's own."""
    md.inline.ruler.at("emphasis", emphasis)
    md.inline.ruler.at("strikethrough", strikethrough)
