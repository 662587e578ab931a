"""What is wrong with page files before anyone reads them: tags, labels, facts, links, languages."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from service.content import files, languages, links, resolve
from service.content.files import BrokenPage
from service.content.places import Place, place
from service.content.resolve import placed
from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n import glossary, po
from service.lint import documents
from service.lint.documents import Page
from service.lint.terms import NO_TERMS, Terms
from service.markdown import findings, references
from service.markdown.blocks import Part
from service.markdown.dialect import Document

NO_LABEL = N_("No entry of the catalogs has this text: %(name)s")
VALUES_IN_LABEL = N_("This label takes values and cannot be named here: %(name)s")
TYPED_LABEL = N_("This label is typed by hand. Write a reference, so that it follows the screen: %(name)s")

Key = tuple[str | None, str]
Labels = Mapping[str, Mapping[str, str]]

_PLACEHOLDER = re.compile(r"%\(\w+\)s")


def check(
    paths: Iterable[Path],
    known: Collection[Key] | None = None,
    *,
    labels: Labels | None = None,
    source: Path | None = None,
    locale: str | None = None,
) -> tuple[Finding, ...]:
    """Judge Markdown files and every Markdown file below directories; findings bear their path.

    `known` holds context and text of every catalog entry; without it labels are not judged. `labels` gives
    for each locale the strings of the screen with the reference that prints them. A file is compared with the
    one it was translated from: `source` for all, else the one beside it in a folder, or with a name, of the
    source language. `locale` is the language of files that neither folder nor name tells. A glossary in a
    folder `locales` beside the pages is kept to. OSError for a path not there, GlossaryError.
    """
    run = _Run(source, locale, labels or {})
    found: list[Finding] = []
    places: dict[Path, Place] = {}
    for path in _markdown(paths):
        try:
            page = run.read(path)
        except BrokenPage as broken:
            found.append(replace(broken.finding, path=str(path)))
            continue
        places[path] = run.place(path)
        judged = [*findings.of(page.document), *_names(page.document, known)]
        judged += [*links.check(path, page.document), *run.judge(places[path], page)]
        found.extend(replace(finding, path=str(path)) for finding in judged)
    found.extend(languages.missing(places))
    return tuple(sorted(found, key=lambda finding: (finding.path or "", finding.line, finding.column)))


def _markdown(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.md"))
        else:
            yield path


class _Run:
    """One run over files: what was read stays read, since a source is compared with every translation."""

    def __init__(self, source: Path | None, locale: str | None, labels: Labels) -> None:
        self.source = source
        self.locale = locale
        self.labels = labels
        self.pages: dict[Path, Page] = {}

    def place(self, path: Path) -> Place:
        found = place(path)
        return replace(found, code=self.locale) if self.locale and not found.code else found

    def read(self, path: Path) -> Page:
        page = self.pages.get(path)
        if page is None:
            read = files.read(path.read_bytes())
            page = self.pages[path] = documents.page(read.text, read.document, self.place(path).locale)
        return page

    def judge(self, one: Place, page: Page) -> Iterator[Finding]:
        terms = _terms(one.base)
        yield from documents.judge(page, terms)
        yield from self.typed(one, page)
        path = self.source or one.source
        if path is not None and path != one.path:
            try:
                source = self.read(path)
            except BrokenPage:
                return
            yield from languages.translated(one, page, source, terms)

    def typed(self, one: Place, page: Page) -> Iterator[Finding]:
        """Yield emphasised words that are a label of the screen, on a page that has references to labels."""
        strings = self.labels.get(one.code or "", {})
        if strings and any(block.of(Part.LABEL) for block in page.blocks):
            for block in page.blocks:
                for span in block.of(Part.EMPHASIS):
                    if name := strings.get(block.words[span.start : span.end]):
                        line, column = page.places.find(block, span.start)
                        values = {"name": name}
                        yield Finding("typed-label", Severity.ERROR, TYPED_LABEL, values, line, column)


@cache
def _terms(base: Path | None) -> Terms:
    path = base and base.absolute().parent / "locales" / "glossary.toml"
    return Terms(glossary.read(path)) if path and path.is_file() else NO_TERMS


def strings(catalog: Path) -> dict[Key, str]:
    """Return every entry of a catalog with what it says."""
    messages = po.read(catalog.read_bytes()).messages
    return {(entry.context, entry.id): entry.strings[0] if entry.strings else "" for entry in messages}


def labels(strings: Mapping[str, Mapping[Key, str]]) -> Labels:
    """Return for each locale its strings with the references that print them.

    `strings` gives for each locale what every entry of its catalog says.
    """
    found: dict[str, dict[str, str]] = {}
    for code, entries in strings.items():
        own = found.setdefault(code, {})
        for (context, text), said in entries.items():
            if said and not _PLACEHOLDER.search(said) and len(said) <= 60:
                name = f"({context}):{text}" if context else f":{text}"
                own.setdefault(said, f"{{label{name}}}")
    return found


def _names(document: Document, known: Collection[Key] | None) -> Iterator[Finding]:
    yield from resolve.unresolved(document)
    for token, line in placed(document.tokens):
        if token.type != "label" or known is None:
            continue
        phrase, values = references.phrase(token.content), {"name": token.content}
        if (phrase.context, phrase.text) not in known:
            yield Finding("no-label", Severity.ERROR, NO_LABEL, values, line, 1)
        elif _PLACEHOLDER.search(phrase.text.replace("%(num)s", "")):
            yield Finding("label-with-values", Severity.ERROR, VALUES_IN_LABEL, values, line, 1)
