"""Searching in what was written: the index of messages, and finding the latest ones that have some words."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from service.domain import threads
from service.domain.prospect_list import search_words
from service.facts.messages import MessageState, Side
from service.i18n import grams
from service.models import Message, MessageGrams, Thread
from service.models.message_grams import BLOCK_BITS, terms_of

# How much of a message an excerpt shows before the first place and from it on, in characters.
BEFORE, FROM = 30, 120
HITS = 20
# Of messages that may have the words, one search looks at as many, and ends with the batch they are in.
MOST_LOOKED_AT = 2_000
# More than the id of any message.
END = 2**31 - 1
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an excerpt; `found` is what was looked for."""

    text: str
    found: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A message with the words, its thread with the partner, and an excerpt around the first place."""

    message: Message
    thread: Thread
    excerpt: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The latest messages with the words, and the id to go on `before`, None where nothing is left."""

    hits: Sequence[Hit]
    next: int | None


def index(session: Session, thread: Thread, message: Message) -> None:
    """Have a message found as it stands now, or not any more; call it after every change of its text.

    Only what the brand sees is found, and what was withdrawn is not.
    """
    session.flush()
    seen = message.shown_at is not None or message.side == Side.BRAND.value
    if not seen or message.state == MessageState.WITHDRAWN.value:
        session.execute(delete(MessageGrams).where(MessageGrams.message_id == message.id))
        return
    numbers = [-thread.program_id, *grams.numbers_of(message.body)]
    session.merge(MessageGrams(message_id=message.id, grams=numbers))
    session.flush()


def forget_deleted(session: Session) -> None:
    """Have nothing left in the index of messages that were deleted.

    SQLite's keeps what was deleted until its parts are merged. That takes a second for some 200 000 messages;
    PostgreSQL's is cleared by its own vacuum, as its tables are.
    """
    session.flush()
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("INSERT INTO message_grams_index (message_grams_index) VALUES ('optimize')"))


def reindex(session: Session, *, after: int = 0, limit: int = 500) -> int | None:
    """Index the next messages after an id anew and return the id of the last, None if there were none."""
    query = select(Message, Thread).join(Thread, Thread.id == Message.thread_id).where(Message.id > after)
    rows = session.execute(query.order_by(Message.id).limit(limit).with_for_update(of=Message)).all()
    for message, thread in rows:
        index(session, thread, message)
    return rows[-1][0].id if rows else None


# Queries


def search(
    session: Session,
    program_ids: Collection[int],
    words: str,
    *,
    before: int | None = None,
    limit: int = HITS,
) -> Found:
    """Return the latest messages of these programs that have all the words, older than that of id `before`.

    Chinese and Japanese are found anywhere, words of an alphabet by their beginning.
    """
    wanted = grams.words_of(search_words(words))
    hits: list[Hit] = []
    looked_at = 0
    if not wanted or not program_ids:
        return Found((), None)
    numbers = grams.numbers_for(wanted)
    for ids in _candidates(session, sorted(set(program_ids)), numbers, before, size=limit + 1):
        for message, thread in _held(session, program_ids, ids):
            places = grams.places(message.body, wanted)
            if places:
                hits.append(Hit(message, thread, _excerpt(message.body, places)))
            if len(hits) > limit:
                return Found(hits[:limit], hits[limit - 1].message.id)
        looked_at += len(ids)
        if looked_at >= MOST_LOOKED_AT:
            return Found(hits, ids[-1])
    return Found(hits, None)


def _held(
    session: Session, program_ids: Collection[int], ids: Sequence[int]
) -> Iterator[tuple[Message, Thread]]:
    # Not as one join: SQLite would go through all threads of the program, and not begin with these ids.
    shown = (threads.seen_by(Side.BRAND), Message.state != MessageState.WITHDRAWN.value)
    query = select(Message).where(Message.id.in_(ids), *shown).order_by(Message.id.desc())
    held = session.scalars(query).all()
    allowed = (Thread.id.in_({one.thread_id for one in held}), Thread.program_id.in_(program_ids))
    known = {thread.id: thread for thread in session.scalars(select(Thread).where(*allowed))}
    return ((one, known[one.thread_id]) for one in held if one.thread_id in known)


def _candidates(
    session: Session, program_ids: Sequence[int], numbers: Sequence[int], before: int | None, *, size: int
) -> Iterator[Sequence[int]]:
    """Yield batches of the ids of messages that have all the numbers, the latest first.

    Nearly all have the words too, so that a batch of the size of a page is mostly enough; later ones double.
    """
    values: dict[str, object]
    if session.get_bind().dialect.name == "postgresql":
        statement = _IN_BLOCKS
        values = {"wanted": list(numbers), "programs": [-one for one in program_ids]}
    else:
        statement = _MATCH
        programs = " OR ".join(terms_of([-one]) for one in program_ids)
        values = {"wanted": f"({programs}) AND {' AND '.join(terms_of([one]) for one in numbers)}"}
    end = min(before, END) if before is not None else END
    while ids := session.scalars(statement, {**values, "end": end, "most": size}).all():
        yield ids
        if len(ids) < size:
            return
        end, size = ids[-1], 2 * size


# FTS5 hands out what it finds by rowid, either way, and stops when it has enough.
_MATCH = text(
    "SELECT rowid FROM message_grams_index WHERE message_grams_index MATCH :wanted AND rowid < :end"
    " ORDER BY rowid DESC LIMIT :most"
)
# GIN knows no order: it is asked for one block of ids after the other, the latest first. Because the blocks
# are in order before it is asked, PostgreSQL sorts what it finds block by block and stops when it has enough.
# OFFSET 0 keeps it from asking for all blocks at once, which is quick only where it guesses rightly that a
# word is rare.
_IN_BLOCKS = text(
    f"""
    SELECT found.message_id
    FROM (
        SELECT block FROM generate_series(
            (SELECT min(message_id) FROM message_grams) >> {BLOCK_BITS},
            least(CAST(:end AS integer) - 1, (SELECT max(message_id) FROM message_grams)) >> {BLOCK_BITS}
        ) AS block ORDER BY block DESC
    ) AS blocks CROSS JOIN LATERAL (
        SELECT message_id FROM message_grams
        WHERE ARRAY[message_id >> {BLOCK_BITS}] && ARRAY[block]
        AND grams @> CAST(:wanted AS integer[]) AND grams && CAST(:programs AS integer[])
        AND message_id < CAST(:end AS integer)
        OFFSET 0
    ) AS found
    ORDER BY block DESC, found.message_id DESC LIMIT :most
    """  # noqa: S608 (a number of ours)
)


def _excerpt(body: str, places: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    start = max(0, places[0][0] - BEFORE)
    end = min(len(body), max(places[0][0] + FROM, places[0][1]))
    pieces: list[Piece] = []
    at = start
    for first, last in places:
        if first < at or last > end or first == last:
            continue
        pieces += (Piece(body[at:first], found=False), Piece(body[first:last], found=True))
        at = last
    pieces.append(Piece(body[at:end], found=False))
    pieces = [Piece(_SPACE.sub(" ", piece.text), piece.found) for piece in pieces if piece.text]
    before = [Piece("…", found=False)] if start else []
    after = [Piece("…", found=False)] if end < len(body) else []
    return (*before, *pieces, *after)
