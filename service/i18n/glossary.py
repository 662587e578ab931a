"""Reading `locales/glossary.toml`: one term per concept and language, and the forms nobody may write."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from service.i18n.locales import LOCALES, SHIPPED, SOURCE

_TERM_FIELDS = frozenset({"context", "compound", *LOCALES})
_ROW_FIELDS = frozenset({"terms", "banned", "note"})
_NEVER_FIELDS = frozenset({"locale", "forms", "pattern", "write"})


class GlossaryError(Exception):
    """A glossary that cannot be used: the path, and which row is wrong."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term. `words` has its form in every shipped locale, the source's included; in added ones it may.

    `compounds` are shorter forms that may stand inside compounds only. With `contexts` it holds for messages
    of those contexts alone.
    """

    source: str
    words: Mapping[str, str]
    contexts: tuple[str, ...] = ()
    compounds: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_label(self) -> bool:
        """A capitalised term names a label; a lower-case one a concept."""
        return self.source[:1].isupper()


@dataclass(frozen=True, slots=True)
class Row:
    """Terms that belong together, and the forms banned where one of them is meant."""

    terms: tuple[Term, ...]
    banned: Mapping[str, tuple[str, ...]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Never:
    """A form refused in a locale whatever the source says, and what to write instead."""

    locale: str
    pattern: re.Pattern[str]
    write: str


@dataclass(frozen=True, slots=True)
class Glossary:
    rows: tuple[Row, ...]
    never: tuple[Never, ...]


EMPTY = Glossary((), ())


def read(path: Path) -> Glossary:
    """Read a glossary file; GlossaryError names what is wrong with it, OSError if it cannot be opened."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
        if unknown := data.keys() - {"row", "never"}:
            raise ValueError(f"unknown tables {sorted(unknown)}")
        return Glossary(
            tuple(_row(row) for row in data.get("row", ())),
            tuple(_never(one) for one in data.get("never", ())),
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise GlossaryError(f"{path}: {error}") from error


def _row(data: Mapping[str, object]) -> Row:
    _refuse_unknown(data, _ROW_FIELDS)
    terms = tuple(_term(term) for term in _list(data["terms"]))
    banned = {str(code): _texts(forms) for code, forms in _table(data.get("banned", {})).items()}
    _refuse_unknown(banned, frozenset(LOCALES))
    return Row(terms, banned, str(data.get("note", "")))


def _term(value: object) -> Term:
    data = _table(value)
    _refuse_unknown(data, _TERM_FIELDS)
    words = {code: str(data[code]) for code in LOCALES if code in SHIPPED or code in data}
    if not all(words.values()):
        raise ValueError(f"an empty form in {data}")
    compounds = {str(code): str(form) for code, form in _table(data.get("compound", {})).items()}
    return Term(words[SOURCE], words, _texts(data.get("context", [])), compounds)


def _never(data: Mapping[str, object]) -> Never:
    _refuse_unknown(data, _NEVER_FIELDS)
    locale = str(data["locale"])
    _refuse_unknown({locale: None}, frozenset(LOCALES))
    if "pattern" in data:
        pattern = str(data["pattern"])
    else:
        forms = sorted(_texts(data["forms"]), key=len, reverse=True)
        pattern = "|".join(map(re.escape, forms))
        if all(form.isascii() or locale in ("en", "fr") for form in forms):
            pattern = rf"(?<!\w)(?:{pattern})(?!\w)"
    return Never(locale, re.compile(pattern, re.IGNORECASE), str(data["write"]))


def _refuse_unknown(data: Mapping[str, object], known: frozenset[str]) -> None:
    if unknown := set(data) - known:
        raise ValueError(f"unknown fields {sorted(unknown)} in {dict(data)}")


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not a table")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return value


def _texts(value: object) -> tuple[str, ...]:
    texts = tuple(_list(value))
    if not all(isinstance(text, str) and text for text in texts):
        raise TypeError(f"{value!r} is not a list of texts")
    return tuple(str(text) for text in texts)
