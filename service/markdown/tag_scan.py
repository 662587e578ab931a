"""Tag lines found and paired in one pass before the parse, so that no rule has to look ahead.

Linear in the length of the source: a tag that goes on over several lines ends at the next line that ends in
`%}`, and those are counted beforehand.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.markdown import tags
from service.markdown.tags import CONTAINERS, OPTIONAL, PARTS, TAG, Kind, TagLine

UNKNOWN = N_("This tag is unknown and shown as text: %(tag)s")
AMID = N_("A tag stands on a line of its own. Amid other words it is shown as text: %(tag)s")
UNFINISHED = N_("This tag has no end and is shown as text: %(tag)s")
MISPLACED = N_("The tag %(tag)s belongs inside %(parent)s")
OPEN_FENCE = N_("This code block is not closed")

_PREFIX = re.compile(r"(?>(?:[ \t]*+(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))*)[ \t]*+")
_FENCE = re.compile(r"(`{3,}+|~{3,}+)([^\n]*)")
_QUOTED = re.compile(r"[ \t>]*+")
# What opens a raw block that only its own end closes, as CommonMark's HTML blocks 1 and 2 do.
_RAW = re.compile(r"<(?:(pre|script|style|textarea)(?=[\s>]|$)|!--)", re.IGNORECASE)
# So far a tag amid other words is looked at: without an end, each would be searched for to the line's end.
_LONGEST = 200
# What is raw within a line, to its end if nothing closes it.
_RAW_SPAN = re.compile(r"<(pre|code)\b.*?(?:</\1|$)|<!--.*?(?:-->|$)", re.IGNORECASE)
_RAW_END = re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE)


def scan(lines: Sequence[str]) -> tuple[dict[int, TagLine], list[Finding]]:
    """Return the known tag lines by line number from 0, paired, and what is wrong."""
    scanner = _Scanner(lines)
    number = 0
    while number < len(lines):
        line = lines[number]
        # Most lines say nothing here, and are asked nothing more.
        if "{%" in line or "<" in line or "```" in line or "~~~" in line or scanner.inside:
            number = scanner.line(number)
        else:
            number += 1
    return scanner.tags, scanner.finish()


class _Scanner:
    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.tags: dict[int, TagLine] = {}
        self.findings: list[Finding] = []
        self.open: list[TagLine] = []
        self.open_names: Counter[str] = Counter()
        self.fence: tuple[str, int, int] | None = None
        # What ends the raw block that is open.
        self.raw: re.Pattern[str] | str | None = None
        self.tag_ends: list[int] | None = None

    @property
    def inside(self) -> bool:
        """Whether the next line is in code or in a raw block."""
        return self.fence is not None or self.raw is not None

    def line(self, number: int) -> int:
        """Take one line, or all lines of the tag that begins on it; return the number of the next."""
        line = self.lines[number]
        if self.in_code(number, line):
            return number + 1
        found = line.find("{%")
        if found < 0:
            return number + 1
        prefix = _PREFIX.match(line)
        start = prefix.end() if prefix else 0
        if start != found:
            self.in_text(number, line)
            return number + 1
        last = number if line.find("%}", start) >= 0 else self.last_line(number)
        text = line if last == number else "\n".join(self.lines[number : last + 1])
        match = TAG.match(text, start)
        if match and not (match[1] in CONTAINERS or match[1][0] == "@" or last == number):
            match, last = None, number
        if match:
            self.tag(match, number, start, last, text[match.end() :].strip())
        else:
            last = number
            self.text_found(UNFINISHED if "%}" not in line else UNKNOWN, number, start)
        return last + 1

    def last_line(self, number: int) -> int:
        """Return the line on which a tag ends that does not end on its first; this one if none does."""
        if self.tag_ends is None:
            self.tag_ends = [at for at, line in enumerate(self.lines) if line.rstrip().endswith("%}")]
        place = bisect_left(self.tag_ends, number + 1)
        if place == len(self.tag_ends):
            return number
        last = self.tag_ends[place]
        prefix = _PREFIX.match(self.lines[last])
        # A line with a tag of its own closes no other.
        return number if prefix and self.lines[last].startswith("{%", prefix.end()) else last

    def in_code(self, number: int, line: str) -> bool:
        """Follow fenced code and raw blocks, inside which a tag is text."""
        if self.fence:
            marker, length, _ = self.fence
            quoted = _QUOTED.match(line)
            inner = line[quoted.end() if quoted else 0 :].rstrip()
            if len(inner) >= length and not inner.strip(marker):
                self.fence = None
            return True
        if self.raw:
            self.end_raw(line, 0)
            return True
        if "`" not in line and "~" not in line and "<" not in line:
            return False
        prefix = _PREFIX.match(line)
        start = prefix.end() if prefix else 0
        fence = _FENCE.match(line, start)
        if fence and not (fence[1][0] == "`" and "`" in fence[2]):
            self.fence = (fence[1][0], len(fence[1]), number)
            return True
        raw = _RAW.match(line, start)
        if raw:
            self.raw = _RAW_END if raw[1] else "-->"
            self.end_raw(line, raw.end())
            return True
        return False

    def end_raw(self, line: str, position: int) -> None:
        ended = (
            line.find(self.raw, position) >= 0
            if isinstance(self.raw, str)
            else self.raw is not None and self.raw.search(line, position)
        )
        if ended:
            self.raw = None

    def in_text(self, number: int, line: str) -> None:
        """Report tags amid other words, which stay text; in a code span or behind a backslash they may."""
        line = _RAW_SPAN.sub(lambda raw: " " * len(raw[0]), line)
        ticks, seen, found = 0, 0, line.find("{%")
        while found >= 0:
            ticks, seen = ticks + line.count("`", seen, found), found
            if line[found - 1] != "\\" and not ticks % 2:
                match = TAG.match(line[found : found + _LONGEST])
                known = match is not None and tags.read(match, number, found + 1, number + 1).known
                self.text_found(AMID if known else UNKNOWN, number, found)
            found = line.find("{%", found + 2)

    def text_found(self, phrase: Phrase, number: int, column: int) -> None:
        tag, end, _ = self.lines[number][column : column + 60].partition("%}")
        values = {"tag": tag + end if end else tag[:40]}
        rule = {UNKNOWN: "unknown-tag", AMID: "stray-tag"}.get(phrase, "unfinished-tag")
        self.findings.append(Finding(rule, Severity.WARNING, phrase, values, number + 1, column + 1))

    def tag(self, match: re.Match[str], number: int, column: int, last: int, rest: str) -> None:
        tag = tags.read(match, number, column + 1, last + 1)
        if not tag.known:
            self.found("unknown-tag", Severity.WARNING, UNKNOWN, tag, match[0])
        elif rest and tag.kind is Kind.OPEN:
            self.whole(tag, rest)
        elif rest:
            self.found("stray-tag", Severity.WARNING, AMID, tag, match[0])
        elif tag.kind is Kind.CLOSE:
            self.close(tag)
        else:
            self.begin(tag)

    def whole(self, tag: TagLine, rest: str) -> None:
        """Read the one-line form `{% tab title="x" %} text {% endtab %}`; anything else there is text."""
        body, mark, closing = rest.rpartition("{%")
        if mark and closing.removesuffix("%}").strip("- ") == f"end{tag.name}" and closing.endswith("%}"):
            self.part(tag)
            tag.kind, tag.body = Kind.WHOLE, body.strip()
            self.tags[tag.line] = tag
        else:
            self.found("stray-tag", Severity.WARNING, AMID, tag)

    def begin(self, tag: TagLine) -> None:
        self.tags[tag.line] = tag
        if tag.kind is Kind.VOID:
            return
        self.part(tag)
        self.open.append(tag)
        self.open_names[tag.name] += 1

    def part(self, tag: TagLine) -> None:
        """End the part before this one, and report a part outside its whole."""
        parent = PARTS.get(tag.name)
        if parent is None:
            return
        if self.open and self.open[-1].name == tag.name:
            self.end_part(self.pop(), tag.line)
        if not self.open or self.open[-1].name != parent:
            self.found("misplaced-tag", Severity.ERROR, MISPLACED, tag, parent=f"{{% {parent} %}}")

    def close(self, tag: TagLine) -> None:
        self.tags[tag.line] = tag
        if not self.open_names[tag.name]:
            # The parse reports it where it meets it, as it does closings whose opening broke off early.
            return
        while (inner := self.pop()).name != tag.name:
            self.end_part(inner, tag.line)
        inner.end, inner.after = tag.line, tag.first

    def pop(self) -> TagLine:
        tag = self.open.pop()
        self.open_names[tag.name] -= 1
        return tag

    def end_part(self, tag: TagLine, line: int) -> None:
        """End a tag that was not closed: a part before `line`, another tag right where it stands."""
        tag.open = tag.name not in OPTIONAL
        if tag.name in PARTS:
            tag.end = tag.after = line

    def finish(self) -> list[Finding]:
        for tag in self.open:
            tag.open = tag.name not in OPTIONAL
        if self.fence:
            line = self.fence[2] + 1
            self.findings.append(Finding("unclosed-fence", Severity.WARNING, OPEN_FENCE, {}, line, 1))
        return self.findings

    def found(
        self,
        rule: str,
        severity: Severity,
        phrase: Phrase,
        tag: TagLine,
        shown: str | None = None,
        **values: object,
    ) -> None:
        values["tag"] = shown or tag.shown
        self.findings.append(Finding(rule, severity, phrase, values, tag.line + 1, tag.column))
