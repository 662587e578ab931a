"""`prospectus serve`: the web server, and beside it one worker that is started again should it die."""

import errno
import socket
import sys
import time
from collections.abc import Callable

import click

from service.cli.db import bring_up_to_date
from service.cli.installation import services_here, settings_here
from service.cli.supervise import Child, Family
from service.cli.words import WORDS, fail, say
from service.config import Settings
from service.facts.words import N_

READY_SECONDS = 60.0


@click.command("serve", help=WORDS.say(N_("Start the web server and its worker.")))
@click.option("--web-only", is_flag=True, help=WORDS.say(N_("Start no worker here.")))
def command(*, web_only: bool) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    settings = settings_here()
    refuse_taken_port(settings)
    bring_up_to_date(settings, services_here(settings).db)
    sys.exit(serve(settings, worker=not web_only))


def serve(settings: Settings, *, worker: bool = True, ready: Callable[[], None] | None = None) -> int:
    """Run the children until told to stop, and return the exit code; `ready` is called when pages answer."""
    children = [Child(lambda: run_web(settings))]
    if worker:
        children.append(Child(lambda: run_worker(settings), again=True))
    family = Family(children)
    try:
        code = _wait_until_it_answers(family, settings)
        if code is None:
            say(N_("Prospectus is running at %(url)s. Press Ctrl-C to stop it."), url=settings.base_url)
            if ready is not None:
                ready()
            code = family.run()
    finally:
        family.stop()
    return code or 0


def run_web(settings: Settings) -> int:
    """Be the web server."""
    # Deferred: only this child needs the web room.
    from service.cli.web import run

    return run(settings)


def run_worker(settings: Settings) -> int:
    """Be the worker."""
    # Deferred: only this child needs the job engine.
    from service.cli.worker import work

    return work(settings)


def refuse_taken_port(settings: Settings) -> None:
    """End with clear words when another program listens there, before anything is started."""
    kind = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(kind) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                fail(
                    N_("Port %(port)s is in use by another program. Try another one: PORT=%(other)s"),
                    port=str(settings.port),
                    other=str(settings.port + 1),
                )
            fail(N_("This address cannot be used: %(address)s"), address=f"{settings.host}:{settings.port}")


def _wait_until_it_answers(family: Family, settings: Settings) -> int | None:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 (compared)
    end = time.monotonic() + READY_SECONDS
    while not _answers(host, settings.port):
        code = family.run(until=time.monotonic() + 0.05)
        if code is not None:
            return code
        if time.monotonic() > end:
            fail(N_("The web server does not answer."), code=1)
    return None


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), 1) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return connection.recv(12).endswith(b"200")
    except OSError:
        return False
