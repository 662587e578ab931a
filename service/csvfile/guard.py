"""Cells that a spreadsheet would run as a formula: made harmless by an apostrophe, and made as they were."""

import re

# OWASP ASVS 5.0, 1.2.10 names = + - @ TAB NUL at the start; spreadsheets also skip spaces before them, and
# those of East Asia take full-width signs for them. Apostrophes before count in, so that it can be undone.
_FORMULA = re.compile("'*(?:[\t\r\n\0]|[\\s\ufeff\u200b]*[=+\\-@＝＋－＠])")


def guarded(cell: str) -> str:
    """The cell with an apostrophe in front where a spreadsheet would run it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
