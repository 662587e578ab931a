"""Rules on tags, entities and invisible characters (MK001, MK002, SEC001 to SEC003)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from html.entities import html5

from service.facts.findings import Fix
from service.facts.words import N_
from service.lint.links import address
from service.lint.pairs import Mark, Pair, error, warning
from service.lint.styles import HAN, shape
from service.lint.tokenizer import Kind, Token

_DANGEROUS = frozenset(
    {"applet", "base", "button", "embed", "form", "frame", "frameset", "iframe", "input", "link", "math"}
    | {"meta", "object", "option", "script", "select", "style", "svg", "template", "textarea"}
)
_ATTRIBUTE = re.compile(r"[\s\"'/](?:on\w+|style|srcdoc|formaction)\s*=", re.IGNORECASE)
_SCHEME = re.compile(r"(?:javascript|vbscript)\s*:|data:text/html", re.IGNORECASE)
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_OPEN = re.compile(r"<(?=/?[A-Za-z]|!)")
_AMPERSAND = re.compile(r"&(?!#?\w+;)")
_PARTS = re.compile(r"""([^\s=/>"']+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]*))?""")
_TRANSLATED = frozenset({"title", "alt", "aria-label", "placeholder", "lang", "hreflang", "dir", "summary"})
_WELCOME = {
    "fr": frozenset({"sup"}), "es": frozenset({"sup"}), "it": frozenset({"sup"}), "pt": frozenset({"sup"}),
    "ja": frozenset({"ruby", "rb", "rt", "rp", "wbr"}),
    "zh": frozenset({"wbr"}), "zh_Hant": frozenset({"wbr"}),
}  # fmt: skip
"""Tags that a language may add to its source: ordinals, readings, places where a line may break."""
_INVISIBLE = re.compile(r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\U000e0000-\U000e007f]")
# Pictures, skin tones and variation selectors: what a joiner stands between.
_EMOJI = frozenset({"So", "Sk", "Mn"})
_JOINERS = frozenset(
    {"fa", "ar", "ur", "ku", "ckb", "ps", "sd", "ug", "hi", "bn", "ml", "kn", "ta", "te", "mr", "ne", "si"}
    | {"gu", "pa", "or", "as"}
)
_NO_SPACES = frozenset({"km", "my", "th", "lo", "bo", "dz"})
_RTL_MARKS = frozenset({"ar", "fa", "he", "ur", "ps", "ckb", "ug", "yi", "sd", "dv"})
_CJK = re.compile(f"[ぁ-ヿ{HAN}]")
ADDED = N_("“%(tag)s” is not in the source text.")
UNSAFE = N_("“%(tag)s” is not in the source text and could run code.")
MISSING = N_("“%(tag)s” of the source text is missing.")
UNNESTED = N_("The tags do not close in the order they open.")
UNCLOSED = N_("This tag is not closed by “>”.")
SHOWN = N_("“%(entity)s” would be shown as it is. Write the character itself.")
NO_ENTITY = N_("“%(entity)s” is not an entity.")
RAW = N_("An ampersand is written “&amp;” in this message.")
INVISIBLE = N_("An invisible character is here: %(name)s (%(code)s).")


def check(pair: Pair) -> Iterator[Mark]:
    """The translation's tags are its source's, no more, no fewer, well nested."""
    target = pair.target.text
    marked = "<" in pair.source.text or bool(pair.entry.plural and "<" in pair.entry.plural)
    if marked or "<" in target:
        yield from _tags(pair)
    if "&" in target:
        yield from _entities(pair)
    if ":" in target:
        yield from _schemes(pair)
    if not target.isascii():
        yield from _invisible(pair)


@lru_cache(maxsize=4096)
def _same(text: str, code: str) -> str:
    """A tag as it must stay: name and attributes in order of their names, without words for people."""
    if text.startswith(("</", "<!")):
        return text.lower().replace(" ", "")
    (name, _), *attributes = _PARTS.findall(text[1:-1]) or [("", "")]
    kept = sorted(
        (key.lower(), _value(key, value.strip("\"'"), code))
        for key, value in attributes
        if key.lower() not in _TRANSLATED
    )
    return " ".join([name.lower(), *(f"{key}={value}" for key, value in kept)])


def _value(key: str, value: str, code: str) -> str:
    return address(value, code) if key.lower() in ("href", "src") and not value.startswith("#") else value


def _tags(pair: Pair) -> Iterator[Mark]:
    code = pair.locale.code
    found = pair.target.of(Kind.TAG)
    wanted = pair.source.of(Kind.TAG)
    spare = Counter(_same(tag.text, code) for tag in wanted)
    known = set(spare).union(_same(tag.text, code) for source in pair.sources for tag in source.of(Kind.TAG))
    welcome = _WELCOME.get(code, frozenset()) if known or not pair.ours else frozenset()
    added = 0
    for tag in found:
        same = _same(tag.text, code)
        if same in known and (same not in spare or spare[same] > 0):
            spare[same] -= 1
        elif tag.name.lower() not in welcome or _unsafe(tag):
            added += 1
            yield _added(tag, with_markup=bool(known))
    missing = {same for same, count in spare.items() if count > 0}
    gone = [tag for tag in dict.fromkeys(tag.text for tag in wanted) if _same(tag, code) in missing]
    for tag_text in gone[added:]:
        yield error("MK001", MISSING, 0, tag=tag_text)
    if not added and not _nest(found) and _nest(wanted):
        yield error("MK002", UNNESTED, found[0].start if found else 0)
    if _OPEN.search(pair.source.plain) is None:
        for opened in _OPEN.finditer(pair.target.plain):
            rule, phrase = ("MK002", UNCLOSED) if known else ("SEC002", ADDED)
            yield error(rule, phrase, opened.start(), tag=pair.target.plain[opened.start() :][:20])


def _unsafe(tag: Token) -> bool:
    text = unescape(tag.text)
    return (
        tag.name.lower() in _DANGEROUS
        or _ATTRIBUTE.search(text) is not None
        or _SCHEME.search(re.sub(r"[\x00-\x20]", "", text)) is not None
    )


def _added(tag: Token, *, with_markup: bool) -> Mark:
    if _unsafe(tag):
        return error("SEC001", UNSAFE, tag.start, tag=tag.text)
    return error("MK001" if with_markup else "SEC002", ADDED, tag.start, tag=tag.text)


def _nest(tags: tuple[Token, ...]) -> bool:
    opened: list[str] = []
    for tag in tags:
        if tag.text.startswith("</"):
            if not opened or opened.pop() != tag.name:
                return False
        elif tag.name and tag.name not in _VOID and not tag.text.endswith("/>"):
            opened.append(tag.name)
    return not opened


def _entities(pair: Pair) -> Iterator[Mark]:
    """Ours show what their source does not have; other programs render any entity in a text with markup."""
    sources = pair.sources
    known = {token.text for source in sources for token in source.of(Kind.ENTITY)}
    for entity in pair.target.of(Kind.ENTITY):
        if entity.text in known:
            continue
        if pair.ours:
            meant = unescape(entity.text)
            fix = Fix(entity.start, entity.end, meant) if meant not in "<>&\"'" else None
            yield error("MK002", SHOWN, entity.start, fix=fix, entity=entity.text)
        elif not entity.text.startswith("&#") and entity.text[1:] not in html5:
            yield error("MK002", NO_ENTITY, entity.start, entity=entity.text)
    if "&amp;" in known and not any(_AMPERSAND.search(source.plain) for source in sources):
        for raw in _AMPERSAND.finditer(pair.target.plain):
            yield error("MK002", RAW, raw.start(), fix=Fix(raw.start(), raw.end(), "&amp;"))


def _schemes(pair: Pair) -> Iterator[Mark]:
    """An address that is code, also outside of tags: in a link of Markdown."""
    found = _SCHEME.search(pair.target.text)
    if found is not None and not any(_SCHEME.search(source.text) for source in pair.sources):
        inside = pair.target.at(found.start())
        if inside is None or inside.kind is not Kind.TAG:
            yield error("SEC001", UNSAFE, found.start(), tag=found[0])


def _invisible(pair: Pair) -> Iterator[Mark]:
    text = pair.target.text
    for found in _INVISIBLE.finditer(text):
        if found[0] not in pair.source.text and not _belongs(text, found.start(), pair.locale.code):
            name = unicodedata.name(found[0], "?").lower()
            fix = Fix(found.start(), found.end(), "")
            yield warning("SEC003", INVISIBLE, found.start(), fix=fix,
                          name=name, code=f"U+{ord(found[0]):04X}")  # fmt: skip


def _belongs(text: str, at: int, code: str) -> bool:
    """Whether a language, or an emoji, is written with this invisible character here."""
    sign = text[at]
    if sign in "\u200c\u200d" and code in _JOINERS:
        return True
    if sign in "\u200e\u200f\u061c" and code in _RTL_MARKS:
        return True
    around = text[max(at - 1, 0) : at], text[at + 1 : at + 2]
    if sign == "\u200b":
        return code in _NO_SPACES or (code == "ja" and all(_CJK.match(shape(side)) for side in around))
    return sign == "\u200d" and all(side and unicodedata.category(side) in _EMOJI for side in around)
