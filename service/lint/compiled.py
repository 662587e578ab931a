"""Rules on what lies beside a catalog: its compiled file (PO011) and the template it is made from (PO012)."""

import struct
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n import po

_MAGIC = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}
_GLUE, _NUL = "\x04", "\x00"
BROKEN = N_("The compiled file %(name)s cannot be read.")
DIFFERENT = N_("The compiled file %(name)s differs from this one, first here. Compile it again.")
DOUBTED = N_("The compiled file %(name)s shows this translation, which is marked fuzzy.")
DRIFT = N_("Not up to date with messages.pot (%(new)s new, %(old)s unused): run “prospectus catalog update”.")
OTHERS_DRIFT = N_("Not up to date with %(name)s: %(new)s new, %(old)s unused.")


class _NotCompiled(Exception):
    """Bytes that are no compiled catalog."""


def messages(data: bytes) -> dict[str, str]:
    """The texts of a compiled catalog, contexts and plurals glued on as gettext does. _NotCompiled."""
    order = _MAGIC.get(data[:4])
    if order is None:
        raise _NotCompiled
    try:
        _, count, ids, strings = struct.unpack_from(f"{order}4I", data, 4)
        if count > len(data) // 16:
            raise _NotCompiled
        table = zip(
            struct.iter_unpack(f"{order}2I", data[ids : ids + 8 * count]),
            struct.iter_unpack(f"{order}2I", data[strings : strings + 8 * count]),
            strict=True,
        )
        return {_text(data, *one): _text(data, *other) for one, other in table}
    except (struct.error, ValueError) as error:
        raise _NotCompiled from error


def _text(data: bytes, length: int, offset: int) -> str:
    if offset + length > len(data):
        raise _NotCompiled
    return data[offset : offset + length].decode("utf-8")


def check_compiled(file: po.PoFile, path: Path) -> Iterator[Finding]:
    """PO011: the compiled file beside a catalog holds its translations, and no doubtful ones.

    What it says counts, not when it was written: a checkout gives files any time.
    """
    beside = path.with_suffix(".mo")
    if not beside.is_file():
        return
    name = {"name": beside.name}
    try:
        found = messages(beside.read_bytes())
    except (OSError, _NotCompiled):
        yield Finding("PO011", Severity.ERROR, BROKEN, name, 1, 1)
        return
    wanted = {_key(entry): _value(entry) for entry in file.messages if any(entry.strings)}
    for entry in file.messages:
        said = found.get(_key(entry))
        if entry.fuzzy and said is not None and said == wanted.get(_key(entry)):
            yield Finding("PO011", Severity.ERROR, DOUBTED, name, entry.line, 1)
            return
        if entry.translated and said != wanted.get(_key(entry)):
            yield Finding("PO011", Severity.ERROR, DIFFERENT, name, entry.line, 1)
            return
    if extra := found.keys() - wanted.keys() - {""}:
        line = next((e.line for e in file.messages if _key(e) in extra), 1)
        yield Finding("PO011", Severity.ERROR, DIFFERENT, name, line, 1)


def _key(entry: po.Entry) -> str:
    context = "" if entry.context is None else entry.context + _GLUE
    return context + entry.id + ("" if entry.plural is None else _NUL + entry.plural)


def _value(entry: po.Entry) -> str:
    return _NUL.join(entry.strings)


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
