"""Which text is shown where: every page that the tests of the web open is listened to, and the mails are.

`make places` runs it and writes `locales/places.json`, which the pages for translators read. As a plugin
(`-p tests.web.heard`) it notes for each rule of the URL map the messages that were looked up for its page and
are in it.
"""

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, g, has_request_context, request
from jinja2 import Environment, nodes
from werkzeug.wrappers import Response

from service.domain.translations import message_id
from service.facts.refusals import Refusal
from service.facts.words import Phrase
from service.i18n import po
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.fill import PLACEHOLDER
from service.mail import shipped, specimens
from service.paths import PACKAGE, data_dir
from service.web import app as web_app
from service.web import errors
from service.web.translate_places import place_of

FOLDER = "PLACES_FOLDER"
"""Names the folder in which each process of a run leaves what it heard; what is in it already counts too."""
ERRORS = "errors"
_DOCUMENTS = "/help/<slug>"
_MOST = 0.5
"""A text on more than this share of the pages belongs to their frame."""
_ENGINES = ("i18n", "lint", "content", "markdown", "mail", "csvfile")
_SAID_BY_COMMANDS = (
    "service/cli/", "service/config.py", "service/facts/mail_checks.py", "service/domain/inbound.py",
    *(f"service/{room}/" for room in _ENGINES),
)  # fmt: skip

Said = tuple[str | None, str, str]
_outside: list[Said] = []
_pages: dict[str, set[str]] = defaultdict(set)
_titles: dict[str, Counter[str]] = defaultdict(Counter)


class _Forgetful(dict[str | tuple[str, str], str]):
    """Keeps nothing, so that every text is looked up wherever it is shown."""

    def __setitem__(self, key: str | tuple[str, str], value: str) -> None: ...


def listen() -> None:
    """From now on, note every look-up in a catalog; in this process, for good."""
    made: Callable[..., None] = Catalog.__init__

    def make(self: Catalog, *values: Any) -> None:
        made(self, *values)
        self.ready = _Forgetful()

    def noted(name: str) -> Callable[..., str]:
        looked_up: Callable[..., str] = getattr(Catalog, name)

        def look_up(self: Catalog, *values: Any) -> str:
            said = looked_up(self, *values)
            if name == "pgettext":
                key = (values[0], values[1])
            else:
                context, mark, text = values[0].rpartition("\4")
                key = (context if mark else None, text)
            (g.setdefault("heard", []) if has_request_context() else _outside).append((*key, said))
            return said

        return look_up

    Catalog.__init__ = make  # type: ignore[method-assign]
    for name in ("gettext", "pgettext", "_form"):
        setattr(Catalog, name, noted(name))
    page, create = errors._page, web_app.create_app

    def error_page(*values: Any, **more: Any) -> Any:
        g.is_error_page = True
        return page(*values, **more)

    def created(*values: Any, **more: Any) -> Flask:
        app = create(*values, **more)
        app.after_request(_note_page)
        return app

    errors._page = error_page
    web_app.create_app = created


def _note_page(response: Response) -> Response:
    rule = request.url_rule
    if rule is None or response.mimetype != "text/html" or response.is_streamed or "heard" not in g:
        return response
    if 300 <= response.status_code < 400:
        return response
    html = response.get_data(as_text=True)
    flat = " ".join(unescape(html).split())
    shown = [said for said in dict.fromkeys(g.heard) if _is_in(said[2], flat)]
    place = ERRORS if "is_error_page" in g else place_of(rule.rule)
    _pages[place].update(message_id((context, text)) for context, text, _ in shown)
    heading = BeautifulSoup(html, "html.parser").h1
    if heading is not None and place != ERRORS:
        words = " ".join(heading.get_text().split())
        title = next((said for said in shown if " ".join(said[2].split()) == words), None)
        if title is not None:
            _titles[place][message_id(title[:2])] += 1
    return response


def _is_in(said: str, flat: str) -> bool:
    parts = PLACEHOLDER.sub("\0", " ".join(unescape(said).split())).split("\0")
    return all(part in flat for part in parts)


if folder := os.environ.get(FOLDER):
    listen()


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Leave what this process heard so far."""
    found = {
        place: {"texts": sorted(ids), "titles": dict(_titles[place])} for place, ids in sorted(_pages.items())
    }
    path = Path(os.environ[FOLDER]) / f"{os.getpid()}.json"
    path.write_text(json.dumps(found), encoding="utf-8")


def _heard_pages(arguments: list[str]) -> tuple[dict[str, set[str]], dict[str, str]]:
    """Run the tests of the web; return the texts of each place, and the text that is its heading."""
    pages: dict[str, set[str]] = defaultdict(set)
    titles: dict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.web.heard", *arguments]
        folder = os.environ.get(FOLDER, folder)
        if arguments:
            subprocess.run(command, cwd=PACKAGE.parent, env={**os.environ, FOLDER: folder}, check=True)
        for path in Path(folder).glob("*.json"):
            for place, found in json.loads(path.read_text(encoding="utf-8")).items():
                pages[place].update(found["texts"])
                titles[place].update(found["titles"])
    order = {place: sorted(found, key=lambda one: (-found[one], one)) for place, found in titles.items()}
    return pages, {place: found[0] for place, found in order.items() if found and place != _DOCUMENTS}


def _heard_mails() -> dict[str, set[str]]:
    listen()
    catalog = Catalogs(data_dir("locales"), codes=("en",)).catalog("en")
    found: dict[str, set[str]] = {}
    for name in specimens.NAMES:
        _outside.clear()
        specimens.specimen(name, catalog)
        if name in shipped.SYSTEM_TEMPLATES:
            needs = shipped.SYSTEM_TEMPLATES[name].needs
            for number, dry_run in ((0, True), (0, False), (1, True), (1, False)):
                made = {
                    key: number if type(value) is int else dry_run if type(value) is bool else value
                    for key, value in specimens.system_values(catalog).items()
                }
                shipped.system(name, catalog, {key: made[key] for key in needs})
        found[name] = {message_id(said[:2]) for said in _outside}
    return found


def _notices() -> Iterator[Phrase]:
    """What `done(…)` is called with, also where a name stands for it."""
    for path in sorted((PACKAGE / "web").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        values: dict[str, list[ast.AST]] = defaultdict(list)
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if isinstance(target, ast.Name) and getattr(node, "value", None) is not None:
                    values[target.id].append(node.value)  # type: ignore[attr-defined]
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "done":
                yield from _phrases(node.args[0], values, depth=3)


def _phrases(node: ast.AST, values: dict[str, list[ast.AST]], depth: int) -> Iterator[Phrase]:
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in {"N_", "NN_"}:
            yield Phrase(*(argument.value for argument in one.args))  # type: ignore[attr-defined]
        elif isinstance(one, ast.Name) and depth:
            for value in values.get(one.id, ()):
                yield from _phrases(value, values, depth - 1)


def _empty_states() -> Iterator[dict[str, str]]:
    """Each use of `components/empty.html` with texts of its own: title, text and icon."""
    parser = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.loopcontrols"])
    for path in sorted(data_dir("templates").rglob("*.html")):
        for call in parser.parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if not isinstance(call.node, nodes.Name) or call.node.name != "empty":
                continue
            said = [one.args[0].value for one in call.args[:2] if isinstance(one, nodes.Call)]
            icons = [one.value.value for one in call.kwargs if isinstance(one.value, nodes.Const)]
            if len(said) == 2:
                yield {
                    "title": message_id((None, said[0])),
                    "text": message_id((None, said[1])),
                    "icon": next((one for one in icons if isinstance(one, str)), "file"),
                    "template": path.relative_to(data_dir("templates")).as_posix(),
                }


def places(arguments: list[str]) -> dict[str, Any]:
    """Return where each message of the template is shown."""
    template = po.read((data_dir("locales") / "messages.pot").read_bytes())
    known = {message_id(entry.key): entry for entry in template.messages}
    pages, titles = _heard_pages(arguments)
    error_pages = pages.pop(ERRORS, set())
    on = Counter(one for ids in pages.values() for one in ids)
    frame = {one for one, count in on.items() if count > _MOST * len(pages)} & known.keys()
    notices = {message_id((phrase.context, phrase.text)) for phrase in _notices()}
    said = {
        one
        for one, entry in known.items()
        if any(place.startswith(_SAID_BY_COMMANDS) for place in entry.references)
    }
    mails = _heard_mails()
    return {
        "frame": sorted(frame),
        "pages": {
            place: {"title": titles.get(place, ""), "texts": sorted((ids & known.keys()) - frame)}
            for place, ids in sorted(pages.items())
        },
        "errors": sorted(error_pages & known.keys() - frame),
        "mails": {name: sorted(ids & known.keys()) for name, ids in mails.items()},
        "notices": sorted(notices & known.keys()),
        "refusals": sorted({message_id((one.phrase.context, one.phrase.text)) for one in Refusal}),
        "commands": sorted(said),
        "empty": list(_empty_states()),
        "known": sorted(known),
    }


def write(made: dict[str, Any]) -> None:
    """Write the table, a place to a line."""
    (data_dir("locales") / "places.json").write_text(
        json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    # To listen takes long, and the test of what is written here fails as long as it is out of date.
    stale = "tests/web/test_translate_places.py::test_the_table_knows_the_pages_and_texts_there_are"
    everything = ["tests/web", "-n", "2", "--dist", "loadfile", "--timeout", "0", "--deselect", stale]
    write(places(sys.argv[1:] or ([] if FOLDER in os.environ else everything)))
