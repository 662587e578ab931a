"""What the byte-level check says about headers: encoded words, addresses, dates, identifiers, lists."""

import base64
import binascii
import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from service.facts.findings import Severity
from service.facts.words import N_, Phrase

WORD_LONG = N_("An encoded word has %(octets)s octets; 75 is the most (RFC 2047).")
WORD_LINE = N_("A line with an encoded word has %(octets)s octets; 76 is the most (RFC 2047).")
WORD_BROKEN = N_("An encoded word cannot be read by itself: %(word)s")
WORD_CONTROL = N_("An encoded word hides a control character: %(word)s")
WORD_PLACE = N_("The header %(name)s must not contain encoded words.")
EIGHT_BIT = N_("The header %(name)s contains octets that are not ASCII.")
CONTROL = N_("The header %(name)s contains a control character.")
ADDRESS = N_("The header %(name)s does not hold email addresses as RFC 5322 writes them: %(value)s")
DATE = N_("The date is not written as RFC 5322 demands: %(value)s")
WEEKDAY = N_("The day of the week does not fit the date: %(value)s")
IDENTIFIER = N_("The header %(name)s must be one identifier such as <id@example.com>.")
LIST_ADDRESS = N_("List-Unsubscribe must hold addresses in angle brackets, separated by commas.")
LIST_ONE = N_(
    "With List-Unsubscribe-Post there must be exactly one https address in List-Unsubscribe (RFC 8058)."
)
LIST_POST = N_("List-Unsubscribe-Post must say List-Unsubscribe=One-Click and stand beside List-Unsubscribe.")
LIST_WANTED = N_("A bulk message needs List-Unsubscribe and List-Unsubscribe-Post.")
LIST_UNWANTED = N_("One-click unsubscribing needs https, but the installation’s address is %(base)s.")
LIST_ELSEWHERE = N_("The unsubscribe address does not lead to %(base)s.")
AUTO_VALUE = N_("Auto-Submitted must be no, auto-generated or auto-replied (RFC 3834).")
VERSION = N_("MIME-Version must be 1.0.")
TAG = N_("Content-Language is not a list of language tags: %(value)s")


@dataclass(frozen=True, slots=True)
class Note:
    """One thing found at a line, before it becomes a finding."""

    rule: str
    phrase: Phrase
    line: int
    values: Mapping[str, object] = field(default_factory=dict)
    severity: Severity = Severity.ERROR


@dataclass(slots=True)
class Header:
    """One header as it stands: `lines` after the colon, still folded; `line` is where it begins."""

    name: str
    line: int
    lines: list[bytes]

    @property
    def key(self) -> str:
        return self.name.lower()

    @property
    def value(self) -> bytes:
        return b"".join(self.lines).strip(b" \t")

    @property
    def shown(self) -> str:
        return self.value.decode("utf-8", "replace")[:120]


# Headers that may hold groups (RFC 5322 section 3.6.3).
_WITH_GROUPS = frozenset({"to", "cc", "bcc", "reply-to", "resent-to"})
_ADDRESSES = frozenset({"from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-to"})
_NO_WORDS = frozenset(
    [
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "content-type",
        "content-disposition",
        "content-transfer-encoding",
        "content-language",
        "list-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "list-help",
        "list-post",
        "list-archive",
        "auto-submitted",
        "precedence",
        "feedback-id",
        "return-path",
        "dkim-signature",
        "received",
    ]
)
# What was meant as an encoded word; any other "=?" is text.
_LIKE_WORD = re.compile(rb"=\?[^?\s]+\?[^?\s]\?")
_WORD = re.compile(rb"=\?([A-Za-z0-9_-]+)(?:\*[A-Za-z0-9-]+)?\?([bBqQ])\?([!->@-~]+)\?=")


def judge(header: Header) -> Iterator[Note]:
    """Yield what is wrong with one header by itself."""
    value = header.value
    named = {"name": header.name}
    if not value.isascii() and (header.key not in _ADDRESSES or not _is_utf8(value)):
        yield Note("header-8bit", EIGHT_BIT, header.line, named)
    if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value):
        yield Note("header-control", CONTROL, header.line, named)
    yield from _words(header)
    if header.key in _ADDRESSES and not _addresses(
        value, most=1 if header.key in ("from", "sender") else 1000, groups=header.key in _WITH_GROUPS
    ):
        yield Note("address", ADDRESS, header.line, {**named, "value": header.shown})
    if judgement := _SINGLE.get(header.key):
        yield from judgement(header)


def _is_utf8(value: bytes) -> bool:
    try:
        return all(char.isprintable() or char == "\t" for char in value.decode())
    except UnicodeDecodeError:
        return False


def _words(header: Header) -> Iterator[Note]:
    for offset, line in enumerate(header.lines):
        number = header.line + offset
        if not _LIKE_WORD.search(line):
            continue
        length = len(line) + (len(header.name) + 1 if offset == 0 else 0)
        if header.key in _NO_WORDS:
            yield Note("word-place", WORD_PLACE, number, {"name": header.name})
            continue
        if length > 76:
            yield Note("word-line", WORD_LINE, number, {"octets": length})
        for piece in line.replace(b"(", b" ").replace(b")", b" ").split():
            if _LIKE_WORD.search(piece):
                yield from _word(piece, number)


def _word(piece: bytes, line: int) -> Iterator[Note]:
    values = {"word": piece.decode("ascii", "replace")[:80]}
    match = _WORD.fullmatch(piece)
    if not match:
        # A word that touches other text is not one: readers would show it raw, or differ.
        yield Note(
            "word-broken" if _WORD.search(piece) is None else "word-touching", WORD_BROKEN, line, values
        )
        return
    if len(piece) > 75:
        yield Note("word-long", WORD_LONG, line, {"octets": len(piece)})
    try:
        text = decode_word(match[1], match[2], match[3])
    except (LookupError, ValueError):
        yield Note("word-broken", WORD_BROKEN, line, values)
        return
    if re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]", text):
        yield Note("word-control", WORD_CONTROL, line, values)


def decode_word(charset: bytes, encoding: bytes, data: bytes) -> str:
    """Return the text of one encoded word; ValueError or LookupError where it is not whole."""
    if encoding in b"bB":
        octets = base64.b64decode(data, validate=True)
    else:
        if re.search(rb"=(?![0-9A-Fa-f]{2})", data):
            raise ValueError("a broken escape")
        octets = binascii.a2b_qp(data.replace(b"_", b"=20"), header=False)
    return octets.decode(charset.decode(), "strict")


# Addresses: address-list of RFC 5322, in UTF-8 (RFC 6532).
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]"
_LOCAL = rf"(?:{_ATEXT}++(?>(?:\.{_ATEXT}++)*)|\"(?>(?:[ !#-\[\]-~\u00a1-\U0010ffff]++|\\[ -~])*)\")"
_LABEL = r"[A-Za-z0-9\u00a1-\U0010ffff](?:[A-Za-z0-9\u00a1-\U0010ffff-]{0,61}[A-Za-z0-9\u00a1-\U0010ffff])?"
_SPEC = re.compile(rf"{_LOCAL}@(?:{_LABEL}(?>(?:\.{_LABEL})*)|\[[!-Z^-~]++\])")
_PHRASE = re.compile(
    rf"(?>(?:(?:\"(?>(?:[ !#-\[\]-~\t]++|\\[ -~\t])*)\"|{_ATEXT}++(?>(?:\.{_ATEXT}*+)*))[ \t]*+)+)", re.DOTALL
)


_GROUP = re.compile(rf"{_PHRASE.pattern}:", re.DOTALL)


def _addresses(value: bytes, *, most: int, groups: bool) -> bool:
    """Tell whether a value is one to `most` mailboxes and groups."""
    text = _without_comments(value.decode("utf-8", "replace"))
    position = count = 0
    in_group = False
    while True:
        position = _behind_space(text, position)
        if groups and not in_group and (opened := _GROUP.match(text, position)):
            position, count, in_group = _behind_space(text, opened.end()), count + 1, True
        if not in_group or not text.startswith(";", position):
            end = _mailbox(text, position)
            if end < 0:
                return False
            position, count = _behind_space(text, end), count + 1
        if in_group and text.startswith(";", position):
            position, in_group = _behind_space(text, position + 1), False
        if position == len(text):
            return count <= most and not in_group
        if text[position] != ",":
            return False
        position += 1


def _behind_space(text: str, position: int) -> int:
    while text[position : position + 1] in (" ", "\t"):
        position += 1
    return position


_COMMENT = re.compile(r"\\.|[()\"]", re.DOTALL)


def _without_comments(text: str) -> str:
    """A structured value with a space for each comment; they may hold others (RFC 5322 section 3.2.2)."""
    kept: list[str] = []
    depth = position = 0
    is_quoted = False
    for found in _COMMENT.finditer(text):
        mark = found.group()
        if mark == '"' and not depth:
            is_quoted = not is_quoted
        elif is_quoted or len(mark) == 2 or mark == '"':
            continue
        elif mark == "(":
            if not depth:
                kept.append(text[position : found.start()] + " ")
            depth += 1
        elif depth:
            depth -= 1
            position = found.end()
    # One that is never closed is none.
    return "".join([*kept, text[position:]]) if not depth else text


def _mailbox(text: str, position: int) -> int:
    """Return where the mailbox that begins here ends, -1 if none does."""
    spec = _SPEC.match(text, position)
    if spec and text[spec.end() : spec.end() + 1] in ("", ",", ";", " ", "\t"):
        return spec.end() if not _is_like_word(spec.group()) else -1
    phrase = _PHRASE.match(text, position)
    if phrase:
        if any(map(_is_like_word, re.findall(r'"(?>(?:[^"\\]++|\\.)*)"', phrase.group()))):
            return -1
        position = phrase.end()
    if text[position : position + 1] != "<":
        return -1
    spec = _SPEC.match(text, position + 1)
    if not spec or _is_like_word(spec.group()) or text[spec.end() : spec.end() + 1] != ">":
        return -1
    return spec.end() + 1


def _is_like_word(text: str) -> bool:
    return _LIKE_WORD.search(text.encode()) is not None


# Single headers

_DATE = re.compile(
    r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?([0-9]{1,2}) "
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([0-9]{4}) "
    r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]|60))? [+-]([0-9]{2})([0-5][0-9])"
)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_ID = re.compile(rb"<[!#-'*+.-9=?A-Z^-~-]+@[!#-'*+.-9=?A-Z^-~-]+>")
_LIST_ID = re.compile(rb"(?:[^<>]*[ \t])?<[!#-'*+.-9=?A-Z^-~-]+\.[!#-'*+.-9=?A-Z^-~-]+>")
_TAGS = re.compile(rb"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*(?:, ?[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)*")


def _date(header: Header) -> Iterator[Note]:
    values = {"value": header.shown}
    match = _DATE.fullmatch(re.sub(r"[ \t]+", " ", _without_comments(header.shown)).strip(" "))
    if not match:
        yield Note("date", DATE, header.line, values)
        return
    day, month, year = int(match[2]), _MONTHS.index(match[3]) // 3 + 1, int(match[4])
    if not 1 <= day <= calendar.monthrange(year, month)[1] if year else True:
        yield Note("date", DATE, header.line, values)
    elif match[1] and "MonTueWedThuFriSatSun".index(match[1]) // 3 != calendar.weekday(year, month, day):
        yield Note("date-weekday", WEEKDAY, header.line, values)


def _identifier(header: Header) -> Iterator[Note]:
    if not _ID.fullmatch(header.value) or b".." in header.value:
        yield Note("id", IDENTIFIER, header.line, {"name": header.name})


def _list_id(header: Header) -> Iterator[Note]:
    if not _LIST_ID.fullmatch(header.value):
        yield Note("list-id", IDENTIFIER, header.line, {"name": header.name})


def _automatic(header: Header) -> Iterator[Note]:
    kind = header.value.partition(b";")[0].strip().lower()
    if kind not in (b"no", b"auto-generated", b"auto-replied", b"auto-notified"):
        yield Note("auto-submitted", AUTO_VALUE, header.line)


def _version(header: Header) -> Iterator[Note]:
    if _without_comments(header.shown).strip(" \t") != "1.0":
        yield Note("mime-version", VERSION, header.line)


def _language(header: Header) -> Iterator[Note]:
    if not _TAGS.fullmatch(header.value):
        yield Note("language-tag", TAG, header.line, {"value": header.shown})


_SINGLE = {
    "date": _date,
    "message-id": _identifier,
    "list-id": _list_id,
    "auto-submitted": _automatic,
    "content-language": _language,
    "mime-version": _version,
}

_URI = re.compile(rb"<([A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-~]+)>")

_IN_LIST = rb"[ \t]*<[^<>]*>[ \t]*(?:\([^()<>]*\)[ \t]*)?"
_LIST = re.compile(rb"%s(?>(?:,%s)*)" % (_IN_LIST, _IN_LIST))


def lists(headers: Mapping[str, Header], base_url: str | None) -> Iterator[Note]:
    """Yield what is wrong with the headers by which readers leave a list (RFC 2369, RFC 8058)."""
    header, post = headers.get("list-unsubscribe"), headers.get("list-unsubscribe-post")
    bulk = headers.get("precedence")
    secure = base_url is not None and base_url.lower().startswith("https://")
    if header is None:
        if post:
            yield Note("list-post", LIST_POST, post.line)
        if bulk and bulk.value.lower() == b"bulk" and secure:
            yield Note("list-wanted", LIST_WANTED, bulk.line)
        return
    parts = re.findall(rb"<[^<>]*>", header.value)
    addresses = [match[1] for part in parts if (match := _URI.fullmatch(part))]
    if len(addresses) != len(parts) or not _LIST.fullmatch(header.value):
        yield Note("list-address", LIST_ADDRESS, header.line)
    web = [address for address in addresses if address.lower().startswith(b"https://")]
    if post:
        if post.value != b"List-Unsubscribe=One-Click":
            yield Note("list-post", LIST_POST, post.line)
        if len(web) != 1 or any(address.lower().startswith(b"http://") for address in addresses):
            yield Note("list-one", LIST_ONE, header.line)
    elif secure:
        yield Note("list-wanted", LIST_WANTED, header.line)
    if base_url is not None:
        base = base_url.rstrip("/")
        if not secure:
            yield Note("list-unwanted", LIST_UNWANTED, header.line, {"base": base})
        elif any(not _plain(address.decode()).startswith(f"{_plain(base)}/") for address in web):
            yield Note("list-elsewhere", LIST_ELSEWHERE, header.line, {"base": base})


def _plain(address: str) -> str:
    """An https address with its host in small letters and without the port that goes without saying."""
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower().removesuffix(':443')}{slash}{path}"
