"""What a WSGI server loads: the web application of the installation that the environment describes."""

import os

from flask import Flask

from service.bootstrap import build
from service.cli import logs
from service.config import Settings
from service.i18n.locales import LOCALES
from service.web.app import create_app


def app() -> Flask:
    """Return the application, for `gunicorn 'service.cli.wsgi:app()'`."""
    logs.install()
    return create_app(build(Settings.from_env(os.environ, LOCALES)))
