"""What the byte-level check says about the body: multipart structure, encodings, text and HTML part."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

from service.facts.findings import Severity
from service.facts.words import N_
from service.mail import check_headers, check_parameters
from service.mail.check_headers import Header, Note
from service.mail.check_parameters import media_type

NO_TYPE = N_("Content-Type cannot be read: %(value)s")
FLOWED = N_("format=flowed breaks text without spaces between words; it is not used.")
BOUNDARY = N_("The multipart has no usable boundary.")
NOT_CLOSED = N_("The multipart does not end with its closing boundary.")
NO_PARTS = N_("The multipart has no parts.")
NO_TEXT = N_("The message has no text part; readers and filters that show no HTML see nothing.")
PART_TWICE = N_("The header %(name)s of a part stands more than once.")
PART_HEADER = N_("This line of a part is neither a header nor the continuation of one.")
ORDER = N_("multipart/alternative must begin with the text part and end with the HTML part.")
ENCODING = N_("The transfer encoding is not one of 7bit, quoted-printable and base64: %(value)s")
NOT_BASE64 = N_("The line is not base64 of at most 76 octets.")
NOT_PRINTABLE = N_("The line is not quoted-printable of at most 76 octets.")
NOT_ASCII = N_("A 7bit part contains octets that are not ASCII.")
CHARSET = N_("The charset must be utf-8, not “%(value)s”.")
NOT_UTF8 = N_("The part is not valid UTF-8.")
EMPTY = N_("The part is empty.")
LINKS = N_("A link of the HTML part is missing from the text part: %(address)s")
LANGUAGE = N_("The HTML says its language is “%(html)s”, Content-Language says “%(header)s”.")
NO_LANGUAGE = N_("The HTML part does not say its language.")
ELEMENT = N_("The element <%(name)s> does not belong in an email.")
HANDLER = N_("The attribute %(name)s does not belong in an email.")
SCHEME = N_("This address does not belong in an email: %(address)s")
WORDS = N_("The text part does not say what the HTML part says.")
REFRESH = N_("The page of the HTML part goes on to another page by itself.")
REMOTE_STYLE = N_("The styles load something from elsewhere.")

MOST_DEPTH = 10
# A part of this kind may be anything, so nothing follows from it.
UNREADABLE = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the message: its type, its decoded text and the line it begins at."""

    kind: str
    text: str
    line: int


def judge(headers: Mapping[str, Header], lines: Sequence[bytes], start: int) -> Iterator[Note]:
    """Yield what is wrong with a body; `start` is the number of its first line."""
    reader = _Reader()
    reader.entity(headers, list(lines), start, 0)
    yield from reader.notes
    language = headers.get("content-language")
    texts = [part for part in reader.leaves if part.kind == "text/plain"]
    if "text/html" in reader.kinds and not reader.kinds & {"text/plain", UNREADABLE}:
        yield Note("mime-text", NO_TEXT, start)
    for part in reader.leaves:
        if part.kind == "text/html":
            yield from _html(part, language, "\n".join(text.text for text in texts) if texts else None)


class _Reader:
    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.leaves: list[Part] = []
        self.kinds: set[str] = set()

    def entity(self, headers: Mapping[str, Header], lines: list[bytes], start: int, depth: int) -> str:
        """Read one entity and return its media type, or that of the part it is read for."""
        header = headers.get("content-type")
        kind, parameters = media_type(header) if header else ("text/plain", {})
        at = header.line if header else start
        if not kind:
            self.notes.append(Note("mime-type", NO_TYPE, at, {"value": header.shown if header else ""}))
            self.kinds.add(UNREADABLE)
            return UNREADABLE
        if parameters.get("format", "").lower() == "flowed":
            self.notes.append(Note("mime-flowed", FLOWED, at))
        encoding = headers.get("content-transfer-encoding")
        name = encoding.value.decode("ascii", "replace").lower() if encoding else "7bit"
        if kind.startswith("multipart/"):
            if name != "7bit":
                at = encoding.line if encoding else at
                self.notes.append(Note("mime-encoding", ENCODING, at, {"value": name}))
            kinds = self.multipart(kind, parameters.get("boundary", ""), lines, (start, at), depth)
            if kinds and kind in ("multipart/related", "multipart/mixed"):
                # What it is read for is its first part (RFC 2387); the others are pictures and files.
                return kinds[0]
        else:
            is_file = check_parameters.is_attachment(headers)
            self.kinds.add("file" if is_file else kind)
            self.leaf("" if is_file else kind, parameters, name, lines, (start, at))
        if "content-disposition" in headers:
            self.notes += check_parameters.disposition(headers["content-disposition"])
        return kind

    def multipart(
        self, kind: str, boundary: str, lines: list[bytes], place: tuple[int, int], depth: int
    ) -> list[str]:
        start, at = place
        if (
            not re.fullmatch(r"[A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-]", boundary)
            or depth > MOST_DEPTH
        ):
            self.notes.append(Note("mime-boundary", BOUNDARY, at))
            return []
        mark = f"--{boundary}".encode()
        marks = [number for number, line in enumerate(lines) if line.rstrip(b" \t") in (mark, mark + b"--")]
        closed = [number for number in marks if lines[number].rstrip(b" \t") == mark + b"--"]
        if not closed or closed[0] != marks[-1]:
            self.notes.append(Note("mime-open", NOT_CLOSED, start + len(lines) - 1))
        kinds = [
            self.part(lines[first + 1 : last], start + first + 1, depth) for first, last in pairwise(marks)
        ]
        if not kinds:
            self.notes.append(Note("mime-empty", NO_PARTS, at))
        elif (
            kind == "multipart/alternative"
            and UNREADABLE not in kinds
            and (kinds[0] != "text/plain" or kinds[-1] != "text/html")
        ):
            self.notes.append(Note("mime-order", ORDER, at))
        return kinds

    def part(self, lines: list[bytes], start: int, depth: int) -> str:
        headers: dict[str, Header] = {}
        last: Header | None = None
        for number, line in enumerate(lines):
            if not line:
                self.part_headers(headers)
                return self.entity(headers, lines[number + 1 :], start + number + 1, depth + 1)
            name, colon, value = line.partition(b":")
            if line[:1] in (b" ", b"\t") and last:
                last.lines.append(line)
            elif colon and re.fullmatch(rb"[!-9;-~]+", name):
                last = Header(name.decode(), start + number, [value])
                if last.key in headers:
                    self.notes.append(Note("header-twice", PART_TWICE, last.line, {"name": last.name}))
                headers[last.key] = last
            else:
                self.notes.append(Note("mime-header", PART_HEADER, start + number))
        self.part_headers(headers)
        return self.entity(headers, [], start + len(lines), depth + 1)

    def part_headers(self, headers: Mapping[str, Header]) -> None:
        for header in headers.values():
            self.notes += check_headers.judge(header)

    def leaf(
        self,
        kind: str,
        parameters: Mapping[str, str],
        encoding: str,
        lines: list[bytes],
        place: tuple[int, int],
    ) -> None:
        start, at = place
        data: bytes | None
        if encoding == "base64":
            data = self.base64(lines, start)
        elif encoding == "quoted-printable":
            data = self.printable(lines, start)
        elif encoding == "7bit":
            data = b"\r\n".join(lines)
            if not data.isascii():
                self.notes.append(Note("body-7bit", NOT_ASCII, start))
        else:
            self.notes.append(Note("mime-encoding", ENCODING, at, {"value": encoding}))
            return
        if data is not None and kind.startswith("text/"):
            self.text(kind, parameters, data, (start, at))

    def base64(self, lines: list[bytes], start: int) -> bytes | None:
        for number, line in enumerate(lines):
            if not re.fullmatch(rb"[A-Za-z0-9+/]{0,76}={0,2}", line) or len(line) > 76:
                self.notes.append(Note("body-base64", NOT_BASE64, start + number))
                return None
        try:
            return base64.b64decode(b"".join(lines), validate=True)
        except ValueError:
            self.notes.append(Note("body-base64", NOT_BASE64, start + len(lines) - 1))
            return None

    def printable(self, lines: list[bytes], start: int) -> bytes | None:
        out = []
        for number, line in enumerate(lines):
            body = line[:-1] if line.endswith(b"=") else line
            if (
                len(line) > 76
                or not re.fullmatch(rb"(?>(?:[\t !-<>-~]++|=[0-9A-F]{2})*)", body)
                or (line[-1:] in b" \t" and line)
            ):
                self.notes.append(Note("body-printable", NOT_PRINTABLE, start + number))
                return None
            out.append(re.sub(rb"=([0-9A-F]{2})", lambda code: bytes([int(code[1], 16)]), body))
            if body is line and number < len(lines) - 1:
                out.append(b"\r\n")
        return b"".join(out)

    def text(self, kind: str, parameters: Mapping[str, str], data: bytes, place: tuple[int, int]) -> None:
        start, at = place
        charset = parameters.get("charset", "us-ascii").lower()
        if charset != "utf-8" and not (charset == "us-ascii" and data.isascii()):
            self.notes.append(Note("mime-charset", CHARSET, at, {"value": charset}))
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.notes.append(Note("body-utf8", NOT_UTF8, start))
            return
        if not text.strip():
            self.notes.append(Note("body-empty", EMPTY, start))
        self.leaves.append(Part(kind, text, start))


# The HTML part (check X-9)

_REFUSED_ELEMENTS = frozenset(
    [
        "script",
        "form",
        "input",
        "button",
        "textarea",
        "select",
        "iframe",
        "frame",
        "object",
        "embed",
        "applet",
        "base",
        "link",
        "audio",
        "video",
        "svg",
        "math",
    ]
)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language: str | None = None
        self.found: list[tuple[int, str, str]] = []
        self.links: list[str] = []
        self.styles: list[tuple[int, str]] = []
        self.in_style = False
        self.unseen = 0
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0]
        self.in_style = tag == "style"
        self.unseen += tag in _UNSEEN
        if tag in _REFUSED_ELEMENTS:
            self.found.append((line, "html-element", tag))
        if tag == "meta" and any(
            name == "http-equiv" and (value or "").lower() == "refresh" for name, value in attrs
        ):
            self.found.append((line, "html-refresh", tag))
        for name, value in attrs:
            text = (value or "").strip()
            if tag == "html" and name == "lang":
                self.language = text
            self.attribute(line, tag, name, text)

    def attribute(self, line: int, tag: str, name: str, text: str) -> None:
        allowed: tuple[str, ...] = ()
        if name.startswith("on"):
            self.found.append((line, "html-handler", name))
        elif name == "style":
            self.styles.append((line, text))
        elif name == "href" and tag in ("a", "area"):
            self.links.append(text)
            allowed = ("https://", "http://", "mailto:", "tel:", "#")
        elif name in ("src", "background", "srcset", "poster", "action", "formaction"):
            allowed = ("https://", "cid:")
        several = name == "srcset"
        for address in [part.strip() for part in text.split(",") if part.strip()] if several else [text]:
            if allowed and not address.lower().startswith(allowed):
                self.found.append((line, "html-address", address[:120]))

    def end(self) -> None:
        """Read what is left; a tag that does not end takes the rest of the page with it, as in a browser.

        `close` would look for the end of each such tag up to the end of the page, in quadratic time.
        """
        if self.cdata_elem or not self.rawdata.startswith("<"):
            self.handle_data(unescape(self.rawdata))

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False
        self.unseen -= tag in _UNSEEN and self.unseen > 0

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.styles.append((self.getpos()[0], data))
        elif not self.unseen:
            self.words += re.findall(r"\w+", data)


_UNSEEN = frozenset(["title", "script"])
_HTML_PHRASES = {
    "html-refresh": REFRESH,
    "html-element": ELEMENT,
    "html-handler": HANDLER,
    "html-address": SCHEME,
}


def _html(part: Part, header: Header | None, plain: str | None) -> Iterator[Note]:
    page = _Page()
    page.feed(part.text)
    page.end()
    # Encoded lines are not the lines of the HTML, so its findings stand at the beginning of the part.
    for _, rule, what in page.found:
        yield Note(rule, _HTML_PHRASES[rule], part.line, {"name": what, "address": what})
    if any(
        re.search(r"@import|url\(|image-set\(|@font-face|expression\(|\\", style, re.IGNORECASE)
        for _, style in page.styles
    ):
        yield Note("html-style", REMOTE_STYLE, part.line)
    if not page.language:
        yield Note("language-none", NO_LANGUAGE, part.line)
    elif header and page.language.lower() != header.shown.lower():
        values = {"html": page.language, "header": header.shown}
        yield Note("language", LANGUAGE, header.line, values)
    if plain is not None:
        for address in dict.fromkeys(page.links):
            if address.lower().startswith(("http://", "https://")) and address not in plain:
                yield Note("body-links", LINKS, part.line, {"address": address[:200]}, Severity.WARNING)
        # Lines may be broken elsewhere, so spaces do not count.
        bare = re.sub(r"\s+", "", plain)
        if sum(len(word) for word in page.words if word in bare) * 2 < sum(map(len, page.words)):
            yield Note("body-words", WORDS, part.line, severity=Severity.WARNING)
