"""Searching in many messages: the same is found whichever way a database goes, and how much it reads."""

import json
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import message_search
from service.facts.messages import Side
from service.i18n import grams
from service.models import Message, Thread
from service.models.message_grams import BLOCK_BITS
from tests import postgres
from tests.domain.factories import NOW
from tests.domain.talk import Talk

BLOCK = 1 << BLOCK_BITS
# Every word is in several of the bodies, or only the pairs of its characters are.
BODIES = ("春のテント", "秋のテントとコート", "東京都のテント", "東京と京都", "La tente d’été", "コート")
QUERIES = ("テント", "都", "コート", "東京都", "京都 テント", "tente", "te", "冬山")
# Ways that PostgreSQL goes, whatever it would choose among so few messages.
WAYS = {
    "its own": (),
    "the index": ("enable_seqscan = off", "enable_indexscan = off"),
    "no index": ("enable_bitmapscan = off",),
    "all sorted": ("enable_seqscan = off", "enable_incremental_sort = off"),
    "prepared": ("enable_seqscan = off", "plan_cache_mode = force_generic_plan"),
}


def written(thread: Thread, number: int, body: str) -> Message:
    return Message(
        id=number,
        thread_id=thread.id,
        side=Side.BRAND.value,
        channel="web",
        state="sent",
        body=body,
        lang="ja",
        form_key=str(number),
        created_at=NOW,
        shown_at=NOW,
    )


def all_found(session: Session, programs: Sequence[int], words: str, limit: int) -> list[int]:
    found = message_search.search(session, programs, words, limit=limit)
    ids = [hit.message.id for hit in found.hits]
    while found.next is not None:
        found = message_search.search(session, programs, words, before=found.next, limit=limit)
        ids += [hit.message.id for hit in found.hits]
    return ids


@pytest.fixture(params=["sqlite", *WAYS])
def two(request: pytest.FixtureRequest) -> Iterator[tuple[Session, Thread, Thread]]:
    """A conversation in each of two programs, on SQLite and on PostgreSQL going one way."""
    way = request.param
    db = request.getfixturevalue("db" if way == "sqlite" else "postgres_tables")
    with Session(db.engine) as session:
        for setting in WAYS.get(way, ()):
            session.execute(text(f"SET LOCAL {setting}"))
        yield session, Talk(session, "One").thread(), Talk(session, "Other").thread()
        session.rollback()


# Ids on the edges of blocks, with blocks between them that have no message.
ids = st.builds(lambda block, edge: block * BLOCK + edge, st.integers(1, 5), st.integers(-2, 2))
messages = st.dictionaries(ids, st.tuples(st.booleans(), st.sampled_from(BODIES)), max_size=20)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=25,
)
@given(messages, st.sampled_from(QUERIES), st.integers(1, 4), st.sampled_from([(0,), (1,), (0, 1)]))
def test_every_way_finds_the_same(
    two: tuple[Session, Thread, Thread],
    given: Mapping[int, tuple[bool, str]],
    words: str,
    limit: int,
    seen: tuple[int, ...],
) -> None:
    """L-2, L-3: what has the words, of these programs, the latest first, each once, however it is paged."""
    session, *threads = two
    expected = [
        number
        for number, (other, body) in sorted(given.items(), reverse=True)
        if other in seen and grams.places(body, grams.words_of(words))
    ]
    with session.begin_nested() as rows:
        for number, (other, body) in given.items():
            message = written(threads[other], number, body)
            session.add(message)
            message_search.index(session, threads[other], message)
        programs = [threads[one].program_id for one in seen]
        assert all_found(session, programs, words, limit) == expected
        rows.rollback()


# How much is read

# Only each so many ids is taken, so that few messages fill many blocks.
STEP = 16
# A word in nearly all, one only in the older half, one in few, and one in none.
EVERYWHERE, OLD, FEW, NONE = "春夏", "山川", "花鳥", "風月"


def filled(session: Session, blocks: int) -> int:
    """Write so many blocks of messages into one program; return its id."""
    thread = Talk(session).thread()
    session.add(written(thread, 1, f"{EVERYWHERE}。{OLD}。{FEW}"))
    session.flush()
    kept = ", ".join(one.name for one in Message.__table__.columns if one.name not in ("id", "form_key"))
    numbers = {word: grams.numbers_for([word])[0] for word in (EVERYWHERE, OLD, FEW)}
    last = blocks * BLOCK - 1
    session.execute(
        text(
            f"INSERT INTO messages (id, form_key, {kept}) SELECT number, number, {kept}"
            f" FROM messages, generate_series({STEP}, {last}, {STEP}) AS number WHERE id = 1"
        )
    )
    session.execute(
        text(
            f"INSERT INTO message_grams (message_id, grams) SELECT id, ARRAY[-{thread.program_id}]"
            f" || CASE WHEN id % 7 > 0 THEN ARRAY[{numbers[EVERYWHERE]}] ELSE '{{}}' END"
            f" || CASE WHEN id < {last // 2} THEN ARRAY[{numbers[OLD]}] ELSE '{{}}' END"
            f" || CASE WHEN id % {BLOCK} = 0 THEN ARRAY[{numbers[FEW]}] ELSE '{{}}' END"
            " FROM messages WHERE id > 1"
        )
    )
    return thread.program_id


def plan_of(session: Session, program_id: int, words: str) -> dict[str, object]:
    """Search, and return how PostgreSQL did what it was first asked."""
    asked: list[tuple[str, object]] = []
    connection = session.connection()

    def keep(*given: object) -> None:
        asked.append((str(given[2]), given[3]))

    event.listen(connection, "before_cursor_execute", keep)
    message_search.search(session, [program_id], words)
    event.remove(connection, "before_cursor_execute", keep)
    statement, values = asked[0]
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
    answer = connection.exec_driver_sql(explain, values).scalar_one()  # type: ignore[arg-type]
    plan: dict[str, object] = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    return plan


def nodes(plan: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    yield plan
    for one in plan.get("Plans", ()):  # type: ignore[attr-defined]
        yield from nodes(one)


def rows_read(plan: Mapping[str, object]) -> int:
    """Return how many rows were read through the index of words."""
    [_] = (one for one in nodes(plan) if one["Node Type"] == "Bitmap Index Scan")
    [node] = (one for one in nodes(plan) if one["Node Type"] == "Nested Loop")
    return int(node["Actual Rows"])  # type: ignore[call-overload]


def pages_read(plan: Mapping[str, object]) -> int:
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])  # type: ignore[call-overload]


@pytest.mark.parametrize("analyzed", [False, True])
def test_what_is_read_does_not_grow_with_the_messages(
    postgres_server: postgres.Server, analyzed: bool
) -> None:
    """L-2: PostgreSQL reads the messages of a block or two at most, and a few pages for each block passed by.

    It does so also before it knows how common a word is.
    """
    rows, pages = {}, {}
    for blocks in (4, 16):
        db = Database(postgres_server.migrated_database())
        with db.transaction() as session:
            program_id = filled(session, blocks)
            if analyzed:
                session.execute(text("ANALYZE message_grams"))
            for word in (EVERYWHERE, OLD, FEW, NONE):
                plan = plan_of(session, program_id, word)
                rows[word, blocks], pages[word, blocks] = rows_read(plan), pages_read(plan)
            assert rows_read(plan_of(session, program_id + 1, EVERYWHERE)) == 0
        db.dispose()
    assert rows[NONE, 16] == 0
    assert rows[FEW, 16] == 15
    for word in (EVERYWHERE, OLD):
        assert rows[word, 16] == rows[word, 4] <= 2 * BLOCK // STEP
    for word, more in ((EVERYWHERE, 2), (OLD, 12), (FEW, 12), (NONE, 12)):
        assert pages[word, 16] - pages[word, 4] <= more * 15
