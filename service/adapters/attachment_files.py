"""Attachments on disk, each under a random id: no name that people chose is ever a path."""

import os
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

_ID = re.compile(r"[0-9a-f]{32}")
_UNFINISHED = ".part"
ORPHAN_AGE = timedelta(hours=1)


class AttachmentFiles:
    """Files below one folder, spread over 256 by the first two digits of their ids; raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep bytes and return their new id; they are on the disk, whole, when it returns."""
        stored_id = secrets.token_hex(16)
        file = self._file(stored_id)
        self._make_folder(file.parent)
        unfinished = file.with_suffix(_UNFINISHED)
        try:
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.rename(file)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _sync(file.parent)
        return stored_id

    def open(self, stored_id: str) -> BinaryIO:
        """Open what is kept; raises FileNotFoundError for an id under which nothing is."""
        return self._file(stored_id).open("rb")

    def delete(self, stored_id: str) -> None:
        """Remove what is kept; what is not there is no trouble."""
        with suppress(FileNotFoundError):
            self._file(stored_id).unlink()

    def sweep(self, kept: Collection[str], *, now: datetime) -> int:
        """Remove whatever is not among the ids `kept` and older than ORPHAN_AGE; return how many.

        What is younger may belong to a transaction that has not been committed yet.
        """
        swept = 0
        for file in self._files():
            if file.name in kept:
                continue
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < (now - ORPHAN_AGE).timestamp():
                    file.unlink()
                    swept += 1
        return swept

    def _files(self) -> Iterator[Path]:
        """Yield kept and unfinished files; anything else in the folder is not ours."""
        for file in self._folder.glob("??/*"):
            if _ID.fullmatch(file.name.removesuffix(_UNFINISHED)) and file.is_file():
                yield file

    def _file(self, stored_id: str) -> Path:
        if not _ID.fullmatch(stored_id):
            raise FileNotFoundError(f"not an id of an attachment: {stored_id!r}")
        return self._folder / stored_id[:2] / stored_id

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync(self._folder)
        _sync(self._folder.parent)


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
