"""Which blocks of translated pages are behind their source, page by page."""

from dataclasses import dataclass
from pathlib import Path

from service.content import files, lock
from service.content.lock import Stale
from service.content.places import place


@dataclass(frozen=True, slots=True)
class Behind:
    """A translated page and its blocks whose source changed or came since it was reviewed."""

    slug: str
    blocks: tuple[Stale, ...]


def behind(directory: Path, locale: str) -> tuple[Behind, ...]:
    """Return the pages of a language that are behind, by name; one that cannot be read, or that nobody has
    recorded, is left out: other checks name it.
    """
    found = []
    for path in sorted((directory / locale).glob("*.md")):
        source = place(path).source
        locked = lock.LockFile(lock.path_of(path)).locked()
        if source is None or locked is None:
            continue
        try:
            ours, theirs = (files.read(page.read_bytes()).document for page in (source, path))
        except (OSError, files.BrokenPage):
            continue
        blocks = lock.stale(lock.pairs(ours, theirs, locked), locked)
        if blocks:
            found.append(Behind(path.stem, blocks))
    return tuple(found)
