"""The words of an answer that came by mail: its text in whatever charset, without history, and its files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header, make_header

from service.facts.filetypes import FileType
from service.mail import charsets, html_words, quotes, shown_pictures
from service.mail.file_names import claims_a_name, file_name
from service.mail.received import MOST_OCTETS, Part

# Signatures of the mail itself are no files that somebody attached, nor are what belongs to its form.
_NO_FILES = frozenset(
    {
        "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
        "application/pgp-encrypted", "application/applefile",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody answered; `history` is the end that was cut off, `files` the parts that are no text.

    `uncounted` parts were too many to be looked at. `charset` is that of the text, where a part names one.
    """

    text: str
    history: str
    files: tuple[Part, ...]
    uncounted: int = 0
    charset: str = ""


@dataclass
class _Found:
    """What was come across in a mail besides its text."""

    files: list[Part] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    octets: int = 0
    charset: str = ""


def read_reply(mail: Part) -> Reply:
    """Return the answer in a mail; any mail has one, be it empty."""
    found = _Found()
    whole = "\n\n".join(text for text in _texts(mail, found) if text.strip())
    cut = quotes.cut(printable(whole))
    files = shown_pictures.without(found.files, found.pages)
    uncounted = sum(part.unread for part in mail.walk())
    return Reply(cut.kept.strip(), cut.rest, tuple(files), uncounted, found.charset)


def _texts(part: Part, found: _Found) -> Iterator[str]:
    if part.kind == "multipart/alternative":
        yield _best(part, found)
    elif part.parts:
        for inner in part.parts:
            yield from _texts(inner, found)
    elif _is_text(part):
        yield _text(part, found)
    elif part.kind not in _NO_FILES and not part.kind.startswith("multipart/"):
        found.files.append(part)


def _best(part: Part, found: _Found) -> str:
    """Return the plain text of several forms of one text, the HTML where that says nothing."""
    forms: dict[str, str] = {}
    for inner in part.parts:
        own = _Found(octets=found.octets)
        texts = "\n\n".join(text for text in _texts(inner, own) if text.strip())
        # One more form of the same text, such as a page for watches, is no file.
        found.files += [file for file in own.files if claims_a_name(file) or not _is_form(file)]
        found.pages += own.pages
        found.octets, found.charset = own.octets, found.charset or own.charset
        forms.setdefault("plain" if inner.kind == "text/plain" else "rich", texts)
    plain = forms.get("plain", "")
    return plain if plain.strip() else forms.get("rich", "")


def _is_text(part: Part) -> bool:
    if part.kind not in {"text/plain", "text/html"}:
        return False
    disposition = part.fields.first("content-disposition").partition(";")[0].strip().lower()
    if disposition == "attachment" or any(name.startswith("name") for name in part.parameters):
        return False
    # Some programs name the text itself, so a name alone makes a file only of what is called a table.
    return not file_name(part, 0).lower().endswith(FileType.CSV.extensions)


def _is_form(part: Part) -> bool:
    return part.kind.startswith("text/") and part.kind != "text/calendar"


def _text(part: Part, found: _Found) -> str:
    # All texts together are no longer than one could be.
    if found.octets >= MOST_OCTETS:
        return ""
    found.octets += len(part.octets)
    found.charset = found.charset or part.parameters.get("charset", "")
    text = words_of(part)
    if part.kind == "text/html":
        found.pages.append(text)
        return html_words.words(text)
    if part.parameters.get("format", "").lower() == "flowed":
        return _unfolded(text, joined=part.parameters.get("delsp", "").lower() == "yes")
    return text


def words_of(part: Part) -> str:
    """Return the text of a part in the charset it names, or in the wider one that was meant."""
    text = charsets.decode(part.decoded, part.parameters.get("charset", ""))
    return part.text if text is None else text


def _unfolded(text: str, *, joined: bool) -> str:
    """Put lines together that were broken for sending (RFC 3676): those of one depth that end in a space."""
    lines: list[list[str]] = []
    open_at = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:]
        content = content[1:] if content.startswith(" ") else content
        flows = content.endswith(" ") and content != "-- "
        body = content[:-1] if flows and joined else content
        if open_at == depth and content != "-- ":
            lines[-1].append(body)
        else:
            lines.append([f"{'>' * depth} {body}" if depth else body])
        open_at = depth if flows else -1
    return "\n".join("".join(pieces) for pieces in lines)


_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def printable(text: str) -> str:
    """Return a text with line feeds alone between its lines and without the controls that no text holds."""
    lines = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)
    return _UNPRINTABLE.sub("", lines)


# What says of itself that nobody wrote it, where no header field does.
_ABSENT = re.compile(
    r"\s*[\[【(（]?\s*(?:auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office(?: auto[- ]?reply)?|"
    r"réponse automatique|absence du bureau|message d['’]absence|"
    r"自動応答|自動返信|不在通知|不在のお知らせ|自动回复|自动答复|自動回覆|自動答覆)\s*(?:[:：\[【(（\]】)）]|$)",
    re.IGNORECASE,
)


def is_absence(mail: Part) -> bool:
    """Tell whether a mail's subject says that it is an automatic answer."""
    raw = mail.fields.first("subject")[:1000]
    try:
        subject = str(make_header(decode_header(raw)))
    except (MessageError, LookupError, ValueError):
        subject = raw
    return _ABSENT.match(subject) is not None
