"""The conversations that stand beside every page of the inbox: filter, search, one page of the list."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask import g, request, url_for
from sqlalchemy.orm import Session

from service.domain import inbox_news, message_search, thread_list, threads
from service.domain.message_search import Hit
from service.domain.prospect_list import Sort
from service.domain.thread_list import ThreadFilter
from service.facts.words import N_, NP_, Phrase
from service.i18n.locales import LOCALES
from service.models import Thread
from service.web import choices, identity, prospect_query
from service.web.context import here, program, reader
from service.web.forms import number, say
from service.web.hrefs import url_of_each
from service.web.words import label, lang_tag

FRAGMENT = "inbox"
ALL = "all"


def find(session: Session, thread_id: int) -> Thread:
    """Return a conversation of a program the reader may work in; another one does not exist."""
    program()
    return threads.find_in(session, [one.id for one in here().programs], thread_id)


def template_of(page: str) -> str:
    """Return the template to answer with: the page's, or what is new where its own script asks for that."""
    if request.headers.get("X-Fragment") != FRAGMENT:
        return page
    identity.asks_by_itself()
    return "inbox/renewed.html"


def query() -> dict[str, Any]:
    """Return what the address says of the list, so that every link and button comes back to the same."""
    values = {**_wanted().to_values(), **_scope()}
    places = {name: request.args.getlist(name)[:1] for name in ("after", "before") if name in request.args}
    return values | places


def facts(session: Session, thread: Thread | None = None) -> dict[str, object]:
    """Return what `templates/inbox/_list.html` names; `thread` is the conversation that is open."""
    wanted, ids = _wanted(), _program_ids()
    unread = _unread(session, ids)
    version = inbox_news.version_of(session, unread, thread.id if thread else None)
    after, before = (
        prospect_query.cursor(request.args.get(name), Sort.ADDED) for name in ("after", "before")
    )
    found = thread_list.list_page(session, ids, wanted, user_id=reader().id, after=after, before=before)
    return {
        "rows": found.rows,
        "wanted": wanted,
        "query": query(),
        "switches": _switches(wanted),
        "chips": _chips(wanted),
        "is_everywhere": _is_everywhere(),
        "stage_choices": choices.labels("stage")[:-1],
        "language_choices": choices.languages(),
        "previous_href": _page(before=prospect_query.cursor_text(found.previous)),
        "next_href": _page(after=prospect_query.cursor_text(found.next)),
        "thread_url": url_of_each("threads.show", "thread_id", **query()),
        "when": when(),
        "program_names": {one.id: one.name for one in here().programs},
        "unread_threads": sum(unread.values()),
        "news_href": url_for("inbox.news", thread=thread.id if thread else None, **_scope()),
        "version": version,
        **_hits(session, ids, wanted.text),
    }


def version(session: Session, thread_id: int | None) -> dict[str, object]:
    """Return what an open page asks for again and again: whether anything changed."""
    ids = _program_ids()
    if thread_id is not None:
        find(session, thread_id)
    return {"version": inbox_news.version_of(session, _unread(session, ids), thread_id)}


def when() -> Callable[[datetime], tuple[str, str]]:
    """Return what says a moment in the reader's zone, shortly and in full: today its time, else its day."""
    place = here()
    formats, today = place.formats, place.to_zone(place.now).date()

    def told(moment: datetime) -> tuple[str, str]:
        at = place.to_zone(moment)
        short = formats.time(at) if at.date() == today else formats.short_date(at)
        return short, formats.date_time(at)

    return told


def _unread(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Return how many threads of each program wait; of the reader's own the top bar has asked already."""
    known = {program().id: here().unread_threads}
    return {one: known[one] if one in known else threads.count_unread(session, one) for one in ids}


def _wanted() -> ThreadFilter:
    """Return the filter that the address says, read once a request."""
    if "inbox_filter" not in g:
        g.inbox_filter = ThreadFilter.from_values(request.args.to_dict(flat=False))
    found: ThreadFilter = g.inbox_filter
    return found


def _is_everywhere() -> bool:
    return request.args.get("program") == ALL and len(here().programs) > 1


def _program_ids() -> list[int]:
    current = program()
    return [one.id for one in here().programs] if _is_everywhere() else [current.id]


def _scope() -> dict[str, Any]:
    return {"program": [ALL]} if _is_everywhere() else {}


def _page(*, after: str | None = None, before: str | None = None) -> str | None:
    if not after and not before:
        return None
    return url_for("inbox.index", **_wanted().to_values(), **_scope(), after=after, before=before)  # type: ignore[arg-type]


def _with(values: dict[str, list[str]]) -> str:
    return url_for("inbox.index", **values, **_scope())  # type: ignore[arg-type]


def _switches(wanted: ThreadFilter) -> list[tuple[str, str, bool]]:
    """Return (words, address, whether it is on) of what is switched by one press."""
    words: dict[str, tuple[Phrase, str]] = {
        "unread": (NP_("filter", "Unread"), "1"),
        "priority": (NP_("filter", "Priority"), "1"),
        "assignee": (NP_("filter", "Assigned to me"), str(reader().id)),
        "archived": (NP_("filter", "Archived"), "1"),
    }
    if wanted.reported:
        words["reported"] = (NP_("filter", "Reported"), "1")
    values = wanted.to_values()
    found = []
    for name, (phrase, value) in words.items():
        is_on = values.get(name) == [value]
        rest = {key: kept for key, kept in values.items() if key != name}
        found.append((say(phrase), _with(rest if is_on else {**rest, name: [value]}), is_on))
    return found


def _chips(wanted: ThreadFilter) -> list[tuple[str, ...]]:
    """Return for each other value of the filter its words and the address without it."""
    languages = dict(choices.languages())
    values = wanted.to_values()
    told: list[tuple[str, Phrase, str, str, str]] = [
        *(("stage", N_("Stage"), value, label(value, "stage"), "") for value in wanted.stages),
        *(
            ("language", N_("Language"), value, languages.get(value, value), _tag_of(value))
            for value in wanted.languages
        ),
    ]
    if wanted.text:
        told.append(("q", N_("Search"), wanted.text, wanted.text, ""))
    found: list[tuple[str, ...]] = []
    for name, column, value, words, tag in told:
        rest = {**values, name: [other for other in values[name] if other != value]}
        chip = (say(column), words, _with(rest))
        found.append((*chip, tag) if tag else chip)
    if _is_everywhere():
        here_only = url_for("inbox.index", **values)  # type: ignore[arg-type]
        found.append((say(N_("Program")), say(NP_("filter", "All")), here_only))
    return found


def _tag_of(code: str) -> str:
    return LOCALES[code].tag if code in LOCALES else ""


def _hits(session: Session, ids: Sequence[int], text: str) -> dict[str, object]:
    """Return the messages that hold what is searched for, the latest first."""
    if not text:
        return {"hits": (), "older_href": None}
    older = number(request.args.get("older")) or None
    found = message_search.search(session, ids, text, before=older)
    return {
        "hits": [(hit, _message(hit), lang_tag(hit.message.lang)) for hit in found.hits],
        "older_href": url_for("inbox.index", **query(), older=found.next) if found.next else None,
    }


def _message(hit: Hit) -> str:
    return url_for(
        "threads.show",
        thread_id=hit.thread.id,
        at=hit.message.id,
        **query(),
        _anchor=f"message-{hit.message.id}",
    )
