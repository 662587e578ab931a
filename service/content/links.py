"""Links, anchors and images of a page file that lead to nothing."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from service.content import files
from service.content.files import BrokenPage
from service.content.resolve import PAGE_LINK, placed
from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n.locales import SOURCE
from service.markdown.dialect import Document

NO_PAGE = N_("There is no such page: %(page)s")
NO_ID = N_("The page %(page)s has no heading with this id: %(id)s")
NO_FILE = N_("There is no such file: %(page)s")


def check(path: Path, document: Document) -> Iterator[Finding]:
    """Yield a finding for each address of our own that leads nowhere; other sites are not asked."""
    for token, line in placed(document.tokens):
        if token.type == "image":
            yield from _file(path, str(token.attrs.get("src", "")), line)
        elif token.type == "link_open":
            yield from _link(path, document, str(token.attrs.get("href", "")), line)
        elif token.type == "include":
            yield from _file(path, str(token.meta.get("0", "")), line)
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
