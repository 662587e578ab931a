"""What in a text is not prose: placeholders, tags, addresses, code; masked, so that no rule judges it."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

MASK = "\ufffc"
"""Stands for every character of a masked part: neither a letter, a digit nor a space."""


class Kind(StrEnum):
    CODE = "code"
    TAG = "tag"
    ENTITY = "entity"
    LINK = "link"
    URL = "url"
    EMAIL = "email"
    NAMED = "named"
    POSITIONAL = "positional"
    BRACE = "brace"
    FILE = "file"


class Token(NamedTuple):
    """A part that is not prose, with its place in the text. `name` is a placeholder's or a tag's name."""

    kind: Kind
    text: str
    start: int
    end: int
    name: str = ""


class Masked(NamedTuple):
    """A text, its tokens in order, and the same text with every token masked, character for character."""

    text: str
    plain: str
    tokens: tuple[Token, ...]

    def of(self, *kinds: Kind) -> tuple[Token, ...]:
        return tuple([token for token in self.tokens if token.kind in kinds])

    def at(self, offset: int) -> Token | None:
        """The token that covers an offset."""
        return next((token for token in self.tokens if token.start <= offset < token.end), None)


_HOST = r"[A-Za-z0-9._~:/?#\[\]@!$&()*+,;=%{}|-]"
_PARTS = (
    (Kind.CODE, r"`+[^`\n]+`+"),
    (Kind.BRACE, r"\{\{[^{}]*\}\}|\{%[^{}]*%\}|\(\([^()\n]+\)\)"),
    (Kind.TAG, r"</?(?P<tag>[A-Za-z][A-Za-z0-9-]*)(?:[\s/][^<>]*)?>|<!--.*?-->"),
    (Kind.ENTITY, r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"),
    (Kind.LINK, r"(?<=\])\([^()\s]*\)"),
    (Kind.URL, rf"(?:https?://|mailto:|www\.){_HOST}*[A-Za-z0-9/=#&_}}-]"),
    (Kind.EMAIL, r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    (
        Kind.NAMED,
        r"%\((?P<named>[^()\n]*)\)(?:[#0+-]*[0-9]*(?:\.[0-9]+)?[diouxXeEfFgGcrsa]| [dfis](?![A-Za-z]))?",
    ),
    (Kind.POSITIONAL, r"%%|%(?:[0-9]+\$)?[0-9.]*(?:l{0,2}[diu]|[sfrx@])(?![A-Za-z])"),
    (Kind.BRACE, r"\{(?P<brace>[^{}|\s][^{}|\n]*)?(?:\|[^{}\n]*)?\}"),
    (
        Kind.FILE,
        r"(?<![\w.])[\w*-]*\.(?:csv|tsv|txt|po|pot|mo|md|html?|toml|json|pdf|jpe?g|png|gif"
        r"|svg|eml|py|js|css|xml|ya?ml|ini|cfg|conf|sql|zip|gz|tar|xlsx?|docx?|sh|log|exe)\b",
    ),
)
_SIGNS = re.compile(r"`|\{|<|&|%|@|\(\(|\]\(|://|mailto:|www\.|\.[A-Za-z]")
"""What every token has; most texts have none of these. A search for characters is quicker than for sets."""
_TOKEN = re.compile(
    "|".join(f"(?P<k{index}>{pattern})" for index, (_, pattern) in enumerate(_PARTS)), re.ASCII
)
_KINDS = {f"k{index}": kind for index, (kind, _) in enumerate(_PARTS)}
_NAMES = {Kind.TAG: "tag", Kind.NAMED: "named", Kind.BRACE: "brace"}


@lru_cache(maxsize=16384)
def mask(text: str) -> Masked:
    """Split a text into prose and tokens."""
    if _SIGNS.search(text) is None or not (tokens := tuple(map(_token, _TOKEN.finditer(text)))):
        return Masked(text, text, ())
    pieces: list[str] = []
    last = 0
    for token in tokens:
        pieces += [text[last : token.start], MASK * (token.end - token.start)]
        last = token.end
    return Masked(text, "".join([*pieces, text[last:]]), tokens)


def _token(match: re.Match[str]) -> Token:
    kind = _KINDS[match.lastgroup or ""]
    name = match[_NAMES[kind]] if kind in _NAMES else None
    return Token(kind, match[0], *match.span(), name or "")
