"""A worker as a process of its own, to be killed and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from service.config import Settings

# Every worker that a test started, to be ended with it.
STARTED: "list[Worker]" = []
# What makes a process under test fail on purpose, for its PYTHONPATH.
FAULTS = Path(__file__).with_name("faults")


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment of a process that works on an installation."""
    return {
        **os.environ,
        "DATA": str(settings.data),
        "SECRET_KEY": settings.secret_key,
        "BASE_URL": settings.base_url,
        "DATABASE_URL": settings.database_url,
        "MAIL_URL": settings.mail_url,
        "MAIL_CONNECTIONS": str(settings.mail_connections),
        "MAIL_TIMEOUT": str(settings.mail_timeout),
        "SCANNER_URL": settings.scanner_url,
        "SCANNER_TIMEOUT": str(settings.scanner_timeout),
        "SCANNER_LOCAL_SIGNATURES": str(int(settings.scanner_local_signatures)),
    }


class Worker:
    """`prospectus worker` as a process of its own; `wrap` is what it is run under, such as strace."""

    def __init__(
        self,
        settings: Settings,
        log: Path,
        *,
        slot: str = "1",
        wrap: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.environment = {**environment_of(settings), **(env or {})}
        self._command = [*wrap, sys.executable, "-m", "service", "worker", "--slot", slot]
        self._file = log
        self.process = self._start()
        STARTED.append(self)

    def _start(self) -> "subprocess.Popen[bytes]":
        with self._file.open("ab") as log:
            return subprocess.Popen(
                self._command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """SIGKILL to the whole family."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def again(self) -> None:
        """Start it anew."""
        self.process = self._start()

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.terminate()
        return self.process.wait(60)

    def text(self) -> str:
        """Return what it said."""
        return self._file.read_text()


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has asked after since it ended does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the latter where it ended while it was read
        return False
