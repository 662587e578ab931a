"""Reading a catalog that has mistakes: each is a finding, and the rest of the file is judged all the same."""

import re
from dataclasses import dataclass

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n import po

_RULES = {
    po.Mistake.SYNTAX: "PO001",
    po.Mistake.DOUBLE: "PO002",
    po.Mistake.CONFLICT: "PO005",
    po.Mistake.ENCODING: "PO009",
}
_MOST = 50
"""After so many mistakes a file is not worth reading on."""
_CHARSET = re.compile(
    rb"charset=((?:iso-?8859|latin|windows|cp|koi8|gb|big5|euc|shift|sjis|tis|us-ascii|ascii)[\w-]{0,16})",
    re.I,
)
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
_LONELY = re.compile(r"msg(?:id|str|ctxt|id_plural)(?:\[\d+\])?\s*\Z")
_CONFLICT = re.compile(r"<{7}.*?^>{7}[^\n]*", re.DOTALL | re.MULTILINE)
_KEPT = re.compile(r"[^\n]")


@dataclass(frozen=True, slots=True)
class Reading:
    """A catalog as far as it can be read, and what could not be.

    `text` is the whole file as decoded; it may be written back only where it is `exact`. `file` is None where
    nothing of it can be judged; what was wrong is blank there, so that offsets are those of `text`.
    """

    text: str
    file: po.PoFile | None
    findings: tuple[Finding, ...]
    exact: bool


def read(data: bytes) -> Reading:
    """Read the bytes of a catalog, whatever they are."""
    text, found, exact = _decoded(data)
    left = text
    while len(found) < _MOST:
        try:
            return Reading(text, po.read_text(left), tuple(found), exact)
        except po.PoSyntaxError as mistake:
            found.append(unreadable(mistake))
            shorter = _without(left, mistake)
            if shorter == left:
                break
            left = shorter
        except ValueError:  # a number too long to be one
            found.append(Finding("PO001", Severity.ERROR, N_("The file cannot be read."), {}, 1, 1))
            break
    return Reading(text, None, tuple(found), exact)


def unreadable(mistake: po.PoSyntaxError) -> Finding:
    """PO001, PO002, PO005, PO009: why the reader refused the file."""
    return Finding(
        _RULES[mistake.mistake], Severity.ERROR, mistake.phrase, mistake.values, mistake.line, mistake.column
    )


def _decoded(data: bytes) -> tuple[str, list[Finding], bool]:
    """The text, what is wrong with its encoding, and whether it can be encoded back to the same bytes.

    A file in the charset that its own header names is readable: the header alone is at fault (PO003).
    """
    try:
        return data.decode("utf-8"), [], True
    except UnicodeDecodeError as error:
        broken = error
    if (named := _CHARSET.search(data)) is not None:
        try:
            return data.decode(named[1].decode("ascii")), [], False
        except (LookupError, UnicodeError):
            pass
    good = data[: broken.start].decode("utf-8")
    phrase = N_("The file is not valid UTF-8 here.")
    finding = Finding("PO009", Severity.ERROR, phrase, {}, *po.position(good, len(good)))
    return data.decode("utf-8", "replace"), [finding], False


def _without(text: str, mistake: po.PoSyntaxError) -> str:
    """The text with the message of a mistake blank, line for line."""
    if text.startswith("\ufeff"):
        return " " + text[1:]
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: mistake.line - 1])
    offset = min(start + mistake.column - 1, len(text))
    if mistake.mistake is po.Mistake.CONFLICT:
        block = _CONFLICT.match(text, start)
        end = block.end() if block else start + len(lines[mistake.line - 1])
        return _blank(text, start, end)
    before = text[:offset].rstrip()
    if _LONELY.search(before):
        offset = len(before)
    first = max((found.end() for found in _PARAGRAPH.finditer(text, 0, offset)), default=0)
    last = _PARAGRAPH.search(text, offset)
    return _blank(text, first, last.start() if last else len(text))


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + _KEPT.sub(" ", text[start:end]) + text[end:]
