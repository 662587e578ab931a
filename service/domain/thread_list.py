"""The inbox: what conversations can be filtered by, their pages newest first, and who can be written to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from service.db import Moment
from service.domain import erased, threads
from service.domain.partners import matching
from service.domain.prospect_list import Cursor, moment_of, search_words
from service.facts.limits import PAGE_ROWS
from service.facts.messages import MessageState, Side
from service.facts.stages import Stage
from service.models import Attachment, Draft, ErasedAddress, Message, Partner, Prospect, Suppression, Thread

_Column = ColumnElement[Any] | InstrumentedAttribute[Any]
# How much of the latest message, and of a draft, a list shows, in characters.
BEGINNING = 160
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class ThreadFilter:
    """A filter of the inbox; an empty field does not narrow. Archived threads show only when asked for.

    `assignee` is a user's id in digits, or NOBODY. `text` is looked for in the partner's names and addresses;
    `message_search` looks through what was written.
    """

    stages: tuple[str, ...] = ()
    unread: bool = False
    priority: bool = False
    archived: bool = False
    reported: bool = False
    assignee: str = ""
    languages: tuple[str, ...] = ()
    text: str = ""

    @classmethod
    def from_values(cls, values: Mapping[str, Sequence[str]]) -> "ThreadFilter":
        """Read a filter from a query's values; what is not a known value does not narrow."""
        known = {stage.value for stage in Stage}
        assignee = "".join(values.get("assignee", ())[:1])
        return cls(
            stages=tuple(value for value in dict.fromkeys(values.get("stage", ())) if value in known),
            unread=_ticked(values, "unread"),
            priority=_ticked(values, "priority"),
            archived=_ticked(values, "archived"),
            reported=_ticked(values, "reported"),
            assignee=assignee if assignee == NOBODY or _is_id(assignee) else "",
            languages=tuple(
                value for value in dict.fromkeys(values.get("language", ())) if _may_be_language(value)
            ),
            text=search_words("".join(values.get("q", ())[:1])),
        )

    def to_values(self) -> dict[str, list[str]]:
        """Return the query values that make this filter again."""
        values = {
            "stage": list(self.stages),
            "unread": ["1"] if self.unread else [],
            "priority": ["1"] if self.priority else [],
            "archived": ["1"] if self.archived else [],
            "reported": ["1"] if self.reported else [],
            "assignee": [self.assignee] if self.assignee else [],
            "language": list(self.languages),
            "q": [self.text] if self.text else [],
        }
        return {name: found for name, found in values.items() if found}

    @property
    def narrows(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.to_values())


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest message of a thread that the brand sees, withdrawn ones too, which have no words any more.

    `lang` is the language of its words, None where that is not known; `files` counts its attachments.
    """

    side: Side
    state: MessageState
    lang: str | None
    beginning: str
    at: datetime
    files: int

    @property
    def waits(self) -> bool:
        """Whether the other side does not see it yet, because its attachments are not known to be clean."""
        return self.state is MessageState.WAITING


@dataclass(frozen=True, slots=True)
class Row:
    """A thread in a list; `name` and `locale` are the partner's, `draft` begins what the reader has begun.

    `is_reachable` tells whether mails tell the partner of messages, as `conversation_mails` judges it.
    """

    thread_id: int
    program_id: int
    name: str
    locale: str | None
    unread: bool
    priority: bool
    last_at: datetime
    prospect_id: int | None
    stage: Stage | None
    latest: Latest | None
    draft: str | None
    is_reachable: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of threads with the cursors of its neighbours."""

    rows: Sequence[Row]
    previous: Cursor | None
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Addressee:
    """A prospect who can be written to; `thread_id` is the conversation there is already."""

    prospect: Prospect
    thread_id: int | None


@dataclass(frozen=True, slots=True)
class Addressees:
    """Who can be written to, by name, whether there are `more`, and how many of that name are hidden why.

    Who is archived and takes no messages either is counted with those who take none.
    """

    found: Sequence[Addressee]
    more: bool
    messaging_off: int
    archived: int


def list_page(
    session: Session,
    program_ids: Collection[int],
    wanted: ThreadFilter,
    *,
    user_id: int,
    after: Cursor | None = None,
    before: Cursor | None = None,
    rows: int = PAGE_ROWS,
) -> Page:
    """Return the page of these programs' threads after (or before) a cursor, the latest first.

    A thread is listed from its first message on that the brand sees. The first page and the last take the
    same time. `user_id` is the reader, whose drafts are shown.
    """
    backwards = before is not None
    edge = before or after
    found = _thread_ids(session, program_ids, wanted, edge, backwards=backwards, limit=rows + 1)
    more, found = len(found) > rows, found[:rows]
    if backwards:
        found.reverse()
    listed = _rows(session, found, user_id=user_id)
    has_previous, has_next = (more, True) if backwards else (after is not None, more)
    return Page(
        rows=listed,
        previous=cursor_of(listed[0]) if listed and has_previous else None,
        next=cursor_of(listed[-1]) if listed and has_next else None,
    )


def cursor_of(row: Row) -> Cursor:
    """Return the cursor that points at a listed thread."""
    return Cursor(row.last_at.isoformat(), row.thread_id)


def list_addressees(session: Session, program_id: int, text: str, *, limit: int) -> Addressees:
    """Return the program's prospects of a name who take messages, and count those of it who are hidden."""
    named = [Prospect.program_id == program_id, *_known_by(search_words(text))]
    listed = and_(
        Thread.program_id == program_id, Thread.partner_id == Prospect.partner_id, Thread.last_at.is_not(None)
    )
    query = (
        select(Prospect, Thread.id)
        .join(Prospect.partner)
        .outerjoin(Thread, listed)
        .where(*named, Prospect.archived_at.is_(None), Partner.messaging_enabled)
        .order_by(Prospect.sort_key, Prospect.id)
        .limit(limit + 1)
    )
    found = [Addressee(prospect, thread_id) for prospect, thread_id in session.execute(query)]
    is_off = ~Partner.messaging_enabled
    hidden = (
        select(is_off, func.count())
        .select_from(Prospect)
        .join(Prospect.partner)
        .where(*named, or_(is_off, Prospect.archived_at.is_not(None)))
        .group_by(is_off)
    )
    counts = {bool(off): int(number) for off, number in session.execute(hidden)}
    return Addressees(found[:limit], len(found) > limit, counts.get(True, 0), counts.get(False, 0))


def _thread_ids(
    session: Session,
    program_ids: Collection[int],
    wanted: ThreadFilter,
    edge: Cursor | None,
    *,
    backwards: bool,
    limit: int,
) -> list[int]:
    if len(program_ids) == 1 and edge is None and wanted == _EVERYTHING:
        given = {"program": next(iter(program_ids)), "most": limit}
        return list(session.connection().scalars(_FIRST_PAGE, given))
    order = _order(Thread.last_at, Thread.id, backwards)
    each = [
        _matching(program_id, wanted, edge, backwards).order_by(*order).limit(limit)
        for program_id in sorted(set(program_ids))
    ]
    if not each:
        return []
    if len(each) == 1:
        return list(session.scalars(each[0]))
    # Each program's index gives its own latest ones in order; merging these is quicker than sorting all.
    merged = union_all(*(select(one.c.id, one.c.last_at) for one in (query.subquery() for query in each)))
    both = merged.subquery()
    query = select(both.c.id).order_by(*_order(both.c.last_at, both.c.id, backwards))
    return list(session.scalars(query.limit(limit)))


def _matching(
    program_id: int | BindParameter[int], wanted: ThreadFilter, edge: Cursor | None, backwards: bool
) -> Select[int, datetime | None]:
    away = Thread.archived_at
    conditions: list[ColumnElement[bool]] = [
        Thread.program_id == program_id,
        Thread.last_at.is_not(None),
        away.is_not(None) if wanted.archived else away.is_(None),
    ]
    if wanted.unread:
        conditions.append(Thread.unread == true())
    if wanted.priority:
        conditions.append(Thread.priority == true())
    if wanted.reported:
        conditions.append(Thread.reported_at.is_not(None))
    if wanted.assignee:
        assigned = None if wanted.assignee == NOBODY else int(wanted.assignee)
        conditions.append(Thread.assignee_id == assigned)
    if edge is not None:
        place = tuple_(Thread.last_at, Thread.id)
        there = tuple_(literal(moment_of(edge), Moment), literal(edge.id))
        conditions.append(place > there if backwards else place < there)
    query = select(Thread.id, Thread.last_at)
    if wanted.languages or wanted.text:
        query = query.join(Partner, Partner.id == Thread.partner_id)
    if wanted.languages:
        conditions.append(Partner.locale.in_(wanted.languages))
    if wanted.stages or wanted.text:
        query = query.outerjoin(Prospect, _IS_PROSPECT)
    if wanted.stages:
        conditions.append(Prospect.stage.in_(wanted.stages))
    return query.where(*conditions, *_known_by(wanted.text))


def _known_by(text: str) -> list[ColumnElement[bool]]:
    """Which partners have all these words in what they are found by, or in an address of their prospect."""
    columns = (Partner.search_text, Prospect.custom_email_key)
    return [or_(*(column.like(pattern, escape="\\") for column in columns)) for pattern in matching(text)]


_IS_PROSPECT = and_(Prospect.program_id == Thread.program_id, Prospect.partner_id == Thread.partner_id)


def _order(at: _Column, number: _Column, backwards: bool) -> Sequence[ColumnElement[Any]]:
    return (at.asc(), number.asc()) if backwards else (at.desc(), number.desc())


# What is looked at most is made once.
_EVERYTHING = ThreadFilter()
_FIRST_PAGE = (
    _matching(bindparam("program"), _EVERYTHING, None, backwards=False)
    .order_by(*_order(Thread.last_at, Thread.id, backwards=False))
    .limit(bindparam("most"))
)
_OTHER = aliased(Message)
_LAST = (
    select(_OTHER.id)
    .where(_OTHER.thread_id == Thread.id, threads.seen_by(Side.BRAND, _OTHER))
    .order_by(_OTHER.id.desc())
    .limit(1)
    .scalar_subquery()
)
_ADDRESS = func.coalesce(Prospect.custom_email_key, Partner.email_key)
_IS_SUPPRESSED = and_(Suppression.program_id == Thread.program_id, Suppression.address_key == _ADDRESS)
# Columns and no objects: this is the list that is looked at most.
_OF_THREAD: tuple[_Column, ...] = (
    Thread.id,
    Thread.program_id,
    Partner.name,
    Partner.locale,
    Thread.unread,
    Thread.priority,
    Thread.last_at,
    Prospect.id,
    Prospect.stage,
    Partner.messaging_enabled,
    _ADDRESS.label("address_key"),
    Suppression.id,
    exists().where(ErasedAddress.program_id == Thread.program_id).label("keeps_out"),
    func.substr(Draft.body, 1, 2 * BEGINNING),
)
# The latest message of each thread that the brand sees takes one look into an index.
_OF_LATEST: tuple[_Column, ...] = (
    Message.side,
    Message.state,
    Message.lang,
    func.substr(Message.body, 1, 2 * BEGINNING),
    func.coalesce(Message.shown_at, Message.created_at, type_=Moment),
    select(func.count()).where(Attachment.message_id == Message.id).scalar_subquery(),
)
_ROWS = (
    select(*_OF_THREAD, *_OF_LATEST)
    .join(Partner, Partner.id == Thread.partner_id)
    .outerjoin(Prospect, _IS_PROSPECT)
    .outerjoin(Suppression, _IS_SUPPRESSED)
    .outerjoin(Message, Message.id == _LAST)
    .outerjoin(Draft, and_(Draft.thread_id == Thread.id, Draft.user_id == bindparam("reader")))
    .where(Thread.id.in_(bindparam("listed", expanding=True)))
)


def _rows(session: Session, thread_ids: Sequence[int], *, user_id: int) -> list[Row]:
    found = session.connection().execute(_ROWS, {"listed": thread_ids, "reader": user_id}).all()
    asked = {(row.program_id, row.address_key) for row in found if row.keeps_out}
    kept_out = erased.kept_out_among(session, asked) if asked else frozenset()
    held = {row[0]: _row(kept_out, *row) for row in found}
    return [held[one] for one in thread_ids if one in held]


def _row(kept_out: Collection[tuple[int, str]], *columns: Any) -> Row:
    *thread, stage, enabled, address_key, suppression_id, _keeps_out, draft = columns[: len(_OF_THREAD)]
    told = enabled and address_key and suppression_id is None and (thread[1], address_key) not in kept_out
    latest, begun = _latest(*columns[len(_OF_THREAD) :]), None if draft is None else _beginning(draft)
    return Row(*(*thread, Stage(stage) if stage else None, latest, begun, bool(told)))


def _latest(side: str | None, state: str, lang: str | None, body: str, *rest: Any) -> Latest | None:
    if side is None:
        return None
    return Latest(Side(side), MessageState(state), lang, _beginning(body), *rest)


def _beginning(body: str) -> str:
    words = " ".join(body.split())
    return words if len(words) <= BEGINNING else f"{words[: BEGINNING - 1].rstrip()}…"


def _ticked(values: Mapping[str, Sequence[str]], name: str) -> bool:
    return "1" in values.get(name, ())


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) <= 15


def _may_be_language(text: str) -> bool:
    return text.isascii() and text.isprintable() and 0 < len(text) <= 35
