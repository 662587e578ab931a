"""A Maildir folder as a mail server fills it."""

from pathlib import Path

from service.adapters.maildir import Maildir


def test_new_mails_are_listed_in_order_and_moved_once_seen(tmp_path: Path) -> None:
    """The flag S says that it was seen; what is no mail stays where it is."""
    (tmp_path / "new").mkdir()
    for name in ("2.b", "1.a", ".hidden"):
        (tmp_path / "new" / name).write_bytes(b"x")
    (tmp_path / "new" / "folder").mkdir()
    folder = Maildir(tmp_path)
    first, second = folder.new()
    assert (first.name, second.name) == ("1.a", "2.b")
    folder.mark_seen(first)
    folder.mark_seen(first)  # somebody else was faster
    assert [file.name for file in folder.new()] == ["2.b"]
    assert [file.name for file in (tmp_path / "cur").iterdir()] == ["1.a:2,S"]
