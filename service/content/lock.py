"""What each translated block was made from: the lock file beside a page, and which blocks went stale since.

`content/fr/page.lock` has one line for each block of `content/en/page.md` that the French page renders: the
digests of both, and the source's words, as they were when somebody last said that the translation is right.
Only words count: another line break, another mark for emphasis or a table set anew make nothing stale.
"""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from pathlib import Path

from service.markdown.align import Row, align, differences
from service.markdown.blocks import Block, cut, digest, normal
from service.markdown.dialect import Document

SUFFIX = ".lock"
_HEAD = "# Written by `prospectus content lock`: the source's blocks that this translation was made from.\n"
_LINE = re.compile(r"([0-9a-f]{12}) ([0-9a-f]{12}) (\S.*)")
_ALIKE = 0.4
_MOST_PAIRS = 2500


class BrokenLock(Exception):
    """A lock file that cannot be read; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True, slots=True)
class Locked:
    """A source block as it was: the digest of its words, that of its translation's, and the words."""

    digest: str
    target: str
    words: str


class Since(Enum):
    """What became of a source block since its translation was recorded."""

    CHANGED = "changed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Stale:
    """A source block whose translation is not that of its words.

    `target` is the block that renders it, None where there is none; `after` the last block before it that
    has words. `old` is what the source said when the translation was recorded.
    """

    since: Since
    source: Block
    target: Block | None
    after: Block | None
    old: str = ""


def path_of(page: Path) -> Path:
    """Return where the lock file of a translated page is."""
    return page.with_suffix(SUFFIX)


def read(text: str) -> tuple[Locked, ...]:
    """Read a lock file; BrokenLock for a line that is none, such as what a merge left."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None or digest(match[3]) != match[1]:
            raise BrokenLock(number)
        found.append(Locked(match[1], match[2], match[3]))
    return tuple(found)


def write(locked: Sequence[Locked]) -> str:
    """Return the text of a lock file."""
    return _HEAD + "".join(f"{one.digest} {one.target} {one.words}\n" for one in locked)


def units(document: Document) -> tuple[Block, ...]:
    """Return the blocks of a page that have words to translate, its description first."""
    blocks = tuple(block for block in cut(document) if block.said)
    description = document.front_matter.get("description")
    if not isinstance(description, str) or not description.strip():
        return blocks
    words = normal(description)
    return (Block("description", "", 0, 1, 1, -1, words=words), *blocks)


def known(locked: Sequence[Locked]) -> dict[str, str]:
    """Return which source block is known to be rendered by which, by their digests."""
    return {one.digest: one.target for one in locked}


def pairs(source: Document, target: Document, locked: Sequence[Locked] = ()) -> tuple[Row, ...]:
    """Lay the blocks of two languages side by side, as far as the source block has words."""
    ours, theirs = units(source), units(target)
    first = [Row(one, None) for one in ours[:1] if one.position < 0]
    if first and theirs and theirs[0].position < 0:
        first = [Row(ours[0], theirs[0])]
    rows = align(cut(source), cut(target), known(locked))
    return (*first, *(row for row in rows if row.source and row.source.said))


def stale(rows: Sequence[Row], locked: Sequence[Locked]) -> tuple[Stale, ...]:
    """Return the blocks whose source changed or came since the lock was written, in the order of the page."""
    became = _became(rows, locked)
    found: list[Stale] = []
    after: Block | None = None
    for row, (since, old) in zip(rows, became, strict=True):
        if since is not None and row.source:
            found.append(Stale(since, row.source, row.target, after, old))
        if row.target and row.target.said and row.target.position >= 0:
            after = row.target
    return tuple(found)


Became = tuple[Since | None, str]


def _became(rows: Sequence[Row], locked: Sequence[Locked]) -> list[Became]:
    """Tell for each source block whether it is as locked, and if not what it was."""
    sources = [row.source for row in rows if row.source]
    targets = [row.target.digest if row.target else "" for row in rows]
    now, then = [block.digest for block in sources], [one.digest for one in locked]
    became: list[Became] = [(None, "")] * len(sources)
    changes = [one[1:] for one in differences(then, now) if one[0] != "equal"]
    gone = Counter(then[at] for a, b, _, _ in changes for at in range(a, b))
    for a, b, c, d in changes:
        old, new = list(range(a, b)), []
        for at in range(c, d):
            if gone[now[at]]:
                # It only moved.
                gone[now[at]] -= 1
                old = [one for one in old if then[one] != now[at]]
                continue
            # What it renders is what it was made from, as long as nobody has edited that.
            was = next((one for one in old if targets[at] and locked[one].target == targets[at]), None)
            if was is None:
                new.append(at)
            else:
                old.remove(was)
                became[at] = (Since.CHANGED, locked[was].words)
        old = [one for one in old if gone[then[one]]]
        for at, words in _changes([sources[at].said for at in new], [locked[one].words for one in old]):
            became[new[at]] = (Since.CHANGED, words) if words else (Since.ADDED, "")
    return became


def _changes(new: Sequence[str], old: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Pair new words with the old ones they came from, in order; nothing for what came from nowhere."""
    start = 0
    even = len(new) == len(old)
    for at, words in enumerate(new):
        found = None
        if even:
            found = at
        elif len(new) * len(old) <= _MOST_PAIRS:
            likely = [(_likeness(old[one], words), -one) for one in range(start, len(old))]
            best, place = max(likely, default=(0.0, 0))
            found = -place if best >= _ALIKE else None
        if found is None:
            yield at, ""
        else:
            start = found + 1
            yield at, old[found]


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one.split(), other.split(), autojunk=False)
    return matcher.ratio()


def recorded(
    rows: Sequence[Row], locked: Sequence[Locked], lines: Collection[int] | None = None
) -> tuple[Locked, ...]:
    """Return the lock after a review of the whole page, or of the blocks on these lines of the translation.

    A source block without a translation is left out, so that it stays known as not translated.
    """
    old = {id(one.source): one for one in stale(rows, locked)}
    found = []
    for row in rows:
        if row.source is None or row.target is None:
            continue
        before = old.get(id(row.source))
        reviewed = lines is None or any(row.target.line <= line <= row.target.end for line in lines)
        if before is None or reviewed:
            found.append(Locked(row.source.digest, row.target.digest, row.source.said))
        elif before.since is Since.CHANGED:
            found.append(Locked(digest(before.old), row.target.digest, before.old))
    return tuple(found)


class LockFile:
    """A lock file that is read again when it changes; a broken or missing one locks nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stamp: tuple[int, int] | None = None
        self._locked: tuple[Locked, ...] | None = None

    def locked(self) -> tuple[Locked, ...] | None:
        """Return what the file says now; None where it says nothing."""
        try:
            found = os.lstat(self.path)
        except OSError:
            self.stamp, self._locked = None, None
            return None
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp != self.stamp:
            try:
                self._locked = read(self.path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, BrokenLock):
                self._locked = None
            self.stamp = stamp
        return self._locked
