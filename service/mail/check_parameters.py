"""How the byte-level check reads media types, dispositions and their parameters (RFC 2045, 2183, 2231)."""

import re
from collections.abc import Iterator, Mapping

from service.facts.findings import Severity
from service.facts.words import N_
from service.mail.check_headers import Header, Note

DISPOSITION = N_("Content-Disposition cannot be read: %(value)s")
NAME = N_("The name of the attachment is not written as RFC 2231 demands: %(value)s")
NAME_UNSAFE = N_("The name of the attachment holds a path or a control character: %(value)s")
NO_NAME = N_("The attachment has no name.")

_TYPE = re.compile(r"([A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+)")
_TOKEN = re.compile(r"([A-Za-z0-9!#$&^_.+-]+)")
_PARAMETER = re.compile(r"[ \t]*;[ \t]*([A-Za-z0-9!#$&^_.+*-]+)=(?:\"((?>(?:[^\"\\]++|\\.)*))\"|([^\s;\"]+))")


def media_type(header: Header) -> tuple[str, dict[str, str]]:
    """Return `type/subtype` in lower case with its parameters; an empty type if it cannot be read."""
    return _read(header, _TYPE)


def _read(header: Header, begin: re.Pattern[str]) -> tuple[str, dict[str, str]]:
    value = header.value.decode("ascii", "replace")
    kind = begin.match(value)
    if not kind:
        return "", {}
    position = kind.end()
    parameters: dict[str, str] = {}
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if not match or match[1].lower() in parameters:
            return "", {}
        parameters[match[1].lower()] = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
        position = match.end()
    return kind[1].lower(), parameters


def is_attachment(headers: Mapping[str, Header]) -> bool:
    """Tell whether a part is a file to keep, whose words are not the message's."""
    header = headers.get("content-disposition")
    return header is not None and _read(header, _TOKEN)[0] == "attachment"


def disposition(header: Header) -> Iterator[Note]:
    """Yield what is wrong with a Content-Disposition and the file name in it (check M-12)."""
    kind, parameters = _read(header, _TOKEN)
    values = {"value": header.shown}
    if not kind:
        yield Note("mime-disposition", DISPOSITION, header.line, values)
        return
    try:
        name = file_name(parameters)
    except ValueError:
        yield Note("mime-name", NAME, header.line, values)
        return
    if name is None:
        if kind == "attachment":
            yield Note("mime-name", NO_NAME, header.line, severity=Severity.WARNING)
    elif not name.strip() or re.search(r"[/\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", name):
        yield Note("mime-name", NAME_UNSAFE, header.line, {"value": name})


_KEY = re.compile(r"filename(?:\*(0|[1-9][0-9]{0,3}))?(\*)?")
_CHARSET = re.compile(r"([A-Za-z0-9_-]+)'[A-Za-z0-9-]*'(.*)", re.DOTALL)
_ESCAPED = re.compile(r"(?:[A-Za-z0-9!#$&+.^_`{|}~-]|%[0-9A-Fa-f]{2})*")


def file_name(parameters: Mapping[str, str]) -> str | None:
    """Put a file name together from its parameters, None for none; ValueError where they do not fit."""
    found: dict[int | None, tuple[bool, str]] = {}
    for key, value in parameters.items():
        match = _KEY.fullmatch(key)
        if match:
            number = None if match[1] is None else int(match[1])
            if number in found:
                raise ValueError("two pieces of one number")
            found[number] = (match[2] is not None, value)
        elif key.startswith("filename*"):
            raise ValueError("a broken number")
    if not found:
        return None
    if set(found) not in ({None}, set(range(len(found)))):
        raise ValueError("a piece is missing")
    return _joined([found[number] for number in (range(len(found)) if None not in found else [None])])


def _joined(pieces: list[tuple[bool, str]]) -> str:
    charset, octets = "us-ascii", b""
    for number, (is_escaped, value) in enumerate(pieces):
        words = value
        if is_escaped:
            if number == 0:
                match = _CHARSET.fullmatch(value)
                if not match:
                    raise ValueError("no charset")
                charset, words = match[1], match[2]
            if not _ESCAPED.fullmatch(words):
                raise ValueError("a broken escape")
            octets += re.sub(rb"%(..)", lambda code: bytes([int(code[1], 16)]), words.encode())
        elif "=?" in words:
            raise ValueError("an encoded word")
        else:
            octets += words.encode()
    if charset.lower() not in ("utf-8", "us-ascii"):
        raise ValueError("another charset")
    return octets.decode(charset)
