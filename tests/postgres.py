"""A PostgreSQL server for tests: in a temporary folder, on a socket of its own, durable as in production."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

import psycopg


def program(name: str) -> str | None:
    """Find a program of PostgreSQL, also where Debian hides it."""
    return shutil.which(name) or next(
        iter(sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None
    )


@contextmanager
def server() -> Iterator[str]:
    """Run a server and yield the address of an empty database on it."""
    initdb, postgres = program("initdb"), program("postgres")
    assert initdb is not None
    assert postgres is not None
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    # PostgreSQL refuses to run as root.
    user = (
        "postgres" if os.getuid() == 0 and "postgres" in {entry.pw_name for entry in pwd.getpwall()} else None
    )
    if os.getuid() == 0:
        user = user or "nobody"
        shutil.chown(folder, user)
    data = folder / "data"
    common = {"user": user, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(
        [initdb, "-D", str(data), "-U", "prospectus", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"],
        check=True,
        **common,  # type: ignore[call-overload]
    )
    running = subprocess.Popen(
        [postgres, "-D", str(data), "-k", str(folder), "-c", "listen_addresses=", "-c", "max_connections=60"],
        **common,  # type: ignore[call-overload]
    )
    try:
        url = f"postgresql+psycopg://prospectus@/postgres?host={folder}"
        _wait(url)
        yield url
    finally:
        running.send_signal(signal.SIGINT)  # the fast way: it does not wait for clients to leave
        running.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url.replace("+psycopg", "")).close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < end
            time.sleep(0.05)
