"""Keeping children alive and taking them down together: the web server, and one worker that is started anew.

The parent does nothing else and has one thread, so that children can be forked from it, with everything
already imported, and can ask the kernel to die with it.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.adapters.process import die_with
from service.cli.words import LOCKED

STOP_SECONDS = 30.0
LONGEST_PAUSE = 10.0
_WAITED_FOR = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})


@dataclass(slots=True)
class Child:
    """One process to keep; `again` says whether its death is mended or ends everything."""

    work: Callable[[], int]
    again: bool = False
    pid: int = 0
    pause: float = 0.5
    due: float = 0.0
    times: int = 0


class Family:
    """The children of this process."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._codes: dict[int, int] = {}
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
        alive = [child for child in self._children if child.pid]
        for child in alive:
            os.kill(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while alive and time.monotonic() < deadline:
            alive = [child for child in alive if self._ended(child.pid) is None]
            if alive:
                signal.sigtimedwait({signal.SIGCHLD}, 0.1)
        for child in alive:
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)

    def _start(self, child: Child) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        child.due = 0.0
        child.times += 1
        child.pid = os.fork()
        if child.pid == 0:
            code = 1
            try:
                _leave_home(parent)
                code = child.work()
            except SystemExit as leaving:
                code = leaving.code if isinstance(leaving.code, int) else 1
            except BaseException:  # nothing may run on as if it were the parent
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)

    def _look_after(self) -> int | None:
        for child in self._children:
            if child.due:
                if time.monotonic() >= child.due:
                    self._start(child)
                continue
            code = self._ended(child.pid)
            if code is None:
                continue
            child.pid = 0
            # Another one holds the lock: for good when we come, for a moment when we come again.
            if not child.again or (code == LOCKED and child.times == 1):
                return code or 1
            child.due = time.monotonic() + child.pause
            child.pause = min(child.pause * 2, LONGEST_PAUSE)
        return None

    def _ended(self, pid: int) -> int | None:
        """Return a child's exit code; whoever else has ended is let go, as process 1 of a container must."""
        while True:
            try:
                found, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if not found:
                break
            self._codes[found] = abs(os.waitstatus_to_exitcode(status))
        own = {child.pid for child in self._children}
        self._codes = {known: code for known, code in self._codes.items() if known in own}
        return self._codes.pop(pid, None)


def _leave_home(parent: int) -> None:
    """Become a process of its own: Ctrl-C is for the parent, and the parent's death is ours."""
    os.setsid()
    die_with(parent)
    for number in _WAITED_FOR:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITED_FOR)
