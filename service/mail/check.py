"""Judges the bytes of a message without trusting whoever wrote them; shares no code with the writer.

Each rule has a name that stays: `line-*` and `header-*` for the lines and headers of RFC 5322, `word` for
encoded words, `address`, `date`, `id`, `list-*`, `dkim-*`, `mime-*`, `body-*` for parts, `html-*`,
`language`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from service.facts.findings import Finding
from service.facts.words import N_
from service.mail import check_dkim, check_headers, check_parts
from service.mail.check_headers import Header, Note

BARE_RETURN = N_("The line does not end in CRLF: a CR or LF stands alone.")
ALL_LF = N_("All lines end in LF alone. Mail is sent with CRLF.")
NUL = N_("The line contains a NUL character.")
LONG_LINE = N_("The line has %(octets)s octets; 998 is the most (RFC 5322).")
NO_END = N_("The message does not end in CRLF.")
NO_BODY = N_("The message has no empty line between headers and body.")
NOT_A_HEADER = N_("This line is neither a header nor the continuation of one.")
BLANK_FOLD = N_("The header %(name)s is folded into a line of only spaces.")
TWICE = N_("The header %(name)s stands %(times)s times; once is the most.")
ABSENT = N_("The header %(name)s is missing.")
HIDDEN_COPY = N_("The header Bcc shows who got a hidden copy.")

ONCE = [
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-language",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "auto-submitted",
    "precedence",
    "return-path",
]
NEEDED = {"from": "From", "date": "Date", "message-id": "Message-ID", "mime-version": "MIME-Version",
          "subject": "Subject", "content-type": "Content-Type"}  # fmt: skip

_HEADER = re.compile(rb"([!-9;-~]+):(.*)", re.DOTALL)


def check(raw: bytes, *, base_url: str | None = None) -> tuple[Finding, ...]:
    """Return what is wrong with one message, by line.

    With `base_url`, one-click headers are wanted on bulk mail where it is https and unwanted where it is not,
    and List-Unsubscribe must lead there.
    """
    notes = sorted(_notes(raw, base_url), key=lambda note: note.line)
    return tuple(Finding(note.rule, note.severity, note.phrase, note.values, note.line, 1) for note in notes)


def _notes(raw: bytes, base_url: str | None) -> Iterator[Note]:
    if b"\n" in raw and b"\r" not in raw:
        # As programs on Unix keep mail, in a Maildir too: one fault, behind which all else is judged.
        yield Note("line-end", ALL_LF, 1)
        raw = raw.replace(b"\n", b"\r\n")
    lines = raw.split(b"\r\n")
    yield from _lines(lines, raw)
    try:
        end = lines.index(b"")
    except ValueError:
        yield Note("header-end", NO_BODY, len(lines))
        end = len(lines)
    headers, notes = _headers(lines[:end])
    yield from notes
    yield from _counts(headers)
    for header in headers:
        yield from check_headers.judge(header)
    named = {header.key: header for header in headers}
    for header in headers:
        if header.key == "dkim-signature":
            yield from check_dkim.judge(header, named)
    yield from check_headers.lists(named, base_url)
    yield from check_parts.judge(named, lines[end + 1 :], end + 2)


def _lines(lines: Sequence[bytes], raw: bytes) -> Iterator[Note]:
    for number, line in enumerate(lines, 1):
        if b"\r" in line or b"\n" in line:
            yield Note("line-end", BARE_RETURN, number)
        if b"\0" in line:
            yield Note("line-nul", NUL, number)
        if len(line) > 998:
            yield Note("line-long", LONG_LINE, number, {"octets": len(line)})
    if not raw.endswith(b"\r\n"):
        yield Note("line-last", NO_END, len(lines))


def _headers(lines: Sequence[bytes]) -> tuple[list[Header], list[Note]]:
    headers: list[Header] = []
    notes: list[Note] = []
    for number, line in enumerate(lines, 1):
        if line[:1] in (b" ", b"\t") and headers:
            if not line.strip():
                notes.append(Note("header-fold", BLANK_FOLD, number, {"name": headers[-1].name}))
            headers[-1].lines.append(line)
        elif match := _HEADER.fullmatch(line):
            headers.append(Header(match[1].decode(), number, [match[2]]))
        else:
            notes.append(Note("header-syntax", NOT_A_HEADER, number))
    return headers, notes


def _counts(headers: Sequence[Header]) -> Iterator[Note]:
    times = Counter(header.key for header in headers)
    seen: Counter[str] = Counter()
    for header in headers:
        seen[header.key] += 1
        if header.key in ONCE and seen[header.key] == 2:
            values = {"name": header.name, "times": times[header.key]}
            yield Note("header-twice", TWICE, header.line, values)
        if header.key == "bcc":
            yield Note("header-bcc", HIDDEN_COPY, header.line)
    for key, name in NEEDED.items():
        if not times[key]:
            yield Note("header-absent", ABSENT, 1, {"name": name})
