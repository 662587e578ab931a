"""The store of attachments: whole and durable, under ids of its own, swept of what nobody knows."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.adapters import attachment_files
from service.adapters.attachment_files import AttachmentFiles

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "attachments"


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*") if file.is_file())


def age(folder: Path, stored_id: str, age: timedelta, suffix: str = "") -> None:
    moment = (NOW - age).timestamp()
    os.utime(folder / stored_id[:2] / f"{stored_id}{suffix}", (moment, moment))


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 5000])
def test_what_is_put_can_be_read(folder: Path, content: bytes) -> None:
    store = AttachmentFiles(folder)
    stored_id = store.put(content)
    with store.open(stored_id) as stream:
        assert stream.read() == content
    assert re.fullmatch("[0-9a-f]{32}", stored_id)
    assert files(folder) == [stored_id]


def test_nobody_else_may_read_it(folder: Path) -> None:
    stored_id = AttachmentFiles(folder).put(b"x")
    file = folder / stored_id[:2] / stored_id
    assert [path.stat().st_mode & 0o777 for path in (folder, file.parent, file)] == [0o700, 0o700, 0o600]


def test_the_same_bytes_twice_are_two_files(folder: Path) -> None:
    store = AttachmentFiles(folder)
    first, second = store.put(b"x"), store.put(b"x")
    store.delete(first)
    store.delete(first)
    assert files(folder) == [second]
    with pytest.raises(FileNotFoundError):
        store.open(first)


@pytest.mark.parametrize(
    "stored_id",
    [
        "",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "0" * 31,
        "0" * 33,
        "G" * 32,
        "0" * 32 + "\n",
        "00/" + "0" * 29,
    ],
)
def test_nothing_but_an_id_is_a_place(folder: Path, stored_id: str) -> None:
    """P3, U-1."""
    store = AttachmentFiles(folder)
    store.put(b"x")
    kept = files(folder)
    with pytest.raises(FileNotFoundError):
        store.open(stored_id)
    store.delete(stored_id)
    assert files(folder) == kept


def test_it_is_on_the_disk_before_it_has_an_id(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes, then their name, then the names of the folders above that are new."""
    synced = []

    def fsync(handle: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")))

    monkeypatch.setattr(os, "fsync", fsync)
    stored_id = AttachmentFiles(folder).put(b"x")
    shard = folder / stored_id[:2]
    assert synced == [folder, folder.parent, shard / f"{stored_id}.part", shard]


def test_a_full_disk_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(handle: int) -> None:
        if Path(os.readlink(f"/proc/self/fd/{handle}")).suffix:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(attachment_files.os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        AttachmentFiles(folder).put(b"x")
    assert files(folder) == []


def test_a_sweep_removes_what_nobody_knows_once_it_is_old(folder: Path) -> None:
    store = AttachmentFiles(folder)
    kept, orphan, young = store.put(b"kept"), store.put(b"orphan"), store.put(b"young")
    unfinished = "ab" * 16
    (folder / "ab").mkdir(exist_ok=True)
    (folder / "ab" / f"{unfinished}.part").write_bytes(b"half")
    (folder / "ab" / "notes.txt").write_bytes(b"not ours")
    for stored_id in (kept, orphan):
        age(folder, stored_id, timedelta(hours=2))
    age(folder, young, timedelta(minutes=59))
    age(folder, unfinished, timedelta(hours=2), ".part")
    os.utime(folder / "ab" / "notes.txt", (0, 0))
    assert store.sweep({kept}, now=NOW) == 2
    assert files(folder) == sorted([kept, young, "notes.txt"])
    assert store.sweep({kept}, now=NOW) == 0


def test_a_sweep_of_nothing_is_no_trouble(folder: Path) -> None:
    assert AttachmentFiles(folder).sweep(set(), now=NOW) == 0
