"""The page files of every language: read when they change, their last good version kept when they break."""

import hashlib
import logging
import os
import re
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.markdown.dialect import Document, Profile, parse

log = logging.getLogger(__name__)

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_SLUG = 100
_LARGEST = 4 * Profile.HELP.value
_REFUSING = frozenset({"front-matter", "too-large"})

NOT_UTF8 = N_("The file is not valid UTF-8 at byte %(byte)s")
EMPTY = N_("The file is empty.")
UNREADABLE = N_("The file cannot be read: %(reason)s.")
TOO_LARGE = N_("The file is too large")

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """A page's text in one language, parsed; `digest` names its content."""

    text: str
    document: Document
    digest: str


class BrokenPage(Exception):
    """A file that cannot be a page; the finding says why and where."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.phrase.text % finding.values)
        self.finding = finding


def is_slug(name: str) -> bool:
    """Tell whether a name can be a page's: lower-case ASCII words joined by hyphens."""
    return len(name) <= LONGEST_SLUG and SLUG.fullmatch(name) is not None


def read(data: bytes) -> Source:
    """Parse a file's bytes; BrokenPage for what no reader should be shown."""
    if len(data) > _LARGEST:
        raise BrokenPage(Finding("too-large", Severity.ERROR, TOO_LARGE, {}, 1, 1))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        values = {"byte": error.start}
        raise BrokenPage(Finding("not-utf8", Severity.ERROR, NOT_UTF8, values, line, 1)) from None
    if not text.strip():
        raise BrokenPage(Finding("empty-page", Severity.ERROR, EMPTY, {}, 1, 1))
    document = parse(text)
    for finding in document.findings:
        if finding.rule in _REFUSING:
            raise BrokenPage(finding)
    return Source(text, document, hashlib.blake2b(data, digest_size=8).hexdigest())


class PageFile:
    """One page file in one language. Safe to use from several threads: a source is swapped whole."""

    def __init__(self, path: Path, copy: Path | None = None) -> None:
        self.path = path
        self.copy = copy
        self.problem: Finding | None = None
        self._stamp: Stamp | None = None
        self._source: Source | None = None
        self._lock = threading.Lock()

    def source(self) -> Source | None:
        """Return the page as it is now, or its last good version; None where there is no such file."""
        stamp = self._look()
        if stamp is None:
            self._stamp, self._source, self.problem = None, None, None
        elif stamp != self._stamp:
            with self._lock:
                if stamp != self._stamp:
                    self._read(stamp)
        return self._source

    def _look(self) -> Stamp | None:
        try:
            found = os.lstat(self.path)
        except OSError:
            return None
        # A link could lead out of the tree.
        return (found.st_mtime_ns, found.st_size, found.st_ino) if stat.S_ISREG(found.st_mode) else None

    def _read(self, stamp: Stamp) -> None:
        try:
            data = self.path.read_bytes()
            self._source = read(data)
            self.problem = None
        except OSError as error:
            values = {"reason": error.strerror}
            self._refuse(Finding("unreadable", Severity.ERROR, UNREADABLE, values, 1, 1))
        except BrokenPage as broken:
            self._refuse(broken.finding)
        else:
            self._keep(data)
        self._stamp = stamp

    def _refuse(self, finding: Finding) -> None:
        self.problem = finding
        log.error(
            "help page refused, last good version in use: %s:%s: %s",
            self.path,
            finding.line,
            finding.phrase.text % finding.values,
        )
        if self._source is None and self.copy is not None:
            try:
                self._source = read(self.copy.read_bytes())
            except (OSError, BrokenPage):
                return

    def _keep(self, data: bytes) -> None:
        if self.copy is None:
            return
        try:
            self.copy.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.copy.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(data)
            fresh.replace(self.copy)
        except OSError as error:
            log.warning("no copy of a help page kept: %s", error)
