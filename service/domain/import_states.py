"""What is known of a partner while an import goes through its rows, and what a row changes in it.

The changes of a row are stored as
`{"set": {field: [before, after]}, "group": id, "same": {field: given}, "new": "partner" or "prospect"}`:
`set` is written, `same` is what the row said without changing anything (later rows are compared with it), and
`new` tells whether the partner itself or only their place in the program is created. Of a new partner, where
nothing was before, `fields` has the values alone. `assumed` says that the row did not name the language it
writes: the import has one for people without any. Web addresses are one field, a line each, in the order they
are kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.csvfile.headers import Key
from service.domain.import_reasons import CHANGED_SINCE, FIRST_WINS, GROUP_GONE, Reason, error, warning
from service.domain.import_values import Values
from service.facts.states import RowOutcome

# Fields of a partner that a row may set; the address has rules of its own.
FIELDS = ("name", "media_property", "first_name", "last_name", "description", "language", "time_zone")
CUSTOM_EMAIL = "custom_email"
_LANGUAGE = Key.LANGUAGE.value
# The identity of a partner who was removed after the plan was made: no partner has this id.
NOBODY = "=0"


@dataclass(slots=True)
class State:
    """A partner as it is, or as it will be after the rows so far; `partner_id` is None before it exists."""

    identity: str
    partner_id: int | None = None
    mpid: str | None = None
    fields: dict[str, str | None] = field(default_factory=dict)
    email_key: str = ""
    custom_email_key: str | None = None
    groups: set[int] = field(default_factory=set)
    prospect_id: int | None = None
    # The import that made the prospect.
    import_id: int | None = None
    # Will exist by an earlier row of this import.
    partner_planned: bool = False
    prospect_planned: bool = False
    # What earlier rows of this import said, the first of them in each field.
    given: dict[str, str] = field(default_factory=dict)
    # The language is the one for people without any: a later row that names one is right.
    assumed: bool = False

    @property
    def account(self) -> bool:
        """Whether the partner has an account, which keeps its name and address."""
        return self.mpid is not None

    @property
    def partner_exists(self) -> bool:
        """Whether the partner is there, or will be."""
        return self.partner_id is not None or self.partner_planned

    @property
    def prospect_exists(self) -> bool:
        """Whether the partner is a prospect of the program, or will be."""
        return self.prospect_id is not None or self.prospect_planned


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a row."""

    outcome: RowOutcome
    changes: dict[str, Any] | None
    reasons: tuple[Reason, ...] = ()


def decide(state: State, values: Values, *, overwrite: bool, language: str | None = None) -> Decision:
    """Decide what a row does to a partner, and note it in the state for the rows after it.

    `language` is for people of whom neither the row nor we know one.
    """
    assumed = language if not (_LANGUAGE in values.fields or state.fields.get(_LANGUAGE)) else None
    if not state.partner_exists:
        return _somebody_new(state, values, assumed)
    written: dict[str, list[str | None]] = {}
    same: dict[str, str] = {}
    reasons: list[Reason] = []
    new = None if state.prospect_exists else "prospect"
    wanted = [(name, values.fields[name]) for name in FIELDS if name in values.fields]
    if values.email_key != state.email_key:
        wanted.append((CUSTOM_EMAIL, values.email))
    for name, value in wanted:
        earlier = state.given.setdefault(name, value)
        if earlier != value:
            column = Key.EMAIL if name == CUSTOM_EMAIL else Key(name)
            reasons.append(warning("first-row-wins", FIRST_WINS, column, value=earlier))
            continue
        before = state.fields.get(name)
        keeps = (name == "name" and state.account) or bool(before and not overwrite)
        if name == _LANGUAGE and state.assumed:
            keeps = False
        if before == value or keeps or _same(name, before, values):
            same[name] = value
        else:
            written[name] = [before, value]
    changes: dict[str, Any] = {}
    if new:
        changes["new"] = new
    if assumed is not None:
        written[_LANGUAGE] = [None, assumed]
        changes["assumed"] = True
    if written:
        changes["set"] = written
    if values.group_id is not None and values.group_id not in state.groups:
        changes["group"] = values.group_id
    outcome = RowOutcome.CREATED if new else RowOutcome.UPDATED if changes else RowOutcome.UNCHANGED
    if same and state.partner_id is not None:
        changes["same"] = same
    note(state, changes)
    return Decision(outcome, changes or None, tuple(reasons))


def _somebody_new(state: State, values: Values, assumed: str | None) -> Decision:
    """The case of most rows, where nothing is there to compare with."""
    fields = values.fields
    written: dict[str, str | None] = {**fields, "email": values.email}
    changes: dict[str, Any] = {"new": "partner", "fields": written}
    if assumed is not None:
        written[_LANGUAGE] = assumed
        changes["assumed"] = state.assumed = True
    if values.group_id is not None:
        changes["group"] = values.group_id
        state.groups.add(values.group_id)
    state.fields, state.given = written.copy(), fields.copy()
    state.email_key = values.email_key
    state.partner_planned = state.prospect_planned = True
    return Decision(RowOutcome.CREATED, changes)


def _same(name: str, before: str | None, values: Values) -> bool:
    """Whether two writings are one thing: web addresses in another order, an address in other case."""
    if before is None:
        return False
    if name == "media_property":
        return set(before.split("\n")) == set(values.fields[name].split("\n"))
    return name == CUSTOM_EMAIL and before.casefold() == values.email.casefold()


def note(state: State, changes: Mapping[str, Any] | None) -> None:
    """Have a state be as after a row with these changes, and remember what the row said."""
    if not changes:
        return
    after_row = {name: after for name, (_before, after) in changes.get("set", {}).items()}
    after_row |= changes.get("fields", {})
    assumed = bool(changes.get("assumed"))
    if _LANGUAGE in after_row:
        state.assumed = assumed
    for name, after in after_row.items():
        state.fields[name] = after
        if not (assumed and name == _LANGUAGE):
            state.given.setdefault(name, after)
    for name, value in changes.get("same", {}).items():
        state.given.setdefault(name, value)
    if "group" in changes:
        state.groups.add(changes["group"])
    if changes.get("new") == "partner":
        state.partner_planned = True
        # Somebody new is known by the address alone.
        state.email_key = state.identity
    if "new" in changes:
        state.prospect_planned = True


def carry_out(state: State, changes: Mapping[str, Any], groups: Iterable[int]) -> Decision:
    """What a planned row still has to do now; a row whose partner changed since is rejected whole.

    What is already as it should be is not done again: an import applied twice, or by two at once, changes
    nothing the second time. `groups` are the groups that exist. The state is left as it is.
    """
    new = changes.get("new")
    if not new and not state.prospect_exists:
        return _drifted(None)
    if new == "prospect" and not state.partner_exists:
        return _drifted(None)
    todo: dict[str, Any] = {}
    if new == "partner" and not state.partner_exists:
        todo["new"] = "partner"
    elif new and not state.prospect_exists:
        todo["new"] = "prospect"
    written = {}
    wanted = {name: (None, after) for name, after in changes.get("fields", {}).items()}
    for name, (before, after) in {**wanted, **changes.get("set", {})}.items():
        now = state.fields.get(name)
        if (now or None) == (after or None) or (name == "email" and state.partner_exists):
            continue
        if (now or None) != (before or None):
            return _drifted(name)
        written[name] = [before, after]
    if written:
        todo["set"] = written
    group_id = changes.get("group")
    if group_id is not None and group_id not in state.groups:
        if group_id not in groups:
            return Decision(RowOutcome.REJECTED, None, (error("drift-group", GROUP_GONE, Key.GROUP),))
        todo["group"] = group_id
    outcome = RowOutcome.CREATED if "new" in todo else RowOutcome.UPDATED if todo else RowOutcome.UNCHANGED
    return Decision(outcome, todo or None)


DRIFT = "drift"


def _drifted(name: str | None) -> Decision:
    column = None if name is None else Key.EMAIL if name in {CUSTOM_EMAIL, "email"} else Key(name)
    return Decision(RowOutcome.REJECTED, None, (error(DRIFT, CHANGED_SINCE, column),))
