"""Attached files as pages show them: what is known of each in the reader's words, and where links lead."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from service.facts.filetypes import IMAGES, FileType
from service.facts.left_out import NOT_SCANNED, THREAT
from service.facts.messages import SCAN_STATE_LABELS, ScanState, Side
from service.facts.words import N_
from service.models import Attachment
from service.web.context import here
from service.web.forms import say
from service.web.words import date_time

# Tone and icon of a state's badge.
_LOOKS = {
    ScanState.WAITING: ("info", "clock"),
    ScanState.CLEAN: ("success", "check"),
    ScanState.REFUSED: ("danger", "danger"),
    ScanState.UNSCANNED: ("warning", "warning"),
}
AGAIN = N_("The virus scanner cannot be reached at the moment. It is asked again at: %(time)s")
# Leads to a route of the file: (its name there, the file's id) -> address.
Links = Callable[[str, int], str]


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file on a page; a link is None where it does not lead anywhere."""

    id: int
    name: str
    size: str
    state: str
    tone: str
    icon: str
    waits: bool
    note: str
    download: str | None
    picture: str | None
    table: str | None
    remove: str | None


def lines(
    files: Iterable[Attachment], links: Links, *, side: Side, removable: Collection[int] = ()
) -> list[FileLine]:
    """Return files as a page shows them to a reader of one `side`; `removable` are ids it can take back."""
    return [_line(file, links, side=side, is_removable=file.id in removable) for file in files]


def _line(file: Attachment, links: Links, *, side: Side, is_removable: bool) -> FileLine:
    state, kind = ScanState(file.state), FileType(file.kind)
    tone, icon = _LOOKS[state]
    is_clean = state is ScanState.CLEAN and file.file_id is not None
    return FileLine(
        id=file.id,
        name=file.name,
        size=here().formats.file_size(file.size),
        state=say(SCAN_STATE_LABELS[state]),
        tone=tone,
        icon=icon,
        waits=state is ScanState.WAITING,
        note=_note(file, state, is_own=file.side == side.value),
        download=links("download", file.id) if is_clean else None,
        picture=links("picture", file.id) if is_clean and kind in IMAGES else None,
        table=links("table", file.id) if is_clean and kind is FileType.CSV else None,
        remove=links("remove", file.id) if is_removable else None,
    )


def _note(file: Attachment, state: ScanState, *, is_own: bool) -> str:
    if state is ScanState.REFUSED and file.threat:
        return say(THREAT, threat=file.threat)
    if state is ScanState.UNSCANNED and is_own:
        return say(NOT_SCANNED)  # whoever receives a message has nothing to send: the state says enough
    if state is ScanState.WAITING and file.tries and file.next_try_at is not None:
        return say(AGAIN, time=date_time(file.next_try_at))
    return ""
