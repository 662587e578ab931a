"""Entries of the audit trail told in the reader's language: a sentence, and notes on what changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from service.domain import audit
from service.facts.acts import ACTS, NOBODY, Act, SubjectKind
from service.facts.permissions import PERMISSION_LABELS, Permission
from service.facts.words import N_, Phrase
from service.i18n.locales import LOCALES
from service.models import AuditEntry
from service.web.context import here
from service.web.forms import say
from service.web.words import campaign_title, label, language_name, role_name, user_name

Subjects = Mapping[tuple[str, int], Any]


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the reader sees it."""

    entry: AuditEntry
    who: str
    sentence: str
    notes: tuple[str, ...]
    program: str


def lines(session: Session, entries: Sequence[AuditEntry]) -> list[Line]:
    """Tell entries of the trail; names are those of today, things that are gone have a number."""
    names, subjects = audit.names_of_users(session, entries), audit.subjects(session, entries)
    programs = {program.id: program.name for program in here().programs}
    told = []
    for entry in entries:
        who = user_name(names[entry.user_id], entry.user_id) if entry.user_id in names else say(NOBODY)
        program = programs.get(entry.program_id or 0, "")
        told.append(Line(entry, who, _sentence(entry, who, subjects), tuple(_notes(entry)), program))
    return told


def _act(entry: AuditEntry) -> Act | None:
    """The act, None for one of a later version whose database this is."""
    return Act(entry.act) if entry.act in set(Act) else None


def _sentence(entry: AuditEntry, who: str, subjects: Subjects) -> str:
    values: dict[str, Any] = {"who": who, "name": _name(entry, subjects)}
    if "num" in entry.details:
        values["num"] = entry.details["num"]
    if (code := str(entry.details.get("locale", ""))) in LOCALES:
        values["language"] = language_name(code)
    act = _act(entry)
    return say(ACTS[act].sentence, **values) if act else entry.act


def _name(entry: AuditEntry, subjects: Subjects) -> str:
    kept = entry.details.get("name")
    if isinstance(kept, str):
        return kept
    found = subjects.get((entry.subject_kind or "", entry.subject_id or 0))
    if found is None:
        return f"#{entry.subject_id}" if entry.subject_id else "–"
    naming = _NAMING.get(entry.subject_kind or "")
    return naming(found) if naming else str(found.name)


_NAMING: Mapping[str, Callable[[Any], str]] = {
    SubjectKind.USER.value: lambda user: user_name(user.name, user.id),
    SubjectKind.ROLE.value: role_name,
    SubjectKind.CAMPAIGN.value: campaign_title,
    SubjectKind.IMPORT.value: lambda import_: str(import_.file_name),
    SubjectKind.MAIL_ACCOUNT.value: lambda account: str(account.address) or "–",
}


def _notes(entry: AuditEntry) -> Iterator[str]:
    act, details = _act(entry), entry.details
    if act in {Act.USER_ADDED, Act.USER_INVITED} and "role" in details:
        yield say(N_("Role: %(name)s"), name=_role(details["role"]))
    elif act is Act.USER_ROLE_CHANGED:
        yield say(
            N_("Role before: %(before)s. Role now: %(after)s."),
            before=_role(details.get("before")),
            after=_role(details.get("after")),
        )
    elif act is Act.USER_PROGRAMS_CHANGED:
        if details.get("all"):
            yield say(N_("All programs"))
        yield from _listed(N_("Programs added: %(names)s"), _programs(details.get("given")))
        yield from _listed(N_("Programs removed: %(names)s"), _programs(details.get("taken")))
    elif act in {Act.ROLE_CREATED, Act.ROLE_CHANGED}:
        if "name_before" in details:
            yield say(N_("Name before: %(name)s"), name=str(details["name_before"]))
        yield from _listed(N_("Permissions added: %(names)s"), _permissions(details.get("given")))
        yield from _listed(N_("Permissions removed: %(names)s"), _permissions(details.get("taken")))


def _listed(phrase: Phrase, names: list[str]) -> Iterator[str]:
    if names:
        yield say(phrase, names=here().formats.listing(names))


def _role(mark: object) -> str:
    """A role by what the trail kept of it: key and name."""
    if not isinstance(mark, list) or len(mark) != 2:
        return "–"
    return label(mark[0], "role") if mark[0] else str(mark[1])


def _programs(ids: object) -> list[str]:
    names = {program.id: program.name for program in here().programs}
    return [names[one] for one in ids if one in names] if isinstance(ids, list) else []


def _permissions(values: object) -> list[str]:
    known = {permission.value for permission in Permission}
    found = [value for value in values if value in known] if isinstance(values, list) else []
    return [say(PERMISSION_LABELS[Permission(value)]) for value in found]
