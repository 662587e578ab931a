"""A folder of Markdown, ours or not, as help pages for the one who writes it: no accounts and no database.

For this machine alone: requests that name another host are refused, so that no page of the web can read the
folder through the writer's browser.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
from flask import Flask, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.content import check, files, remarks, resolve
from service.content.files import BrokenPage
from service.content.folder import Folder
from service.content.places import place
from service.content.remarks import Remarked
from service.content.watch import Watch
from service.facts.findings import Finding
from service.i18n import jinja as catalog_functions
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.glossary import GlossaryError
from service.i18n.locales import LOCALES, SOURCE, catalog_file
from service.markdown.dialect import Document
from service.paths import data_dir
from service.web import assets
from service.web.security import PAGE_POLICY

PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".avif": "image/avif",
}
ENTRY = ("index.md", "README.md")
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


def create_app(folder: Path, catalog: Catalog, *, locale: str | None = None) -> Flask:
    """Return the application that shows a folder; `catalog` holds its own words.

    `locale` is the language of pages whose folder and name do not tell.
    """
    app = Flask("service.web", static_folder=None, template_folder=str(data_dir("templates")))
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    catalog_functions.install(app.jinja_env, lambda: catalog)
    app.jinja_env.globals["locale"] = catalog.locale
    assets.install(app, https=False)
    shown = _Shown(Path(os.path.realpath(folder)), locale)

    @app.before_request
    def only_here() -> None:
        if urlsplit(f"//{request.host}").hostname not in _HERE:
            abort(403)

    @app.after_request
    def put_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.get("/")
    @app.get("/<path:name>")
    def show(name: str = "") -> ResponseReturnValue:
        return _answer(shown, name)

    return app


def _answer(shown: "_Shown", name: str) -> ResponseReturnValue:
    path = shown.find(name)
    if path is None:
        abort(404)
    if path.is_dir() and name and not name.endswith("/"):
        return redirect(f"/{name}/")
    if path.suffix.lower() in PICTURES:
        answer = Response(path.read_bytes(), mimetype=PICTURES[path.suffix.lower()])
        # A picture that is opened by itself runs nothing.
        answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        return answer
    version = shown.watch.state()
    if request.args.get("since") == version:
        return Response(version, content_type="text/plain; charset=utf-8")
    context = shown.pages(path) if path.is_dir() else shown.page(path)
    part = "since" in request.args
    return render_template(f"help/folder{'_page' if part else ''}.html", version=version, **context)


@dataclass
class _Shown:
    """The folder: what is in it, and the last good version of each page that was looked at."""

    root: Path
    locale: str | None
    good: dict[Path, Document] = field(default_factory=dict)

    @cached_property
    def watch(self) -> Watch:
        return Watch(self.root, whole=True)

    @cached_property
    def catalogs(self) -> Catalogs:
        return Catalogs(data_dir("locales"), codes=tuple(LOCALES))

    @cached_property
    def strings(self) -> dict[str, dict[check.Key, str]]:
        """What every entry of each catalog says."""
        return {code: check.strings(catalog_file(data_dir("locales"), code)) for code in LOCALES}

    def find(self, name: str) -> Path | None:
        """Return the page, picture or folder of an address; nothing outside, through links neither."""
        try:
            path = Path(os.path.realpath(self.root / name))
        except ValueError:
            return None
        if not path.is_relative_to(self.root):
            return None
        if path.is_dir():
            entry = next((path / one for one in ENTRY if name and (path / one).is_file()), path)
            return entry if name.endswith("/") else path
        if path.suffix.lower() not in {".md", *PICTURES}:
            path = path.with_name(f"{path.name}.md")
        inside = Path(os.path.realpath(path)).is_relative_to(self.root)
        return path if inside and path.is_file() else None

    def pages(self, folder: Path) -> dict[str, object]:
        """Return what the list of the pages below a folder shows."""
        read = Folder(self.root)
        listed = [
            (path.relative_to(self.root).as_posix(), read.title(path) or path.stem) for path in _below(folder)
        ]
        return {
            "title": folder.name,
            "name": "",
            "listed": listed,
            "remarked": None,
            "count": 0,
            "page_locale": None,
        }

    def page(self, path: Path) -> dict[str, object]:
        """Return what a page shows: its last good version, with what is found in the file as it is."""
        code = place(path.relative_to(self.root.parent)).code or self.locale
        folder = Folder(self.root)
        findings = self.findings(path)
        beside: tuple[Finding, ...] = ()
        try:
            read = files.read(path.read_bytes()).document
        except BrokenPage:
            # Its lines are not those of the version that is shown.
            above = findings
        else:
            beside, above = findings, ()
            self.good[path] = resolve.resolve(
                folder.woven(read, path),
                self.catalogs.catalog(code or SOURCE),
                lambda slug: folder.title(path.with_name(f"{slug}.md")),
            )
        document = self.good.get(path)
        remarked = remarks.beside(document, beside) if document else Remarked(())
        remarked = replace(remarked, above=(*above, *remarked.above))
        return {
            "title": folder.title(path) or path.stem,
            "name": path.relative_to(self.root).as_posix(),
            "listed": (),
            "remarked": remarked,
            "count": len(findings),
            "page_locale": LOCALES[code] if code else None,
        }

    def findings(self, path: Path) -> tuple[Finding, ...]:
        labels = check.labels(self.strings)
        known = frozenset(self.strings[SOURCE])
        try:
            return check.check([path], known, labels=labels, locale=self.locale)
        except GlossaryError:
            return check.check([path], known, locale=self.locale)


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.md")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and path.resolve().is_relative_to(folder):
            yield path
