"""A catalog file replaced whole, by several at once, and past an editor that saves in between."""

from pathlib import Path
from threading import Thread

from service.adapters import catalog_files


def test_changes_of_several_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "messages.po"
    path.write_bytes(b"")

    def add() -> None:
        for _ in range(20):
            catalog_files.change(path, lambda data: data + b"x")

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert path.read_bytes() == b"x" * 80
    assert [one.name for one in tmp_path.iterdir()] == ["messages.po"]


def test_an_editor_that_saves_in_between_is_asked_about_again(tmp_path: Path) -> None:
    path = tmp_path / "messages.po"
    path.write_bytes(b"one")
    seen: list[bytes] = []

    def revised(data: bytes) -> bytes:
        seen.append(data)
        if len(seen) == 1:
            path.write_bytes(b"two")
        return data + b"!"

    assert catalog_files.change(path, revised)
    assert (seen, path.read_bytes()) == ([b"one", b"two"], b"two!")


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    path = tmp_path / "messages.po"
    path.write_bytes(b"one")
    before = path.stat()
    assert not catalog_files.change(path, lambda data: data)
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


def test_a_link_stays_a_link_and_a_mode_stays(tmp_path: Path) -> None:
    real, link = tmp_path / "real.po", tmp_path / "messages.po"
    real.write_bytes(b"one")
    real.chmod(0o640)
    link.symlink_to(real)
    catalog_files.change(link, lambda _data: b"two")
    assert link.is_symlink()
    assert (real.read_bytes(), real.stat().st_mode & 0o777) == (b"two", 0o640)
