"""`prospectus content render`: Markdown as readers get it, one file or a whole folder, ours or not."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from service.cli.finding_forms import listed, page_line
from service.cli.words import WORDS
from service.content import resolve
from service.content.files import NOT_UTF8, UNREADABLE, BrokenPage, is_slug
from service.content.folder import Folder
from service.facts.findings import Finding, Severity
from service.facts.words import N_, NN_
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import LOCALES, SOURCE
from service.markdown import findings, html, source, text
from service.markdown.dialect import Document, parse
from service.paths import data_dir

DONE, FAILED = 0, 2
ENDINGS = {"html": ".html", "text": ".txt", "markdown": ".md", "json": ".json"}

NEEDS_OUT = N_("To render a folder, say with --out where to.")
SAME_FOLDER = N_("The folder to write to must not be the one that is read.")


@click.command(
    "render",
    help=WORDS.say(N_("Print Markdown as a reader gets it: one file, or all below a folder with --out.")),
)
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--to", "face", type=click.Choice(tuple(ENDINGS)), default="html", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help=WORDS.say(N_("Folder to write to, with a file for each file that is read.")),
)
@click.option(
    "--locale",
    type=click.Choice(tuple(LOCALES)),
    help=WORDS.say(N_("Language of labels and tables; by default that of the file’s folder.")),
)
def render(path: Path, face: str, out: Path | None, locale: str | None) -> None:
    if path.is_dir():
        if out is None:
            raise click.UsageError(WORDS.say(NEEDS_OUT))
        if out.resolve() == path.resolve():
            raise click.UsageError(WORDS.say(SAME_FOLDER))
        sys.exit(_folder(_Reader(path, locale), path, face, out))
    reader = _Reader(path.parent, locale)
    try:
        written = reader.written(path, face)
    except BrokenPage as broken:
        _tell(str(path), broken.finding)
        sys.exit(FAILED)
    if out is None:
        click.echo(written, nl=False)
    else:
        _save(out / path.with_suffix(ENDINGS[face]).name, written)


def _folder(reader: "_Reader", path: Path, face: str, out: Path) -> int:
    status, count = DONE, 0
    for page in _pages(path, out.resolve()):
        try:
            _save(out / page.relative_to(path).with_suffix(ENDINGS[face]), reader.written(page, face))
            count += 1
        except BrokenPage as broken:
            _tell(str(page), broken.finding)
            status = FAILED
    click.echo(WORDS.say(NN_("%(num)s file written", "%(num)s files written"), num=count), err=True)
    return status


def _pages(path: Path, out: Path) -> Iterator[Path]:
    for page in sorted(path.rglob("*.md")):
        if page.is_file() and not page.resolve().is_relative_to(out):
            yield page


def _save(path: Path, written: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written, encoding="utf-8", newline="\n")


class _Reader:
    """Reads the pages of one folder; findings go to the terminal as they are met."""

    def __init__(self, root: Path, locale: str | None) -> None:
        self.folder = Folder(root)
        self.locale = locale
        self.catalogs: dict[str, Catalog] = {}

    def written(self, path: Path, face: str) -> str:
        """Return a page in one of its faces; BrokenPage for what is no text."""
        document = self.folder.woven(parse(_text(path)), path)
        shown = resolve.resolve(document, self.catalog(path), lambda slug: self.beside(path, slug))
        found = [*findings.of(document), *resolve.unresolved(document)]
        if face == "json":
            return _json(path, shown, found)
        for finding in found:
            _tell(finding.path or str(path), finding)
        return _FACES[face](shown)

    def beside(self, path: Path, slug: str) -> str | None:
        return self.folder.title(path.with_name(f"{slug}.md")) if is_slug(slug) else None

    def catalog(self, path: Path) -> Catalog:
        folder = path.resolve().parent.name
        code = self.locale or (folder if folder in LOCALES else SOURCE)
        if code not in self.catalogs:
            self.catalogs[code] = Catalogs(data_dir("locales"), codes=(code,)).catalog(code)
        return self.catalogs[code]


_FACES = {"html": html.render, "text": text.render, "markdown": source.render}


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        values: dict[str, object] = {"reason": error.strerror}
        raise BrokenPage(Finding("unreadable", Severity.ERROR, UNREADABLE, values, 1, 1)) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        values = {"byte": error.start}
        raise BrokenPage(Finding("not-utf8", Severity.ERROR, NOT_UTF8, values, line, 1)) from None


def _json(path: Path, document: Document, found: list[Finding]) -> str:
    headings = [
        {
            "level": int(token.tag[1:]),
            "id": token.attrs.get("id", ""),
            "words": html.plain_words(document.tokens[place + 1].children or []).strip(),
        }
        for place, token in enumerate(document.tokens)
        if token.type == "heading_open"
    ]
    page = {
        "path": str(path),
        "front_matter": document.front_matter,
        "title": next((one["words"] for one in headings if one["level"] == 1), None),
        "headings": headings,
        "html": html.render(document),
        "text": text.render(document),
        "markdown": source.render(document),
        "findings": [listed(replace(finding, path=finding.path or str(path))) for finding in found],
    }
    return json.dumps(page, ensure_ascii=False, indent=1, default=str) + "\n"


def _tell(path: str, finding: Finding) -> None:
    click.echo(page_line(path, finding), err=True)
