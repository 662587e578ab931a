"""Where messages are written: all of them at once into a directory, or nothing."""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MESSAGE = re.compile(r"[0-9]{4,}\.eml")


def name_of(number: int) -> str:
    """Return the file name of the message of a row, counted from 1."""
    return f"{number:04}.eml"


class LeftOver(Exception):
    """The directory holds messages of an earlier run that would stay among the new ones; `name` is one."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@contextmanager
def filled(folder: Path) -> Iterator[Path]:
    """Give an empty directory beside or in `folder`; what is in it at the end becomes the folder's.

    After an exception nothing of it is left and `folder` is as it was. Raises LeftOver at the end, OSError.
    """
    there = folder.is_dir()
    room = (folder if there else _existing(folder.absolute().parent)) / f".{secrets.token_hex(8)}.new"
    try:
        room.mkdir()
        yield room
        if there:
            _move(room, folder)
        else:
            folder.parent.mkdir(parents=True, exist_ok=True)
            room.rename(folder)
    except OSError as error:
        if not str(error.filename).startswith(str(room)):
            raise
        # Nobody but us knows the name of the room.
        raise OSError(error.errno, error.strerror, str(folder)) from error
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _move(room: Path, folder: Path) -> None:
    names = sorted(os.listdir(room))
    left = {name for name in os.listdir(folder) if _MESSAGE.fullmatch(name)} - set(names)
    if left:
        raise LeftOver(min(left))
    for name in names:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folder / name))
    for name in names:
        (room / name).replace(folder / name)
