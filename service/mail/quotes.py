"""Where an answer ends and the mail it answers begins: quoted history and signatures, cut only when sure.

Nothing is lost: what is kept and what is cut are the whole text, in order. In doubt nothing is cut: where
words follow a quotation, where a quotation has no line that says whose it is, where nothing would be left.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# A signature is a few lines (RFC 3676 section 4.3); more than that may be a letter that goes on.
SIGNATURE_LINES = 8
# Mail programs break the line that introduces a quotation.
_INTRODUCTION_LINES = 3
_INTRODUCTION_MOST = 600
_HEADER_LINES = 8


@dataclass(frozen=True, slots=True)
class Cut:
    """An answer without history and signature, and the rest as it stood behind it."""

    kept: str
    rest: str


def cut(text: str) -> Cut:
    """Return what somebody wrote, and the end of the text that is not their own; `kept + rest == text`."""
    # Line feeds alone end a line: a form feed or U+2028 within one is no reason to cut there.
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    end = _history(lines)
    end = _signature(lines[:end], end)
    if end == len(lines) or not "".join(lines[:end]).strip():
        return Cut(text, "")
    return Cut("".join(lines[:end]), "".join(lines[end:]))


def _history(lines: Sequence[str]) -> int:
    """Return the number of the line at which the answered mail begins, or how many lines there are."""
    quoted = _quoted_end(lines)
    copied = next((number for number in range(len(lines)) if _is_copy(lines, number)), len(lines))
    return min(quoted, copied)


# Quotations: lines that begin with ">", to the very end, and before them whose they are.

_DATED = r"(?=.*(?:[0-9]{4}|[0-9]{1,2}[:h][0-9]{2}))"
_INTRODUCTION = re.compile(
    rf"{_DATED}(?:"
    r"On .{6,300} wrote ?[:：]"
    r"|At .{6,300} wrote ?[:：]"
    r"|Le .{6,300} (?:a écrit|écrivait)\s*[:：]"
    r"|(?:在|于) ?.{6,300}写道[:：]"
    r"|[0-9（(].{0,300}(?:写道|wrote|のメール|(?:さん)?は書きました|:) ?[:：]?"
    r"|.{0,300}<[^<>\s]{3,254}>.{0,80}[:：]"
    r")"
)


def _quoted_end(lines: Sequence[str]) -> int:
    start, quotes = len(lines), 0
    while start and (lines[start - 1].startswith(">") or not lines[start - 1].strip()):
        start -= 1
        quotes += lines[start].startswith(">")
    while start < len(lines) and not lines[start].strip():
        start += 1
    if not quotes:
        return len(lines)
    # Apple Mail quotes its introduction as well.
    if any(_introduces([line[1:] for line in lines[start : start + count]]) for count in (1, 2)):
        return start
    above = start
    while above and not lines[above - 1].strip():
        above -= 1
    for first in range(above - 1, max(above - 1 - _INTRODUCTION_LINES, -1), -1):
        if not lines[first].strip():
            break
        if _introduces(lines[first:above]):
            return first
    return len(lines)


def _introduces(lines: Sequence[str]) -> bool:
    words = " ".join("".join(lines).split())
    return len(words) <= _INTRODUCTION_MOST and _INTRODUCTION.fullmatch(words) is not None


# Copies: a line of the mail program, or the header of the mail in words, and under it the mail as it was.

_SEPARATOR = re.compile(
    r"[-_—]{3,} ?(?:Original Message|Message d[’']origine|Message original|元のメッセージ|原始邮件|原邮件|"
    r"Original|Ursprüngliche Nachricht|Mensaje original) ?[-_—]{3,}",
    re.IGNORECASE,
)
_RULE = re.compile(r"_{10,}")
_FROM = r"From|De|差出人|送信者|发件人|寄件者|Von"
_OTHERS = (
    r"Sent|Date|Envoyé|Envoyé le|送信日時|日時|日付|发送时间|发送日期|日期|時間|Gesendet",
    r"To|À|A|宛先|收件人|An",
    r"Cc|CC|抄送",
    r"Subject|Objet|件名|主题|主旨|Betreff",
)
_NAMES = "|".join([f"(?P<from>{_FROM})", *(f"({names})" for names in _OTHERS)])
_FIELD = re.compile(rf"(?:> ?)?\*?(?:{_NAMES})\*? ?[:：]\*?\s?\S.*")


def _is_copy(lines: Sequence[str], number: int) -> bool:
    """Tell whether the copy of a mail begins here, by the fields of its header."""
    line = lines[number].strip()
    if _SEPARATOR.fullmatch(line) or _RULE.fullmatch(line):
        following = number + 1
        while following < len(lines) and following < number + 3 and not lines[following].strip(" >\n"):
            following += 1
        return following < len(lines) and _is_header(lines, following)
    return _is_header(lines, number)


def _is_header(lines: Sequence[str], number: int) -> bool:
    first = _FIELD.fullmatch(lines[number].strip())
    if first is None or first["from"] is None:
        return False
    kinds = set()
    for line in lines[number + 1 : number + 1 + _HEADER_LINES]:
        found = _FIELD.fullmatch(line.strip())
        if found is not None and found.lastindex:
            kinds.add(found.lastindex)
    # A date, a receiver or a subject: two of them besides who wrote.
    return len(kinds - {1}) >= 2


def _signature(lines: Sequence[str], end: int) -> int:
    """Return where a signature begins that stands at the end of these lines, or their end."""
    for number in range(len(lines) - 1, max(len(lines) - 2 - SIGNATURE_LINES - _blank_end(lines), -1), -1):
        if lines[number].rstrip("\r\n") == "-- ":
            return number
    return end


def _blank_end(lines: Sequence[str]) -> int:
    count = 0
    while count < len(lines) and not lines[len(lines) - 1 - count].strip():
        count += 1
    return count
