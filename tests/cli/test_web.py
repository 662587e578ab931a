"""What the web server itself writes into the log of requests that it cannot answer."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.ports import free_port
from tests.proxied import SECONDS, received

TOKEN = "t0k3n-of-a-conversation"
BROKEN = """
import os
from flask import Flask
from service.cli import web
from service.config import Settings
from service.i18n.locales import LOCALES

def make(settings):
    app = Flask("broken")
    def fail(environ, start_response):
        raise RuntimeError("out of order")
    app.wsgi_app = fail
    return app

web.run(Settings.from_env(os.environ, LOCALES), make)
"""


def _ask(port: int, head: str) -> bytes:
    end = time.monotonic() + SECONDS
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), SECONDS)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.05)
    with connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        return received(connection)


def test_the_log_holds_no_link_and_no_cookie(tmp_path: Path) -> None:
    """W-12: whoever reads the log could open a conversation or a file with it."""
    port = free_port()
    environment = {**os.environ, "DATA": str(tmp_path), "PORT": str(port), "SECRET_KEY": "k" * 40}
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen([sys.executable, "-c", BROKEN], env=environment, stderr=log)
    try:
        answers = [
            _ask(port, f"GET /en/conversation/{TOKEN}/ HTTP/1.1\nHost: a"),
            _ask(port, f"GET /download/{TOKEN}/rates.pdf HTTP/1.one\nHost: a"),
            _ask(port, f"GET /download/{TOKEN}/my rates.pdf\nHost: a"),
            _ask(port, f"GET / HTTP/1.1\nCookie session={TOKEN}"),
        ]
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(SECONDS)
    assert [answer.split()[1] for answer in answers] == [b"500", b"400", b"400", b"400"]
    written = (tmp_path / "log").read_text()
    assert TOKEN not in written
    events = [json.loads(line)["event"] for line in written.splitlines()]
    assert events[0] == "Error handling request GET ..."
    assert [event.partition(": ")[0] for event in events[1:]] == ["Invalid request from ip=127.0.0.1"] * 3
    assert [event[-3:] for event in events] == ["..."] * 4
