"""The judge of attached files in a process of its own: no file takes a web server's memory, time or life."""

import json
import logging
import subprocess
import sys
from threading import BoundedSemaphore

from service.facts.file_refusals import FileNote, FileRefusal
from service.facts.filetypes import FileType
from service.files import FileRefused, Judged

log = logging.getLogger(__name__)
# One file may take more than a gigabyte while it is judged.
AT_ONCE = 2
SECONDS = 30.0


class FileJudge:
    """Judges one file after another, a few at once; safe to use from several threads."""

    def __init__(self, *, seconds: float = SECONDS, command: tuple[str, ...] = ()) -> None:
        self._seconds = seconds
        self._command = command or (sys.executable, "-m", "service.files")
        self._free = BoundedSemaphore(AT_ONCE)

    def judge(self, name: str, content: bytes) -> Judged:
        """Do as `service.files.judge`; refuses also what takes too much. Raises OSError as processes do."""
        if not self._free.acquire(timeout=self._seconds):
            raise FileRefused(FileRefusal.NOT_JUDGED)
        try:
            return self._asked(name, content)
        finally:
            self._free.release()

    def _asked(self, name: str, content: bytes) -> Judged:
        question = json.dumps(name).encode() + b"\n" + content
        try:
            done = subprocess.run(
                self._command, input=question, capture_output=True, timeout=self._seconds, check=True
            )
        except subprocess.TimeoutExpired as error:
            raise FileRefused(FileRefusal.NOT_JUDGED) from error
        except subprocess.CalledProcessError as error:
            log.error(
                "judging a file ended with %s: %s",
                error.returncode,
                error.stderr[-2000:].decode("utf-8", "replace"),
            )
            raise FileRefused(FileRefusal.NOT_JUDGED) from error
        line, _, kept = done.stdout.partition(b"\n")
        answer = json.loads(line)
        if "refused" in answer:
            raise FileRefused(FileRefusal[answer["refused"]], **answer["values"])
        notes = tuple(FileNote[note] for note in answer["notes"])
        return Judged(name, FileType(answer["type"]), kept, notes)
