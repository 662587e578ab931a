"""Strict reading and writing of gettext catalogs: what GNU gettext accepts, with the place of every text.

Spans are character offsets into the decoded file. UTF-8 is decoded strictly, so replacing one span and
encoding again leaves every other byte of the file as it was.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, NoReturn

from service.facts.words import N_
from service.i18n.po_mistakes import ONE_STRING, STRING, Mistake, PoSyntaxError, diagnose, position
from service.i18n.po_previous import refuse_previous

__all__ = [
    "Entry", "Key", "Mistake", "PoFile", "PoSyntaxError", "Quote", "Span", "entry_text", "escaped",
    "notes_text", "parse_header", "position", "quote", "read", "read_text", "serialize", "unplaced",
]  # fmt: skip

Span = tuple[int, int]
Key = tuple[str | None, str]

_TEXT = rf"{STRING}(?>(?:\s*+{STRING})*)"
_ENTRY = re.compile(
    rf"""
    \s*+ ((?>(?:\#[^\n]*+\s*+)*))
    (?>(?:msgctxt\s*+ ({_TEXT}) \s*+)?)
    msgid\s*+ ({_TEXT}) \s*+
    (?: msgstr\s*+ ({_TEXT})
      | msgid_plural\s*+ ({_TEXT}) ((?>(?:\s*+ msgstr \s*+ \[\s*+[0-9]++\s*+\] \s*+ {_TEXT})+))
    )
    """,
    re.ASCII | re.VERBOSE,
)
_REST = re.compile(r"(?>(?:\s*+#[^\n]*+)*)\s*+\Z", re.ASCII)
_NUMBERED = re.compile(rf"msgstr\s*+\[\s*+([0-9]++)\s*+\]\s*+({_TEXT})", re.ASCII)
_OBSOLETE = re.compile(r"^([ \t]*)#~(?!\|)", re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))")

_UNESCAPED = {
    "n": "\n",
    "t": "\t",
    '"': '"',
    "\\": "\\",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
}
_ESCAPED = str.maketrans({value: "\\" + name for name, value in _UNESCAPED.items()})


class Entry(NamedTuple):
    """One message. `strings` has one text, or one per plural form; `spans` are their places in the file.

    `span` covers comments and message, `line` is the line of `msgid`. Entries not read from a file have
    empty spans and line 0.
    """

    context: str | None
    id: str
    plural: str | None
    strings: tuple[str, ...]
    comments: tuple[str, ...] = ()
    extracted: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    previous: tuple[str, ...] = ()
    obsolete: bool = False
    line: int = 0
    span: Span = (0, 0)
    id_span: Span = (0, 0)
    spans: tuple[Span, ...] = ()

    @property
    def key(self) -> Key:
        return (self.context, self.id)

    @property
    def fuzzy(self) -> bool:
        return "fuzzy" in self.flags

    @property
    def translated(self) -> bool:
        """Every form has a text and nobody doubts it."""
        return "" not in self.strings and "fuzzy" not in self.flags


@dataclass(frozen=True)
class PoFile:
    """A catalog as read: its decoded text and its entries in order, header and obsolete ones included."""

    text: str
    entries: tuple[Entry, ...]

    @cached_property
    def header_entry(self) -> Entry | None:
        return next((e for e in self.entries if e.id == "" and e.context is None and not e.obsolete), None)

    @property
    def header(self) -> dict[str, str]:
        """The header fields, as written; empty where the file has no header."""
        entry = self.header_entry
        return parse_header(entry.strings[0]) if entry else {}

    @cached_property
    def messages(self) -> tuple[Entry, ...]:
        """The entries in use, without the header."""
        return tuple([e for e in self.entries if not e.obsolete and (e.id != "" or e.context is not None)])

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a character offset."""
        return position(self.text, offset)

    def place(self, entry: Entry, form: int, offset: int) -> tuple[int, int]:
        """Line and column of the character `offset` of an entry's form, counted in the unescaped text."""
        if form >= len(entry.spans):
            return entry.line, 1
        raw = _raw_offset(self.text, entry.spans[form], offset)
        line = entry.line + self.text.count("\n", entry.id_span[0], raw)
        return line, raw - self.text.rfind("\n", 0, raw)


def parse_header(text: str) -> dict[str, str]:
    """Split the header entry's text into fields."""
    fields = (line.partition(":") for line in text.split("\n") if ":" in line)
    return {name.strip(): value.strip() for name, _, value in fields}


def read(data: bytes) -> PoFile:
    """Read a catalog; PoSyntaxError names line, column and reason.

    Refuses what `msgfmt` refuses: unclosed strings, unknown escapes, junk lines, doubled messages,
    misnumbered plural forms, a byte order mark; and any encoding but UTF-8.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8")
        where = position(good, len(good))
        raise PoSyntaxError(N_("The file is not valid UTF-8 here."), *where, Mistake.ENCODING) from None
    return read_text(text)


def read_text(text: str) -> PoFile:
    """Read a decoded catalog; PoSyntaxError as for `read`."""
    if text.startswith("\ufeff"):
        phrase = N_("The file starts with a byte order mark. Save it as UTF-8 without one.")
        raise PoSyntaxError(phrase, 1, 1, Mistake.ENCODING)
    return PoFile(text, tuple(_entries(text)))


def _entries(text: str) -> Iterable[Entry]:
    mark = text.find("#~")
    plain = _OBSOLETE.sub(r"\1  ", text) if mark >= 0 else text
    seen: dict[Key, int] = {}
    at, line, counted = 0, 1, 0
    while True:
        match = _ENTRY.match(plain, at)
        if match is None:
            if _REST.match(plain, at):
                refuse_previous(text, at, len(text), following=None)
                return
            diagnose(plain, at)
        id_start = match.start(3)
        line += plain.count("\n", counted, id_start)
        counted = id_start
        obsolete = False
        if 0 <= mark < match.end():
            obsolete = _is_obsolete(text, match)
            mark = text.find("#~", match.end())
        if match[1] and "|" in match[1]:
            start = match.start(1)
            refuse_previous(text, start, start + len(match[1].rstrip()), following=obsolete)
        entry = _entry(plain, match, line, obsolete)
        if not obsolete:
            key = entry.key
            if key in seen:
                phrase = N_("This message is already in the file, on line %(first)s.")
                raise PoSyntaxError(phrase, line, 1, Mistake.DOUBLE, first=str(seen[key]))
            seen[key] = line
        yield entry
        at = match.end()


def _entry(text: str, match: re.Match[str], line: int, obsolete: bool) -> Entry:
    notes, context, single_id, single, plural, _ = match.groups()
    whole, notes_span, context_span, id_span, single_span, plural_span, forms_span = match.regs
    if single is not None:
        strings: tuple[str, ...] = (_unquote(single, text, single_span),)
        spans: tuple[Span, ...] = (single_span,)
    else:
        strings, spans = _plural_forms(text, forms_span)
    comments, extracted, references, flags, previous = _notes(notes) if notes else _NO_NOTES
    return Entry(
        None if context is None else _unquote(context, text, context_span),
        _unquote(single_id, text, id_span),
        None if plural is None else _unquote(plural, text, plural_span),
        strings,
        comments,
        extracted,
        references,
        flags,
        previous,
        obsolete,
        line,
        (notes_span[0], whole[1]),
        id_span,
        spans,
    )


def _plural_forms(text: str, span: Span) -> tuple[tuple[str, ...], tuple[Span, ...]]:
    forms = list(_NUMBERED.finditer(text, *span))
    for expected, form in enumerate(forms):
        if int(form[1]) != expected:
            raise PoSyntaxError(
                N_("Plural forms are numbered from 0, in order: “msgstr[%(expected)s]” is expected here."),
                *position(text, form.start()),
                expected=str(expected),
            )
    spans = tuple(form.span(2) for form in forms)
    return tuple(_unquote(form[2], text, span) for form, span in zip(forms, spans, strict=True)), spans


Notes = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
_NO_NOTES: Notes = ((), (), (), (), ())


def _notes(block: str) -> Notes:
    if block.startswith("#:") and block.find("\n", 0, -1) < 0:  # most have one line, of references
        return (), (), tuple(block[2:].split()), (), ()
    comments: list[str] = []
    extracted: list[str] = []
    references: list[str] = []
    flags: list[str] = []
    previous: list[str] = []
    for raw in block.split("\n"):
        line = raw.strip(" \t\r\f\v")
        if not line:
            continue
        kind = line[1:2]
        if kind == ":":
            references += line[2:].split()
        elif kind == ".":
            extracted.append(line[2:].strip())
        elif kind == ",":
            flags += [name for flag in line[2:].split(",") if (name := flag.strip())]
        elif kind == "|" or line.startswith("#~|"):
            previous.append(line[line.index("|") + 1 :].strip())
        else:
            comments.append(line[1:].strip())
    return tuple(comments), tuple(extracted), tuple(references), tuple(flags), tuple(previous)


def _unquote(block: str, text: str, span: Span) -> str:
    inner = block[1:-1]
    if '"' in inner:
        inner = "".join([string[1:-1] for string in ONE_STRING.findall(block)])
    return inner if "\\" not in inner else _unescaped(inner, text, span)


def _unescaped(inner: str, text: str, span: Span) -> str:
    pieces: list[str] = []
    last, raw_bytes = 0, bytearray()
    for found in _ESCAPE.finditer(inner):
        octal, hexa, letter = found.groups()
        if raw_bytes and (letter is not None or found.start() != last):
            pieces.append(_decode(raw_bytes, text, span))
            raw_bytes = bytearray()
        pieces.append(inner[last : found.start()])
        last = found.end()
        if letter is None:
            raw_bytes.append(int(octal, 8) & 255 if octal else int(hexa, 16))
        elif letter in _UNESCAPED:
            pieces.append(_UNESCAPED[letter])
        else:
            _refuse_escape(text, span)
    if raw_bytes:
        pieces.append(_decode(raw_bytes, text, span))
    pieces.append(inner[last:])
    return "".join(pieces)


def _decode(raw: bytearray, text: str, span: Span) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise PoSyntaxError(N_("These escapes do not make UTF-8 text."), *position(text, span[0])) from None


def _refuse_escape(text: str, span: Span) -> NoReturn:
    for found in _ESCAPE.finditer(text, *span):
        if found[3] is not None and found[3] not in _UNESCAPED:
            raise PoSyntaxError(
                N_("“%(escape)s” is not an escape. A backslash itself is written twice."),
                *position(text, found.start()),
                escape=found[0],
            )
    raise AssertionError("the caller saw an unknown escape")


def _raw_offset(text: str, span: Span, offset: int) -> int:
    """Where in the file the unescaped character `offset` of a quoted text stands."""
    seen = 0
    last = span[0]
    for string in ONE_STRING.finditer(text, *span):
        at, end = string.start() + 1, string.end() - 1
        if text.find("\\", at, end) < 0:  # character for character
            if seen <= offset < seen + end - at:
                return at + offset - seen
            seen += end - at
            at = end
        while at < end:
            if seen == offset:
                return at
            escape = _ESCAPE.match(text, at, end)
            at = escape.end() if escape else at + 1
            seen += 1
        last = end
    return last


def _is_obsolete(text: str, match: re.Match[str]) -> bool:
    start = match.start(3) if match.start(2) < 0 else match.start(2)
    first = text.rfind("\n", 0, start) + 1
    if text.find("#~", first, match.end()) < 0:
        return False
    lines = text[first : match.end()].split("\n")
    marks = [line.lstrip(" \t").startswith("#~") for line in lines if line.strip()]
    if any(marks) and not all(marks):
        offset = first + sum(len(line) + 1 for line in lines[: marks.index(not marks[0])])
        raise PoSyntaxError(
            N_("Every line of an obsolete message starts with “#~”."), *position(text, offset)
        )
    return marks[0]


def escaped(text: str) -> str:
    """A text as it stands between quotation marks."""
    return text.translate(_ESCAPED)


def quote(text: str) -> str:
    """Write a text as one quoted string, or one per line where it has line breaks."""
    if "\n" not in text[:-1]:
        return f'"{text.translate(_ESCAPED)}"'
    *whole, last = text.split("\n")
    lines = [line + "\n" for line in whole] + ([last] if last else [])
    return "\n".join(['""', *(f'"{line.translate(_ESCAPED)}"' for line in lines)])


Quote = Callable[[str, str], str]
"""Writes a text in quotation marks, given what stands before it on its line."""


def _plainly(_label: str, text: str) -> str:
    return quote(text)


def notes_text(entry: Entry) -> list[str]:
    """The lines of an entry's comments in gettext's customary order."""
    lines = [f"# {line}".rstrip() for comment in entry.comments for line in comment.split("\n")]
    lines += [f"#. {line}".rstrip() for comment in entry.extracted for line in comment.split("\n")]
    if entry.references and not entry.obsolete:
        lines.append("#: " + " ".join(entry.references))
    if entry.flags:
        lines.append("#, " + ", ".join(entry.flags))
    mark = "#~" if entry.obsolete else "#"
    return lines + [f"{mark}| {line}" for line in entry.previous]


def entry_text(entry: Entry, quoted: Quote = _plainly) -> str:
    """Write one entry in gettext's customary order, ending without a line break."""
    parts: list[tuple[str, str]] = []
    if entry.context is not None:
        parts.append(("msgctxt ", entry.context))
    parts.append(("msgid ", entry.id))
    if entry.plural is None:
        parts.append(("msgstr ", entry.strings[0] if entry.strings else ""))
    else:
        parts.append(("msgid_plural ", entry.plural))
        parts += [(f"msgstr[{index}] ", string) for index, string in enumerate(entry.strings)]
    body = [label + quoted(label, text) for label, text in parts]
    if entry.obsolete:
        body = ["#~ " + line for line in "\n".join(body).split("\n")]
    return "\n".join(notes_text(entry) + body)


def serialize(entries: Iterable[Entry]) -> str:
    """Write a whole catalog; reading it back gives the same entries with their new places."""
    return "\n\n".join(map(entry_text, entries)) + "\n"


def unplaced(entry: Entry) -> Entry:
    """The entry without its place in a file, for comparing contents."""
    return entry._replace(line=0, span=(0, 0), id_span=(0, 0), spans=())
