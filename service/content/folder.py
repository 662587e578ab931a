"""A folder of Markdown, ours or not: what its pages take from each other. Includes, titles, variables.

Nothing outside the folder is read, through links neither.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import yaml
from markdown_it.token import Token

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.markdown import expressions, html, ids, mentions
from service.markdown.dialect import Document, Profile, parse

MOST_INCLUDES_DEEP = 8
MOST_INCLUDES = 500
LARGEST = 4 * Profile.HELP.value

NO_INCLUDE = N_("There is no such file to include: %(page)s")
INCLUDE_LOOP = N_("This file includes itself, or too much is included: %(page)s")


Stamp = tuple[int, int] | None


class Folder:
    """The pages below a directory; each is read once for its title."""

    def __init__(self, root: Path) -> None:
        self.root = _real(root)
        self._titles: dict[Path, str | None] = {}
        self._taken: dict[Path, Stamp] = {}

    def woven(self, document: Document, path: Path) -> Document:
        """Return a page with its includes taken in, expressions filled, and references bearing titles."""
        whole = self.included(document, path)
        return replace(whole, tokens=tuple(self._titled(whole.tokens, path)))

    def included(self, document: Document, path: Path) -> Document:
        """Return a page with its includes taken in and its expressions filled."""
        weaving = _Weaving(self)
        tokens = list(weaving.included(document.tokens, path, (_real(path),)))
        if weaving.count:
            ids.renumber(tokens)
        if expressions.present(tokens):
            own = document.front_matter.get("vars")
            page = {"vars": own if isinstance(own, Mapping) else {}}
            tokens = expressions.fill(tokens, {"space": {"vars": self.variables}, "page": page})
        return replace(document, tokens=tuple(tokens), findings=(*document.findings, *weaving.findings))

    def unchanged(self) -> bool:
        """Tell whether everything that was read is as it was, what was missing too."""
        return all(_stamp(path) == stamp for path, stamp in self._taken.items())

    def read(self, path: Path) -> str | None:
        """Return a file's text, None for what is no file of this folder or is too large."""
        found = _real(path)
        self._taken.setdefault(found, _stamp(found) if found.is_relative_to(self.root) else None)
        try:
            if not found.is_relative_to(self.root) or not found.is_file() or found.stat().st_size > LARGEST:
                return None
            return found.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None

    def title(self, path: Path) -> str | None:
        """Return the words of a page's first heading."""
        found = _real(path)
        if os.path.isdir(found):
            found /= "README.md"
        if found not in self._titles:
            source = self.read(found) if found.suffix == ".md" else None
            self._titles[found] = _title(parse(source).tokens) if source else None
        return self._titles[found]

    @cached_property
    def variables(self) -> Mapping[str, object]:
        """What the folder's file of variables says; nothing where there is none, or no good one."""
        source = self.read(self.root / ".gitbook" / "vars.yaml")
        try:
            read = yaml.safe_load(source) if source else {}
        except (yaml.YAMLError, ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}

    def _at(self, address: str, path: Path) -> str | None:
        page, _, anchor = address.partition("#")
        if not page or "://" in page:
            return None
        base = self.root if page.startswith("/") else path.parent
        title = self.title(base / unquote(page).lstrip("/"))
        return f"{title} #{anchor}" if title and anchor else title

    def _titled(self, tokens: Sequence[Token], path: Path) -> Iterator[Token]:
        reference: str | None = None
        for token in tokens:
            if token.type == "content-ref_open":
                reference = self._at(str(token.meta.get("url", "")), path)
            elif token.type == "content-ref_close":
                reference = None
            if not token.children:
                yield token
                continue
            filled = copy(token)
            filled.children = mentions.titled(token.children, lambda address: self._at(address, path))
            if reference:
                filled.children = [_named(child, reference) for child in filled.children]
            yield filled


def _stamp(path: Path) -> Stamp:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def _real(path: Path) -> Path:
    """Return where a path leads through links; a path that no file can have leads nowhere."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        return Path(os.devnull)


def _named(child: Token, title: str) -> Token:
    """Let the link of a reference to a page show the page's title instead of its file's name."""
    if child.type != "text" or not child.content.strip():
        return child
    return Token("text", "", 0, content=title)


def _title(tokens: Sequence[Token]) -> str | None:
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and tokens[place + 1].type == "inline":
            return html.plain_words(tokens[place + 1].children or []).strip() or None
    return None


class _Weaving:
    """Taking in the files that one page includes."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.findings: list[Finding] = []
        self.count = 0

    def included(self, tokens: Sequence[Token], path: Path, around: tuple[Path, ...]) -> Iterator[Token]:
        for token in tokens:
            if token.type == "include":
                yield from self.one(token, path, around)
            else:
                yield token

    def one(self, token: Token, path: Path, around: tuple[Path, ...]) -> Iterator[Token]:
        address = str(token.meta.get("0", "")).strip("<>")
        target = _real(path.parent / unquote(address))
        line = token.map[0] + 1 if token.map else 1
        if target in around or len(around) > MOST_INCLUDES_DEEP or self.count >= MOST_INCLUDES:
            self.found("include-loop", INCLUDE_LOOP, address, line, path)
            yield token
            return
        source = self.folder.read(target)
        if source is None:
            self.found("no-include", NO_INCLUDE, address, line, path)
            yield token
            return
        self.count += 1
        document = parse(source)
        ids.mark_notes(document.tokens, str(self.count))
        self.findings.extend(replace(finding, path=str(target)) for finding in document.findings)
        for taken in self.included(document.tokens, target, (*around, target)):
            # Its lines are not those of the page.
            taken.map = None
            yield taken

    def found(self, rule: str, phrase: Phrase, address: str, line: int, path: Path) -> None:
        self.findings.append(Finding(rule, Severity.ERROR, phrase, {"page": address}, line, 1, str(path)))
