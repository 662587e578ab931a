"""Addresses that pages write again and again: of places in the menus, and of the rows of a list."""

from collections.abc import Callable
from typing import Any

import flask
from flask import Flask, current_app, g

from service.web.context import here

# A number that no row has, to be found again in an address.
_SOME = 10**15 - 1


def install(app: Flask) -> None:
    """Give templates `url_for`, which is Flask's, but quick for a page by itself, and `url_of_each`."""
    app.extensions["hrefs"] = {}
    app.jinja_env.globals.update(url_for=url_for, url_of_each=url_of_each)


def url_for(endpoint: str, **values: Any) -> str:
    """Return an address; that of a page by itself is made once for each language, as it never changes."""
    if values or endpoint.startswith(".") or "here" not in g:
        return flask.url_for(endpoint, **values)
    known: dict[tuple[str, str], str] = current_app.extensions["hrefs"]
    place = (endpoint, here().locale.code)
    if place not in known:
        known[place] = flask.url_for(endpoint)
    return known[place]


def url_of_each(endpoint: str, name: str, **values: Any) -> Callable[[int], str]:
    """Return what makes the address of a row of its number, which the route calls `name`."""
    values = {name: _SOME, **values}
    made = flask.url_for(endpoint, **values)
    before, _, after = made.partition(str(_SOME))
    return lambda number: f"{before}{number}{after}"
