"""Files that go with a message, and their names as RFC 2231 carries any script through a header."""

from collections.abc import Iterator
from dataclasses import dataclass

PARAMETER_LINE = 76


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file: the name readers see, `type/subtype` without parameters, and its bytes, which stay as they are.

    A name is a name, not a path: without slashes and without the characters of check H-1.
    """

    name: str
    media_type: str
    data: bytes


def parameter(name: str, value: str) -> Iterator[str]:
    """Yield a parameter without its semicolons, in pieces that fit a line each (RFC 2231 sections 3 and 4).

    Short plain ASCII is a quoted string. All else is UTF-8 in percent signs; no piece splits a character.
    """
    if value.isascii() and value.isprintable() and "=?" not in value:
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        if len(whole := f'{name}="{quoted}"') < PARAMETER_LINE:
            yield whole
            return
    escaped = [_escaped(char) for char in value]
    if len(whole := f"{name}*=utf-8''{''.join(escaped)}") < PARAMETER_LINE:
        yield whole
        return
    number, piece = 0, f"{name}*0*=utf-8''"
    for char in escaped:
        # Leaves room for the semicolon.
        if len(piece) + len(char) >= PARAMETER_LINE:
            yield piece
            number += 1
            piece = f"{name}*{number}*="
        piece += char
    yield piece


# attribute-char of RFC 2231: not the space, controls, "*", "'", "%" and tspecials.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~")


def _escaped(char: str) -> str:
    return char if char in _PLAIN else "".join(f"%{byte:02X}" for byte in char.encode())
