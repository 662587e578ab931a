"""The names that columns go by, spelling forgiven: looked up by key, from the surest to the loosest."""

import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from service.csvfile.columns import (
    COLUMNS,
    EITHER,
    NUMBER_NAMES,
    RAW_STATUS_NAMES,
    REASON_NAMES,
    STATUS_NAMES,
    UNDO_NAMES,
    WHOLE_NAMES,
    Key,
)


@lru_cache(maxsize=4096)
def key_of(name: str) -> str:
    """What the spellings of a name have in common: width, case, spaces, signs, accents and BOM forgiven."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    parts = []
    for char in folded:
        if char.isalnum():
            # Latin accents are often lost on the way; kana marks are letters and stay.
            parts.append(unicodedata.normalize("NFD", char)[0] if char < "\u0250" else char)
    return "".join(parts)


@cache
def official() -> Mapping[str, Key]:
    """Our names, in any language."""
    return {key_of(name): column.key for column in COLUMNS for name in column.names.values()}


@cache
def synonyms() -> Mapping[str, Key]:
    """Other names that say the same."""
    known = {key_of(name): column.key for column in COLUMNS for name in column.synonyms}
    return {name: key for name, key in known.items() if name not in official()}


@cache
def loose() -> Mapping[str, Key]:
    """Names that count where nothing else says which column it is, in order."""
    known = {key_of(name): column.key for column in COLUMNS for name in column.loose}
    return {name: key for name, key in known.items() if name not in official() and name not in synonyms()}


@cache
def whole_names() -> frozenset[str]:
    """What a person is called, in one piece."""
    return frozenset(key_of(name) for name in WHOLE_NAMES)


@cache
def either() -> Mapping[str, Key]:
    """Names of a part or the whole of a name, each with the part that stands beside it if it is a part."""
    return {key_of(name): other for name, other in EITHER.items()}


@cache
def of_results() -> frozenset[str]:
    """The columns that a result file of ours added."""
    return frozenset(
        key_of(name)
        for names in (STATUS_NAMES, RAW_STATUS_NAMES, REASON_NAMES, UNDO_NAMES, NUMBER_NAMES)
        for name in names.values()
    )


def is_known(name: str) -> bool:
    """Whether a cell is the name of one of our columns, in any language."""
    key = key_of(name)
    return bool(key) and any(key in known for known in (official(), synonyms(), loose(), of_results()))
