"""A CSV file read: what it is, which column is which, and its rows, lazily."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from service.csvfile import batches, content, dialect, encoding, guard, headers, rows, text
from service.csvfile.batches import Batch
from service.csvfile.dialect import Dialect
from service.csvfile.encoding import Detection
from service.csvfile.headers import Key, Mapped
from service.csvfile.rows import Row, Stretch
from service.csvfile.source import InMemory, OnDisk, Source
from service.csvfile.strange import Watch
from service.facts.findings import Finding, Severity
from service.facts.limits import IMPORT_FILE_BYTES, IMPORT_ROWS
from service.facts.words import N_

_BEGINNING = 64 * 1024
# Bytes that become text at once: what is odd makes one piece slower to read, and the next ones not.
_PIECE = 64 * 1024


class BadDelimiter(ValueError):
    """The delimiter given is not one character, or one that has another meaning."""


class FileRefused(Exception):
    """The file cannot be used; `findings` say why."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*(finding.rule for finding in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class CsvFile:
    """How a file was read. `findings` are about the file and its header; an error among them refuses it."""

    source: Source
    detection: Detection
    dialect: Dialect
    header: tuple[str, ...]
    header_line: int
    mapped: Mapped
    findings: tuple[Finding, ...]
    readable: bool = True

    @property
    def encoding(self) -> str:
        """Python codec name, without BOM."""
        return self.detection.encoding

    @property
    def delimiter(self) -> str:
        """One character."""
        return self.dialect.delimiter

    @property
    def columns(self) -> Mapping[Key, int]:
        """Our columns that the file has, with their index from 0."""
        return self.mapped.columns

    @property
    def refused(self) -> bool:
        """Whether the file as a whole cannot be imported."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def values(self, row: Row) -> dict[Key, str]:
        """What a row says in each of our columns, as written; cells left out at its end are empty.

        In a result file of ours that comes back, the guard against spreadsheets is taken off again.
        """
        cells, count = row.cells, len(row.cells)
        found = {key: cells[index] if index < count else "" for key, index in self.mapped.columns.items()}
        if self.mapped.escaped:
            return {key: guard.unguarded(cell) for key, cell in found.items()}
        return found

    def rows(self) -> Iterator[Row]:
        """Data rows, `number` from 1, bad ones included; raises FileRefused where there are too many."""
        return rows.one_by_one(self._parts(1))

    def batches(self, most: int, *, after: int = 0) -> Iterator[Batch]:
        """The same rows behind one of them, so many at a time; the last are fewer."""
        return batches.of(self._parts(after + 1), most, width=len(self.header))

    def _parts(self, first: int) -> Iterator[Stretch | Row]:
        if not self.readable:
            return
        watch = Watch(self.encoding)
        found = _all_parts(self.source, self.detection, self.dialect, len(self.header), watch)
        for part in watch.parts(found):
            last = part.number if isinstance(part, Row) else part.number + len(part) - 1
            if part.number <= IMPORT_ROWS and last >= first:
                yield part if isinstance(part, Row) else part.between(first, IMPORT_ROWS)
            if last > IMPORT_ROWS:
                raise FileRefused(_too_many_rows(part.line + max(IMPORT_ROWS + 1 - part.number, 0)))

    def preview(self, count: int) -> tuple[Row, ...]:
        """The first data rows."""
        return tuple(islice(self.rows(), count))


def read(
    data: bytes | Path | Source,
    *,
    locale: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    mapping: Mapping[int, Key] | None = None,
) -> CsvFile:
    """Read a file from memory, disk or any other source for a reader of a locale, without its rows yet.

    `mapping` says which column is which, by index from 0, in place of what the names say. A file that cannot
    be used is returned with its findings, not raised: people want to see what was read. Raises
    UnknownEncoding, BadDelimiter and BadMapping for what was given, OSError for a file on disk.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise BadDelimiter(delimiter)
    source = _source(data)
    refusal = _refusal_by_content(source)
    if refusal is not None:
        return _unreadable(source, refusal)
    detection = _detect(source, locale, encoding)
    start = len(detection.signature)
    beginning, is_cut = _beginning(source, detection.encoding, start)
    found = dialect.detect(beginning, delimiter, cut=is_cut)
    first_rows = list(islice(rows.one_by_one(_all_parts(source, detection, found, None)), 2))
    if not first_rows:
        empty = Finding("file-empty", Severity.ERROR, N_("The file is empty."))
        return _unreadable(source, empty, detection, found)
    first = first_rows[0]
    if mapping is None:
        mapped = headers.assign(first.cells, locale, line=first.line)
    else:
        mapped = headers.assign_chosen(first.cells, mapping, locale, line=first.line)
    findings = _about_header(first)
    if len(first.cells) <= rows.COLUMNS:
        findings = (*findings, *(one for one in mapped.findings if not _names_no_text(one)))
    if len(first_rows) == 1:
        findings = (*findings, _no_rows(first.line))
    if not detection.certain:
        findings = (_uncertain(detection), *findings)
    return CsvFile(source, detection, found, tuple(first.cells), first.line, mapped, findings)


def unreadable(reason: str) -> CsvFile:
    """What stands for a file that the system does not let us read; `reason` is what it says."""
    return _unreadable(
        InMemory(b""),
        Finding(
            "file-unreadable",
            Severity.ERROR,
            N_("The file cannot be read: %(reason)s."),
            {"reason": reason},
        ),
    )


def _source(data: bytes | Path | Source) -> Source:
    if isinstance(data, bytes):
        return InMemory(data)
    if isinstance(data, Path):
        # What comes through a pipe can be read but once.
        once = data.is_fifo() or data.is_char_device()
        return InMemory(data.read_bytes()) if once else OnDisk.at(data)
    return data


def _detect(source: Source, locale: str, name: str | None) -> Detection:
    return encoding.detect(source, locale) if name is None else encoding.chosen(name, source)


def _all_parts(
    source: Source, detection: Detection, found: Dialect, width: int | None, watch: Watch | None = None
) -> Iterator[Stretch | Row]:
    """Header and data rows, behind the BOM and the `sep=` line; a watch sees their text go by."""
    pieces = text.pieces(source, detection.encoding, len(detection.signature), chunk=_PIECE)
    if watch is not None:
        pieces = watch.pieces(pieces)
    if found.sep_line:
        pieces = _without_first_line(pieces, found.sep_line)
    line = 2 if found.sep_line else 1
    return rows.parts(pieces, found.delimiter, detection.encoding, width=width, line=line)


def _without_first_line(pieces: Iterator[text.Piece], line: str) -> Iterator[text.Piece]:
    first = next(pieces)
    yield text.Piece(first.text[len(line) :], {index - 1: at for index, at in first.bad.items() if index})
    yield from pieces


def _beginning(source: Source, name: str, start: int) -> tuple[str, bool]:
    """Text of the first 64 KB or so, and whether it was cut short."""
    data = InMemory(source.read(0, start + _BEGINNING))
    found = next(text.pieces(data, name, start), None)
    return (found.text if found else ""), data.size < source.size


def _refusal_by_content(source: Source) -> Finding | None:
    if source.size > IMPORT_FILE_BYTES:
        return Finding(
            "file-too-large",
            Severity.ERROR,
            N_("The file is larger than %(size)s."),
            {"size": IMPORT_FILE_BYTES},
        )
    return content.refusal(source.read(0, 64 * 1024))


def _unreadable(
    source: Source,
    finding: Finding,
    detection: Detection | None = None,
    found: Dialect | None = None,
) -> CsvFile:
    return CsvFile(
        source,
        detection or Detection("", False, True, ()),
        found or Dialect("", "", ""),
        (),
        0,
        Mapped({}),
        (finding,),
        readable=False,
    )


def _about_header(first: Row) -> tuple[Finding, ...]:
    return tuple(finding for finding in first.findings if finding.severity is Severity.ERROR)


def _names_no_text(finding: Finding) -> bool:
    """Whether it names a column whose name did not decode: the byte is told by its offset."""
    return text.has_kept(str(finding.values.get("name", "")))


def _no_rows(line: int) -> Finding:
    told = N_("The file has a header row and no rows below it.")
    return Finding("file-no-rows", Severity.WARNING, told, {}, line)


def _uncertain(detection: Detection) -> Finding:
    return Finding(
        "encoding-uncertain",
        Severity.WARNING,
        N_("The encoding is not certain. Check your rows, and choose among: %(encodings)s."),
        {"encodings": list(detection.candidates)},
    )


def _too_many_rows(line: int) -> Finding:
    return Finding(
        "file-too-many-rows",
        Severity.ERROR,
        N_("The file has more than %(rows)s rows. Split it into several files."),
        {"rows": IMPORT_ROWS},
        line,
    )
