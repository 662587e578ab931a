"""Rules on tags, entities and invisible characters (MK001, MK002, SEC001 to SEC003)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from service.facts.words import N_
from service.lint.pairs import Mark, Pair, error, warning
from service.lint.placeholders import _sources
from service.lint.tokenizer import Kind, Token

_DANGEROUS = frozenset(
    {"applet", "base", "button", "embed", "form", "frame", "frameset", "iframe", "input", "link", "math"}
    | {"meta", "object", "option", "script", "select", "style", "svg", "template", "textarea"}
)
_ATTRIBUTE = re.compile(r"\s(?:on\w+|style|srcdoc|formaction)\s*=|javascript:|data:", re.IGNORECASE)
_VOID = frozenset({"br", "hr", "img", "wbr"})
_INVISIBLE = re.compile(r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\U000e0000-\U000e007f]")
_OPEN = re.compile(r"</?[A-Za-z]")


def check(pair: Pair) -> Iterator[Mark]:
    """The translation's tags are its source's, no more, no fewer, well nested."""
    sources = _sources(pair.entry)
    known = {token.text for source in sources for token in source.of(Kind.TAG)}
    found = pair.target.of(Kind.TAG)
    for tag in found:
        if tag.text not in known:
            yield _added(tag, with_markup=bool(known))
    if all(tag.text in known for tag in found):
        yield from _missing(pair, found)
        if not _nest(found) and _nest(pair.source.of(Kind.TAG)):
            yield error(
                "MK002", N_("The tags do not close in the order they open."), found[0].start if found else 0
            )
    entities = {token.text for source in sources for token in source.of(Kind.ENTITY)}
    for entity in pair.target.of(Kind.ENTITY):
        if entity.text not in entities:
            yield error("MK002", N_("“%(entity)s” would be shown as it is. Write the character itself."),
                        entity.start, entity=entity.text)  # fmt: skip
    if known:
        for opened in _OPEN.finditer(pair.target.plain):
            yield error("MK002", N_("This tag is not closed by “>”."), opened.start())
    yield from _invisible(pair)


def _added(tag: Token, *, with_markup: bool) -> Mark:
    if tag.name.lower() in _DANGEROUS or _ATTRIBUTE.search(tag.text):
        return error(
            "SEC001", N_("“%(tag)s” is not in the source text and could run code."), tag.start, tag=tag.text
        )
    rule = "MK001" if with_markup else "SEC002"
    return error(rule, N_("“%(tag)s” is not in the source text."), tag.start, tag=tag.text)


def _missing(pair: Pair, found: tuple[Token, ...]) -> Iterator[Mark]:
    wanted = Counter(token.text for token in pair.source.of(Kind.TAG))
    for tag in sorted((wanted - Counter(token.text for token in found)).keys()):
        yield error("MK001", N_("“%(tag)s” of the source text is missing."), 0, tag=tag)


def _nest(tags: tuple[Token, ...]) -> bool:
    opened: list[str] = []
    for tag in tags:
        if tag.text.startswith("</"):
            if not opened or opened.pop() != tag.name:
                return False
        elif tag.name and tag.name not in _VOID and not tag.text.endswith("/>"):
            opened.append(tag.name)
    return not opened


def _invisible(pair: Pair) -> Iterator[Mark]:
    for found in _INVISIBLE.finditer(pair.target.text):
        if found[0] not in pair.source.text:
            name = unicodedata.name(found[0], "?").lower()
            yield warning("SEC003", N_("An invisible character is here: %(name)s (%(code)s)."), found.start(),
                          name=name, code=f"U+{ord(found[0]):04X}")  # fmt: skip
