"""An application of a bench, served as the product serves its own: by gunicorn, its worker, its threads.

`python -m tests.bench.serving trivial` is the peer of pages: a route of Flask that says Hello. `inbox` does
what the inbox asks the domain for, and says Hello too.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from service import bootstrap
from service.cli import web
from service.config import Settings
from service.domain import thread_list
from service.domain.thread_list import ThreadFilter
from service.facts.limits import PAGE_ROWS
from service.i18n.locales import LOCALES
from service.models import Program, User
from tests.ports import free_port

SECRET = "k" * 40
PRODUCT = ("service", "serve", "--web-only")


@contextmanager
def serving(data: Path, *command: str) -> Iterator[tuple[str, int]]:
    """Run `python -m` with a command until the block ends; yield the host and the port where it answers."""
    port = free_port()
    environment = {**os.environ, "DATA": str(data), "PORT": str(port), "SECRET_KEY": SECRET}
    running = subprocess.Popen([sys.executable, "-m", *command], env=environment, stdout=subprocess.DEVNULL)
    try:
        while not _answers(port):
            assert running.poll() is None
            time.sleep(0.05)
        yield "127.0.0.1", port
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


def get(place: tuple[str, int], path: str, cookie: str = "") -> None:
    """Fetch a page over a connection of its own, as one who has not been here for some seconds."""
    with closing(HTTPConnection(*place, timeout=60)) as connection:
        connection.request("GET", path, headers={"Cookie": cookie, "Connection": "close"})
        answer = connection.getresponse()
        answer.read()
    assert answer.status == 200, path


def _answers(port: int) -> bool:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request("GET", "/", headers={"Connection": "close"})
            connection.getresponse().read()
    except OSError:
        return False
    return True


def _trivial(_settings: Settings) -> Flask:
    app = Flask("trivial")
    app.add_url_rule("/", "index", lambda: "Hello")
    return app


def _inbox(settings: Settings) -> Flask:
    app = Flask("inbox")
    services = bootstrap.build(settings, jobs=False)
    with services.db.reading() as session:
        program_id = session.scalars(select(Program.id).order_by(Program.id)).first() or 0
        user_id = session.scalars(select(User.id).order_by(User.id)).first() or 0
    services.db.dispose()

    def listed() -> str:
        with services.db.reading() as session:
            page = thread_list.list_page(session, [program_id], ThreadFilter(), user_id=user_id)
            assert len(page.rows) == PAGE_ROWS
        return "Hello"

    app.add_url_rule("/", "index", listed)
    return app


if __name__ == "__main__":
    web.run(Settings.from_env(os.environ, LOCALES), {"trivial": _trivial, "inbox": _inbox}[sys.argv[1]])
