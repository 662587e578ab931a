"""What people call what the sections of the help are about: words for the search that no page shows.

One file for each language, `asked.toml`: a table for each page, in it a line for each section's id.
"""

import logging
import tomllib
from collections.abc import Mapping
from pathlib import Path

from service.i18n.locales import LOCALES

log = logging.getLogger(__name__)

FILE = "asked.toml"
LARGEST = 256 * 1024

Asked = Mapping[tuple[str, str], str]
"""Words by page and id of the section."""


def read(directory: Path, code: str) -> Asked | None:
    """Return the words of a language; nothing where there is no file, None where it cannot be read."""
    path = directory / code / FILE
    if code not in LOCALES or path.is_symlink() or not path.is_file():
        return {}
    try:
        data = path.read_bytes()
        if len(data) > LARGEST:
            raise ValueError(path.name)
        pages = tomllib.loads(data.decode())
    except (OSError, ValueError) as error:
        log.error("words people use not read, the last good ones are kept: %s: %s", path, error)
        return None
    return {
        (slug, anchor): words
        for slug, sections in pages.items()
        if isinstance(sections, dict)
        for anchor, words in sections.items()
        if isinstance(words, str)
    }
