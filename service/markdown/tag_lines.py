"""Lines such as `{% hint style="info" %}`: found and paired in one pass, then parsed as containers.

The pairs are found before the parse, so that no rule has to look ahead: linear in the length of the source.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase

CONTAINERS = frozenset(
    {"hint", "tabs", "tab", "stepper", "step", "columns", "column", "code", "content-ref", "embed", "file"}
)
# These may stand alone or have a caption and a closing tag.
OPTIONAL = frozenset({"embed", "file"})
VOID = frozenset({"generated"})
# A part ends where the next one begins or its whole ends, as list items do in HTML.
PARTS = {"tab": "tabs", "step": "stepper", "column": "columns"}

UNKNOWN = N_("This tag is unknown and shown as text: %(tag)s")
UNCLOSED = N_("This tag is not closed: %(tag)s")
STRAY = N_("This closing tag has no opening tag: %(tag)s")
MISPLACED = N_("The tag %(tag)s belongs inside %(parent)s")
OPEN_FENCE = N_("This code block is not closed")

_PREFIX = re.compile(r"(?:[ \t]*+(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))*+[ \t]*+")
_TAG = re.compile(r"\{%-?\s*+(@?[A-Za-z][\w/-]*+)((?:[^%]|%(?!\}))*+)%\}")
_ATTRIBUTE = re.compile(r"([\w-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|“([^”]*+)”|([^\s\"'“]++))|([^\s=]++)")
_FENCE = re.compile(r"(`{3,}+|~{3,}+)([^\n]*)")
_QUOTED = re.compile(r"[ \t>]*+")


class Kind(Enum):
    """What a tag line does."""

    OPEN = "open"
    CLOSE = "close"
    VOID = "void"
    WHOLE = "whole"


@dataclass(slots=True)
class TagLine:
    """One tag line: `end` is the line after its body, `after` the line where its parent goes on (from 0)."""

    kind: Kind
    name: str
    attributes: dict[str, str]
    line: int
    column: int
    end: int
    after: int
    body: str = ""
    # Nothing closes it. Told where the parse meets it: in indented code it is no tag.
    open: bool = False

    @property
    def shown(self) -> str:
        """The tag as a finding names it."""
        return f"{{% {'end' if self.kind is Kind.CLOSE else ''}{self.name} %}}"


def words_lines(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that are neither fenced code nor raw `<pre>`, with their numbers from 0."""
    scanner = _Scanner()
    for number, line in enumerate(lines):
        if not scanner.in_code(number, line):
            yield number, line


def scan(lines: Sequence[str]) -> tuple[dict[int, TagLine], list[Finding]]:
    """Return the known tag lines by line number from 0, paired, and what is wrong."""
    scanner = _Scanner()
    for number, line in enumerate(lines):
        scanner.line(number, line)
    return scanner.tags, scanner.finish()


class _Scanner:
    def __init__(self) -> None:
        self.tags: dict[int, TagLine] = {}
        self.findings: list[Finding] = []
        self.open: list[TagLine] = []
        self.open_names: Counter[str] = Counter()
        self.fence: tuple[str, int, int] | None = None
        self.raw = False

    def line(self, number: int, line: str) -> None:
        if self.in_code(number, line):
            return
        prefix = _PREFIX.match(line)
        start = prefix.end() if prefix else 0
        if not line.startswith("{%", start):
            self.in_text(number, line)
            return
        match = _TAG.match(line, start)
        if match:
            self.tag(number, start, match, line[match.end() :].strip())

    def in_code(self, number: int, line: str) -> bool:
        """Follow fenced code and `<pre>`, inside which a tag is text."""
        if self.fence:
            marker, length, _ = self.fence
            inner = _QUOTED.sub("", line, count=1).rstrip()
            if len(inner) >= length and not inner.strip(marker):
                self.fence = None
            return True
        if self.raw:
            self.raw = "</pre" not in line.lower()
            return True
        prefix = _PREFIX.match(line)
        start = prefix.end() if prefix else 0
        fence = _FENCE.match(line, start)
        if fence and not (fence[1][0] == "`" and "`" in fence[2]):
            self.fence = (fence[1][0], len(fence[1]), number)
            return True
        if line[start : start + 4].lower() == "<pre":
            self.raw = "</pre" not in line.lower()
            return True
        return False

    def in_text(self, number: int, line: str) -> None:
        """Report a tag amid other words, which stays text; in a code span or behind a backslash it may."""
        found = line.find("{%")
        if found > 0 and line[found - 1] != "\\" and not line.count("`", 0, found) % 2:
            values = {"tag": line[found : found + 40]}
            self.findings.append(
                Finding("unknown-tag", Severity.WARNING, UNKNOWN, values, number + 1, found + 1)
            )

    def tag(self, number: int, column: int, match: re.Match[str], rest: str) -> None:
        name = match[1]
        closing = name.startswith("end") and name not in CONTAINERS
        name = name.removeprefix("end") if closing else name
        kind = Kind.CLOSE if closing else Kind.VOID if name in VOID else Kind.OPEN
        tag = TagLine(kind, name, _attributes(match[2]), number, column + 1, number + 1, number + 1)
        if name not in CONTAINERS and (closing or name not in VOID):
            self.found("unknown-tag", Severity.WARNING, UNKNOWN, tag, match[0])
        elif rest and kind is Kind.OPEN:
            self.whole(tag, rest)
        elif rest:
            self.found("unknown-tag", Severity.WARNING, UNKNOWN, tag, match[0])
        elif kind is Kind.CLOSE:
            self.close(tag)
        else:
            self.begin(tag)

    def whole(self, tag: TagLine, rest: str) -> None:
        """Read the one-line form `{% tab title="x" %} text {% endtab %}`; anything else there is text."""
        body, mark, closing = rest.rpartition("{%")
        if mark and closing.removesuffix("%}").strip("- ") == f"end{tag.name}" and closing.endswith("%}"):
            tag.kind, tag.body = Kind.WHOLE, body.strip()
            self.tags[tag.line] = tag
        else:
            self.found("unknown-tag", Severity.WARNING, UNKNOWN, tag)

    def begin(self, tag: TagLine) -> None:
        self.tags[tag.line] = tag
        if tag.kind is Kind.VOID:
            return
        if tag.name in PARTS:
            if self.open and self.open[-1].name == tag.name:
                self.end_part(self.pop(), tag.line)
            parent = PARTS[tag.name]
            if not self.open or self.open[-1].name != parent:
                self.found("misplaced-tag", Severity.ERROR, MISPLACED, tag, parent=f"{{% {parent} %}}")
        self.open.append(tag)
        self.open_names[tag.name] += 1

    def close(self, tag: TagLine) -> None:
        self.tags[tag.line] = tag
        if not self.open_names[tag.name]:
            # The parse reports it where it meets it, as it does closings whose opening broke off early.
            return
        while (inner := self.pop()).name != tag.name:
            self.end_part(inner, tag.line)
        inner.end, inner.after = tag.line, tag.line + 1

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


def _attributes(text: str) -> dict[str, str]:
    """Read `key="value"` pairs and bare values; a bare value is kept under its place (`0`, `1`, ...)."""
    attributes: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text.strip().removesuffix("-").strip()):
        value = next((group for group in match.groups()[1:5] if group is not None), None)
        if match[1] is not None and value is not None:
            attributes[match[1]] = unescape(value)
        else:
            attributes[str(len(attributes))] = match[6].strip("\"'")
    return attributes


def install(md: MarkdownIt) -> None:
    """Let a tag line interrupt every block, as the dialect wants it."""
    md.block.ruler.before(
        "fence",
        "tag_line",
        _tag_line,
        {"alt": ["paragraph", "reference", "blockquote", "list", "table"]},
    )


def _tag_line(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    tag = state.env["tags"].get(start)
    begins = state.bMarks[start] + state.tShift[start]
    if tag is None or state.is_code_block(start) or not state.src.startswith("{%", begins):
        return False
    if silent:
        return True
    state.line = start + 1
    if tag.kind is Kind.CLOSE:
        _found(state, "stray-tag", STRAY, tag)
    elif tag.kind is Kind.VOID:
        token = state.push(tag.name, "", 0)
        token.map, token.meta = [start, start + 1], dict(tag.attributes)
    else:
        _container(state, tag, start, end)
    return True


def _found(state: StateBlock, rule: str, phrase: Phrase, tag: TagLine) -> None:
    finding = Finding(rule, Severity.ERROR, phrase, {"tag": tag.shown}, tag.line + 1, tag.column)
    state.env["findings"].append(finding)


def _container(state: StateBlock, tag: TagLine, start: int, end: int) -> None:
    if tag.open:
        _found(state, "unclosed-tag", UNCLOSED, tag)
    opening = state.push(f"{tag.name}_open", "div", 1)
    opening.map, opening.meta = [start, tag.after], dict(tag.attributes)
    opening.block = True
    if tag.kind is Kind.WHOLE:
        state.push("paragraph_open", "p", 1).map = [start, start + 1]
        inline = state.push("inline", "", 0)
        inline.content, inline.map, inline.children = tag.body, [start, start + 1], []
        state.push("paragraph_close", "p", -1)
    else:
        _body(state, tag, start, end)
    state.push(f"{tag.name}_close", "div", -1).block = True


def _body(state: StateBlock, tag: TagLine, start: int, end: int) -> None:
    last = min(tag.end, end)
    if last > start + 1:
        outer = state.lineMax
        state.lineMax = last
        state.md.block.tokenize(state, start + 1, last)
        state.lineMax = outer
        if state.line < last:
            # A line that is indented less than the list item it began in ended the body early.
            _found(state, "unclosed-tag", UNCLOSED, tag)
            return
    if tag.end > end and not tag.open:
        _found(state, "unclosed-tag", UNCLOSED, tag)
    state.line = tag.after if tag.after <= end else end
