"""Expressions in pages, as `space.vars.version` or `page.vars.beta ? "new" : "old"`: read and filled in.

A tiny grammar, evaluated over variables of the folder and the page. What depends on anything else, as on who
reads, has no value here: its source is shown, and what stands under such a condition is shown to everybody.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Final

from markdown_it.token import Token

LONGEST = 300
_DEEPEST = 20

_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"[^\"]*\"|'[^']*')|(?P<number>\d+(?:\.\d+)?)|(?P<path>[A-Za-z_][\w-]*(?:\.[\w-]+)*)"
    r"|(?P<sign>===|!==|==|!=|&&|\|\||[!()?:]))"
)
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None, "undefined": None}


class Unknown(Exception):
    """An expression that has no value here, or is none."""


_UNKNOWN: Final = object()


def evaluate(source: str, variables: Mapping[str, object]) -> object:
    """Return the value of an expression; `variables` holds `space` and `page` as mappings. Raises Unknown."""
    if len(source) > LONGEST:
        raise Unknown(source[:LONGEST])
    value = _Reader(source, variables).whole()
    if value is _UNKNOWN:
        raise Unknown(source)
    return value


class _Reader:
    def __init__(self, source: str, variables: Mapping[str, object]) -> None:
        self.source = source
        self.variables = variables
        self.tokens = list(self.read())
        self.place = 0
        self.depth = 0

    def read(self) -> Iterator[tuple[str, str]]:
        position = 0
        text = self.source.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise Unknown(self.source)
            yield match.lastgroup, match[match.lastgroup]
            position = match.end()

    def take(self, *signs: str) -> str:
        """Take the next token if it is one of these signs, else return nothing."""
        if self.place < len(self.tokens):
            kind, written = self.tokens[self.place]
            if kind == "sign" and written in signs:
                self.place += 1
                return written
        return ""

    def whole(self) -> object:
        value = self.choice()
        if self.place < len(self.tokens):
            raise Unknown(self.source)
        return value

    def choice(self) -> object:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unknown(self.source)
        condition = self.either()
        if self.take("?"):
            first = self.choice()
            if not self.take(":"):
                raise Unknown(self.source)
            second = self.choice()
            condition = _UNKNOWN if condition is _UNKNOWN else first if condition else second
        self.depth -= 1
        return condition

    def either(self) -> object:
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = other if not value or (value is _UNKNOWN and other is not _UNKNOWN and other) else value
        return value

    def both(self) -> object:
        value = self.compared()
        while self.take("&&"):
            other = self.compared()
            if value is _UNKNOWN:
                value = _UNKNOWN if other is _UNKNOWN or other else other
            else:
                value = other if value else value
        return value

    def compared(self) -> object:
        value = self.single()
        while sign := self.take("===", "==", "!==", "!="):
            other = self.single()
            known = value is not _UNKNOWN and other is not _UNKNOWN
            value = (value == other) is (sign[0] == "=") if known else _UNKNOWN
        return value

    def single(self) -> object:
        turns = 0
        while self.take("!"):
            turns += 1
        value = self.operand()
        if not turns or value is _UNKNOWN:
            return value
        return not value if turns % 2 else bool(value)

    def operand(self) -> object:
        if self.take("("):
            value = self.choice()
            if not self.take(")"):
                raise Unknown(self.source)
            return value
        if self.place >= len(self.tokens):
            raise Unknown(self.source)
        kind, written = self.tokens[self.place]
        self.place += 1
        if kind == "text":
            return written[1:-1]
        if kind == "number":
            return float(written) if "." in written else int(written)
        if kind == "path":
            return self.look_up(written)
        raise Unknown(self.source)

    def look_up(self, path: str) -> object:
        if path in _WORDS:
            return _WORDS[path]
        value: object = self.variables
        for name in path.split("."):
            if not isinstance(value, Mapping) or name not in value:
                return _UNKNOWN
            value = value[name]
        return value


def present(tokens: Iterable[Token]) -> bool:
    """Tell whether anything in a page depends on a value."""
    return any(
        token.type == "if_open" or any(child.meta.get("expression") for child in token.children or ())
        for token in tokens
    )


def fill(tokens: Sequence[Token], variables: Mapping[str, object]) -> list[Token]:
    """Return the tokens with expressions filled in, and without blocks whose condition fails."""
    out: list[Token] = []
    dropped = 0
    for token in tokens:
        if dropped or (token.type == "if_open" and _fails(str(token.meta.get("0", "")), variables)):
            dropped += token.nesting
            continue
        if any(child.meta.get("expression") for child in token.children or ()):
            filled = copy(token)
            filled.children = _filled(token.children or [], variables)
            out.append(filled)
        else:
            out.append(token)
    return out


def _fails(condition: str, variables: Mapping[str, object]) -> bool:
    try:
        return not evaluate(condition, variables)
    except Unknown:
        return False


def _filled(children: Sequence[Token], variables: Mapping[str, object]) -> list[Token]:
    out: list[Token] = []
    position = 0
    while position < len(children):
        token = children[position]
        end = position
        if token.nesting == 1 and token.meta.get("expression"):
            while children[end].nesting != -1:
                end += 1
            words = "".join(child.content for child in children[position:end])
            try:
                token = Token("text", "", 0, content=_said(evaluate(words, variables)))
            except Unknown:
                end = position
        out.append(token)
        position = end + 1
    return out


def _said(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
