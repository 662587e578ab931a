"""Bodies as mail carries them: UTF-8 in CRLF lines; base64 or quoted-printable, the shorter (RFC 2045).

A text that many people get is cut once, and what is the same for all of them is encoded once.
"""

import binascii
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from struct import Struct
from typing import NamedTuple

LINE = 76
# Octets before base64 that fill a line.
LINE_OCTETS = LINE // 4 * 3


class UnsendableCharacter(ValueError):
    """A text holds a character that no part can carry: NUL or a lone surrogate; `code` is as `U+0000`."""

    def __init__(self, char: str) -> None:
        self.code = f"U+{ord(char):04X}"
        super().__init__(self.code)


class Encoded(NamedTuple):
    """A body as it stands in a message: the name of its transfer encoding, its lines of at most 76 octets."""

    name: str
    data: bytes


def encode(text: str) -> Encoded:
    """Return a text in the shorter encoding, or in quoted-printable; raises UnsendableCharacter."""
    data = _octets(text if text.endswith(("\n", "\r")) else f"{text}\n")
    longest = base64_length(len(data))
    if _printable_least(data) <= longest:
        printable = quoted_printable(data)
        if len(printable) <= longest:
            return Encoded("quoted-printable", printable)
    return Encoded("base64", base64_lines(data))


_ASCII = bytes(range(128))


def _printable_least(data: bytes) -> int:
    # An octet that is not ASCII takes three.
    return len(data) + 2 * len(data.translate(None, _ASCII))


def _octets(text: str) -> bytes:
    """The text in UTF-8, its lines ending in CRLF."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise UnsendableCharacter("\0")
    try:
        return text.replace("\n", "\r\n").encode()
    except UnicodeEncodeError as error:
        raise UnsendableCharacter(text.replace("\n", "\r\n")[error.start]) from None


def base64_length(octets: int) -> int:
    """Return how long so many octets are in base64, line ends within included."""
    length = (octets + 2) // 3 * 4
    return length + max(0, (length - 1) // LINE) * 2


def base64_lines(data: bytes) -> bytes:
    """Return base64 in lines of 76 with CRLF between them."""
    encoded = binascii.b2a_base64(data, newline=False)
    return b"\r\n".join(_lines_of(len(encoded)).unpack(encoded))


@functools.lru_cache(maxsize=1024)
def _lines_of(length: int) -> Struct:
    # Cuts in one call what a slice for each line takes five times as long for.
    whole, rest = divmod(length, LINE)
    return Struct("76s" * whole + (f"{rest}s" if rest else ""))


def quoted_printable(data: bytes) -> bytes:
    """Return CRLF lines in quoted-printable; the last one must end in CRLF.

    Line by line: most lines are the same for all recipients, and none depends on another.
    """
    lines = data.splitlines(keepends=True)
    if max(map(len, lines)) <= _KNOWN_MOST:
        return b"".join(map(_known_line, lines))
    return binascii.b2a_qp(data, istext=True)


# Bounds what the lines kept take in memory to a few megabytes.
_KNOWN_MOST = 1024


@functools.lru_cache(maxsize=4096)
def _known_line(line: bytes) -> bytes:
    return binascii.b2a_qp(line, istext=True)


# A text cut for many


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with values in it: octets, a value's number, octets, a value's number, ..."""

    parts: tuple[bytes, ...]
    places: tuple[tuple[int, int], ...]

    @property
    def size(self) -> int:
        """The least this line takes in quoted-printable without its values."""
        return _printable_least(b"".join(self.parts))

    def printable(self, written: Sequence[bytes]) -> bytes:
        parts = list(self.parts)
        for position, number in self.places:
            parts[position] = written[number]
        line = b"".join(parts)
        return _known_line(line) if len(line) <= _KNOWN_MOST else binascii.b2a_qp(line, istext=True)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Octets that are the same for all, after the value `number`; a line may begin anywhere in them."""

    number: int
    octets: bytes
    is_short: bool
    known: dict[int, tuple[bytes, bytes, bytes]] = field(default_factory=dict)

    def from_phase(self, phase: int) -> tuple[bytes, bytes, bytes]:
        """Return what fills the line begun `phase` octets ago, whole encoded lines, and octets left over."""
        found = self.known.get(phase)
        if found is None:
            first = -phase % LINE_OCTETS
            last = len(self.octets) - (len(self.octets) - first) % LINE_OCTETS
            lines = base64_lines(self.octets[first:last]) + b"\r\n" if last > first else b""
            found = self.octets[:first], lines, self.octets[last:]
            if len(self.known) * len(lines) > _PHASES_MOST:
                self.known.clear()
            self.known[phase] = found
        return found


# Octets that one stretch may keep encoded.
_PHASES_MOST = 1 << 18
# A stretch shorter than this is cheaper to encode than to look up.
_STRETCH_LEAST = 3 * LINE_OCTETS


@dataclass(frozen=True, slots=True)
class Sheet:
    """A body with places for values: `encode` of the values gives what `encode` of the whole text would."""

    size: int
    numbers: tuple[int, ...]
    begin: _Stretch
    stretches: tuple[_Stretch, ...]
    printable_size: int
    lines: tuple[bytes | _Line, ...]

    def encode(self, written: Sequence[bytes]) -> Encoded:
        """Return the body with these values; a value is UTF-8 without line breaks and NUL."""
        varying = sum([len(written[number]) for number in self.numbers])
        longest = base64_length(self.size + varying)
        # A value is in quoted-printable at least as long as it is.
        if self.printable_size + varying <= longest:
            lines = [line if isinstance(line, bytes) else line.printable(written) for line in self.lines]
            printable = b"".join(lines)
            if len(printable) <= longest:
                return Encoded("quoted-printable", printable)
        return Encoded("base64", self._base64(written))

    def _base64(self, written: Sequence[bytes]) -> bytes:
        _, done, pending = self.begin.from_phase(0)
        out = [done]
        for stretch in self.stretches:
            pending += written[stretch.number]
            if stretch.is_short:
                pending += stretch.octets
                continue
            first, done, rest = stretch.from_phase(len(pending) % LINE_OCTETS)
            pending += first
            if len(pending) == LINE_OCTETS:
                out += (binascii.b2a_base64(pending, newline=False), b"\r\n", done)
            elif pending:
                out += (base64_lines(pending), b"\r\n", done)
            else:
                out.append(done)
            pending = rest
        if pending:
            out.append(base64_lines(pending))
            return b"".join(out)
        return b"".join(out).removesuffix(b"\r\n")


def sheet(parts: Sequence[str], places: Sequence[tuple[int, int]]) -> Sheet:
    """Cut a text for encoding; `places` say which parts are values, and their numbers.

    The last part is neither a value nor empty. Raises UnsendableCharacter.
    """
    numbers = dict(places)
    fixed = [b"" if at in numbers else _octets(part) for at, part in enumerate(parts)]
    if not fixed[-1].endswith(b"\r\n"):
        fixed[-1] += b"\r\n"
    lines = tuple(_lines(fixed, numbers))
    starts = [-1, *sorted(numbers), len(fixed)]
    runs = [b"".join(fixed[first + 1 : last]) for first, last in pairwise(starts)]
    return Sheet(
        size=sum(map(len, fixed)),
        numbers=tuple(numbers.values()),
        begin=_Stretch(-1, runs[0], is_short=False),
        stretches=tuple(
            _Stretch(numbers[at], run, len(run) < _STRETCH_LEAST)
            for at, run in zip(sorted(numbers), runs[1:], strict=True)
        ),
        printable_size=sum(len(line) if isinstance(line, bytes) else line.size for line in lines),
        lines=lines,
    )


def _lines(fixed: Sequence[bytes], numbers: Mapping[int, int]) -> Iterator[bytes | _Line]:
    """Yield lines with values in them, and between them all others, encoded together."""
    done: list[bytes] = []
    parts: list[bytes] = []
    places: list[tuple[int, int]] = []
    for at, part in enumerate(fixed):
        if at in numbers:
            places.append((len(parts), numbers[at]))
            parts.append(b"")
        for line in part.splitlines(keepends=True):
            parts.append(line)
            if not line.endswith(b"\n"):
                continue
            if places:
                if done:
                    yield b"".join(done)
                yield _Line(tuple(parts), tuple(places))
                done, parts, places = [], [], []
            else:
                done.append(quoted_printable(b"".join(parts)))
                parts = []
    if done:
        yield b"".join(done)
