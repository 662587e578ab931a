"""Rules on placeholders (PH001 to PH008): a translation has those of its source, where they belong."""

import re
from collections import Counter
from collections.abc import Iterator
from string import Formatter

from service.facts.findings import Fix
from service.facts.words import N_
from service.i18n import po
from service.lint.directives import Directive, Form, directives
from service.lint.pairs import Mark, Pair, error, warning
from service.lint.plural_forms import NUM, count_names, may_omit_count
from service.lint.tokenizer import Kind, Masked, Token

__all__ = ["NUM", "check"]

_TEMPLATES = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".jnj", ".xhtml")
_INTEGERS = frozenset("diu")
_WIDE_BRACES = re.compile(r"[｛{]\s*([A-Za-z_][\w.]*)\s*[｝}]")
_APP = re.compile(r"[(（]\s*[(（]\s*([A-Za-z_][\w.-]*)\s*((?:[?？]{2}[^()（）\n]*)?)[)）]\s*[)）]")
_LONE = re.compile(r"[{}]")
PERCENT = N_("A percent sign is written “%%%%” in this message.")
NOT_IN_SOURCE = N_("The placeholder “%(name)s” is not in the source text.")
MISSING = N_("The placeholder “%(name)s” of the source text is missing.")
WRITTEN = N_("The placeholder is written “%(name)s”.")
TOKEN = N_("The token “%(name)s” is not in the source text.")
TOKEN_MISSING = N_("The token “%(name)s” of the source text is missing.")
TOKEN_WRITTEN = N_("The token is written “%(name)s”.")
LONE = N_("This brace neither opens nor closes a placeholder.")
UNNAMED = N_("Unnamed placeholders must be the same, in the same order: %(wanted)s")
INTO_TAG = N_("“%(name)s” stands in a tag or an address here, but in the text of the source.")
OUT_OF_TAG = N_("“%(name)s” stands in the text here, but in a tag or an address of the source.")


def check(pair: Pair) -> Iterator[Mark]:
    """PH001 to PH008 on one form."""
    source, target = pair.source.text, pair.target.text
    if "%" in source or "%" in target or (pair.entry.plural and "%" in pair.entry.plural):
        yield from _percent(pair)
    if "{" in source or "{" in target or "｛" in target or (pair.entry.plural and "{" in pair.entry.plural):
        yield from _braces(pair)
    if "((" in source:
        yield from _app_tokens(pair)
    if pair.source.tokens or pair.target.tokens:
        yield from _moved(pair)


def _percent(pair: Pair) -> Iterator[Mark]:
    formatted = is_formatted(pair.entry)
    wanted = directives(pair.source.text, formatted=formatted)
    found = directives(pair.target.text, formatted=formatted)
    if pair.entry.plural is None and _alike(wanted, found):
        return
    sources = [directives(one.text, formatted=formatted) for one in pair.sources]
    known = {one.name: one for some in sources for one in some if one.form is Form.NAMED}
    yield from _named(pair, known, wanted, found)
    if formatted or not known:
        yield from _unnamed(pair, wanted, found)
    if formatted or known or _in_template(pair.entry):
        for bare in found:
            if bare.form is Form.BARE:
                fix = Fix(bare.start, bare.end, "%%")
                yield error("PH007", PERCENT, bare.start, fix=fix)


def _alike(wanted: tuple[Directive, ...], found: tuple[Directive, ...]) -> bool:
    """Whether both texts have the same placeholders in the same order, and no lone percent sign."""
    texts = [one.text for one in found]
    return texts == [one.text for one in wanted] and all(one.form is not Form.BARE for one in found)


def is_formatted(entry: po.Entry) -> bool:
    """Whether a program that knows says that the text goes through `%`."""
    return any(
        flag.endswith("-format") and not flag.startswith("no-") and "brace" not in flag
        for flag in entry.flags
    )


def _in_template(entry: po.Entry) -> bool:
    """New-style gettext of Jinja formats every text; Python's own formats none without values."""
    if any(flag.startswith("no-") for flag in entry.flags):
        return False
    return any(place.partition(":")[0].endswith(_TEMPLATES) for place in entry.references)


def _named(
    pair: Pair, known: dict[str, Directive], wanted: tuple[Directive, ...], found: tuple[Directive, ...]
) -> Iterator[Mark]:
    present = set()
    for one in found:
        if one.form is not Form.NAMED:
            continue
        present.add(one.name)
        source = known.get(one.name)
        if source is None:
            yield error("PH001", NOT_IN_SOURCE, one.start, name=one.text)
        elif source.conversion != one.conversion and not {source.conversion, one.conversion} <= _INTEGERS:
            harmless = source.conversion in _INTEGERS and one.conversion == "s"
            fix = Fix(one.start, one.end, source.text)
            yield (warning if harmless else error)("PH003", WRITTEN, one.start, fix=fix, name=source.text)
    needed = {one.name for one in wanted if one.form is Form.NAMED}
    if pair.entry.plural is not None:
        needed -= count_names(pair.entry)  # PL004 and PL005 judge it
    for name in sorted(needed - present):
        yield error("PH002", MISSING, 0, name=known[name].text)


def _unnamed(pair: Pair, wanted: tuple[Directive, ...], found: tuple[Directive, ...]) -> Iterator[Mark]:
    ours = [one for one in found if one.form is Form.UNNAMED]
    theirs = [one.text for one in wanted if one.form is Form.UNNAMED]
    if [one.text for one in ours] == theirs:
        return
    numbered = bool(ours) and all("$" in one.text for one in ours)
    if numbered and sorted(_kind(one.text) for one in ours) == sorted(map(_kind, theirs)):
        return
    if pair.entry.plural is not None and len(theirs) <= 1 and not ours:
        return  # PL004 and PL005 judge a count that is left out
    if pair.entry.plural is not None and not theirs and len(ours) == 1 and ours[0].text in pair.entry.plural:
        return  # "One file" may say its number
    at = next((one.start for one, text in zip(ours, theirs, strict=False) if one.text != text), None)
    if at is None:
        at = ours[len(theirs)].start if len(ours) > len(theirs) else 0
    yield error("PH004", UNNAMED, at, wanted=" ".join(theirs) or "–")


def _kind(text: str) -> str:
    """An unnamed placeholder without its number: those that have one may come in any order."""
    return re.sub(r"\d+\$", "", text)


def _braces(pair: Pair) -> Iterator[Mark]:
    texts = {_brace(t): t.text for one in pair.sources for t in one.of(Kind.BRACE) if not _is_app(t)}
    wanted = Counter(_brace(token) for token in pair.source.of(Kind.BRACE) if not _is_app(token))
    found = [token for token in pair.target.of(Kind.BRACE) if not _is_app(token)]
    said = {_brace(token) for token in found}
    mended: set[str] = set()
    for wide in _WIDE_BRACES.finditer(pair.target.text):
        name = f"{{{wide[1]}}}"
        if wide[0] != name and name in texts and name not in said:
            mended.add(name)
            fix = Fix(wide.start(), wide.end(), texts[name])
            yield error("PH005", TOKEN_WRITTEN, wide.start(), fix=fix, name=texts[name])
    covered = [wide.span() for wide in _WIDE_BRACES.finditer(pair.target.text)] if mended else []
    for token in found:
        if _brace(token) not in texts and not any(start <= token.start < end for start, end in covered):
            yield error("PH005", TOKEN, token.start, name=token.text)
    missing = wanted.keys() - said - mended
    if pair.entry.plural is not None and (
        pair.locale.plural_count == 1 or may_omit_count(pair.entry, pair.locale, pair.form)
    ):
        missing -= {f"{{{name}}}" for name in count_names(pair.entry)}
    for name in sorted(missing):
        yield error("PH005", TOKEN_MISSING, 0, name=texts.get(name, name))
    yield from _lone_braces(pair, formatted=bool(texts))


def _lone_braces(pair: Pair, *, formatted: bool) -> Iterator[Mark]:
    """A brace without its other half stops a text that goes through Python's `format`."""
    if not formatted and "python-brace-format" not in pair.entry.flags:
        return
    if all(_parses(one.text) for one in pair.sources) and not _parses(pair.target.text):
        for lone in _LONE.finditer(pair.target.plain):
            yield error("PH005", LONE, lone.start())
            return


def _parses(text: str) -> bool:
    try:
        return all(True for _ in Formatter().parse(text))
    except ValueError:
        return False


def _is_app(token: Token) -> bool:
    return token.text.startswith("((")


def _brace(token: Token) -> str:
    """A token as it must stay: its fallback text may be translated."""
    return f"{{{token.name}}}" if token.name or token.text == "{}" else token.text


def _app_tokens(pair: Pair) -> Iterator[Mark]:
    """PH006: `((name))` and `((name??text))`, of which the text alone is translated."""
    wanted = Counter(found[1] for found in _APP.finditer(pair.source.text) if _tight(found))
    known = {found[1]: found[0] for one in pair.sources for found in _APP.finditer(one.text) if _tight(found)}
    if not known:
        return
    left = Counter(wanted)
    for found in _APP.finditer(pair.target.text):
        name = found[1]
        if name not in known or (name in wanted and left[name] <= 0):
            yield error("PH006", TOKEN, found.start(), name=found[0])
        elif not _tight(found):
            words = found[2].replace("？", "?", 2)
            fix = Fix(found.start(), found.end(), f"(({name}{words}))")
            yield error("PH006", TOKEN_WRITTEN, found.start(), fix=fix, name=fix.text)
        left[name] -= 1
    for name in sorted(name for name, count in left.items() if count > 0):
        yield error("PH006", TOKEN_MISSING, 0, name=known[name])


def _tight(found: re.Match[str]) -> bool:
    return found[0] == f"(({found[1]}{found[2]}))"


def _moved(pair: Pair) -> Iterator[Mark]:
    """PH008: a placeholder that stands in a tag or an address on one side only."""
    inside, now_inside = _inside(pair.source), _inside(pair.target)
    if not inside and not now_inside:
        return
    outside, now_outside = _outside(pair.source), _outside(pair.target)
    for name, at in now_inside.items():
        if name in outside and name not in inside and name not in now_outside:
            yield error("PH008", INTO_TAG, at, name=name)
    for name, at in now_outside.items():
        if name in inside and name not in outside and name not in now_inside:
            yield error("PH008", OUT_OF_TAG, at, name=name)


_FIELD = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
_AROUND = (Kind.TAG, Kind.URL, Kind.LINK)


def _inside(masked: Masked) -> dict[str, int]:
    """The placeholders inside tags and addresses, each with a place."""
    found: dict[str, int] = {}
    for token in masked.tokens:
        if token.kind in _AROUND:
            for field in _FIELD.finditer(token.text):
                found.setdefault(field[0], token.start + field.start())
    return found


def _outside(masked: Masked) -> dict[str, int]:
    """The placeholders in the text, each with a place."""
    found: dict[str, int] = {}
    for token in masked.of(Kind.NAMED, Kind.POSITIONAL, Kind.BRACE):
        found.setdefault(token.text, token.start)
    return found
