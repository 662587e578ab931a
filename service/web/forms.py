"""Forms as all pages use them: WTForms in the reader's language, refusals beside their field."""

import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from flask import flash
from flask_wtf import FlaskForm

from service.domain.errors import DomainError
from service.facts.words import Phrase
from service.i18n.locales import LOCALES
from service.web.context import here
from service.web.words import date_time, language_name

_TURNING = frozenset({"R", "AL", "AN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose token is checked for every unsafe request before its view runs (see `security`)."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """The form itself does not check the token a second time."""

        csrf = False

    def refuse(self, error: DomainError, name: str | None = None) -> None:
        """Put a refusal beside its field (or the one named here), or on top of the form where it has none."""
        text = refusal_text(error)
        field = self._fields.get(name or error.field or "")
        if field is not None:
            field.errors = [*field.errors, text]
        else:
            self.form_errors: list[str] = [*self.form_errors, text]

    def problems(self) -> list[tuple[str, str]]:
        """Return (field id, text) for the error summary; the id is empty for the whole form."""
        found = [("", str(text)) for text in self.form_errors]
        for field in self._fields.values():
            found += [(field.id, str(text)) for text in _flat(field.errors)]
        return found


def _flat(errors: Iterable[Any]) -> list[str]:
    return [str(error) for error in errors if not isinstance(error, dict)]


def refusal_text(error: DomainError) -> str:
    """Return a refusal in the reader's words."""
    values = dict(error.values)
    if values.get("language") in LOCALES:
        values["language"] = language_name(str(values["language"]))
    for name, value in values.items():
        if isinstance(value, datetime):
            values[name] = date_time(value)
    return say(error.refusal.phrase, **values)


def say(phrase: Phrase, **values: object) -> str:
    """Return a phrase in the reader's language; a value cannot turn the sentence around it (check T-9)."""
    isolated = {name: _isolated(value) if isinstance(value, str) else value for name, value in values.items()}
    return here().catalog.say(phrase, **isolated)


def _isolated(value: str) -> str:
    # First strong isolate … pop directional isolate (UAX #9), where a value has a direction of its own.
    turns = any(unicodedata.bidirectional(character) in _TURNING for character in value)
    return f"\u2068{value}\u2069" if turns else value


def done(phrase: Phrase, **values: object) -> None:
    """Tell the reader on the next page that something was done."""
    flash(say(phrase, **values), "success")


def warn(text: str) -> None:
    """Tell the reader on the next page that something was refused."""
    flash(text, "danger")


def stripped(value: object) -> str:
    """Return what a field holds as text without outer spaces; a WTForms filter."""
    return "" if value is None else str(value).strip()


def number(value: object) -> int:
    """Return an id or another small whole number from a form or query, 0 for anything else."""
    text = "" if value is None else str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0


Filter = Callable[[object], str]
FILTERS: list[Filter] = [stripped]
