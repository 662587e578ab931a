"""Why a row of an import is rejected, or worth a second look: stored as facts, said in any language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.csvfile import words
from service.csvfile.headers import BY_KEY, Key
from service.facts.findings import Finding, Severity
from service.facts.words import N_, NN_, Phrase
from service.i18n.catalogs import Catalog


@dataclass(frozen=True, slots=True)
class Reason:
    """What is said of a row, and of which of our columns; an error rejects the row.

    `values` may also hold the ids of what it is about, which the phrase does not name.
    """

    rule: str
    severity: Severity
    phrase: Phrase
    values: Mapping[str, object] = field(default_factory=dict)
    column: Key | None = None

    @property
    def rejects(self) -> bool:
        """Whether a row with this reason is not imported."""
        return self.severity is Severity.ERROR


BLANK = N_("The row has no value in any of the columns that are read.")
MISSING = N_("A required value is missing.")
TOO_LONG = N_("The text is longer than %(num)s characters.")
UNPRINTABLE = N_("The text contains a character that cannot be stored: %(character)s.")
NO_WEB_ADDRESS = N_("This is not a web address: %(url)s.")
NO_GROUP = N_("This group does not exist: %(name)s. Create it first, then import the row again.")
NO_LANGUAGE = N_("This language is unknown: %(text)s.")
NO_ZONE = N_("This time zone is unknown: %(text)s.")
NO_PARTNER_ID = N_("No partner has this ID: %(mpid)s.")
SEVERAL_ACCOUNTS = N_("Several partners use this email address. Give the partner ID: %(address)s.")
EXTRA_CELLS = N_("The row has more cells than the header row, so its values may stand in wrong columns.")
FIRST_WINS = N_("An earlier row of this partner says something else, which is kept: %(value)s.")
CHANGED_SINCE = N_("The prospect changed after the plan was made, so the row was not imported.")
GROUP_GONE = N_("The group was deleted after the plan was made, so the row was not imported.")
# Why something of a row stays when the import is undone.
CHANGED_AFTER = N_("This was changed after the import, so it stays.")
WRITTEN_TO = N_("The prospect was written to after the import, so it stays.")
HAS_HISTORY = N_("The prospect has a history since the import, so it stays.")
IN_GROUP = N_("The prospect was put into a group after the import, so it stays.")
IN_PROGRAM = N_("Another program works with this partner, so it stays.")
IN_USE = N_("The prospect has been used since the import, so it stays.")
HAS_ACCOUNT = N_("The partner has an account since the import, so it stays.")
GONE = N_("The prospect is no longer there.")
# Why an import as a whole stopped.
RIGHTS_LOST = N_("The import was stopped because %(name)s may no longer import prospects into this program.")
USER_ERASED = N_("The import was stopped because the user who ran it has been erased.")
RIGHTS_RULE = "rights-lost"
FAILED = NN_(
    "The import was stopped after %(num)s failed attempt.",
    "The import was stopped after %(num)s failed attempts.",
)

_WITH_COLUMN = N_("%(column)s: %(reason)s")


def error(rule: str, phrase: Phrase, column: Key | None = None, **values: object) -> Reason:
    """A reason that rejects the row."""
    return Reason(rule, Severity.ERROR, phrase, values, column)


def warning(rule: str, phrase: Phrase, column: Key | None = None, **values: object) -> Reason:
    """A reason to look twice."""
    return Reason(rule, Severity.WARNING, phrase, values, column)


def rights_lost(name: str | None) -> Reason:
    """Why an import stopped whose user may not import any more; without a name, as they were erased."""
    return error(RIGHTS_RULE, RIGHTS_LOST, name=name) if name else error(RIGHTS_RULE, USER_ERASED)


def of_findings(findings: Iterable[Finding], columns: Mapping[Key, int]) -> list[Reason]:
    """What reading a row found, about our columns where it names one; advice is left out."""
    by_number = {index + 1: key for key, index in columns.items()}
    return [
        Reason(one.rule, one.severity, one.phrase, one.values, by_number.get(one.column))
        for one in findings
        if one.severity is not Severity.ADVICE
    ]


def stored(reasons: Iterable[Reason]) -> list[dict[str, object]] | None:
    """Reasons as the database keeps them; None for none."""
    kept = []
    for one in reasons:
        row: dict[str, object] = {"rule": one.rule, "severity": one.severity.value, "text": one.phrase.text}
        if one.phrase.context is not None:
            row["context"] = one.phrase.context
        if one.phrase.plural is not None:
            row["plural"] = one.phrase.plural
        if one.values:
            row["values"] = dict(one.values)
        if one.column is not None:
            row["column"] = one.column.value
        kept.append(row)
    return kept or None


def loaded(rows: Iterable[Mapping[str, Any]] | None) -> list[Reason]:
    """Reasons from the database."""
    return [
        Reason(
            row["rule"],
            Severity(row["severity"]),
            Phrase(row["text"], row.get("context"), row.get("plural")),
            row.get("values", {}),
            Key(row["column"]) if "column" in row else None,
        )
        for row in rows or ()
    ]


def say(reason: Reason, catalog: Catalog) -> str:
    """A reason in the reader's language, its column named first."""
    text = words.say(reason.phrase, reason.values, catalog)
    if reason.column is None:
        return text
    return catalog.say(_WITH_COLUMN, column=column_name(reason.column, catalog), reason=text)


def column_name(column: Key, catalog: Catalog) -> str:
    """The name of a column in the reader's language."""
    return BY_KEY[column].names[catalog.locale.code]
