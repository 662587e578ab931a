"""What people call what the sections of the help are about: words for the search that no page shows.

One file for each language, `asked.toml`: a table for each page, in it a line for each section's id. Above
them `absent` names what the product does not have, with commas between: a question about it has no answer.
"""

import logging
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from service.i18n.locales import LOCALES

log = logging.getLogger(__name__)

FILE = "asked.toml"
LARGEST = 256 * 1024
_COMMAS = re.compile("[,、，]")


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of one language: by page and id of the section, and what is not there."""

    sections: Mapping[tuple[str, str], str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    def phrases(self, section: tuple[str, str]) -> Iterator[str]:
        """Yield one by one what people call a section."""
        return filter(None, map(str.strip, _COMMAS.split(self.sections.get(section, ""))))


NOTHING = Asked()


def read(directory: Path, code: str) -> Asked | None:
    """Return the words of a language; nothing where there is no file, None where it cannot be read."""
    path = directory / code / FILE
    if code not in LOCALES or path.is_symlink() or not path.is_file():
        return NOTHING
    try:
        data = path.read_bytes()
        if len(data) > LARGEST:
            raise ValueError(path.name)
        pages = tomllib.loads(data.decode())
    except (OSError, ValueError) as error:
        log.error("words people use not read, the last good ones are kept: %s: %s", path, error)
        return None
    sections = {
        (slug, anchor): words
        for slug, lines in pages.items()
        if isinstance(lines, dict)
        for anchor, words in lines.items()
        if isinstance(words, str)
    }
    absent = _COMMAS.split(str(pages.get("absent", "")))
    return Asked(sections, tuple(word.strip() for word in absent if word.strip()))
