"""The bytes of a file, from memory or from disk, read in stretches: a large file need not stand in memory."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


class Source(Protocol):
    """Where the bytes are: how many, and any stretch of them."""

    @property
    def size(self) -> int:
        """Number of bytes."""

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; empty at the end."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """Bytes that are already here."""

    data: bytes

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.data)

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`."""
        return self.data[start : start + length]


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file, opened for each stretch: no handle to keep, a replaced file is noticed by its size."""

    path: Path
    size: int

    @classmethod
    def at(cls, path: Path) -> "OnDisk":
        """The file as it is now; raises OSError."""
        return cls(path, path.stat().st_size)

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; raises OSError."""
        with self.path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), min(length, max(self.size - start, 0)), start)


@dataclass(frozen=True, slots=True)
class InStream:
    """A seekable file that somebody else holds open, such as an upload."""

    stream: BinaryIO
    size: int

    @classmethod
    def of(cls, stream: BinaryIO) -> "InStream":
        """The whole of a stream; raises OSError."""
        return cls(stream, stream.seek(0, os.SEEK_END))

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`; raises OSError."""
        self.stream.seek(start)
        return self.stream.read(length)
