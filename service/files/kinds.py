"""Which type the bytes of a file are of, and whether they are of another type besides."""

import re

from service.csvfile import content as csv_content
from service.facts.file_refusals import FileRefusal
from service.facts.filetypes import FileType
from service.files.refused import FileRefused

_SIGNATURES: tuple[tuple[bytes, FileType], ...] = (
    (b"%PDF-", FileType.PDF),
    (b"\xff\xd8\xff", FileType.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileType.PNG),
    (b"GIF87a", FileType.GIF),
    (b"GIF89a", FileType.GIF),
)
# Readers of PDF look for the beginning in so many bytes (ISO 32000-1, annex H, note 13).
_PDF_WITHIN = 1024
# The record at the end of an archive, with its comment, and what its list of files begins with.
_ARCHIVE_END, _ARCHIVE_ENTRY = b"PK\x05\x06", b"PK\x01\x02"
_ARCHIVE_WITHIN = 22 + 0xFFFF
# What a browser would run if it took the file for a page: nothing of it stands in the content of a picture.
# Each is long enough not to come about by chance in ten megabytes.
_PAGE = re.compile(
    rb"<(?:script[\s>/]|html[\s>]|!doctype\s+html|iframe\s|\?php\s|svg\s+xmlns)", re.IGNORECASE
)
# Of a picture's first bytes, and of those of a script: GIF89a/*…*/=1 is a program.
_COMMENT_AS_SIZE = (b"GIF87a/*", b"GIF89a/*")


def type_of(content: bytes) -> FileType | None:
    """Return the type that the first bytes name; None for text, and for all that is not taken."""
    return next((found for signature, found in _SIGNATURES if content.startswith(signature)), None)


def refuse_other_type(claimed: FileType, content: bytes, extension: str) -> None:
    """Raise FileRefused where the content is not of the type that the name claims."""
    found = type_of(content)
    if found is claimed:
        return
    if found is not None:
        raise FileRefused(FileRefusal.TYPE_DIFFERS, extension=extension, type=found.label)
    if claimed is FileType.CSV:
        refusal = csv_content.refusal(content[: 64 * 1024])
        if refusal is None:
            return
        if kind := str(refusal.values.get("kind", "")):
            raise FileRefused(FileRefusal.TYPE_DIFFERS, extension=extension, type=kind)
    raise FileRefused(FileRefusal.TYPE_UNKNOWN, extension=extension)


def refuse_second_type(found: FileType, content: bytes) -> None:
    """Raise FileRefused for content that programs could take for something else than it is."""
    if found is not FileType.PDF and b"%PDF-" in content[:_PDF_WITHIN]:
        raise FileRefused(FileRefusal.TWO_TYPES, type=found.label, other="PDF")
    if is_archive(content):
        raise FileRefused(FileRefusal.TWO_TYPES, type=found.label, other="ZIP")
    if found not in (FileType.CSV, FileType.PDF):
        if _PAGE.search(content):
            raise FileRefused(FileRefusal.TWO_TYPES, type=found.label, other="HTML")
        if content.startswith(_COMMENT_AS_SIZE):
            raise FileRefused(FileRefusal.TWO_TYPES, type=found.label, other="JavaScript")


def is_archive(content: bytes) -> bool:
    """Whether a reader of ZIP finds an archive at the end, wherever it begins (APPNOTE section 4.3.16)."""
    at = len(content)
    while (at := content.rfind(_ARCHIVE_END, max(len(content) - _ARCHIVE_WITHIN, 0), at)) >= 0:
        size = int.from_bytes(content[at + 12 : at + 16], "little")
        if size and content.startswith(_ARCHIVE_ENTRY, max(at - size, 0)):
            return True
    return False
