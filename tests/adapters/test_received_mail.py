"""Mails read from a pipe, small and large, with the disk full or not."""

import io
import os
import resource
from mmap import mmap
from pathlib import Path

import pytest

from service.adapters.received_mail import IN_MEMORY, NoRoom, received


@pytest.mark.parametrize(("size", "kind"), [(0, bytes), (IN_MEMORY - 1, bytes), (IN_MEMORY, mmap)])
def test_a_large_mail_lies_on_the_disk_without_a_name(tmp_path: Path, size: int, kind: type) -> None:
    """F-1: a process that is killed leaves nothing behind."""
    data = os.urandom(size)
    with received(io.BytesIO(data), tmp_path / "var") as mail:
        assert (type(mail.octets), mail.octets[:], mail.is_cut) == (kind, data, False)
        assert list(tmp_path.glob("var/*")) == []


@pytest.mark.parametrize("extra", [0, 1, 200_000])
def test_the_end_of_one_that_is_too_large_is_read_for_nothing(tmp_path: Path, extra: int) -> None:
    most = IN_MEMORY + 10
    stream = io.BytesIO(bytes(most + extra))
    with received(stream, tmp_path, most=most) as mail:
        assert (len(mail.octets), mail.is_cut) == (most, extra > 0)
    assert stream.read() == b""


def test_a_full_disk_is_no_reason_to_lose_a_mail(tmp_path: Path) -> None:
    """F-2: the caller learns it before anything is judged."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (IN_MEMORY + 5, limits[1]))
    try:
        with pytest.raises(NoRoom), received(io.BytesIO(bytes(2 * IN_MEMORY)), tmp_path):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NoRoom), received(io.BytesIO(bytes(IN_MEMORY)), tmp_path / "file"):
        pass


def test_a_mail_for_which_there_is_no_memory_is_to_be_given_again(tmp_path: Path) -> None:
    """F-2: what the system cannot map at the moment says nothing about the mail."""
    stream = io.BytesIO(bytes(64 * IN_MEMORY))
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 32 * IN_MEMORY, limits[1]))
    try:
        with pytest.raises(NoRoom), received(stream, tmp_path):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def test_what_uses_a_mail_may_outlive_its_reading(tmp_path: Path) -> None:
    with received(io.BytesIO(b"a" * IN_MEMORY), tmp_path) as mail:
        pass
    assert mail.octets[:3] == b"aaa"
