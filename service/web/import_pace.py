"""How fast an import goes, and when it will be done: measured since the reader began to watch."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import request, url_for
from sqlalchemy.orm import Session

from service.domain import import_preview
from service.facts.states import ImportState
from service.models.imports import Import
from service.web.context import here


@dataclass(frozen=True, slots=True)
class Pace:
    """Rows done and to do (about, while they are counted), the rate, the expected end, where to look next.

    `poll` carries since when and from which row this reader has watched.
    """

    done: int
    total: int
    poll: str
    again: str
    per_second: float | None = None
    ends_at: datetime | None = None


def pace(session: Session, import_: Import) -> Pace | None:
    """Return the pace of an import under way, None for another."""
    if import_.state == ImportState.PLANNING.value:
        done = import_.planned_rows
        total = max(import_preview.expected_rows(session, import_), done + 1)
    elif import_.state == ImportState.APPLYING.value:
        done, total = import_.applied_rows, import_.planned_rows
    elif import_.state == ImportState.UNDOING.value:
        done = import_.undone_rows + import_.kept_rows
        total = max(min(import_.created_rows + import_.updated_rows, import_.applied_rows), done)
    else:
        return None
    since, start = _watched(import_.state, done)
    mark = f"{since.timestamp():.3f}~{import_.state}~{start}"
    poll = url_for("imports.progress", import_id=import_.id, watched=mark)
    again = url_for("imports.show", import_id=import_.id, watched=mark)
    seconds = (here().now - since).total_seconds()
    if done <= start or seconds <= 0:
        return Pace(done, total, poll, again)
    rate = (done - start) / seconds
    return Pace(done, total, poll, again, rate, here().now + timedelta(seconds=(total - done) / rate))


def _watched(state: str, done: int) -> tuple[datetime, int]:
    """Since when and from which row the reader has watched this state; now and here for a new one."""
    said, _, rest = request.args.get("watched", "").partition("~")
    watched, _, row = rest.partition("~")
    try:
        since, start = datetime.fromtimestamp(float(said), UTC), int(row)
    except (ValueError, OverflowError, OSError):
        return here().now, done
    if watched != state or not 0 <= start <= done or since > here().now:
        return here().now, done
    return since, start
