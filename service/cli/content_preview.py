"""`prospectus content preview`: a folder of Markdown as help pages on this machine, while it is written."""

import errno
import socket
from pathlib import Path

import click
from werkzeug.serving import WSGIRequestHandler, make_server

from service.cli.words import WORDS, fail, say
from service.facts.words import N_
from service.i18n.locales import LOCALES
from service.web.folder_preview import create_app

HOST = "127.0.0.1"
PORT = 8090


@click.command(
    "preview",
    help=WORDS.say(
        N_(
            "Show a folder of Markdown in the browser as help pages, with what the checks find beside each "
            "block. A page follows its file whenever it is saved. Only this machine can reach it."
        )
    ),
)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help=WORDS.say(N_("Port to listen on; 0 takes any that is free.")),
)
@click.option(
    "--locale",
    type=click.Choice(tuple(LOCALES)),
    help=WORDS.say(N_("Language of files whose folder and name do not tell.")),
)
def preview(folder: Path, port: int, locale: str | None) -> None:
    app = create_app(folder, WORDS, locale=locale)
    with _listening(port) as listener:
        taken = listener.getsockname()[1]
        server = make_server(HOST, taken, app, threaded=True, request_handler=_Quiet, fd=listener.fileno())
        say(
            N_("%(folder)s is shown at %(url)s. Press Ctrl-C to stop it."),
            folder=folder,
            url=f"http://{HOST}:{taken}/",
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        fail(
            N_("Port %(port)s is in use by another program. Choose another one with --port."), port=str(port)
        )


class _Quiet(WSGIRequestHandler):
    """Open pages ask many times a second; nobody wants to read that."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""
