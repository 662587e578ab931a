"""What a message was before, `#| msgid "…"`: gettext reads it as strictly as the message itself."""

import re

from service.facts.words import N_
from service.i18n.po_mistakes import STRING, PoSyntaxError, position

_TEXT = rf"{STRING}(?>(?:\s*+{STRING})*)"
_LINE = re.compile(r"[ \t\r\f\v]*+(#[^\n]*+)(?:\n|\Z)|\s++")
_MARK = re.compile(r"#(~?)\|(.*)", re.DOTALL)
_WHOLE = re.compile(
    rf"\s*+(?>(?:msgctxt\s*+{_TEXT}\s*+)?)msgid\s*+{_TEXT}(?>(?:\s*+msgid_plural\s*+{_TEXT})?)\s*+", re.ASCII
)
ORDER = N_("“#|” lines stand directly before their message and hold its former texts.")


def refuse_previous(text: str, start: int, end: int, *, following: bool | None) -> None:
    """PoSyntaxError where the `#|` lines of a block of comments are not whole or not in their place.

    `following` says whether the message behind them is obsolete, None where there is none.
    """
    first: int | None = None
    held: list[str] = []
    at = start
    while at < end and (line := _LINE.match(text, at)):
        at = line.end()
        if line[1] is None:
            continue
        mark = _MARK.match(line[1])
        if mark is not None:
            first = line.start(1) if first is None else first
            held.append(mark[2])
        if first is not None and (mark is None or following is None or bool(mark[1]) != following):
            raise PoSyntaxError(ORDER, *position(text, first))
    if first is not None and not _WHOLE.fullmatch("\n".join(held)):
        raise PoSyntaxError(ORDER, *position(text, first))
