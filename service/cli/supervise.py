"""Keeping children alive and taking them down together: the web server, and one worker that is started anew.

The parent does nothing else and has one thread, so that a child can ask the kernel to die with it.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from service.cli.words import LOCKED
from service.config import Settings

STOP_SECONDS = 30.0
LONGEST_PAUSE = 10.0
_PR_SET_PDEATHSIG = 1
_WAITED_FOR = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}


@dataclass(slots=True)
class Child:
    """One process to keep; `again` says whether its death is mended or ends everything."""

    command: Sequence[str]
    again: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    pause: float = 0.5
    due: float = 0.0


def web_command(settings: Settings) -> list[str]:
    """Return the command of the web server: two processes of eight threads."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return [
        sys.executable,
        *("-m", "gunicorn", "--worker-class", "gthread", "--workers", "2", "--threads", "8"),
        *("--bind", f"{host}:{settings.port}", "--no-control-socket", "--log-level", "warning"),
        *("--graceful-timeout", "20", "--timeout", "60", "service.cli.wsgi:app()"),
    ]


def worker_command() -> list[str]:
    """Return the command of the worker."""
    return [sys.executable, "-m", "service", "worker"]


class Family:
    """The children of this process."""

    def __init__(self, children: Sequence[Child], environment: Mapping[str, str]) -> None:
        self._children = children
        self._environment = dict(environment)
        # Blocked, and asked for one by one: no signal can come between two lines.
        signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED_FOR)
        for child in children:
            self._start(child)

    def run(self, *, until: float | None = None) -> int | None:
        """Look after the children until told to stop; return the exit code, or None when the time is over."""
        while until is None or time.monotonic() < until:
            code = self._look_after()
            if code is not None:
                return code
            wait = 1.0 if until is None else min(1.0, max(until - time.monotonic(), 0.01))
            got = signal.sigtimedwait(_WAITED_FOR, wait)
            if got is not None and got.si_signo != signal.SIGCHLD:
                return 0
        return None

    def stop(self) -> None:
        """End all children, politely first."""
        alive = [child.process for child in self._children if child.process and child.process.poll() is None]
        for process in alive:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in alive:
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(
            child.command,
            env=self._environment,
            start_new_session=True,  # Ctrl-C is for the parent, who tells the children in order
            preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 (this process has one thread)
        )
        child.due = 0.0

    def _look_after(self) -> int | None:
        for child in self._children:
            if child.due:
                if time.monotonic() >= child.due:
                    self._start(child)
            elif child.process is not None and (code := child.process.poll()) is not None:
                if not child.again or code == LOCKED:
                    return code or 1
                child.due = time.monotonic() + child.pause
                child.pause = min(child.pause * 2, LONGEST_PAUSE)
        return None


def _die_with(parent: int) -> Callable[[], None]:
    library = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def before_exec() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITED_FOR)
        if library is not None:
            library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)  # the parent died before the kernel was told

    return before_exec
