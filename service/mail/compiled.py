"""A mail compiled once for each campaign and language: parsed, laid out and cut; filling only writes values.

A value never becomes markup, Markdown, a link, a header or a token: it is put into a text that was cut before
any value was known, in the way its place demands (checks T-3, T-6, T-7).
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from markdown_it.token import Token

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.i18n.catalogs import Catalog
from service.mail import tokens
from service.mail.bodies import Encoded, Sheet, sheet
from service.mail.layout import Frame, surround
from service.mail.mime import refused_character
from service.mail.pieces import Bound, Marks, Place, Slot, cut_html, cut_text, is_page, link_pages, write
from service.mail.tokens import AD_PREFIX, Use
from service.mail.values import NO_VALUES, Values
from service.markdown import dialect, html, text

IN_TAG = N_("Emails are written in Markdown, not in HTML, so %(token)s cannot stand inside a tag.")
IN_FENCE = N_("%(token)s cannot stand on the line that begins a block of code.")
IN_ADDRESS = N_("In a link %(token)s can stand only after the domain, as in %(example)s.")
AD_IN_ADDRESS = N_("%(token)s prints a whole ad and cannot be the address of a link.")
FALLBACK_ADDRESS = N_("%(token)s is a link, so its fallback value must be the address of a web page.")
WHOLE_LINK = N_("A link in an email needs a whole address that begins with https://: %(address)s")
SECURE_IMAGE = N_("The address of an image in an email must begin with https://: %(address)s")
EMPTY = N_("The subject is empty. Write one.")
EMPTY_CONTENT = N_("The content is empty. Write some.")


class ContentRefused(ValueError):
    """A subject or content that cannot be compiled; each finding has `path` `subject` or `content`."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f"{found.rule} {found.path}:{found.line}" for found in findings))
        self.findings = tuple(findings)


class ValueMissing(ValueError):
    """Tokens without a value and without a fallback; nobody gets “Dear ,”."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.names = names


@dataclass(frozen=True, slots=True)
class Filled:
    """One recipient's mail: the subject as header text, the two parts as they are sent."""

    subject: str
    html: str
    text: str


class Posted(NamedTuple):
    """One recipient's mail as a message carries it: what `Filled` says, its two parts encoded."""

    subject: str
    html: Encoded
    text: Encoded


@dataclass(frozen=True, slots=True)
class CompiledVariant:
    """A variant ready to fill. `findings` are warnings of the Markdown dialect that did not refuse it.

    `html_sheet` and `text_sheet` are `html` and `text` with all that is the same for everybody encoded.
    """

    locale: str
    subject: Bound
    html: Bound
    text: Bound
    html_sheet: Sheet
    text_sheet: Sheet
    slots: tuple[Slot, ...]
    tokens: frozenset[str]
    findings: tuple[Finding, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The tokens this mail uses without a fallback."""
        return tuple(dict.fromkeys(slot.name for slot in self.slots if slot.fallback is None))

    def missing(self, values: Values) -> tuple[str, ...]:
        """Return the tokens this mail uses without a fallback for which there is no value."""
        return tuple(name for name in self.needed if values.get(name) is None)

    def unsendable(self, values: Values) -> tuple[str, ...]:
        """Return the tokens of the subject whose value holds a character that no header can (check H-1)."""
        header = [slot for slot in self.slots if slot.place is Place.HEADER]
        return tuple(slot.name for slot in header if refused_character(write(slot, values) or ""))

    def fill(self, values: Values) -> Filled:
        """Return the mail for one recipient; raises ValueMissing."""
        written = self._written(values)
        return Filled(self.subject.fill(written), self.html.fill(written), self.text.fill(written))

    def post(self, values: Values) -> Posted:
        """Return the same mail with its parts encoded, faster than `fill` and then encoding each."""
        written = self._written(values)
        octets = [word.encode() for word in written]
        return Posted(
            self.subject.fill(written), self.html_sheet.encode(octets), self.text_sheet.encode(octets)
        )

    def _written(self, values: Values) -> list[str]:
        printed = values.printed
        written: list[str] = []
        for slot in self.slots:
            word = printed.get(slot.name)
            if type(word) is str:
                # What nearly all values are, without a call to write.
                written.append(slot.writer(word))
            elif (word := write(slot, values)) is not None:
                written.append(word)
            else:
                raise ValueMissing(self.missing(values))
        return written


def compile_variant(
    subject: str,
    content: str,
    *,
    locale: str,
    catalog: Catalog,
    frame: Frame,
    known_ads: Collection[str] | None = None,
    constants: Values = NO_VALUES,
) -> CompiledVariant:
    """Compile one language's subject and Markdown content; raises ContentRefused with every error found.

    `known_ads` are the ids, as text, that this program may use; `constants` the values that are the same in
    every mail of this variant, written now and not for each of them.
    """
    title = tokens.read(subject, field="subject", known_ads=known_ads)
    body = tokens.read(content, field="content", known_ads=known_ads)
    findings = [replace(found, path="subject") for found in title.findings]
    findings += [replace(found, path="content") for found in body.findings]
    if not subject.strip():
        findings.append(Finding("empty", Severity.ERROR, EMPTY, {}, 1, 1, "subject"))
    if not content.strip():
        findings.append(Finding("empty", Severity.ERROR, EMPTY_CONTENT, {}, 1, 1, "content"))
    if findings:
        raise ContentRefused(findings)
    first = len(body.uses)
    marks = Marks.avoiding((subject, content, repr(frame)), (*body.uses, *title.uses))
    source = body.substitute(marks.mark)
    # The author's text was measured when its tokens were read; a mark may be longer than its token.
    document = dialect.parse(source, dialect.Profile.MAIL, most=len(source))
    written = _Written(body, marks)
    findings = [*map(written.found, document.findings), *_Walk(marks, written).judge(document.tokens)]
    errors = [found for found in findings if found.severity is Severity.ERROR]
    if errors:
        raise ContentRefused(sorted(errors, key=lambda found: (found.line, found.column)))
    title_marked = title.substitute(lambda number, _use: marks.mark(first + number))
    made = compile_marked(
        title_marked, document, marks, locale=locale, catalog=catalog, frame=frame, constants=constants
    )
    return replace(made, findings=tuple(findings))


def compile_marked(
    subject: str,
    document: dialect.Document,
    marks: Marks,
    *,
    locale: str,
    catalog: Catalog,
    frame: Frame,
    constants: Values = NO_VALUES,
) -> CompiledVariant:
    """Lay out and cut a subject and a parsed content in which marks stand for values."""
    unsubscribe = None
    if frame.has_unsubscribe:
        marks = replace(marks, uses=(*marks.uses, Use("unsubscribeUrl", None, 0, 0)))
        unsubscribe = marks.mark(len(marks.uses) - 1)
    page, plain = surround(
        subject,
        link_pages(html.render(document), marks),
        text.render(document),
        frame=frame,
        locale=locale,
        catalog=catalog,
        unsubscribe=unsubscribe,
    )
    cuts = (cut_text(subject, marks, Place.HEADER), cut_html(page, marks), cut_text(plain, marks, Place.TEXT))
    settled = [pieces.settled(constants) for pieces in cuts]
    slots = tuple(dict.fromkeys(slot for pieces in settled for _, slot in pieces.slots))
    header, body, words = (pieces.bound(slots) for pieces in settled)
    return CompiledVariant(
        locale,
        header,
        body,
        words,
        sheet(body.parts, body.places),
        sheet(words.parts, words.places),
        slots,
        frozenset(slot.name for pieces in cuts for _, slot in pieces.slots),
    )


class _Written:
    """Brings findings about the marked source back to what the author wrote and where."""

    def __init__(self, reading: tokens.Reading, marks: Marks) -> None:
        self.reading = reading
        self.marks = marks
        self.lines = tokens.Lines(reading.text)

    def token(self, number: int) -> str:
        use = self.reading.uses[number]
        return self.reading.text[use.start : use.end]

    def at_token(self, number: int, rule: str, phrase: Phrase, **values: str) -> Finding:
        line, column = self.lines.place(self.reading.uses[number].start)
        values["token"] = self.token(number)
        return Finding(rule, Severity.ERROR, phrase, values, line, column, "content")

    def at_address(self, address: str, line: int, phrase: Phrase) -> Finding:
        offset = self.reading.text.find(address)
        place = self.lines.place(offset) if address and offset >= 0 else (line, 1)
        return Finding("address-relative", Severity.ERROR, phrase, {"address": address}, *place, "content")

    def found(self, finding: Finding) -> Finding:
        values = {
            name: self.marks.pattern.sub(lambda match: self.token(int(match[1])), value)
            if isinstance(value, str)
            else value
            for name, value in finding.values.items()
        }
        line, column = self.reading.place(self.marks.mark, finding.line, finding.column)
        return replace(finding, values=values, line=line, column=column, path="content")


# What may precede a value in a link: a whole authority, so that no value names the server.
_AUTHORITY = re.compile(r"(?:https?://[^/?#]+[/?#]|mailto:[^?]+\?)", re.IGNORECASE)
_MARKUP = re.compile(r"<!--.*?(?:-->|\Z)|</?[A-Za-z][^<>]*+>", re.DOTALL)
_SECURE, _LINKS = ("https://",), ("https://", "http://", "mailto:")
_BREAKS = {"softbreak": "\n", "hardbreak": "\n"}
_PAGE = re.compile(r"https?://[A-Za-z0-9][!#-;=?-\[\]_a-z~]*")


class _Walk:
    """Judges where marks stand in a parsed content, and tells address marks from plain ones."""

    def __init__(self, marks: Marks, written: _Written) -> None:
        self.marks = marks
        self.written = written
        self.line = 1
        self.in_comment = False

    def judge(self, stream: Sequence[Token]) -> Iterator[Finding]:
        # A fallback value with a backtick lets the line be text until a mark stands for it.
        opened = [match for token in stream for match in self.marks.pattern.finditer(token.info)]
        for match in opened:
            yield self.written.at_token(int(match[1]), "token-in-fence", IN_FENCE)
        texts = [(token, _run(token.children or [])) for token in stream if token.type == "inline"]
        last = max((number for number, (_, run) in enumerate(texts) if "-->" in run), default=-1)
        for number, (token, run) in enumerate(texts):
            self.line = (token.map or [0])[0] + 1
            yield from self.markup(run, is_closed_later=number < last)
            yield from self.inline(token.children or [])

    def inline(self, children: Sequence[Token]) -> Iterator[Finding]:
        for position, child in enumerate(children):
            if child.type == "link_open":
                yield from self.address(child, "href")
                self.label(children[position + 1], str(child.attrs["href"]), child.markup)
            elif child.type == "image":
                yield from self.address(child, "src")
                yield from self.markup(_run(child.children or []), is_closed_later=False)
                yield from self.inline(child.children or [])

    def address(self, token: Token, name: str) -> Iterator[Finding]:
        address = str(token.attrs[name])
        numbers = [int(match[1]) for match in self.marks.pattern.finditer(address)]
        if not numbers:
            yield from self.whole(address, name)
            return
        uses = [self.marks.uses[number] for number in numbers]
        if len(uses) == 1 and address == self.marks.mark(numbers[0]) and is_page(uses[0].name):
            if uses[0].fallback is not None and not _PAGE.fullmatch(uses[0].fallback):
                yield self.written.at_token(numbers[0], "token-address", FALLBACK_ADDRESS)
            return
        token.attrs[name] = self.marks.in_address(address)
        begin = _AUTHORITY.match(address)
        for number, use, match in zip(numbers, uses, self.marks.pattern.finditer(address), strict=True):
            if use.name.startswith(AD_PREFIX):
                yield self.written.at_token(number, "token-address", AD_IN_ADDRESS)
            elif not begin or match.start() < begin.end():
                example = f"https://example.com/{{{use.name}}}"
                yield self.written.at_token(number, "token-address", IN_ADDRESS, example=example)

    def label(self, label: Token, address: str, markup: str) -> None:
        """Give a label that is the address the same marks: the text part then names it once."""
        if markup == "autolink":
            label.content = self.marks.in_address(label.content)
        elif self.marks.same(label.content, address):
            label.content = address

    def whole(self, address: str, name: str) -> Iterator[Finding]:
        """A mail has no page that a relative address could belong to; images are fetched over TLS (X-9)."""
        phrase, begins = (SECURE_IMAGE, _SECURE) if name == "src" else (WHOLE_LINK, _LINKS)
        if not address.lower().startswith(begins):
            yield self.written.at_address(address, self.line, phrase)

    def markup(self, run: str, *, is_closed_later: bool) -> Iterator[Finding]:
        # Raw HTML is plain text in this dialect; a value in it would show that the author meant otherwise.
        # To such an author a comment goes on over empty lines.
        tag = None
        for tag in _MARKUP.finditer(f"<!--{run}" if self.in_comment else run):
            if self.marks.pattern.match(tag.group(), 1):
                continue
            for match in self.marks.pattern.finditer(tag.group()):
                yield self.written.at_token(int(match[1]), "token-in-tag", IN_TAG)
        whole = tag.group() if tag else ""
        self.in_comment = is_closed_later and whole.startswith("<!--") and not whole.endswith("-->")


def _run(children: Sequence[Token]) -> str:
    """The plain text of a block, with a mark for everything else."""
    return "".join(
        child.content if child.type == "text" else _BREAKS.get(child.type, "\0") for child in children
    )
