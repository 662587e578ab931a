"""Settings → Audit trail: who did what and when, filtered, as a table and as a file."""

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.csvfile.guard import guarded
from service.domain import audit
from service.domain.audit import Sight, Wanted
from service.facts.acts import AREA_LABELS, Area
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import Permission
from service.facts.words import N_, NP_
from service.web import audit_words, hand_out
from service.web.context import here, reader, reading
from service.web.forms import number, say
from service.web.routes import page
from service.web.words import user_name

bp = Blueprint("audit", __name__)
# Rows of the trail that are read at once for a file.
BATCH = 500
_HEADER = (
    NP_("audit trail", "Time"),
    NP_("audit trail", "Who"),
    NP_("audit trail", "What happened"),
    N_("Program"),
    NP_("audit trail", "Details"),
    NP_("audit trail", "Code"),
)
_NAMES = ("who", "area", "program", "from", "to")


@page(bp, "/settings/audit", needs=Permission.AUDIT_VIEW)
def index() -> ResponseReturnValue:
    """List the entries that the reader may see, newest first."""
    kept, before = _kept(), number(request.args.get("before"))
    with reading() as session:
        found = audit.list_page(session, _sight(), _wanted(kept), before=before, limit=PAGE_ROWS + 1)
        shown = found[:PAGE_ROWS]
        people = [(str(one.id), user_name(one.name, one.id)) for one in audit.actors(session, _sight())]
        following = _href(kept, before=str(shown[-1].id)) if shown else None
        return render_template(
            "audit/index.html",
            lines=audit_words.lines(session, shown),
            kept=dict.fromkeys(_NAMES, "") | kept,
            narrows=bool(kept),
            people=people,
            program_choices=[(str(one.id), one.name) for one in here().programs],
            areas=[(area.value, say(phrase)) for area, phrase in AREA_LABELS.items()],
            chips=_chips(kept, dict(people)),
            first_href=_href(kept) if before else None,
            next_href=following if len(found) > PAGE_ROWS else None,
            export_href=url_for("audit.export", **kept),  # type: ignore[arg-type]
        )


@page(bp, "/settings/audit.csv", needs=Permission.AUDIT_VIEW)
def export() -> ResponseReturnValue:
    """Serve all entries of the filter as a file that no spreadsheet runs anything of."""
    # Whole before a byte is sent: an answer that broke off would look like a shorter trail.
    file = hand_out.spooled(_written(_sight(), _wanted(_kept())))
    return hand_out.answer(file, f"{say(NP_('file name', 'audit trail'))}.csv", mimetype="text/csv")


def _written(sight: Sight, wanted: Wanted) -> Iterator[bytes]:
    """Yield the file in parts, each read in a transaction of its own: none is open for long.

    From the newest entry back, so that what is added meanwhile shifts nothing.
    """
    yield BOM_UTF8 + _csv([[say(phrase) for phrase in _HEADER]])
    before = 0
    while True:
        with reading() as session:
            found = audit.list_page(session, sight, wanted, before=before, limit=BATCH)
            cells = [_cells(line) for line in audit_words.lines(session, found)]
        if not found:
            return
        before = found[-1].id
        yield _csv(cells)


def _cells(line: audit_words.Line) -> tuple[str, ...]:
    moment = here().to_zone(line.entry.at).isoformat(timespec="seconds")
    return moment, line.who, line.sentence, line.program, "; ".join(line.notes), line.entry.act


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _sight() -> Sight:
    programs = frozenset(program.id for program in here().programs)
    return Sight(reader().id, programs, here().may(Permission.USERS_MANAGE))


def _kept() -> dict[str, str]:
    """The filter as the address holds it; what is not a known value is left out."""
    kept = {name: request.args.get(name, "") for name in _NAMES}
    kept["who"] = str(number(kept["who"]) or "")
    kept["program"] = str(number(kept["program"]) or "")
    kept["area"] = kept["area"] if kept["area"] in set(Area) else ""
    kept |= {name: day.isoformat() if (day := _day(kept[name])) else "" for name in ("from", "to")}
    return {name: value for name, value in kept.items() if value}


def _wanted(kept: dict[str, str]) -> Wanted:
    first, last = _day(kept.get("from", "")), _day(kept.get("to", ""))
    return Wanted(
        user_id=number(kept.get("who")) or None,
        area=Area(kept["area"]) if "area" in kept else None,
        program_id=number(kept.get("program")) or None,
        since=_midnight(first) if first else None,
        until=_midnight(last + timedelta(days=1)) if last else None,
    )


def _day(text: str) -> date | None:
    """A day as a date field sends it; None for what is none, and for years no trail reaches."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=here().zone)


def _chips(kept: dict[str, str], people: dict[str, str]) -> list[tuple[str, str, str]]:
    words = {
        "who": lambda value: people.get(value, f"#{value}"),
        "area": lambda value: say(AREA_LABELS[Area(value)]),
        "program": lambda value: next(
            (one.name for one in here().programs if str(one.id) == value), f"#{value}"
        ),
        "from": lambda value: here().formats.short_date(date.fromisoformat(value)),
        "to": lambda value: here().formats.short_date(date.fromisoformat(value)),
    }
    labels = {
        "who": NP_("audit trail", "Who"),
        "area": NP_("audit trail", "Area"),
        "program": N_("Program"),
        "from": NP_("audit trail", "From"),
        "to": NP_("audit trail", "Until"),
    }
    return [
        (say(labels[name]), words[name](value), _href({**kept, name: ""})) for name, value in kept.items()
    ]


def _href(kept: Mapping[str, str], **more: str) -> str:
    values: dict[str, Any] = {name: value for name, value in {**kept, **more}.items() if value}
    return url_for("audit.index", **values)
