"""Inspect: each text of a page led back to its message, by a list beside the page, never by marks in it."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from service.domain.translations import message_id
from service.facts.permissions import Permission
from service.i18n.listening import Listening
from service.i18n.locales import LOCALES
from service.web.context import here
from service.web.routes import page

bp = Blueprint("translate_inspect", __name__)

KEY = "inspects"
_ID = re.compile(r"[0-9a-f]{12}")


def install(app: Flask) -> None:
    """Listen to the pages of those who inspect them; other pages are made as ever."""
    app.before_request(_listen)
    app.context_processor(_surroundings)


@page(bp, "/translate/inspect", needs=Permission.TRANSLATIONS_EDIT, methods=("POST",))
def switch() -> ResponseReturnValue:
    """Turn inspecting on or off for this browser, and go back to the page, or to one text in it."""
    if request.form.get("inspect") == "on":
        session[KEY] = True
    else:
        session.pop(KEY, None)
    text = request.form.get("text", "")
    return redirect(f"{_back()}#text-{text}" if _ID.fullmatch(text) else _back(), 303)


def _back() -> str:
    """Return the page that the switch was on: a path of ours, whatever the form says."""
    parts = urlsplit(request.form.get("back", ""))
    own = parts.path.startswith(tuple(f"/{code}/" for code in LOCALES)) and not parts.netloc
    if not own or "\\" in parts.path or "//" in parts.path:
        return url_for("translate.index")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _listen() -> None:
    # The session's cookie is looked at only where it may matter, so that no other answer depends on it.
    if "here" in g and here().may(Permission.TRANSLATIONS_EDIT) and session.get(KEY):
        here().catalog = Listening(here().catalog)


def _surroundings() -> dict[str, Any]:
    if not isinstance(here().catalog, Listening):
        return {"inspects": False}
    return {"inspects": True, "texts_of_page": _texts}


def _listening() -> Listening:
    catalog = here().catalog
    assert isinstance(catalog, Listening)
    return catalog


def _texts() -> dict[str, object]:
    """Return the texts of the page so far: for a list, and as JSON that no markup can end."""
    said = [
        {"id": message_id((context, source)), "text": text}
        for context, source, shown in _listening().said
        if (text := _plain(shown))
    ]
    escaped = json.dumps(said, ensure_ascii=False).replace("<", "\\u003c")
    # Within a script nothing is markup but its end.
    return {"said": said, "json": Markup(escaped)}  # noqa: S704


def _plain(shown: str) -> str:
    """Return a text as it is read: without tags, entities and line breaks."""
    if "<" in shown or "&" in shown:
        return Markup(shown).striptags()  # noqa: S704 - it is taken apart, not shown
    return " ".join(shown.split())
