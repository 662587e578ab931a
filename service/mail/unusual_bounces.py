"""Bounces that are no delivery reports (RFC 3464) but have a structure of their own that can be relied on.

qmail's format by its author (QSBMF) and what is written like it, Exim's X-Failed-Recipients, and servers that
quote the answer they were given behind the address it was about. What has no such structure is left alone.
"""

import re
from collections.abc import Iterator

from service.mail.received import Part

MOST_CHARACTERS = 64 * 1024
MOST_LINES = 400

_ADDRESS = r"[^\s<>@:;,()\"]{1,64}@[^\s<>@:;,()\"]{1,255}"
# A paragraph that begins with an address, as QSBMF wants it and as others write it.
_ABOUT = re.compile(rf"<?({_ADDRESS})>?:(?:\s|\Z)")
# A refusal with its enhanced status; without one a number in a text may be anything, unless it was "said", or
# is what follows the address at once (as the servers of au write it).
_ANSWER = re.compile(r"(?<![0-9.])(5[0-9]{2})[ :-]+#?(5\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_SAID = re.compile(r"(?: said: |\A ?)(5[0-9]{2}[ -])")
# QSBMF may end a paragraph so; in a notice of that form every paragraph is a failure for good.
_STATUS = re.compile(r"#([45]\.[0-9]{1,3}\.[0-9]{1,3})\)?")
_QMAIL = re.compile(
    r"Hi\. This is |--- ?(?:Below this line is a copy of the message|Original message follows)"
)
_COPY_BELOW = re.compile(r"-{3,} ?(?:Below this line is a copy|This is a copy|The header|Original)", re.I)


def find(mail: Part) -> tuple[str, str] | None:
    """Return the first address that failed for good and the answer about it, or None."""
    lines, qmail = _words(mail)
    for address, paragraph in _paragraphs(lines):
        answer = _answer(paragraph) or (_status(paragraph) if qmail else None)
        if answer is not None:
            return address, answer
    named = re.split(r"[\s,<>]+", mail.fields.first("x-failed-recipients").strip(" <"))[0]
    return (named, _answer(" ".join(lines)) or "5.0.0") if named else None


def _words(mail: Part) -> tuple[list[str], bool]:
    """Return the lines before the returned mail, and whether they are written as qmail writes."""
    text = next((part.text for part in mail.walk() if part.kind == "text/plain"), "")
    lines: list[str] = []
    qmail = False
    for line in text[:MOST_CHARACTERS].split("\n")[:MOST_LINES]:
        qmail = qmail or bool(_QMAIL.match(line))
        if _COPY_BELOW.match(line):
            break
        lines.append(line.strip()[:1000])
    return lines, qmail


def _paragraphs(lines: list[str]) -> Iterator[tuple[str, str]]:
    address, kept = "", list[str]()
    for line in [*lines, ""]:
        found = _ABOUT.match(line)
        if found is not None or (not line and kept):
            if address:
                yield address, " ".join(kept)
            address, kept = "", []
        if found is not None:
            address, kept = found.group(1), [line[found.end() :]]
        elif address and line:
            kept.append(line)


def _answer(text: str) -> str | None:
    found = _ANSWER.search(text)
    if found is not None:
        return f"{found.group(1)} {found.group(2)}{text[found.end() :]}"
    said = _SAID.search(text)
    return text[said.start(1) :] if said else None


def _status(text: str) -> str:
    found = _STATUS.search(text)
    return f"{found.group(1) if found else '5.0.0'} {text}"
