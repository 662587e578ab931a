"""Variants kept as files, Markdown under a YAML head with `locale` and `subject`; and who gets which."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import yaml

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.i18n.locales import LOCALES
from service.i18n.negotiation import closest
from service.mail.compiled import ContentRefused
from service.mail.mime import refused_character
from service.mail.tokens import UNUSABLE, Lines
from service.markdown import front_matter

NO_HEAD = N_(
    "The file must begin with a line of three hyphens, the keys locale and subject, "
    "and a second line of three hyphens."
)
NO_KEY = N_("The front matter has no key %(key)s.")
NOT_TEXT = N_("The value of %(key)s is not text. Put it between quotation marks.")
COMMENT = N_(
    "In YAML a # begins a comment, so the value of %(key)s ends before it. Put it between quotation marks."
)
NO_LOCALE = N_("“%(locale)s” is not a language that emails can be written in. Choose one of: %(locales)s")
KEY_TWICE = N_("The front matter has the key %(key)s more than once.")
NOT_UTF8 = N_("The file is not valid UTF-8.")

# Check H-1; a tab may stand in a header, and the lines of the head end in LF.
_BAD_IN_HEAD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_FENCE = "---\n"


@dataclass(frozen=True, slots=True)
class SubjectPlace:
    """Where the subject stands in the file; `whole` if its characters stand there one by one."""

    line: int
    column: int
    whole: bool


@dataclass(frozen=True, slots=True)
class SourceVariant:
    """One language's subject and content; the content keeps the line numbers of the file."""

    locale: str
    subject: str
    content: str
    place: SubjectPlace

    def at_home(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return findings about subject and content with lines and columns of the file."""
        return tuple(map(self._moved, findings))

    def _moved(self, finding: Finding) -> Finding:
        if finding.path != "subject":
            return finding
        column = self.place.column + (finding.column - 1 if self.place.whole else 0)
        return replace(finding, line=self.place.line, column=column)


def read(data: bytes) -> SourceVariant:
    """Read a file; raises ContentRefused, whose findings have lines and columns of the file."""
    text = _decoded(data)
    head = _head(text)
    matter, content, findings = front_matter.split(text)
    if findings:
        raise ContentRefused([_unquoted(head, finding) for finding in findings])
    nodes = _nodes(head)
    written = _text(matter, nodes, "locale")
    locale = closest(written, tuple(LOCALES))
    if locale is None:
        line, column = _place(nodes["locale"])
        raise _refused("locale", NO_LOCALE, line, column, locale=written[:80], locales=", ".join(LOCALES))
    _whole(head, nodes, "subject")
    subject = _text(matter, nodes, "subject")
    return SourceVariant(locale, subject, content, _subject_place(head, nodes["subject"], subject))


def choose_variant(locale: str | None, variants: Collection[str], *, default: str, source: str) -> str:
    """Return the variant for a recipient: their language, its base language, the default, or the source."""
    if locale:
        if locale in variants:
            return locale
        base = locale.replace("_", "-").partition("-")[0].lower()
        if base in variants:
            return base
    return default if default in variants else source


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = data[: error.start]
        line = start.count(b"\n") + 1
        column = len(start[start.rfind(b"\n") + 1 :].decode("utf-8-sig")) + 1
        raise _refused("encoding", NOT_UTF8, line, column) from None
    return text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")


def _head(text: str) -> str:
    """The YAML as it stands, found as the dialect finds it; a character no header can carry is refused."""
    end = text.find("\n---\n", 3, front_matter.LONGEST)
    if end < 0 and text.endswith("\n---"):
        end = len(text) - 4
    if not text.startswith(_FENCE) or end < 0:
        raise _refused("front-matter", NO_HEAD, 1, 1)
    head = text[len(_FENCE) : end + 1]
    # YAML takes some of them for line ends and would turn them into spaces.
    if bad := _BAD_IN_HEAD.search(head):
        line, column = head.count("\n", 0, bad.start()) + 2, bad.start() - head.rfind("\n", 0, bad.start())
        raise _refused("character", UNUSABLE, line, column, code=refused_character(bad.group()) or "")
    return head


def _nodes(head: str) -> dict[str, yaml.Node]:
    # By the loader that read the values: another one may refuse what this one took, as tabs behind a colon.
    root = yaml.compose(head, Loader=front_matter.LOADER)
    nodes: dict[str, yaml.Node] = {}
    for key, node in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value in nodes:
            line, column = _place(key)
            raise _refused("front-matter", KEY_TWICE, line, column, key=str(key.value)[:80])
        nodes[key.value] = node
    return nodes


# What a subject often begins with or holds, and YAML reads as something else: `{firstName}`, `Hi: there`.
_UNQUOTED = re.compile(r"(locale|subject):[ ]+(?=[^\s'\"|>])")


def _unquoted(head: str, finding: Finding) -> Finding:
    """Say of a head that cannot be read what nearly always is the reason: a value without quotation marks."""
    lines = head.split("\n")
    match = _UNQUOTED.match(lines[finding.line - 2]) if 2 <= finding.line < len(lines) + 2 else None
    if match is None:
        return finding
    column = match.end() + 1
    return replace(finding, phrase=NOT_TEXT, values={"key": match[1]}, column=column)


def _whole(head: str, nodes: Mapping[str, yaml.Node], key: str) -> None:
    """Refuse a value without quotation marks of which YAML keeps a part: `Order #5521`, `&Co opens`."""
    node = nodes.get(key)
    if not isinstance(node, yaml.ScalarNode) or node.style in ("'", '"', "|", ">"):
        return
    line, column = _place(node)
    if head.startswith("&", node.start_mark.index):
        raise _refused("front-matter", NOT_TEXT, line, column, key=key)
    end = node.end_mark
    rest = head[end.index :].partition("\n")[0]
    if rest.lstrip().startswith("#"):
        column = end.column + rest.index("#") + 1
        raise _refused("front-matter", COMMENT, end.line + 2, column, key=key)


def _text(matter: Mapping[str, object], nodes: dict[str, yaml.Node], key: str) -> str:
    value = matter.get(key)
    if key not in nodes or value is None:
        line, column = _place(nodes[key]) if key in nodes else (1, 1)
        raise _refused("front-matter", NO_KEY, line, column, key=key)
    node = nodes[key]
    if not isinstance(node, yaml.ScalarNode) or isinstance(value, bool):
        line, column = _place(node)
        raise _refused("front-matter", NOT_TEXT, line, column, key=key)
    # What YAML takes for a number or a date is a subject all the same.
    written = str(node.value)
    return written.rstrip("\n") if node.style in ("|", ">") else written


def _place(node: yaml.Node) -> tuple[int, int]:
    # The head begins on the second line of the file.
    return node.start_mark.line + 2, node.start_mark.column + 1


def _subject_place(head: str, node: yaml.Node, subject: str) -> SubjectPlace:
    line, column = _place(node)
    quotes = 1 if isinstance(node, yaml.ScalarNode) and node.style in ("'", '"') else 0
    starts = Lines(head).starts
    begin = starts[line - 2] + column - 1 + quotes
    return SubjectPlace(line, column + quotes, head.startswith(subject, begin))


def _refused(rule: str, phrase: Phrase, line: int, column: int, **values: str) -> ContentRefused:
    return ContentRefused([Finding(rule, Severity.ERROR, phrase, values, line, column)])
