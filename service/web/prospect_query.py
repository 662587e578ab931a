"""A list of prospects as its address says it: order, place and filter, and the filter in words."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping

from flask import abort, url_for
from werkzeug.datastructures import MultiDict

from service.domain import prospect_list
from service.domain.prospect_list import Cursor, ProspectFilter, Sort
from service.facts.words import N_, Phrase
from service.i18n.locales import LOCALES
from service.web import choices
from service.web.context import here
from service.web.forms import number, say
from service.web.words import label


def sort_of(values: MultiDict[str, str]) -> tuple[Sort, bool]:
    """Return the column a query sorts by, and whether downwards; by name where it says nothing known."""
    text = values.get("sort", Sort.NAME.value)
    descending, name = text.startswith("-"), text.removeprefix("-")
    return (Sort(name), descending) if name in set(Sort) else (Sort.NAME, False)


def sort_text(sort: Sort, descending: bool) -> str:
    """Return an order as a query's value."""
    return ("-" if descending else "") + sort.value


def sort_links(endpoint: str, wanted: ProspectFilter, sort: Sort, descending: bool) -> dict[str, str]:
    """Return for each column the address that sorts the list by it, the other way if it does already."""
    return {
        f"sort_{column.value}": url_for(
            endpoint,
            **wanted.to_values(),  # type: ignore[arg-type]
            sort=sort_text(column, column is sort and not descending),
        )
        for column in Sort
    }


def cursor_text(cursor: Cursor | None) -> str | None:
    """Return a cursor as one word: its value may hold line breaks, which a form would change."""
    if cursor is None:
        return None
    return urlsafe_b64encode(f"{cursor.id}~{cursor.value}".encode()).decode().rstrip("=")


def cursor(text: str | None, sort: Sort) -> Cursor | None:
    """Return the cursor of a page; whatever is none of ours is answered with 400."""
    if not text:
        return None
    try:
        plain = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode()
    except ValueError:
        abort(400)
    id_text, _, value = plain.partition("~")
    found = Cursor(value, number(id_text))
    if not found.id or "\0" in value or (sort is Sort.ADDED and prospect_list.moment_of(found) is None):
        abort(400)
    return found


# The words of values that are ids, by the name of the filter and the id.
Names = Mapping[tuple[str, str], str]


def parts(wanted: ProspectFilter, named: Names) -> list[tuple[str, str, str, str, str]]:
    """Return (name, value, its column's word, its own word, its language) of each value of a filter."""
    languages = dict(choices.languages())
    told: dict[str, tuple[Phrase, Callable[[str], str]]] = {
        "stage": (N_("Stage"), lambda value: label(value, "stage")),
        "source": (N_("Source"), lambda value: label(value, "source")),
        "group": (N_("Group"), lambda value: named.get(("group", value), value)),
        "import": (N_("Import"), lambda value: named.get(("import", value), value)),
        "language": (N_("Language"), lambda value: languages.get(value, value)),
        "q": (N_("Search"), str),
    }
    return [
        (name, value, say(told[name][0]), told[name][1](value), _tag_of(name, value))
        for name, values in wanted.to_values().items()
        for value in values
    ]


def _tag_of(name: str, value: str) -> str:
    return LOCALES[value].tag if name == "language" and value in LOCALES else ""


def chips(endpoint: str, wanted: ProspectFilter, named: Names) -> list[tuple[str, ...]]:
    """Return for each value of the filter its words and the link to the table without it."""
    values = wanted.to_values()
    found: list[tuple[str, ...]] = []
    for name, value, column, text, tag in parts(wanted, named):
        rest = {**values, name: [other for other in values[name] if other != value]}
        href = url_for(endpoint, **rest)  # type: ignore[arg-type]
        found.append((column, text, href, tag) if tag else (column, text, href))
    return found


def filter_words(wanted: ProspectFilter | None, named: Names) -> str:
    """Return a filter in words, for restating what *everything that matches* means."""
    if wanted is None:
        return ""
    told = [
        say(N_("%(label)s: %(value)s"), label=column, value=text)
        for _, _, column, text, _ in parts(wanted, named)
    ]
    return here().formats.listing(told) if told else say(N_("All prospects"))
