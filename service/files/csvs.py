"""CSV files: text throughout, and the first cells of one to look at."""

import re
from itertools import islice

from service import csvfile
from service.csvfile import encoding, text
from service.csvfile.source import InMemory
from service.facts.file_refusals import FileRefusal
from service.files.refused import FileRefused

# What no text has. Tabs, line ends, and the escape character of ISO-2022-JP are not among them.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
PREVIEW_ROWS = 10
PREVIEW_COLUMNS = 20
PREVIEW_CHARACTERS = 200


def judge(content: bytes) -> None:
    """Raise FileRefused for content with a byte that is not text in any encoding that CSV files have."""
    source = InMemory(content)
    detection = encoding.detect(source, "en")
    for piece in text.pieces(source, detection.encoding, len(detection.signature)):
        if piece.bad or piece.too_long or _CONTROLS.search(piece.text):
            raise FileRefused(FileRefusal.CSV_DAMAGED)


def preview(
    content: bytes, *, locale: str, rows: int = PREVIEW_ROWS, columns: int = PREVIEW_COLUMNS
) -> tuple[tuple[str, ...], ...]:
    """Return the first cells as text, header first, long ones cut; nothing where there is no table."""
    file = csvfile.read(content, locale=locale)
    if not file.readable:
        return ()
    lines = [list(file.header), *(row.cells for row in islice(file.rows(), rows))]
    return tuple(tuple(map(_cut, cells[:columns])) for cells in lines)


def _cut(cell: str) -> str:
    return cell if len(cell) <= PREVIEW_CHARACTERS else f"{cell[:PREVIEW_CHARACTERS]}…"
