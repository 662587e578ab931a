"""Stylesheets, scripts and icons: served under a name of the release, so that browsers keep them for ever."""

import hashlib
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

STATIC = Path(__file__).parent / "static"


def install(app: Flask) -> None:
    """Serve the files, and give templates `asset("css/…")`, which returns the address of one."""
    # One name per release for the whole tree: files may link each other and still be kept for ever.
    digest = hashlib.sha256()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            digest.update(file.read_bytes())
    prefix = f"static/{digest.hexdigest()[:12]}"
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(STATIC),
        prefix=prefix,
        immutable_file_test=lambda path, url: True,
        add_headers_function=_headers,
    )
    app.jinja_env.globals["asset"] = lambda path: f"/{prefix}/{path}"


def _headers(headers: dict[str, str], _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
