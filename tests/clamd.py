"""ClamAV's daemon for tests, with signatures of our own; and a false one that says what a test wants."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.ports import free_port

# Put together only here, so that no scanner takes this file for what it is about.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
EICAR_THREAT = "Local.Eicar.Test.UNOFFICIAL"

_CONFIGURATION = """\
Foreground yes
LocalSocket {folder}/clamd.sock
TCPSocket {port}
TCPAddr 127.0.0.1
DatabaseDirectory {folder}/db
TemporaryDirectory {folder}
MaxThreads 4
{advice}
"""
_PAGE = Path(__file__).resolve().parents[1] / "content" / "en" / "install-and-run.md"


def advice() -> str:
    """What the help page tells operators to write into their configuration."""
    section = _PAGE.read_text(encoding="utf-8").split("{#scan}")[1]
    return section.split("```\n")[1]


class Clamd:
    """A running daemon; `url` reaches it by its socket, `tcp_url` by its port."""

    def __init__(self, folder: Path) -> None:
        (folder / "db").mkdir()
        (folder / "db" / "local.ndb").write_text(f"Local.Eicar.Test:0:*:{EICAR.hex()}\n")
        port = free_port()
        self.url = f"clamd+unix://{folder}/clamd.sock"
        self.tcp_url = f"clamd://127.0.0.1:{port}"
        self._socket = folder / "clamd.sock"
        configuration = folder / "clamd.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, advice=advice()))
        with (folder / "log").open("wb") as log:
            self._running = subprocess.Popen(
                ["clamd", "-c", str(configuration)], stdout=log, stderr=log, cwd=folder
            )
        self._wait((folder / "log").read_text)

    def pause(self) -> None:
        """Stop the daemon where it is: it is reached, and says nothing."""
        self._running.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._running.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        self._running.terminate()
        self._running.wait(60)

    def _wait(self, log: Callable[[], str]) -> None:
        end = time.monotonic() + 60
        while True:
            with suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
                asking.settimeout(10)
                asking.connect(str(self._socket))
                asking.sendall(b"zPING\0")
                if asking.recv(16) == b"PONG\0":
                    return
            assert self._running.poll() is None, log()
            assert time.monotonic() < end, log()
            time.sleep(0.02)


@contextmanager
def started() -> Iterator[Clamd]:
    """Run a daemon, or skip where there is none; with CI its absence is a failure."""
    if shutil.which("clamd") is None:
        if os.environ.get("CI"):
            pytest.fail("clamd is not installed, and CI must have it")
        pytest.skip("clamd is not installed")
    # Not pytest's folder: the path of a socket has hardly more than a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="clamd-", dir="/tmp"))
    try:
        running = Clamd(folder)
        try:
            yield running
        finally:
            running.go_on()
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


Script = Callable[[socket.socket], object]


class FalseClamd:
    """Takes one connection after another and does with each what `script` does."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"clamd://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "FalseClamd":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            try:
                taken, _ = self._socket.accept()
            except OSError:
                return
            with taken, suppress(OSError):
                taken.settimeout(20)
                self.script(taken)


def read_stream(taken: socket.socket) -> bytes:
    """Read an INSTREAM question to its end, as a daemon does, and return the file."""
    stream = taken.makefile("rb")
    assert stream.read(10) == b"zINSTREAM\0"
    parts = []
    while size := int.from_bytes(stream.read(4), "big"):
        parts.append(stream.read(size))
    return b"".join(parts)
