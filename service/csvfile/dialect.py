"""Which delimiter a file uses, by how evenly each would cut its rows, and the first line that says `sep=`."""

import re
from collections import Counter
from dataclasses import dataclass

from service.csvfile import headers, rows
from service.csvfile.text import Piece

DELIMITERS = (",", ";", "\t", "|")
# Typed by hand in Japanese and Chinese; believed only where the names of our columns stand between them.
HAND_TYPED = ("、", "，")
# Saved again by a spreadsheet, the line has as many delimiters as the table.
_SEP = re.compile('"?sep=([^\\w\\s"]|\t)"?\\1*(\r\n|\r|\n|\\Z)', re.IGNORECASE)
_ROWS = 200


@dataclass(frozen=True, slots=True)
class Dialect:
    """`sep_line` is the text of a first line that only names the delimiter, with its line end, or nothing."""

    delimiter: str
    sep_line: str
    newline: str


def detect(text: str, delimiter: str | None = None, *, cut: bool = False) -> Dialect:
    """The dialect of the beginning of a file, `cut` if it may end inside a row; a given delimiter is kept."""
    sep = _SEP.match(text)
    sep_line = sep.group() if sep else ""
    body = text[len(sep_line) :]
    if delimiter is None:
        delimiter = sep.group(1) if sep else _most_even(body, cut=cut)
    return Dialect(delimiter, sep_line, _newline(text))


def _newline(text: str) -> str:
    found = re.search("\r\n|\r|\n", text)
    return found.group() if found else "\r\n"


def _most_even(text: str, *, cut: bool) -> str:
    best, best_score = ",", 0.0
    for delimiter in (*DELIMITERS, *HAND_TYPED):
        if delimiter not in text:
            continue
        score = _evenness(text, delimiter, cut=cut)
        if delimiter in HAND_TYPED and score < 10:
            continue
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _evenness(text: str, delimiter: str, *, cut: bool) -> float:
    """Known names in the header weigh most, then the share of rows as wide as the first, then that width."""
    found = []
    for row in rows.read((Piece(text),), delimiter, "utf-8"):
        found.append(row)
        if len(found) >= _ROWS:
            break
    if cut and len(found) > 1 and len(found) < _ROWS:
        found.pop()
    if not found:
        return 0.0
    names = sum(headers.is_known(cell) for cell in found[0].cells)
    width, count = Counter(len(row.cells) for row in found).most_common(1)[0]
    if width < 2:
        return 10.0 * names if len(found[0].cells) > 1 else 0.0
    share = count / len(found)
    same_as_header = sum(len(row.cells) == len(found[0].cells) for row in found) / len(found)
    bad = sum(row.bad for row in found) / len(found)
    return 10.0 * names + 4.0 * share * share + 2.0 * same_as_header + min(width, 12) / 12 - 4.0 * bad
