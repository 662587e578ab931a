"""Stylesheets, scripts and icons: served under a name of the release, so that browsers keep them for ever."""

import hashlib
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from service.web.security import EVERYWHERE, ONLY_HTTPS

STATIC = Path(__file__).parent / "static"
# For whoever opens a picture by itself: its own styles, and nothing else.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def install(app: Flask, *, https: bool) -> None:
    """Serve the files, and give templates `asset("css/…")`, which returns the address of one."""
    # One name per release for the whole tree: files may link each other and still be kept for ever.
    digest = hashlib.sha256()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            digest.update(file.read_bytes())
    prefix = f"static/{digest.hexdigest()[:12]}"
    on_all = EVERYWHERE | {"Content-Security-Policy": FILE_POLICY, "Referrer-Policy": "same-origin"}
    if https:
        on_all |= ONLY_HTTPS

    def put_headers(headers: Headers, _path: str, _url: str) -> None:
        for name, value in on_all.items():
            headers[name] = value

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(STATIC),
        prefix=prefix,
        allow_all_origins=False,
        immutable_file_test=lambda path, url: True,
        add_headers_function=put_headers,
    )
    app.jinja_env.globals["asset"] = lambda path: f"/{prefix}/{path}"
