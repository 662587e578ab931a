"""A worker as a process of its own, to be killed and started again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from service.config import Settings


class Worker:
    """`prospectus worker` as a process of its own."""

    def __init__(self, settings: Settings, log: Path, *, slot: str = "1") -> None:
        self._slot = slot
        self._environment = {
            **os.environ,
            "DATA": str(settings.data),
            "SECRET_KEY": settings.secret_key,
            "BASE_URL": settings.base_url,
            "DATABASE_URL": settings.database_url,
            "MAIL_URL": settings.mail_url,
            "MAIL_CONNECTIONS": str(settings.mail_connections),
        }
        self._log = log.open("ab")
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "service", "worker", "--slot", self._slot],
            env=self._environment,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def again(self) -> None:
        self.process = self._start()

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(60)
        self._log.close()
        return code
