"""Rules on what lies beside a catalog: its compiled file (PO011) and the template it is made from (PO012)."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n import mo, po

BROKEN = N_("The compiled file %(name)s cannot be read.")
DIFFERENT = N_("The compiled file %(name)s differs from this one, first here. Compile it again.")
DOUBTED = N_("The compiled file %(name)s shows this translation, which is marked fuzzy.")
DRIFT = N_("Not up to date with messages.pot (%(new)s new, %(old)s unused): run “prospectus catalog update”.")
OTHERS_DRIFT = N_("Not up to date with %(name)s: %(new)s new, %(old)s unused.")


def check_compiled(file: po.PoFile, path: Path) -> Iterator[Finding]:
    """PO011: the compiled file beside a catalog holds its translations, and no doubtful ones.

    What it says counts, not when it was written: a checkout gives files any time.
    """
    beside = path.with_suffix(".mo")
    if not beside.is_file():
        return
    name = {"name": beside.name}
    try:
        found = mo.read(beside.read_bytes())
    except (OSError, mo.NotCompiled):
        yield Finding("PO011", Severity.ERROR, BROKEN, name, 1, 1)
        return
    wanted = {mo.source_of(entry): mo.target_of(entry) for entry in file.messages if any(entry.strings)}
    for entry in file.messages:
        said = found.get(mo.source_of(entry))
        if entry.fuzzy and said is not None and said == wanted.get(mo.source_of(entry)):
            yield Finding("PO011", Severity.ERROR, DOUBTED, name, entry.line, 1)
            return
        if entry.translated and said != wanted.get(mo.source_of(entry)):
            yield Finding("PO011", Severity.ERROR, DIFFERENT, name, entry.line, 1)
            return
    if extra := found.keys() - wanted.keys() - {""}:
        line = next((e.line for e in file.messages if mo.source_of(e) in extra), 1)
        yield Finding("PO011", Severity.ERROR, DIFFERENT, name, line, 1)


def check_drift(
    file: po.PoFile, template: Path, dynamic: Collection[str], *, ours: bool
) -> Iterator[Finding]:
    """PO012: a catalog that was not updated since its template was extracted.

    `dynamic` are source texts that no extraction finds and that may be there all the same.
    """
    try:
        wanted = {entry.key for entry in po.read(template.read_bytes()).messages}
    except (OSError, po.PoSyntaxError, ValueError):
        return
    present = {entry.key for entry in file.messages if entry.key in wanted or entry.id not in dynamic}
    if present == wanted:
        return
    values: Mapping[str, object] = {"new": len(wanted - present), "old": len(present - wanted)}
    if ours:
        yield Finding("PO012", Severity.ERROR, DRIFT, values, 1, 1)
    else:
        yield Finding("PO012", Severity.ERROR, OTHERS_DRIFT, {**values, "name": template.name}, 1, 1)
