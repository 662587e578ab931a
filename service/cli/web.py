"""The web server of `serve` and `demo`: gunicorn, the application loaded once for two processes."""

import gc
import re
from collections.abc import Callable

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from service.bootstrap import build
from service.cli import logs
from service.config import Settings
from service.web.app import create_app

Make = Callable[[Settings], Flask]
# How gunicorn begins to say why it refuses a request, and what it then quotes of it.
_REFUSED = "Invalid request from "
_SENT = re.compile(r"b?['\"].*", re.DOTALL)


class _Log(Logger):  # type: ignore[misc]
    """What gunicorn says of a request that it refuses goes into our log, one JSON object a line.

    Without what the client sent: links of conversations and files open them, and cookies a session.
    """

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        self.error_log.propagate = True

    def warning(self, msg: str, *args: object, **kwargs: object) -> None:
        super().warning(_SENT.sub("...", msg) if msg.startswith(_REFUSED) else msg, *args, **kwargs)

    def exception(self, msg: object, *args: object, **kwargs: object) -> None:
        super().exception(msg, *("..." if "/" in str(arg) else arg for arg in args), **kwargs)


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings, make: Make) -> None:
        self._settings = settings
        self._make = make
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        chosen = {
            "bind": f"{host}:{self._settings.port}",
            "worker_class": "service.cli.web_worker.Worker",
            "workers": 2,
            "threads": 8,
            "preload_app": True,
            "control_socket_disable": True,
            "loglevel": "warning",
            "logger_class": _Log,
            "errorlog": None,
            "limit_request_line": 8190,
            "limit_request_fields": 100,
            "limit_request_field_size": 8190,
            # TRUSTED_PROXIES alone says whose word counts, not where a request comes from.
            "forwarded_allow_ips": "",
            "timeout": 60,
            "graceful_timeout": 20,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> object:
        app = self._make(self._settings)
        # What is here now stays; looking through it for garbage would hold a process up for 100 ms.
        gc.collect()
        gc.freeze()
        return app


def _product(settings: Settings) -> Flask:
    services = build(settings)
    app = create_app(services)
    # Forked processes must not share a connection.
    services.db.dispose()
    return app


def run(settings: Settings, make: Make = _product) -> int:
    """Serve until SIGTERM; a bench serves applications of its own in this way."""
    logs.install()
    _Server(settings, make).run()
    return 0
