"""A received mail as it is read: a small one in memory, a large one mapped from a file without a name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from service.facts.limits import INBOUND_MAIL_BYTES

IN_MEMORY = 1024 * 1024
_PIECE = 64 * 1024


class NoRoom(Exception):
    """What came could not be stored: it is to be given again later."""


@dataclass(frozen=True, slots=True)
class Received:
    """A mail's octets, to be used while it is open; `is_cut` says that it was longer than is read."""

    octets: bytes | mmap
    is_cut: bool = False


@contextmanager
def received(stream: BinaryIO, folder: Path, *, most: int = INBOUND_MAIL_BYTES) -> Iterator[Received]:
    """Read a mail to its end, and keep `most` bytes of it: a mail server must not see its pipe closed.

    A large one lies in `folder`, which is on the disk: nothing of it is left even if this process is killed.
    Raises OSError as `stream` does, and NoRoom.
    """
    start = stream.read(min(IN_MEMORY, most))
    if len(start) < min(IN_MEMORY, most):
        yield Received(start)
        return
    with _nameless(folder) as file:
        left = most - len(start)
        _write(file, start)
        while left and (piece := stream.read(min(_PIECE, left))):
            _write(file, piece)
            left -= len(piece)
        is_cut = False
        while stream.read(_PIECE):
            is_cut = True
        # Never closed by hand: parts of the mail may still look into it, and it goes with the last of them.
        yield Received(_mapped(file), is_cut)


def _nameless(folder: Path) -> BinaryIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return cast(BinaryIO, TemporaryFile(dir=folder))
    except OSError as error:
        raise NoRoom from error


def _mapped(file: BinaryIO) -> mmap:
    try:
        return mmap(file.fileno(), 0, access=ACCESS_READ)
    except OSError as error:
        raise NoRoom from error


def _write(file: BinaryIO, piece: bytes) -> None:
    # Unbuffered: what does not fit is known here, and not when the file is closed.
    try:
        while piece:
            piece = piece[os.write(file.fileno(), piece) :]
    except OSError as error:
        raise NoRoom from error
