"""Which column of a file of prospects is which: known by its name in any language, or chosen by a person."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from service.csvfile import column_names
from service.csvfile.column_names import is_known, key_of
from service.csvfile.columns import BY_KEY, COLUMNS, STATUS_NAMES, Column, Key
from service.facts.findings import Finding, Severity
from service.facts.words import N_

__all__ = [
    "BY_KEY",
    "COLUMNS",
    "BadMapping",
    "Column",
    "Key",
    "Mapped",
    "Match",
    "Matched",
    "assign",
    "assign_chosen",
    "cells",
    "header_row",
    "holds_data",
    "is_known",
    "key_of",
    "recalled",
    "remembered",
    "suggested",
]


class Match(StrEnum):
    """By what a column of a file was taken for one of ours, or why not."""

    NAME = "name"
    SYNONYM = "synonym"
    GUESSED = "guessed"
    CHOSEN = "chosen"
    DOUBLED = "doubled"
    RESULT = "result"
    UNKNOWN = "unknown"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Matched:
    """A column of the file: its index from 0, its name as read, ours it is or would be, and by what.

    `key` is None for UNKNOWN, BLANK and RESULT. Several columns DOUBLED have the same key; the first is read.
    """

    index: int
    name: str
    key: Key | None
    match: Match


@dataclass(frozen=True, slots=True)
class Mapped:
    """Which column of the file is which: `columns` maps our key to an index from 0; findings may refuse.

    `matches` says it for every column of the file, in order. `missing` are required columns it has not,
    `doubled` those it has more than once, with their indexes. `unknown` are columns with a name that is none
    of ours. `result_columns` are those that a result file of ours added; `escaped` says that its cells are
    guarded against spreadsheets (see report.py).
    """

    columns: Mapping[Key, int]
    unknown: tuple[int, ...] = ()
    result_columns: frozenset[int] = frozenset()
    escaped: bool = False
    findings: tuple[Finding, ...] = ()
    matches: tuple[Matched, ...] = ()
    missing: tuple[Key, ...] = ()
    doubled: Mapping[Key, tuple[int, ...]] = field(default_factory=dict)

    @property
    def unclear(self) -> bool:
        """Whether a person should say which column is which: one is missing, doubled, unknown or a guess."""
        return bool(self.missing or self.doubled or self.unknown or self.guessed)

    @property
    def guessed(self) -> bool:
        """Whether a name may mean another column than the one it is taken for."""
        return any(one.match is Match.GUESSED for one in self.matches)

    @property
    def chosen(self) -> dict[int, Key]:
        """The mapping as `assign_chosen` takes it: our key by index, doubled columns only where first."""
        return {index: key for key, index in self.columns.items()}


class BadMapping(ValueError):
    """A mapping names a column that the file does not have, or one that a result file of ours added."""


_CUT = re.compile("[,;\t|、，]")


def cells(text: str) -> list[str]:
    """The cells of the first line of a text under any delimiter, roughly: enough to recognise names."""
    end = min((at for at in (text.find("\n"), text.find("\r")) if at >= 0), default=len(text))
    return [cell.strip().strip('"') for cell in _CUT.split(text[: min(end, 64 * 1024)])]


def header_row(locale: str) -> tuple[str, ...]:
    """The names of all columns in a language, in our order: what people copy into their spreadsheet."""
    return tuple(column.names[locale] for column in COLUMNS)


def assign(header: Sequence[str], locale: str, *, line: int = 1) -> Mapped:
    """Recognise the columns of a header row; names in messages are those of a locale.

    A name of ours in any language wins over a synonym, and that over a loose one. A required column missing,
    or any of ours given twice, is an error that refuses the file: which of the two is meant nobody can know.
    """
    keys = [key_of(name) for name in header]
    official = _indexes(keys, column_names.official())
    synonyms = _indexes(keys, column_names.synonyms())
    found: dict[Key, list[int]] = {}
    match: dict[int, Match] = {}
    for column in COLUMNS:
        by_name = column.key in official
        indexes = official.get(column.key) or synonyms.get(column.key)
        indexes = indexes or _first_loose(keys, column.key)
        if indexes:
            found[column.key] = indexes
            match |= dict.fromkeys(indexes, Match.NAME if by_name else Match.SYNONYM)
    _guess(keys, found, match, locale)
    return _mapped(header, found, match, locale, line, tell_unknown=True)


def _first_loose(keys: Sequence[str], key: Key) -> list[int]:
    """The columns with the first loose name of one of ours that the file has."""
    for name, its in column_names.loose().items():
        if its is key and name in keys:
            return [index for index, one in enumerate(keys) if one == name]
    return []


def _guess(keys: Sequence[str], found: dict[Key, list[int]], match: dict[int, Match], locale: str) -> None:
    """Take a name of a part, such as `Nom`, for the whole where nothing else is a name."""
    for name, other in column_names.either().items():
        part = column_names.synonyms()[name]
        if other in found or [keys[index] for index in found.get(part, ())] != [name]:
            continue
        meant = None if Key.NAME in found else Key.NAME
        if name == _FAMILY_NAME_IN_JAPAN and locale == "ja":
            meant = Key.LAST_NAME
        if meant is not None:
            found[meant] = found.pop(part)
            match[found[meant][0]] = Match.GUESSED


# In Chinese the given name, or all of it.
_FAMILY_NAME_IN_JAPAN = "名字"


def assign_chosen(header: Sequence[str], mapping: Mapping[int, Key], locale: str, *, line: int = 1) -> Mapped:
    """The columns of a header row as a person says they are: our key by the index of the column, from 0.

    Columns left out of the mapping are ignored, whatever their names. What is missing or doubled refuses as
    in `assign`. Raises BadMapping.
    """
    keys = [key_of(name) for name in header]
    found: dict[Key, list[int]] = {}
    for index in sorted(mapping):
        if not 0 <= index < len(header) or keys[index] in column_names.of_results():
            raise BadMapping(index)
        found.setdefault(mapping[index], []).append(index)
    ordered = {column.key: found[column.key] for column in COLUMNS if column.key in found}
    return _mapped(header, ordered, dict.fromkeys(mapping, Match.CHOSEN), locale, line, tell_unknown=False)


def remembered(header: Sequence[str], mapping: Mapping[int, Key]) -> dict[str, str]:
    """A mapping as it is kept for files to come: our keys by the names of columns, spelling forgiven.

    Columns of the header that are left out have the empty key. Of columns with one name the first counts; one
    without a name cannot be remembered.
    """
    kept: dict[str, str] = {}
    for index, name in enumerate(header):
        key = key_of(name)
        if key and key not in column_names.of_results():
            kept.setdefault(key, mapping[index].value if index in mapping else "")
    return kept


def recalled(header: Sequence[str], kept: Mapping[str, str]) -> dict[int, Key] | None:
    """What `remembered` kept, for the columns of this file; None unless it says something of each of them.

    A column that has a name and was not there when the mapping was chosen makes it unclear again.
    """
    mapping: dict[int, Key] = {}
    seen: set[str] = set()
    for index, name in enumerate(header):
        key = key_of(name)
        if not key or key in column_names.of_results():
            continue
        if key in seen or key not in kept:
            return None
        seen.add(key)
        if kept[key]:
            mapping[index] = Key(kept[key])
    return mapping


def suggested(mapped: Mapped, rows: Iterable[Sequence[str]]) -> dict[int, Key]:
    """A mapping to propose: what was recognised, and of the rest what names or the first rows give away."""
    mapping = mapped.chosen
    open_keys = [column.key for column in COLUMNS if column.key not in mapped.columns]
    some = list(rows)
    for index in mapped.unknown:
        name = key_of(mapped.matches[index].name)
        cells_ = [row[index].strip() for row in some if index < len(row) and row[index].strip()]
        key = next((key for key in open_keys if _resembles(name, key) or _gives_away(cells_, key)), None)
        if key is None and _is_contact(name, open_keys):
            key = Key.LAST_NAME
        if key is not None:
            mapping[index] = key
            open_keys.remove(key)
    return mapping


def _is_contact(name: str, open_keys: Sequence[Key]) -> bool:
    """Whether a name in one piece, beside a company, can be addressed as a family name: 山田 花子様."""
    parts = {Key.FIRST_NAME, Key.LAST_NAME}
    return not name.isascii() and name in column_names.whole_names() and parts <= set(open_keys)


def _resembles(name: str, key: Key) -> bool:
    """Whether a longer name has one of ours within: `Work email (new)`."""
    known = (
        one
        for names in (column_names.official(), column_names.synonyms())
        for one, its in names.items()
        if its is key
    )
    return any(one in name for one in known if len(one) > 3 or (len(one) > 1 and not one.isascii()))


_CONTENT = {
    Key.EMAIL: re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    Key.MEDIA: re.compile(r"(?:https?://|www\.)\S+.*", re.IGNORECASE | re.DOTALL),
}


def holds_data(header: Sequence[str]) -> bool:
    """Whether a header row seems to be a row of data: no column is called like an email address."""
    return any(_CONTENT[Key.EMAIL].fullmatch(name.strip()) for name in header)


def _gives_away(cells_: Sequence[str], key: Key) -> bool:
    pattern = _CONTENT.get(key)
    return pattern is not None and bool(cells_) and all(pattern.fullmatch(cell) for cell in cells_)


def _mapped(
    header: Sequence[str],
    found: Mapping[Key, Sequence[int]],
    match: Mapping[int, Match],
    locale: str,
    line: int,
    *,
    tell_unknown: bool,
) -> Mapped:
    keys = [key_of(name) for name in header]
    doubled = {key: tuple(indexes) for key, indexes in found.items() if len(indexes) > 1}
    missing = tuple(column.key for column in COLUMNS if column.required and column.key not in found)
    matches = tuple(_matches(header, keys, found, match))
    unknown = tuple(one.index for one in matches if one.match is Match.UNKNOWN)
    findings = [_doubled(BY_KEY[key].names[locale], indexes, line) for key, indexes in doubled.items()]
    findings += [_missing(BY_KEY[key].names[locale], line) for key in missing]
    findings += [_guessed(one, locale, line) for one in matches if one.match is Match.GUESSED]
    if tell_unknown:
        findings += [_unknown(header[index], index, line) for index in unknown]
    return Mapped(
        {key: indexes[0] for key, indexes in found.items()},
        unknown,
        frozenset(one.index for one in matches if one.match is Match.RESULT),
        any(key_of(name) in keys for name in STATUS_NAMES.values()),
        tuple(findings),
        matches,
        missing,
        doubled,
    )


def _matches(
    header: Sequence[str],
    keys: Sequence[str],
    found: Mapping[Key, Sequence[int]],
    match: Mapping[int, Match],
) -> Iterator[Matched]:
    by_index = {index: key for key, indexes in found.items() for index in indexes}
    for index, name in enumerate(header):
        key = by_index.get(index)
        if key is not None:
            how = Match.DOUBLED if len(found[key]) > 1 else match[index]
        elif keys[index] in column_names.of_results():
            how = Match.RESULT
        else:
            how = Match.UNKNOWN if keys[index] or name.strip() else Match.BLANK
        yield Matched(index, name, key, how)


def _indexes(keys: Iterable[str], known: Mapping[str, Key]) -> dict[Key, list[int]]:
    found: dict[Key, list[int]] = {}
    for index, key in enumerate(keys):
        if key in known:
            found.setdefault(known[key], []).append(index)
    return found


def _missing(name: str, line: int) -> Finding:
    text = N_("A required column is missing: %(name)s.")
    return Finding("header-missing-column", Severity.ERROR, text, {"name": name}, line)


def _guessed(one: Matched, locale: str, line: int) -> Finding:
    assert one.key is not None
    text = N_("The name of this column can mean two things: %(name)s. It is taken for: %(column)s.")
    values = {"name": one.name, "column": BY_KEY[one.key].names[locale]}
    return Finding("header-guessed-column", Severity.WARNING, text, values, line, one.index + 1)


def _unknown(name: str, index: int, line: int) -> Finding:
    text = N_("This column is unknown and is ignored: %(name)s.")
    return Finding("header-unknown-column", Severity.WARNING, text, {"name": name}, line, index + 1)


def _doubled(name: str, found: Sequence[int], line: int) -> Finding:
    return Finding(
        "header-doubled-column",
        Severity.ERROR,
        N_("The file has this column more than once: %(name)s."),
        {"name": name, "columns": [index + 1 for index in found]},
        line,
        found[1] + 1,
    )
