"""The bytes of an import in the database, a piece at a time: a large file never stands in memory whole."""

from collections.abc import Mapping

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from service import csvfile
from service.csvfile import CsvFile
from service.csvfile.headers import Key
from service.csvfile.source import Source
from service.domain import import_columns
from service.models.imports import Import, ImportPiece

PIECE = 1 << 20


class StoredFile:
    """A source for `csvfile`; the session is handed in anew for each transaction that reads."""

    def __init__(self, import_id: int, size: int) -> None:
        self.import_id = import_id
        self.size = size
        self.session: Session | None = None
        self._number = -1
        self._piece = b""

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`."""
        parts = []
        while length > 0 and start < self.size:
            number, at = divmod(start, PIECE)
            part = self._read_piece(number)[at : at + length]
            if not part:
                break
            parts.append(part)
            start += len(part)
            length -= len(part)
        return b"".join(parts)

    def _read_piece(self, number: int) -> bytes:
        if number != self._number:
            assert self.session is not None
            query = select(ImportPiece.data).where(
                ImportPiece.import_id == self.import_id, ImportPiece.number == number
            )
            self._piece, self._number = self.session.scalar(query) or b"", number
        return self._piece


def store(session: Session, import_id: int, source: Source) -> None:
    """Store the bytes of an upload."""
    for number, start in enumerate(range(0, source.size, PIECE)):
        piece = {"import_id": import_id, "number": number, "data": source.read(start, PIECE)}
        session.connection().execute(insert(ImportPiece), piece)


def opened(session: Session, import_: Import) -> CsvFile:
    """The file of an import as it is read with the choices made for it; its rows need the session."""
    mapping = import_columns.loaded(import_.mapping)
    return opened_as(
        session, import_, encoding=import_.encoding, delimiter=import_.delimiter, mapping=mapping
    )


def opened_as(
    session: Session,
    import_: Import,
    *,
    encoding: str | None,
    delimiter: str | None,
    mapping: Mapping[int, Key] | None = None,
) -> CsvFile:
    """The file of an import as it reads in any way; raises UnknownEncoding, BadDelimiter and BadMapping."""
    source = StoredFile(import_.id, import_.size)
    source.session = session
    return csvfile.read(
        source, locale=import_.locale, encoding=encoding, delimiter=delimiter, mapping=mapping
    )
