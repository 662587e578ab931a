"""Typed pieces: a text cut at its marks, each mark knowing how a value must be written in that very place."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from html import escape
from urllib.parse import quote

from service.mail.mime import refused_character
from service.mail.tokens import Kind, Use, lookup
from service.mail.values import Ad, Values

# A mark is letters and digits only, so that neither Markdown, nor HTML, nor an address changes it, and in
# lower case, because hosts are lowered.
PLAIN_MARK, ADDRESS_MARK = "t", "u"


@dataclass(frozen=True, slots=True)
class Marks:
    """The stand-ins for tokens in one text: `prefix` occurs nowhere else in it."""

    prefix: str
    uses: tuple[Use, ...]

    @classmethod
    def avoiding(cls, texts: Sequence[str], uses: tuple[Use, ...]) -> "Marks":
        """Return marks whose prefix none of the texts contains."""
        number = 0
        lowered = [text.lower() for text in texts]
        while any(f"tk{number}q" in text for text in lowered):
            number += 1
        return cls(f"tk{number}q", uses)

    def mark(self, number: int, _use: Use | None = None, kind: str = PLAIN_MARK) -> str:
        return f"{self.prefix}{number}{kind}z"

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(rf"{self.prefix}([0-9]+)([{PLAIN_MARK}{ADDRESS_MARK}])z")

    def same(self, one: str, other: str) -> bool:
        """Tell whether two texts are nothing but a mark each, and for the same value."""
        first, second = self.pattern.fullmatch(one), self.pattern.fullmatch(other)
        if not first or not second:
            return False
        uses = [self.uses[int(match[1])] for match in (first, second)]
        return (uses[0].name, uses[0].fallback) == (uses[1].name, uses[1].fallback)

    def in_address(self, text: str) -> str:
        """Return a link destination with its marks turned into parts of an address."""
        return self.pattern.sub(lambda match: self.mark(int(match[1]), kind=ADDRESS_MARK), text)


class Place(Enum):
    """Where a value lands; each place has its own way of writing it."""

    HEADER = "header"
    TEXT = "text"
    TEXT_ADDRESS = "text-address"
    HTML = "html"
    HTML_IN_LINK = "html-in-link"
    HTML_TITLE = "html-title"
    ATTRIBUTE = "attribute"
    ADDRESS_PART = "address-part"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Slot:
    """One value to be written: which, what stands in for it when missing, and where it lands."""

    name: str
    fallback: str | None
    place: Place
    # How a value is written there, looked up once and not for each mail.
    writer: Callable[[str], str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "writer", _WRITE[self.place])


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text as fixed strings with slots between them: `fixed[0] slot[0] fixed[1] ...`."""

    parts: tuple[str, ...]
    slots: tuple[tuple[int, Slot], ...]

    def settled(self, constants: Values) -> "Pieces":
        """Return the same text with these values written; one that no header can carry stays a slot."""
        parts, fixed, slots = [], [self.parts[0]], []
        for position, slot in self.slots:
            word = write(slot, constants) if slot.name in constants.printed else None
            if word is None or (slot.place is Place.HEADER and refused_character(word)):
                parts += ["".join(fixed), ""]
                slots.append((len(parts) - 1, slot))
                fixed = []
            else:
                fixed.append(word)
            fixed.append(self.parts[position + 1])
        return Pieces((*parts, "".join(fixed)), tuple(slots))

    def bound(self, slots: Sequence[Slot]) -> "Bound":
        """Return the same text with its slots known by their place in `slots`."""
        numbers = {slot: number for number, slot in enumerate(slots)}
        return Bound(self.parts, tuple((position, numbers[slot]) for position, slot in self.slots))


@dataclass(frozen=True, slots=True)
class Bound:
    """Pieces whose slots are numbers, because hashing a slot for each mail costs more than writing it."""

    parts: tuple[str, ...]
    places: tuple[tuple[int, int], ...]

    def fill(self, written: Sequence[str]) -> str:
        parts = list(self.parts)
        for position, number in self.places:
            parts[position] = written[number]
        return "".join(parts)


# A stretch of text and the places its plain and its address marks have, None for nowhere.
Run = tuple[str, Place | None, Place | None]


def cut_text(text: str, marks: Marks, place: Place) -> Pieces:
    """Cut a text that is no HTML: a subject (HEADER) or a text part (TEXT)."""
    return _cut(marks, [(text, place, Place.TEXT_ADDRESS if place is Place.TEXT else place)])


# Attribute values may hold ">", so quotes are read; possessive, so that no text makes it slow.
_TAG = re.compile(
    r"<!--.*?-->|<(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*+)"
    r"(?P<rest>(?>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*))>|<![^>]*+>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([a-zA-Z][-a-zA-Z0-9]*+)=(\"[^\"]*+\"|'[^']*+')")
_ADDRESS_ATTRIBUTES = frozenset({"href", "src"})


def cut_html(html: str, marks: Marks) -> Pieces:
    """Cut a whole HTML document; ValueError for a mark where no value may stand (comment, style, name)."""
    return _cut(marks, _runs(html))


def _runs(html: str) -> Iterator[Run]:
    """Yield a document in stretches, each a text, a tag or an attribute value."""
    position = links = titles = styles = 0
    for tag in _TAG.finditer(html):
        inside = Place.HTML_TITLE if titles else Place.HTML_IN_LINK if links else Place.HTML
        yield html[position : tag.start()], None if styles else inside, None if styles else Place.ADDRESS_PART
        position = tag.end()
        if not tag["name"]:
            yield tag.group(), None, None
            continue
        step = -1 if tag["close"] else 1
        name = tag["name"].lower()
        links += step * (name in ("a", "code", "pre"))
        titles += step * (name == "title")
        styles += step * (name in ("style", "script"))
        yield from _tag_runs(tag.group())
    yield html[position:], Place.HTML, None


def _tag_runs(tag: str) -> Iterator[Run]:
    position = 0
    for attribute in _ATTRIBUTE.finditer(tag):
        name, start, end = attribute[1].lower(), attribute.start(2) + 1, attribute.end() - 1
        yield tag[position:start], None, None
        if name in _ADDRESS_ATTRIBUTES:
            yield tag[start:end], Place.ADDRESS, Place.ADDRESS_PART
        else:
            place = Place.ATTRIBUTE if name in ("alt", "title") else None
            yield tag[start:end], place, None
        position = end
    yield tag[position:], None, None


def _cut(
    marks: Marks,
    runs: Iterable[Run],
) -> Pieces:
    pattern = marks.pattern
    parts: list[str] = []
    fixed: list[str] = []
    slots: list[tuple[int, Slot]] = []
    for text, plain, address in runs:
        position = 0
        for match in pattern.finditer(text):
            place = plain if match[2] == PLAIN_MARK else address
            if place is None or (place is Place.ADDRESS and match.group() != text):
                raise ValueError(f"a value cannot stand in {text[:80]!r}")
            fixed.append(text[position : match.start()])
            parts += ["".join(fixed), ""]
            fixed = []
            use = marks.uses[int(match[1])]
            slots.append((len(parts) - 1, Slot(use.name, use.fallback, place)))
            position = match.end()
        fixed.append(text[position:])
    return Pieces((*parts, "".join(fixed)), tuple(slots))


# Writing a value

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# Most values hold none of these and are written as they are.
_AWKWARD_IN_TEXT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
_AWKWARD_IN_HTML = re.compile(
    "[&<>\"'\x00-\x1f\x7f-\x9f\u0590-\u08ff\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff\U000e0000-\U000e007f]"
)
_FSI, _PDI = "\u2068", "\u2069"
_OPENERS = frozenset("\u2066\u2067\u2068")


def isolated(value: str) -> str:
    """Return a value whose own bidi controls end inside it (UAX 9: an isolate closes what it holds)."""
    depth = 0
    kept: list[str] = []
    for char in value:
        if char == _PDI and not depth:
            continue
        depth += (char in _OPENERS) - (char == _PDI)
        kept.append(char)
    return f"{_FSI}{''.join(kept)}{_PDI * (depth + 1)}"


def _header(value: str) -> str:
    return _CONTROLS.sub("", value)


def one_line(value: str) -> str:
    """Return a value as text on one line, whose bidi controls end with it (check T-9)."""
    if not _AWKWARD_IN_TEXT.search(value):
        return value
    value = _BREAKS.sub(" ", value)
    return isolated(value) if _CONTROLS.search(value) else value


def _html(value: str) -> str:
    if not _AWKWARD_IN_HTML.search(value):
        return value
    value = _BREAKS.sub(" ", value)
    if _CONTROLS.search(value):
        # The element isolates by style sheet; the characters do where a reader has none.
        return f"<bdi>{escape(isolated(value))}</bdi>"
    return f"<bdi>{escape(value)}</bdi>" if _RIGHT_TO_LEFT.search(value) else escape(value)


def _attribute(value: str) -> str:
    if not _AWKWARD_IN_HTML.search(value):
        return value
    return escape(_CONTROLS.sub("", _BREAKS.sub(" ", value)))


def _address(value: str) -> str:
    return escape(value) if _AWKWARD_IN_HTML.search(value) else value


def _address_part(value: str) -> str:
    return quote(value, safe="")


_WRITE: Mapping[Place, Callable[[str], str]] = {
    Place.HEADER: _header,
    Place.TEXT: one_line,
    Place.TEXT_ADDRESS: _address_part,
    Place.HTML: _html,
    Place.HTML_IN_LINK: _html,
    Place.HTML_TITLE: _attribute,
    Place.ATTRIBUTE: _attribute,
    Place.ADDRESS_PART: _address_part,
    Place.ADDRESS: _address,
}


def write(slot: Slot, values: Values) -> str | None:
    """Return a value as its place takes it, None if it is missing and has no fallback."""
    value = values.printed.get(slot.name)
    if value is None:
        return None if slot.fallback is None else slot.writer(slot.fallback)
    return _ad(value, slot.place) if isinstance(value, Ad) else slot.writer(value)


def _ad(ad: Ad, place: Place) -> str:
    if place is Place.TEXT:
        return f"{one_line(ad.name)} <{ad.link}>"
    if place not in (Place.HTML, Place.HTML_IN_LINK):
        return _WRITE[place](ad.name)
    shown = _html(ad.name)
    if ad.image and ad.image.startswith("https://"):
        shown = f'<img src="{escape(ad.image)}" alt="{_attribute(ad.name)}" style="{_PICTURE}">'
    return f'<a href="{escape(ad.link)}" style="{_LINK}">{shown}</a>' if place is Place.HTML else shown


_PICTURE = "border: 0; max-width: 100%; height: auto;"
_LINK = "color: #0b57d0;"


def is_page(name: str) -> bool:
    """Tell whether a token prints the whole address of a page."""
    token = lookup(name)
    return token is not None and token.kind is Kind.URL


def link_pages(html: str, marks: Marks) -> str:
    """Return rendered Markdown with each address token that stands as plain text made a link."""
    pages = {number for number, use in enumerate(marks.uses) if is_page(use.name) and use.fallback is None}

    def link(match: re.Match[str]) -> str:
        return f'<a href="{match.group()}">{match.group()}</a>' if int(match[1]) in pages else match.group()

    return "".join(
        marks.pattern.sub(link, text) if place is Place.HTML and pages else text
        for text, place, _ in _runs(html)
    )
