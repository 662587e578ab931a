"""Where a text is shown, for translators: addresses that open such a page, or why it cannot be opened."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import current_app, url_for
from werkzeug.routing import AnyConverter, Rule

from service.domain import examples
from service.facts.permissions import Permission
from service.facts.words import N_, Phrase
from service.i18n import places
from service.i18n.locales import LOCALES, SOURCE
from service.i18n.places import Places
from service.mail.specimens import LABELS
from service.web.context import here, reading, services
from service.web.routes import declaration_of
from service.web.translate_sheets import sheets

_LOCALE = "/<locale:locale>"
_CONVERTER = re.compile(r"<[^<>]*:")
_FOR_OTHERS = ("auth.", "join.", "unsubscribe.")
"""Pages of people who are not signed in, or hold a link of their own."""
OTHERS = N_("Only seen by people who are not signed in.")
CLOSED = N_("Your role does not open this page.")
NO_EXAMPLE = N_("Nothing is here yet that this page could show.")
AFTERWARDS = N_("Shown after a form was sent.")
_SLUG = "contact-a-prospect"


@dataclass(frozen=True, slots=True)
class Place:
    """Something that shows a text: its name, and the address that opens it or why there is none.

    `rule` is the address as the product knows it, for pages.
    """

    name: str
    href: str | None = None
    rule: str = ""
    closed: Phrase | None = None


@dataclass(slots=True)
class _Kept:
    changed: int
    places: Places


def known_places() -> Places:
    """Return the table of this installation, read again when its file changed."""
    path = services().catalogs.directory / "places.json"
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0
    kept = cast(_Kept | None, current_app.extensions.get("places"))
    if kept is None or kept.changed != changed:
        kept = current_app.extensions["places"] = _Kept(changed, places.read(path))
    return kept.places


def place_of(rule: str) -> str:
    """Return a rule without its language and converters: `/groups/<group_id>`."""
    return _CONVERTER.sub("<", rule.removeprefix(_LOCALE)) or "/"


def own_code() -> str:
    """Return the reader's language, or the source's while they read in a pretended one."""
    return here().locale.code if here().locale.code in LOCALES else SOURCE


def places_of(message: str) -> list[Place]:
    """Return everything known to show a text: its pages first, then mails and the lists of the gallery."""
    known = known_places()
    return [
        *([_everywhere()] if message in known.frame else []),
        *_pages(known.pages_of(message), known.titles),
        *(_mail(name) for name in known.mails_of(message)),
        *_in_gallery(message, known),
        *([Place(here().catalog.say(N_("Commands in a terminal")))] if message in known.commands else []),
    ]


def _everywhere() -> Place:
    return Place(here().catalog.say(N_("Nearly every page")), url_for("translate.index"))


def _mail(name: str) -> Place:
    label = here().catalog.say(N_("Email: %(name)s"), name=LABELS[name])
    return Place(label, url_for("translate_gallery.show", name=name, code=own_code()))


def _in_gallery(message: str, known: Places) -> Iterable[Place]:
    say, code = here().catalog.say, own_code()
    if message in known.errors:
        yield Place(say(N_("Error pages")), url_for("translate_gallery.error", status=404))
    lists = {one for state in known.empty for one in (state.title, state.text)}
    for kind, phrase, texts in (
        ("refusals", N_("Error messages"), known.refusals),
        ("notices", N_("Confirmations"), known.notices),
        ("empty", N_("Empty lists"), lists),
    ):
        if message in texts:
            yield Place(say(phrase), url_for("translate_gallery.texts", kind=kind, code=code))


def _pages(rules: Iterable[str], titles: Mapping[str, str]) -> list[Place]:
    wanted = tuple(rules)
    if not wanted:
        return []
    served: dict[str, Rule] = {}
    sent: set[str] = set()
    for rule in current_app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            served.setdefault(place_of(rule.rule), rule)
        else:
            sent.add(place_of(rule.rule))
    current = here().program
    with reading() as session:
        ids = examples.find_examples(session, current.id) if current else {}
    made = []
    for place in wanted:
        if place in served:
            made.append(_page(place, served[place], titles.get(place), ids))
        elif place in sent:
            made.append(Place(_title(titles.get(place)), None, place, AFTERWARDS))
    return made


def _page(place: str, rule: Rule, title: str | None, ids: Mapping[str, int]) -> Place:
    name = _title(title)
    needs = declaration_of(current_app, rule.endpoint).needs
    if rule.endpoint.startswith(_FOR_OTHERS):
        return Place(name, None, place, OTHERS)
    if isinstance(needs, Permission) and not here().may(needs):
        return Place(name, None, place, CLOSED)
    values: dict[str, Any] = {}
    for argument in rule.arguments - {"locale"}:
        value = _value(rule, argument, ids)
        if value is None:
            return Place(name, None, place, NO_EXAMPLE)
        values[argument] = value
    return Place(name, url_for(rule.endpoint, **values), place)


def _value(rule: Rule, name: str, ids: Mapping[str, int]) -> object:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        code = here().locale.code
        return code if code in converter.items else min(converter.items)
    return {"slug": _SLUG, "status": 404, **ids}.get(name)


def _title(message: str | None) -> str:
    """Return a page's heading in the reader's language."""
    found = sheets().sheet(SOURCE).messages.get(message or "")
    if found is None:
        return ""
    entry = found.entry
    catalog = here().catalog
    return catalog.gettext(entry.id) if entry.context is None else catalog.pgettext(entry.context, entry.id)
