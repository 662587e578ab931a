"""Pages judged: one by itself, and one against the page it was translated from, block by block."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n.locales import SOURCE, Locale
from service.lint import (
    documents_content,
    documents_form,
    documents_sentences,
    documents_style,
    documents_words,
)
from service.lint.pairs import Mark, warning
from service.lint.terms import NO_TERMS, Terms
from service.lint.tokenizer import Masked
from service.markdown.align import NOTHING, Known, Row, align
from service.markdown.blocks import Block, Places, cut
from service.markdown.dialect import Document

UNTRANSLATED = N_("This block is word for word that of the source page: it is not translated.")
OFTEN = 3
"""A term is missed where the source says it in so many blocks."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page in one language, cut into blocks; without a locale only rules for every language hold."""

    text: str
    document: Document
    locale: Locale | None
    blocks: tuple[Block, ...]
    places: Places


def page(text: str, document: Document, locale: Locale | None) -> Page:
    """Make a parsed source ready to be judged."""
    return Page(text, document, locale, cut(document), Places(text))


def judge(one: Page, terms: Terms = NO_TERMS) -> Iterator[Finding]:
    """Yield what is wrong with a page whatever other languages say, in the order of the rules."""
    code = one.locale.code if one.locale else ""
    marks = [
        *documents_sentences.check(one.blocks, code),
        *documents_words.check(one.blocks, one.locale, terms),
    ]
    yield from _placed(one, documents_style.settle(marks, one.blocks))
    yield from documents_words.escaped_code(one.blocks, one.text)


def compare(
    source: Page,
    target: Page,
    terms: Terms = NO_TERMS,
    *,
    waiting: Collection[int] = (),
    known: Known = NOTHING,
) -> Iterator[Finding]:
    """Yield where a translation differs from its source in what no language changes; places are the former's.

    `waiting` are positions of source blocks that are known not to be translated yet; `known` says which block
    renders which, by digests.
    """
    rows = align(source.blocks, target.blocks, known)
    yield from documents_form.check_matter(source.document, target.document, target.locale)
    yield from _placed(target, documents_form.check(rows, source.text, target.text, waiting))
    yield from _placed(target, documents_content.check(rows, source.blocks, target.blocks))
    if source.locale != target.locale:
        yield from _placed(target, _untranslated(rows))
    if source.locale and source.locale.code == SOURCE and target.locale:
        yield from _placed(target, _terms(rows, target, target.locale, terms))


def _untranslated(rows: Sequence[Row]) -> Iterator[tuple[Block, Mark]]:
    """ST003: a sentence that is the source's own; one of a few words may be the same in both languages."""
    for row in rows:
        if row.source and row.target and row.source.said == row.target.said:
            words = documents_words.words(row.target)
            if words >= documents_words.SENTENCE_WORDS:
                yield row.target, warning("ST003", UNTRANSLATED)


def _terms(rows: Sequence[Row], target: Page, locale: Locale, terms: Terms) -> Iterator[tuple[Block, Mark]]:
    """CO003: a form that is not the glossary's, and a term that the source says often and the page never.

    One sentence may do without a term, so only the page as a whole is asked for it.
    """
    paired = [(row.source, row.target) for row in rows if row.source and row.target and row.source.words]
    unsaid: Counter[object] = Counter()
    for source, block in paired:
        for mark in terms.check(documents_words.pair(block, locale, source)):
            if mark.rule == "CO003" and "found" in mark.values:
                yield block, mark
            elif mark.rule == "CO003":
                unsaid[mark.values["source"]] += 1
    if not unsaid or unsaid.most_common(1)[0][1] < OFTEN:
        return
    source_words, target_words = (_joined(blocks) for blocks in zip(*paired, strict=True))
    for mark in terms.check(documents_words.pair_of(target_words, locale, source_words)):
        if mark.rule == "CO003" and unsaid[mark.values.get("source")] >= OFTEN:
            yield target.blocks[0], replace(mark, severity=Severity.WARNING)


def _joined(blocks: Iterable[Block]) -> Masked:
    parts = [documents_words.masked(block) for block in blocks]
    return Masked("\n\n".join(part.text for part in parts), "\n\n".join(part.plain for part in parts), ())


def _placed(one: Page, marks: Iterable[tuple[Block, Mark]]) -> Iterator[Finding]:
    for block, mark in marks:
        line, column = one.places.find(block, mark.at)
        yield Finding(mark.rule, mark.severity, mark.phrase, mark.values, line, column, times=mark.times)
