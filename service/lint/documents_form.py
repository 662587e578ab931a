"""Rules on the form of a translated page: the same blocks, in the same order, nested alike."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.i18n.locales import Locale
from service.lint.pairs import Mark, error
from service.markdown.align import Row
from service.markdown.blocks import Block
from service.markdown.dialect import Document

MISSING = N_("The source page has one block more here, on its line %(line)s: %(words)s")
EXTRA = N_("The source page has no such block: %(words)s")
OTHER = N_("The source page has a block of another kind here, on its line %(line)s: %(words)s")
NESTED = N_("The source page has this block at another depth, on its line %(line)s: %(words)s")
LEVEL = N_("In the source page this heading is of level %(wanted)s.")
STYLE = N_("In the source page this block is of the kind “%(wanted)s”.")
COLUMNS = N_("In the source page this table has %(wanted)s columns.")
EMPTY = N_("In the source page this block has words: %(words)s")
ANCHOR = N_("The id of this heading must be that of the source page: %(wanted)s")
NO_KEY = N_("The front matter lacks a key of the source page: %(key)s")
NO_SUCH_KEY = N_("The front matter has a key that the source page does not have: %(key)s")
OTHER_VALUE = N_("The front matter must have the value of the source page: %(key)s: %(wanted)s")
LANGUAGE = N_("This text is marked as being in another language than in the source page: %(found)s")
PAGE_LANGUAGE = N_("The front matter names another language than the page is in: %(found)s")

_RULES = {
    "heading": "DO003",
    "fence": "DO005",
    "code": "DO005",
    "table": "DO007",
    "tr": "DO007",
    "th": "DO007",
    "td": "DO007",
    "bullet_list": "DO008",
    "ordered_list": "DO008",
    "list_item": "DO008",
    "hint": "DO011",
    "tabs": "DO011",
    "tab": "DO011",
    "stepper": "DO011",
    "step": "DO011",
    "columns": "DO011",
    "column": "DO011",
    "details": "DO011",
    "summary": "DO011",
}
_SHOWN = 40


def rule_of(kind: str) -> str:
    """Return the rule on blocks of a kind; DO014 is for all that have none of their own."""
    return _RULES.get(kind, "DO014")


def shown(block: Block) -> str:
    """Return a block as a finding names it: its first words, or its kind."""
    said = block.said or " ".join(block.code.split())
    if not said:
        return f"<{block.kind}>"
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…"


def check(
    rows: Sequence[Row], source: str, target: str, waiting: Collection[int] = ()
) -> Iterator[tuple[Block, Mark]]:
    """DO003, DO004, DO005, DO007, DO008, DO011, DO013, DO014.

    `waiting` are positions of source blocks that are known to have no translation yet.
    """
    last = next((row.target for row in rows if row.target), None)
    ours, theirs = source.split("\n"), target.split("\n")
    missing = extra = -1
    for place, row in enumerate(rows):
        if row.source and row.target:
            missing = extra = -1
            last = row.target
            for mark in _pair(row.source, row.target, ours, theirs):
                yield row.target, mark
        elif row.source and (missing < 0 or row.source.depth <= missing):
            # What is inside a missing block is missing with it.
            missing = row.source.depth
            if last and not any(block.position in waiting for block in _missing(rows, place)):
                phrase, line, words = MISSING, row.source.line, shown(row.source)
                yield last, error(rule_of(row.source.kind), phrase, 0, line=line, words=words)
        elif row.target and (extra < 0 or row.target.depth <= extra):
            extra = row.target.depth
            yield row.target, error(rule_of(row.target.kind), EXTRA, words=shown(row.target))


def _missing(rows: Sequence[Row], place: int) -> Iterator[Block]:
    """Yield a block that has no counterpart, and what is inside it."""
    outer = rows[place].source
    for at in range(place, len(rows)):
        row = rows[at]
        if outer is None or row.source is None or row.target is not None:
            return
        if row.source is not outer and row.source.depth <= outer.depth:
            return
        yield row.source


def _pair(source: Block, target: Block, ours: Sequence[str], theirs: Sequence[str]) -> Iterator[Mark]:
    if source.kind != target.kind:
        yield error(rule_of(source.kind), OTHER, line=source.line, words=shown(source))
        return
    if source.depth != target.depth:
        rule = "DO008" if source.kind == "paragraph" else rule_of(source.kind)
        yield error(rule, NESTED, line=source.line, words=shown(source))
    if source.mark != target.mark:
        yield _other_mark(source, target)
    if source.words.strip() and not target.words.strip():
        yield error("DO014", EMPTY, words=shown(source))
    if source.kind == "heading":
        yield from _anchor(source, target, ours, theirs)
    if target.lang != source.lang:
        yield error("DO013", LANGUAGE, found=target.lang or "–")


def _other_mark(source: Block, target: Block) -> Mark:
    if source.kind == "heading":
        return error("DO003", LEVEL, wanted=source.mark[1:])
    if source.kind == "table":
        return error("DO007", COLUMNS, wanted=source.mark)
    return error(rule_of(source.kind), STYLE, wanted=source.mark or source.kind)


_WRITTEN_ID = re.compile(r"\{#[^}\s]+\}\s*$|<a\b[^>]*\bid=")


def _anchor(source: Block, target: Block, ours: Sequence[str], theirs: Sequence[str]) -> Iterator[Mark]:
    """DO004: links lead to one place in every language, so ids come from the source."""
    if source.id == target.id:
        return
    written = _writes_id(source, ours) or _writes_id(target, theirs)
    severity = Severity.ERROR if written else Severity.ADVICE
    yield Mark("DO004", severity, ANCHOR, {"wanted": source.id})


def _writes_id(block: Block, lines: Sequence[str]) -> bool:
    return block.line <= len(lines) and _WRITTEN_ID.search(lines[block.line - 1]) is not None


def check_matter(source: Document, target: Document, locale: Locale | None) -> Iterator[Finding]:
    """DO010, DO013: the same keys, and the same value where it is not words."""
    ours, theirs = source.front_matter, target.front_matter
    for key in sorted(set(ours) - set(theirs)):
        yield _on_first_line("DO010", NO_KEY, {"key": key})
    for key in sorted(set(theirs) - set(ours)):
        if key not in ("lang", "language"):
            yield _on_first_line("DO010", NO_SUCH_KEY, {"key": key})
    for key in sorted(set(ours) & set(theirs)):
        if not isinstance(ours[key], str) and ours[key] != theirs[key]:
            yield _on_first_line("DO010", OTHER_VALUE, {"key": key, "wanted": ours[key]})
    yield from _language(theirs, locale)


def _language(matter: Mapping[str, object], locale: Locale | None) -> Iterator[Finding]:
    for key in ("lang", "language"):
        named = matter.get(key)
        if locale and isinstance(named, str):
            known = {locale.code, locale.tag, locale.cldr.replace("_", "-")}
            if named.replace("_", "-").lower() not in {one.lower() for one in known}:
                yield _on_first_line("DO013", PAGE_LANGUAGE, {"found": named})


def _on_first_line(rule: str, phrase: Phrase, values: Mapping[str, object]) -> Finding:
    return Finding(rule, Severity.ERROR, phrase, values, 1, 1)
