"""Catalog files on disk: one replaced whole, and only while it still is what the change was made from."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path


def change(path: Path, revised: Callable[[bytes], bytes]) -> bool:
    """Replace a file by what `revised` makes of its bytes; return whether they differ. OSError from the disk.

    Processes that come this way wait for one another; an editor that saves in between is seen, and `revised`
    is asked again. Readers see the old file or the new one, never a part. A link stays a link.
    """
    path = path.resolve()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        before = path.read_bytes()
        while True:
            after = revised(before)
            if after == before:
                return False
            draft = _draft(path, after)
            now = path.read_bytes()
            if now == before:
                draft.replace(path)
                os.fsync(folder)
                return True
            draft.unlink()
            before = now
    finally:
        os.close(folder)


def _draft(path: Path, data: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    shutil.copymode(path, draft)
    return draft
