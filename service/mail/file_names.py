"""Under which name a file came by mail: RFC 2231, RFC 2047 where it does not belong, or raw in any charset.

What a name may be is not judged here. It is one line's last piece of a path, and otherwise as it was sent.
"""

import binascii
import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from service.facts.filetypes import FileType
from service.mail import charsets
from service.mail.received import Part, octets_of, parameters_of

_FIELDS = (("content-disposition", "filename"), ("content-type", "name"))
_MOST_PIECES = 100
# A charset may be followed by a language (RFC 2231 section 5).
_WORD = re.compile(r"=\?([A-Za-z0-9_.:-]{1,40})(?:\*[A-Za-z0-9-]*)?\?([bBqQ])\?([^?]*)\?=")
# Of what has none: so that a picture that somebody put into the text is one they can find again.
_ENDINGS: Mapping[str, str] = {
    **{kind.media_type: kind.extensions[0] for kind in FileType},
    "image/jpg": ".jpg",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/calendar": ".ics",
}
_WHOLE = {"application/ms-tnef": "winmail.dat", "application/vnd.ms-tnef": "winmail.dat"}


def file_name(part: Part, number: int, *, hint: str = "") -> str:
    """Return the name of a file, made of its type and its `number` where it has none; empty if that fails.

    `hint` is the charset of the mail's text, for a name that comes raw.
    """
    for field, name in _FIELDS:
        value = charsets.guess(octets_of(part, field), hint=hint)
        if found := _of_field(value, name):
            return found
    if part.kind in _WHOLE:
        return _WHOLE[part.kind]
    return f"attachment-{number}{_ENDINGS[part.kind]}" if part.kind in _ENDINGS else ""


def claims_a_name(part: Part) -> bool:
    """Tell whether somebody gave a part a name, be it one that cannot be read."""
    return any(
        known.partition("*")[0] == name
        for field, name in _FIELDS
        for known in parameters_of(part.fields.first(field))
    )


def _of_field(value: str, name: str) -> str:
    given = parameters_of(value)
    whole = _extended(given, name)
    if not whole:
        whole = _words(given.get(name, ""))
    # A path is where the file was, and is nobody's business here (RFC 2183 section 2.3).
    return re.split(r"[/\\]", whole)[-1].strip(" \t")


def _extended(given: Mapping[str, str], name: str) -> str:
    """Return a value in percent signs or in numbered pieces (RFC 2231 sections 3 and 4)."""
    if f"{name}*" in given:
        return _unescaped([(given[f"{name}*"], True)])
    pieces: list[tuple[str, bool]] = []
    for number in range(_MOST_PIECES):
        if (escaped := given.get(f"{name}*{number}*")) is not None:
            pieces.append((escaped, True))
        elif (plain := given.get(f"{name}*{number}")) is not None:
            pieces.append((plain, False))
        else:
            break
    if pieces and not any(is_escaped for _, is_escaped in pieces):
        return _words("".join(text for text, _ in pieces))
    return _unescaped(pieces)


def _unescaped(pieces: list[tuple[str, bool]]) -> str:
    if not pieces:
        return ""
    first, is_escaped = pieces[0]
    charset, *rest = first.split("'", 2) if is_escaped else ("", first)
    if is_escaped and len(rest) == 2:
        pieces = [(rest[1], True), *pieces[1:]]
    else:
        charset = ""
    octets = b"".join(
        unquote_to_bytes(text) if escaped else text.encode("utf-8", "surrogatepass")
        for text, escaped in pieces
    )
    text = charsets.decode(octets, charset) if charset else None
    return charsets.guess(octets) if text is None else text


def _words(value: str) -> str:
    """Return a value with its encoded words read; neighbours are one text, also within a character."""
    if "=?" not in value:
        return value
    done: list[str] = []
    run, charset, place = b"", "", 0
    for word in _WORD.finditer(value):
        between = value[place : word.start()]
        octets = _octets(word[2].lower(), word[3])
        if octets is None:
            continue
        if run and (between.strip() or charset != word[1].lower()):
            done.append(_read(run, charset))
            run = b""
            between = between if between.strip() else ""
        elif run:
            between = ""
        done.append(between)
        run, charset, place = run + octets, word[1].lower(), word.end()
    return "".join([*done, _read(run, charset), value[place:]])


def _octets(encoding: str, text: str) -> bytes | None:
    try:
        if encoding == "b":
            return binascii.a2b_base64(text + "=" * (-len(text) % 4))
        return binascii.a2b_qp(text, header=True)
    except ValueError:
        return None


def _read(octets: bytes, charset: str) -> str:
    text = charsets.decode(octets, charset)
    return charsets.guess(octets) if text is None else text
