"""A Maildir folder: what is new in it, and how to put it among what was seen."""

from pathlib import Path


class Maildir:
    """A folder with `new` and `cur`, into which a mail server delivers; raises OSError as files do."""

    def __init__(self, folder: Path) -> None:
        self._new = folder / "new"
        self._seen = folder / "cur"

    def new(self) -> list[Path]:
        """Return the new mails, in the order of their names, which begin with the time of delivery."""
        return sorted(file for file in self._new.iterdir() if file.is_file() and file.name[0] != ".")

    def mark_seen(self, file: Path) -> None:
        """Move a new mail to the seen ones; one that somebody else has moved meanwhile is no trouble."""
        self._seen.mkdir(exist_ok=True)
        try:
            file.rename(self._seen / f"{file.name.partition(':')[0]}:2,S")
        except FileNotFoundError:
            return
