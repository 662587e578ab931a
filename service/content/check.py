"""What is wrong with page files before anyone reads them: tags, labels, facts, links, missing languages."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from service.content import files, resolve
from service.content.files import BrokenPage
from service.content.resolve import PAGE_LINK, placed
from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n.locales import LOCALES, SOURCE
from service.markdown import references
from service.markdown.dialect import Document

NO_LABEL = N_("No entry of the catalogs has this text: %(name)s")
VALUES_IN_LABEL = N_("This label takes values and cannot be named here: %(name)s")
NO_PAGE = N_("There is no such page: %(page)s")
NO_ID = N_("The page %(page)s has no heading with this id: %(id)s")
NO_FILE = N_("There is no such file: %(page)s")
NO_TRANSLATION = N_("This page is missing in a language: %(language)s")
NO_SOURCE = N_("This page does not exist in the source language")

Key = tuple[str | None, str]

_PLACEHOLDER = re.compile(r"%\(\w+\)s")


def check(paths: Iterable[Path], known: Collection[Key] | None = None) -> tuple[Finding, ...]:
    """Judge Markdown files and every Markdown file below directories; findings bear their path.

    `known` holds context and text of every catalog entry; without it labels are not judged. Folders named
    like our locales, side by side, are compared with the source language's. OSError for a path not there.
    """
    found: list[Finding] = []
    documents: dict[Path, Document] = {}
    for path in _markdown(paths):
        try:
            documents[path] = files.read(path.read_bytes()).document
        except BrokenPage as broken:
            found.append(replace(broken.finding, path=str(path)))
    for path, document in documents.items():
        judged = [*document.findings, *_names(document, known), *_links(path, document)]
        found.extend(replace(finding, path=str(path)) for finding in judged)
    found.extend(_missing(documents))
    return tuple(sorted(found, key=lambda finding: (finding.path or "", finding.line, finding.column)))


def _markdown(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.md"))
        else:
            yield path


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


def _links(path: Path, document: Document) -> Iterator[Finding]:
    for token, line in placed(document.tokens):
        if token.type == "image":
            yield from _file(path, str(token.attrs.get("src", "")), line)
        elif token.type == "link_open":
            yield from _link(path, document, str(token.attrs.get("href", "")), line)
        elif token.type == "content-ref_open":
            yield from _link(path, document, str(token.meta.get("url", "")), line)


def _link(path: Path, document: Document, address: str, line: int) -> Iterator[Finding]:
    page, mark, anchor = address.partition("#")
    if not page and mark:
        yield from _anchor(path.name, document, anchor, line)
    if not PAGE_LINK.fullmatch(address):
        return
    target = path.with_name(page)
    if not target.is_file():
        target = path.parent.parent / SOURCE / page
    if not target.is_file():
        yield Finding("no-page", Severity.ERROR, NO_PAGE, {"page": page}, line, 1)
    elif mark:
        try:
            yield from _anchor(page, files.read(target.read_bytes()).document, anchor, line)
        except BrokenPage:
            return


def _anchor(page: str, document: Document, anchor: str, line: int) -> Iterator[Finding]:
    ids = {token.attrs.get("id") for token in document.tokens if token.type == "heading_open"}
    ids |= {token.meta.get("id") for token in document.tokens if token.type == "tab_open"}
    if unquote(anchor) not in ids:
        yield Finding("no-id", Severity.ERROR, NO_ID, {"page": page, "id": anchor}, line, 1)


def _file(path: Path, address: str, line: int) -> Iterator[Finding]:
    ours = address and ":" not in address and not address.startswith("/")
    if ours and not (path.parent / unquote(address)).is_file():
        yield Finding("no-file", Severity.ERROR, NO_FILE, {"page": address}, line, 1)


def _missing(documents: Collection[Path]) -> Iterator[Finding]:
    sources = [path for path in documents if path.parent.name == SOURCE]
    for path in sources:
        for code, locale in LOCALES.items():
            folder = path.parent.parent / code
            if folder.is_dir() and not (folder / path.name).exists():
                values = {"language": locale.name}
                yield Finding("DO001", Severity.WARNING, NO_TRANSLATION, values, 1, 1, str(path))
    for path in documents:
        folder = path.parent.parent / SOURCE
        if path.parent.name in LOCALES and folder.is_dir() and not (folder / path.name).exists():
            yield Finding("DO002", Severity.WARNING, NO_SOURCE, {}, 1, 1, str(path))
