"""Inspect: each text of a page led back to its message, by a list beside the page, never by marks in it."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from jinja2 import pass_eval_context
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
# Where the source text, and the context before it, stand among the arguments of a template's function.
_FUNCTIONS: dict[str, tuple[int | None, int]] = {
    "_": (None, 0),
    "gettext": (None, 0),
    "ngettext": (None, 0),
    "pgettext": (0, 1),
    "npgettext": (0, 1),
}


def install(app: Flask) -> None:
    """Listen to the pages of those who inspect them; other pages are made as ever."""
    functions: dict[str, Any] = dict(app.jinja_env.globals)
    heard = {name: _heard(functions[name], *places) for name, places in _FUNCTIONS.items()}
    heard["say"] = _heard_phrase(functions["say"])
    app.before_request(_listen)
    app.context_processor(lambda: _surroundings(heard))


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


def _surroundings(heard: dict[str, Callable[..., str]]) -> dict[str, Any]:
    if not isinstance(here().catalog, Listening):
        return {"inspects": False}
    return {"inspects": True, "texts_of_page": _texts, **heard}


def _heard(function: Callable[..., str], context_at: int | None, source_at: int) -> Callable[..., str]:
    @pass_eval_context
    def hear(ctx: object, *sources: Any, **values: object) -> str:
        shown = function(ctx, *sources, **values)
        context = None if context_at is None else sources[context_at]
        _listening().note(context, sources[source_at], str(shown))
        return shown

    return hear


def _heard_phrase(function: Callable[..., str]) -> Callable[..., str]:
    @pass_eval_context
    def hear(ctx: object, phrase: Any, **values: object) -> str:
        shown = function(ctx, phrase, **values)
        _listening().note(phrase.context, phrase.text, str(shown))
        return shown

    return hear


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
