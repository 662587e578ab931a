"""What a process asks of the system: to end with its parent, to keep its memory together."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_M_ARENA_MAX = -8


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent, of that id, dies; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it died before the kernel was told


def keep_one_arena() -> None:
    """Have every thread take its memory from one place; to be called before there are threads; on glibc only.

    With an arena for each thread, memory that one of them gave back is not used by the others, and a worker
    grows for hours (measured: 0.6 MiB a minute under load, a tenth of that with one arena).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
