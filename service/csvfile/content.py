"""What a file is by its first bytes, so that a workbook named .csv is told from a CSV file."""

import re

from service.csvfile.encoding import BOMS, wide
from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase

_SAVE_AS_CSV = N_(
    "This is an Excel workbook, not a CSV file. Open it, save it as CSV, and choose the new file."
)
_OPEN_DOCUMENT = N_(
    "This is an OpenDocument file, not a CSV file. Open it, save it as CSV, and choose the new file."
)
_ARCHIVE = N_("This is a compressed archive, not a CSV file. Unpack it, and choose the CSV file in it.")
_WEB_PAGE = N_(
    "This is a web page, not a CSV file. Open it in a spreadsheet, save it as CSV, and choose the new file."
)
_KIND = N_("This is a file of type %(kind)s, not a CSV file.")
_BINARY = N_("This is not a CSV file: it contains binary data.")

_SIGNATURES: tuple[tuple[bytes, Phrase, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _SAVE_AS_CSV, "XLS"),
    (b"\x1f\x8b\x08", _ARCHIVE, "GZIP"),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE, "7Z"),
    (b"Rar!\x1a\x07", _ARCHIVE, "RAR"),
    (b"\xfd7zXZ\x00", _ARCHIVE, "XZ"),
    (b"BZh", _ARCHIVE, "BZIP2"),
    (b"%PDF-", _KIND, "PDF"),
    (b"\x89PNG\r\n\x1a\n", _KIND, "PNG"),
    (b"\xff\xd8\xff", _KIND, "JPEG"),
    (b"GIF87a", _KIND, "GIF"),
    (b"GIF89a", _KIND, "GIF"),
    (b"{\\rtf", _KIND, "RTF"),
    (b"\x7fELF", _KIND, "ELF"),
    (b"SQLite format 3\x00", _KIND, "SQLite"),
    (b"PAR1", _KIND, "Parquet"),
    (b"\xff\xfe\0\0", _KIND, "UTF-32"),
    (b"\0\0\xfe\xff", _KIND, "UTF-32"),
)
# Text, but no table: what programs save under a name that ends in .csv or .xls.
_MARKUP: tuple[tuple[re.Pattern[bytes], Phrase, str], ...] = (
    (re.compile(rb"<(?:!doctype html|html|head|body|table|meta)\b", re.IGNORECASE), _WEB_PAGE, "HTML"),
    (re.compile(rb"<\?xml\b"), _KIND, "XML"),
    (re.compile(rb'\[?\s*\{\s*"'), _KIND, "JSON"),
)
_ZIPPED: tuple[tuple[bytes, Phrase, str], ...] = (
    (b"xl/", _SAVE_AS_CSV, "XLSX"),
    (b"application/vnd.oasis", _OPEN_DOCUMENT, "ODS"),
    (b"word/", _KIND, "DOCX"),
    (b"ppt/", _KIND, "PPTX"),
    (b"Index/Document.iwa", _KIND, "Numbers"),
    (b"[Content_Types].xml", _SAVE_AS_CSV, "XLSX"),
)
# Not counted: tab, line ends, VT, FF, and the escape character of ISO-2022-JP.
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_FEW = 10


def refusal(head: bytes) -> Finding | None:
    """Why the first 64 KB of a file are no CSV: a known signature, or over 1 control character in 100."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        kinds = ((phrase, kind) for name, phrase, kind in _ZIPPED if name in head)
        return _finding(*next(kinds, (_ARCHIVE, "ZIP")))
    for signature, phrase, kind in _SIGNATURES:
        if head.startswith(signature):
            return _finding(phrase, kind)
    # What stands before it may be a mark, blank, or the half of UTF-16.
    beginning = head[:1024].removeprefix(BOMS["utf-8"]).lstrip(b"\xff\xfe").replace(b"\0", b"").lstrip()
    for pattern, phrase, kind in _MARKUP:
        if pattern.match(beginning):
            return _finding(phrase, kind)
    if head.startswith((BOMS["utf-16-le"], BOMS["utf-16-be"])) or wide(head) is not None:
        return None
    controls = len(_CONTROLS.findall(head))
    # A handful in a tiny file are bad rows, which are named one by one.
    if controls > _FEW and controls * 100 > len(head):
        return _finding(_BINARY, "")
    return None


def _finding(phrase: Phrase, kind: str) -> Finding:
    return Finding("file-not-csv", Severity.ERROR, phrase, {"kind": kind})
