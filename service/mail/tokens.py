"""The grammar of special tokens: which names exist, where a text uses them, and what is wrong with a use.

`{name}`, `{name|fallback}` and `<name>` are tokens, read before Markdown everywhere except in fenced code;
`\\{` is a literal brace. Names are case sensitive. Reading takes time linear in the text (check T-2).
"""

import difflib
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_core.normalize import normalize

from service.facts.findings import Finding, Severity
from service.facts.limits import EMAIL_CONTENT_BYTES, EMAIL_SUBJECT_CHARACTERS
from service.facts.words import N_, Phrase

MOST_FINDINGS = 50


class Kind(Enum):
    """What a token prints: words, the whole address of a page, or an ad."""

    TEXT = "text"
    URL = "url"
    AD = "ad"


@dataclass(frozen=True, slots=True)
class Token:
    """One row of the table of tokens; `example` is empty where the language decides what is printed."""

    name: str
    kind: Kind
    phrase: Phrase
    example: str = ""

    @property
    def written(self) -> str:
        return f"{{{self.name}}}"


AD_FAMILY = "adcode_<adid>"
AD_PREFIX = "adcode_"

TOKENS: tuple[Token, ...] = (
    Token(AD_FAMILY, Kind.AD, N_("The ad with this ID: linked creative, or name and link in plain text")),
    Token("mpid", Kind.TEXT, N_("The partner ID"), "98765"),
    Token("mpname", Kind.TEXT, N_("The name of the partner’s company")),
    Token("firstName", Kind.TEXT, N_("The first name of the contact")),
    Token("lastName", Kind.TEXT, N_("The last name of the contact")),
    Token("greetingName", Kind.TEXT, N_("The contact’s name as a greeting in the language of the email")),
    Token("currentDay", Kind.TEXT, N_("The date the email is sent, in the recipient’s time zone")),
    Token("currentTime", Kind.TEXT, N_("The date and time the email is sent"), "19-Jan-2038 03:14:08 UTC"),
    Token("currentMonthYear", Kind.TEXT, N_("The month and year the email is sent")),
    Token("unsubscribeUrl", Kind.URL, N_("The address of the page where the recipient can unsubscribe")),
    Token("joinUrl", Kind.URL, N_("The address of the page where the recipient can join the program")),
    Token("programName", Kind.TEXT, N_("The name of the program")),
    Token("senderName", Kind.TEXT, N_("The From name of the email")),
)
KNOWN: Mapping[str, Token] = {token.name: token for token in TOKENS}

_AD = re.compile(r"adcode_[0-9]{1,18}", re.ASCII)
_FOLDED = {name.lower(): name for name in KNOWN if name != AD_FAMILY}


def lookup(name: str) -> Token | None:
    """Return the row for a name as an author writes it (`mpid`, `adcode_17`), or None if it is unknown."""
    if _AD.fullmatch(name):
        return KNOWN[AD_FAMILY]
    return KNOWN.get(name) if name != AD_FAMILY else None


def nearest(name: str) -> str | None:
    """Return the known name closest to a wrong one, or None when nothing is close."""
    folded = name.strip().lower()[:64]
    if folded in _FOLDED:
        return _FOLDED[folded]
    if _AD.fullmatch(folded):
        return folded
    if folded.startswith("adcode"):
        return AD_FAMILY
    close = difflib.get_close_matches(folded, _FOLDED, 1, 0.6)
    return _FOLDED[close[0]] if close else None


@dataclass(frozen=True, slots=True)
class Use:
    """A token at its place: offsets count characters; `fallback` is plain text, None where none is given."""

    name: str
    fallback: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says in tokens: its uses, the offsets of backslashes that go away, the findings."""

    text: str
    uses: tuple[Use, ...]
    escapes: tuple[int, ...]
    findings: tuple[Finding, ...]

    def substitute(self, mark: Callable[[int, Use], str]) -> str:
        """Return the text with `mark(number, use)` in place of each use and escaped braces bare."""
        return "".join(piece for _, piece in self._pieces(mark))

    def place(self, mark: Callable[[int, Use], str], line: int, column: int) -> tuple[int, int]:
        """Map a place in the substituted text back to the text as written."""
        offset = at = 0
        starts = line_starts(self.substitute(mark))
        wanted = starts[min(line, len(starts)) - 1] + column - 1
        for start, piece in self._pieces(mark):
            if at + len(piece) > wanted:
                raw = self.text.startswith(piece, start)
                offset = start + (wanted - at if raw else 0)
                break
            at += len(piece)
            offset = start + len(piece)
        return Lines(self.text).place(min(offset, len(self.text)))

    def _pieces(self, mark: Callable[[int, Use], str]) -> Iterator[tuple[int, str]]:
        cuts: list[tuple[int, int, str]] = [(at, at + 1, "") for at in self.escapes]
        cuts += [(use.start, use.end, mark(number, use)) for number, use in enumerate(self.uses)]
        position = 0
        for start, end, piece in sorted(cuts):
            yield position, self.text[position:start]
            yield start, piece
            position = end
        yield position, self.text[position:]


_BREAK = re.compile(r"\r\n|\r|\n")


def line_starts(text: str) -> list[int]:
    """Return the offset at which each line begins; lines end in CRLF, CR or LF."""
    return [0, *(match.end() for match in _BREAK.finditer(text))]


class Lines:
    """Turns offsets into lines and columns, both from 1."""

    def __init__(self, text: str) -> None:
        self.starts = line_starts(text)

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


UNKNOWN = N_("%(token)s is not a token. To print a brace, put a backslash before it.")
UNKNOWN_NEAR = N_("%(token)s is not a token. Did you mean %(nearest)s?")
WRONG_CASE = N_("%(token)s is not a token, because capitals count. Write %(nearest)s.")
WIDE = N_("Full-width braces do not make a token: %(token)s. Write half-width braces.")
WIDE_NEAR = N_("Full-width braces do not make a token: %(token)s. Write %(nearest)s.")
SPLIT = N_("%(token)s has formatting or spaces inside the token. Write %(nearest)s and format around it.")
TWICE = N_("%(token)s has more than one brace on each side. Write %(nearest)s.")
OPEN = N_("The token that begins with %(token)s is not closed on its line. Write %(nearest)s.")
NO_AD = N_("%(token)s names an ad that is not available. Check the ID on the page of ads.")
AD_ID = N_("%(token)s names no ad. After adcode_ comes the ID of an ad, in 1 to 18 digits.")
SUBJECT_LONG = N_("The subject is longer than %(limit)s characters. Shorten it.")
CONTENT_LONG = N_("The content is longer than %(limit)s bytes. Shorten it.")
UNUSABLE = N_("The character %(code)s cannot be sent. Remove it.")

_STOP = re.compile(r"[\\{<｛｝]")
_BODY = re.compile(r"\{([^{}｛｝\\]*+(?>(?:\\.[^{}｛｝\\]*+)*))([}｝]?)", re.DOTALL)
_RUN = re.compile(r"\{++")
_WIDE = re.compile(r"[｛｝]([^{}｛｝\r\n]*+)[｝}]?")
_ANGLE = re.compile(r"<([A-Za-z][A-Za-z0-9_]*+)(?:\|([^<>\r\n]*+))?>")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*+", re.ASCII)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ESCAPABLE = frozenset(r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~｛｝""")
_DROPPED_BEFORE = frozenset("{}｛｝")
_TAG = re.compile(r"<[^<>]*>|&[A-Za-z#0-9]+;|[\s*~`\u200b\u00ad\ufeff]")
_BAD = re.compile(r"[\x00\ud800-\udfff]")
# What may stand in no header (check H-1); a tab may, inside an encoded word.
_BAD_IN_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def check(text: str, *, field: str, known_ads: Collection[str] | None = None) -> tuple[Finding, ...]:
    """Return what is wrong with the tokens of a text; `field` is `subject` or `content`.

    With `known_ads` (ids as text) an ad outside it is a finding, in the same words whether it is another
    account's or nobody's (check T-4).
    """
    return read(text, field=field, known_ads=known_ads).findings


def read(text: str, *, field: str, known_ads: Collection[str] | None = None) -> Reading:
    """Read the tokens of a subject or a content; a text over its limit is not read at all."""
    if too_long := _too_long(text, field):
        return Reading(text, (), (), (too_long,))
    reader = _Reader(text, known_ads)
    for start, end in _live(text) if field == "content" else [(0, len(text))]:
        reader.scan(start, end)
    for bad in (_BAD_IN_HEADER if field == "subject" else _BAD).finditer(text):
        reader.find("character", UNUSABLE, bad.start(), code=f"U+{ord(bad.group()):04X}")
    findings = tuple(sorted(reader.findings, key=lambda found: (found.line, found.column)))
    return Reading(text, tuple(reader.uses), tuple(reader.escapes), findings)


def _too_long(text: str, field: str) -> Finding | None:
    if field == "subject":
        phrase, limit, size = SUBJECT_LONG, EMAIL_SUBJECT_CHARACTERS, len(text)
    else:
        phrase, limit, size = CONTENT_LONG, EMAIL_CONTENT_BYTES, len(text.encode("utf-8", "surrogatepass"))
    return Finding("text-long", Severity.ERROR, phrase, {"limit": limit}, 1, 1) if size > limit else None


_BLOCKS = MarkdownIt("commonmark", {"html": False, "maxNesting": 100})


def _live(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges outside fenced code, told by the block grammar itself (no inline parsing)."""
    state = StateCore(text, _BLOCKS, {})
    normalize(state)
    _BLOCKS.block.parse(state.src, _BLOCKS, state.env, state.tokens)
    starts = [*line_starts(text), len(text) + 1]
    position = 0
    for token in state.tokens:
        if token.type == "fence" and token.map:
            yield position, starts[token.map[0]]
            position = min(starts[min(token.map[1], len(starts) - 1)], len(text))
    yield position, len(text)


@dataclass(slots=True)
class _Reader:
    text: str
    known_ads: Collection[str] | None
    uses: list[Use] = field(default_factory=list)
    escapes: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    lines: Lines | None = None

    def scan(self, position: int, end: int) -> None:
        while len(self.findings) < MOST_FINDINGS and (stop := _STOP.search(self.text, position, end)):
            at = stop.start()
            char = stop.group()
            if char == "\\":
                position = self.escape(at, end)
            elif char == "<":
                position = self.angle(at, end)
            elif char == "{":
                position = self.brace(at, end)
            else:
                position = self.wide(at, end)

    def escape(self, at: int, end: int) -> int:
        after = self.text[at + 1 : at + 2] if at + 1 < end else ""
        if after in _DROPPED_BEFORE and after:
            self.escapes.append(at)
        return at + 2 if after in _ESCAPABLE and after else at + 1

    def angle(self, at: int, end: int) -> int:
        match = _ANGLE.match(self.text, at, end)
        if not match:
            return at + 1
        name, fallback = match.groups()
        if lookup(name):
            self.use(name, fallback, at, match.end())
            return match.end()
        if lookup(folded := _FOLDED.get(name.lower(), name.lower())):
            self.find("token-case", WRONG_CASE, at, token=match.group(), nearest=f"<{folded}>")
            return match.end()
        return at + 1

    def brace(self, at: int, end: int) -> int:
        run = _RUN.match(self.text, at, end)
        assert run is not None
        doubled, at = run.end() - at > 1, run.end() - 1
        match = _BODY.match(self.text, at, end)
        assert match is not None
        body, close = match.groups()
        name, bar, fallback = body.partition("|")
        known = lookup(name) is not None
        if close == "}" and known and not _BREAK.search(body):
            after = match.end()
            if doubled and self.text[after : after + 1] == "}":
                written = self.text[run.start() : after + 1]
                self.find("token-twice", TWICE, run.start(), token=written, nearest=match.group())
                return after + 1
            self.use(name, _ESCAPE.sub(r"\1", fallback) if bar else None, at, after)
            return after
        return self.wrong(at, match, name, known)

    def wrong(self, at: int, match: re.Match[str], name: str, known: bool) -> int:
        """Judge a brace that does not begin a good token; return where to read on."""
        close, whole = match.group(2), match.group()
        begins = _NAME.match(name)
        if not close or (known and close == "}"):
            if begins and lookup(begins.group()):
                written = f"{{{begins.group()}}}"
                self.find("token-open", OPEN, at, token=written[:-1], nearest=written)
                return at + 1 + begins.end()
            return at + 1
        bare = _bare(name)
        close_name = nearest(bare) if bare else None
        if close == "｝":
            self.wide_finding(at, whole, close_name)
            return match.end()
        if bare.lower().startswith("adcode") and not (close_name and _AD.fullmatch(close_name)):
            self.find("ad-id", AD_ID, at, token=whole)
            return match.end()
        if bare == name and close_name and close_name.lower() == name.lower():
            self.find("token-case", WRONG_CASE, at, token=whole, nearest=f"{{{close_name}}}")
            return match.end()
        if close_name and (close_name.lower() == bare.lower() or "<" in name) and bare != name:
            self.find("token-split", SPLIT, at, token=whole, nearest=f"{{{close_name}}}")
            return match.end()
        first = name.lstrip()[:1]
        if (first.isalpha() or first == "_") and not _BREAK.search(name):
            phrase = UNKNOWN_NEAR if close_name else UNKNOWN
            self.find("token-unknown", phrase, at, token=whole, nearest=f"{{{close_name}}}")
            return match.end()
        return at + 1

    def wide(self, at: int, end: int) -> int:
        match = _WIDE.match(self.text, at, end)
        assert match is not None
        bare = _bare(match.group(1).partition("|")[0])
        self.wide_finding(at, match.group(), nearest(bare) if bare else None)
        return match.end()

    def wide_finding(self, at: int, whole: str, name: str | None) -> None:
        self.find("token-width", WIDE_NEAR if name else WIDE, at, token=whole, nearest=f"{{{name}}}")

    def use(self, name: str, fallback: str | None, start: int, end: int) -> None:
        ad = name.removeprefix(AD_PREFIX)
        if self.known_ads is not None and ad != name and ad not in self.known_ads:
            self.find("ad-unknown", NO_AD, start, token=self.text[start:end])
        self.uses.append(Use(name, fallback, start, end))

    def find(self, rule: str, phrase: Phrase, at: int, **values: str) -> None:
        if len(self.findings) >= MOST_FINDINGS:
            return
        self.lines = self.lines or Lines(self.text)
        line, column = self.lines.place(at)
        if "token" in values:
            values["token"] = _shown(values["token"])
        if "%(nearest)s" not in phrase.text:
            values.pop("nearest", None)
        self.findings.append(Finding(rule, Severity.ERROR, phrase, values, line, column))


def _bare(name: str) -> str:
    """A name without the formatting somebody put into it."""
    bare = _TAG.sub("", name)
    return bare if bare.lower().startswith(AD_PREFIX) else bare.replace("_", "")


def _shown(text: str) -> str:
    """A wrong token as a message quotes it: short, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:59]}…"
