"""Rules on what a translation must leave as it is: addresses (MK003), and tokens of programs (MK004)."""

import re
from collections.abc import Iterator

from service.facts.words import N_
from service.lint.pairs import Mark, Pair, warning
from service.lint.tokenizer import Kind, Token

_SCHEME = re.compile(r"^[a-z]+:/*", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]|\{\w*\}")
_CODE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?")
_KEYS = re.compile(r"\b(?:Ctrl|Control|Cmd|Command|Alt|Shift|Option|Meta|Strg|Maj)\s?\+\s?(\w+)")
_ANY_KEYS = re.compile(r"[\w⌘]\s?\+\s?(\w+)")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
_SNAKE = re.compile(r"(?<![\w%({])[A-Za-z]+(?:_[A-Za-z]+)+(?![\w)}])")
_NAMES = (Kind.EMAIL, Kind.FILE, Kind.CODE)
GONE = N_("The address %(wanted)s of the source text is missing.")
OTHER = N_("The source text does not have the address %(found)s.")
TOKEN_GONE = N_("“%(wanted)s” of the source text is missing. It is not translated.")
TOKEN_OTHER = N_("“%(wanted)s” of the source text is not translated; here stands “%(found)s”.")


def check(pair: Pair) -> Iterator[Mark]:
    """MK003 and MK004 on one form."""
    kinds = {token.kind for token in (*pair.source.tokens, *pair.target.tokens)}
    if Kind.URL in kinds:
        yield from _addresses(pair)
    for kind in _NAMES:
        if kind in kinds:
            yield from _names(pair, kind)
    text = pair.source.text
    if "--" in text:
        yield from _words(pair, _OPTION)
    if "_" in text:
        yield from _words(pair, _SNAKE)
    if "+" in text:
        yield from _keys(pair)


def _addresses(pair: Pair) -> Iterator[Mark]:
    wanted = {address(token.text, pair.locale.code): token for token in pair.source.of(Kind.URL)}
    found = {address(token.text, pair.locale.code): token for token in pair.target.of(Kind.URL)}
    if wanted.keys() == found.keys():
        return
    known = {address(t.text, pair.locale.code) for one in pair.sources for t in one.of(Kind.URL)}
    added = [token for address, token in found.items() if address not in known]
    for token in added:
        yield warning("MK003", OTHER, token.start, found=token.text)
    missing = [token.text for address, token in wanted.items() if address not in found]
    for text in missing[len(added) :]:
        at = max(pair.target.text.find(_SCHEME.sub("", text)), 0)
        yield warning("MK003", GONE, at, wanted=text)


def address(text: str, code: str) -> str:
    """An address without its language: `/en/help` and `/fr/help` are one, so are pages of an encyclopedia."""
    host, slash, path = _SCHEME.sub("", text).rstrip("/").partition("/")
    first, _, rest = host.partition(".")
    if first == "en" or (first == code.partition("_")[0] and "." in rest):
        return rest  # its pages have other names in each language
    parts = ["" if _is_code(part) else part for part in path.split("/")]
    return host.lower() + slash + "/".join(filter(None, parts))


def _is_code(part: str) -> bool:
    return _CODE.fullmatch(part) is not None


def _names(pair: Pair, kind: Kind) -> Iterator[Mark]:
    wanted = pair.source.of(kind)
    if not wanted:
        return
    target = pair.target.text
    missing = [token for token in dict.fromkeys(map(_core, wanted)) if token not in target]
    known = {_core(token) for token in wanted}
    added = [token for token in pair.target.of(kind) if _core(token) not in known]
    for index, core in enumerate(missing):
        if index < len(added):
            yield warning("MK004", TOKEN_OTHER, added[index].start, wanted=core, found=added[index].text)
        else:
            yield warning("MK004", TOKEN_GONE, 0, wanted=core)


def _core(token: Token) -> str:
    """What must stay: code without its backticks, which a language may quote otherwise."""
    return token.text.strip("`") if token.kind is Kind.CODE else token.text.lstrip("*")


def _words(pair: Pair, pattern: re.Pattern[str]) -> Iterator[Mark]:
    for wanted in dict.fromkeys(pattern.findall(pair.source.plain)):
        target = pair.target.text
        if wanted not in target and wanted.replace("_", "-") not in target:  # a package and its module
            yield warning("MK004", TOKEN_GONE, 0, wanted=wanted)


def _keys(pair: Pair) -> Iterator[Mark]:
    """The last key of a shortcut; the others have names of their own on the keyboards of a language."""
    for wanted in _KEYS.finditer(pair.source.text):
        found = {key.lower() for key in _ANY_KEYS.findall(pair.target.text)}
        if len(wanted[1]) == 1 and wanted[1].lower() not in found:
            yield warning("MK004", TOKEN_GONE, 0, wanted=wanted[0])
