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
import pytest

from service.adapters.jobs import migrate_engine
from service.db import make_engine
from service.migrations import environment


def program(name: str) -> str | None:
    """Find a program of PostgreSQL, also where Debian hides it."""
    return shutil.which(name) or next(
        iter(sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None
    )


class Server:
    """A running server; it can be restarted, and gives out databases."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self._migrated = ""
        self._user = None
        # PostgreSQL refuses to run as root.
        if os.getuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self._user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(folder, self._user)
        self._run(
            "initdb",
            "-D",
            str(folder / "data"),
            "-U",
            "prospectus",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ).wait(120)
        self._start()

    @property
    def url(self) -> str:
        """The address of the first database."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql+psycopg://prospectus@/{database}?host={self._folder}"

    def new_database(self, *, like: str = "template1") -> str:
        """Make a database, empty or a copy of another that nobody is connected to; return its address."""
        self._made += 1
        name = f"made{self._made}"
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self.url_of(name)

    def migrated_database(self) -> str:
        """Make a database with our tables and the job engine's, migrated once; return its address."""
        if not self._migrated:
            url = self.new_database()
            engine = make_engine(url)
            environment.upgrade(engine)
            engine.dispose()
            migrate_engine(url)
            self._migrated = str(engine.url.database)
        return self.new_database(like=self._migrated)

    def restart(self, how: str) -> None:
        """Stop the server, `fast` (cutting clients off) or `immediate` (as a crash), and start it again."""
        self.stop(how)
        self._start()

    def stop(self, how: str = "fast") -> None:
        """Stop the server."""
        self._running.send_signal(signal.SIGINT if how == "fast" else signal.SIGQUIT)
        self._running.wait(120)

    def _start(self) -> None:
        options = ["-c", "listen_addresses=", "-c", "max_connections=80"]
        self._running = self._run(
            "postgres", "-D", str(self._folder / "data"), "-k", str(self._folder), *options
        )
        _wait(self.url)

    def _run(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        path = program(name)
        assert path is not None
        quiet = subprocess.DEVNULL
        return subprocess.Popen([path, *arguments], user=self._user, stdout=quiet, stderr=quiet, cwd="/")


@contextmanager
def started() -> Iterator[Server]:
    """Run a server, or skip where there is none; with CI its absence is a failure."""
    if program("postgres") is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed, and CI must have it")
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    running = Server(folder)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server() -> Iterator[str]:
    """Run a server and yield the address of an empty database on it."""
    with started() as running:
        yield running.url


def _wait(url: str) -> None:
    end = time.monotonic() + 150
    while True:
        try:
            psycopg.connect(url.replace("+psycopg", "")).close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < end
            time.sleep(0.05)
