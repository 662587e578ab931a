"""Searching in what was written: on both databases, for whom, and in step with every change."""

from collections.abc import Collection

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from service.domain import message_search, messages
from service.domain.message_search import Piece
from service.facts.messages import ScanState, Side
from service.models import Message, MessageGrams
from tests.domain.talk import Talk, at


@pytest.fixture
def talk(either: Session) -> Talk:
    return Talk(either)


def bodies(talk: Talk, words: str, **how: object) -> list[str]:
    found = message_search.search(talk.session, [talk.program.id], words, **how)  # type: ignore[arg-type]
    return [hit.message.body for hit in found.hits]


def check_index(session: Session) -> None:
    """SQLite: the index holds exactly what its table says, or FTS5 raises."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(
            text("INSERT INTO message_grams_index (message_grams_index, rank) VALUES ('integrity-check', 1)")
        )


def test_it_works(talk: Talk) -> None:
    """L-2: Japanese in the middle, French without its accents, from both sides, the latest first."""
    thread = talk.thread("東京ガジェット通信")
    first = talk.send(thread, "春の新作テントのご案内です。")
    second = talk.answer(thread, "テントに興味があります。")
    talk.answer(thread, "À bientôt, l’équipe")
    found = message_search.search(talk.session, [talk.program.id], "ﾃﾝﾄ")
    assert [(hit.message, hit.thread) for hit in found.hits] == [(second, thread), (first, thread)]
    assert found.next is None
    assert [hit.excerpt for hit in found.hits] == [
        (Piece("テント", found=True), Piece("に興味があります。", found=False)),
        (
            Piece("春の新作", found=False),
            Piece("テント", found=True),
            Piece("のご案内です。", found=False),
        ),
    ]
    assert bodies(talk, "equipe bientot") == ["À bientôt, l’équipe"]


@pytest.mark.parametrize("words", ["", "  ", "?!", "\0", "テン%", 'テント" OR "x', "テント AND", "p1", "-1"])
def test_what_is_typed_is_only_ever_a_value(talk: Talk, words: str) -> None:
    """W-4: no query language shines through."""
    talk.send(talk.thread(), "春の新作です")
    assert bodies(talk, words) == []


def test_only_allowed_programs_are_searched(either: Session) -> None:
    one, other = Talk(either, "One"), Talk(either, "Other")
    mine = one.send(one.thread(), "合作愉快")
    theirs = other.send(other.thread(), "合作愉快")

    def found(programs: Collection[int]) -> list[Message]:
        return [hit.message for hit in message_search.search(either, programs, "合作").hits]

    assert found([one.program.id]) == [mine]
    assert found({one.program.id, other.program.id}) == [theirs, mine]
    assert found([]) == []


def test_edited_and_withdrawn_texts_are_not_found_any_more(talk: Talk) -> None:
    thread = talk.thread()
    message = talk.send(thread, "春のテント")
    kept = talk.send(thread, "秋のテント")
    messages.edit(talk.session, thread, message.id, actor=talk.user, body="冬のコート", now=at(1))
    assert (bodies(talk, "春の"), bodies(talk, "冬の")) == ([], ["冬のコート"])
    messages.withdraw(talk.session, thread, message.id, actor=talk.user, now=at(2))
    assert (bodies(talk, "冬の"), bodies(talk, "テント")) == ([], ["秋のテント"])
    assert talk.session.scalars(select(MessageGrams.message_id)).all() == [kept.id]
    check_index(talk.session)


def test_what_the_brand_does_not_see_is_not_found(talk: Talk) -> None:
    """A message of the partner is found once its files are clean; one of the brand at once."""
    thread = talk.thread()
    for side in Side:
        talk.upload(thread, f"form-{side}", side)
    talk.send(thread, "我们的合作方案", form_key=f"form-{Side.BRAND}")
    theirs = talk.answer(thread, "合作报价", form_key=f"form-{Side.PARTNER}")
    assert bodies(talk, "合作") == ["我们的合作方案"]
    theirs.attachments[0].state = ScanState.CLEAN.value
    assert messages.show_if_ready(talk.session, thread, theirs, now=at(1))
    assert bodies(talk, "合作") == ["合作报价", "我们的合作方案"]


def test_a_deleted_thread_leaves_nothing_behind(talk: Talk) -> None:
    """The index follows what the database deletes by itself; an id used again is a new message."""
    thread = talk.thread()
    message = talk.send(thread, "古いテント")
    talk.session.execute(text("DELETE FROM threads WHERE id = :id"), {"id": thread.id})
    talk.session.expunge_all()
    assert bodies(talk, "テント") == []
    check_index(talk.session)
    again = talk.send(talk.thread("Other"), "新しいテント")
    assert talk.session.get_bind().dialect.name == "postgresql" or again.id == message.id
    assert bodies(talk, "テント") == ["新しいテント"]
    check_index(talk.session)


def test_pages_go_on_where_they_ended(talk: Talk) -> None:
    """L-3: the pages are all that is found, each once, the latest first."""
    thread = talk.thread()
    for number in range(11):
        talk.send(thread, f"テント {number}" if number % 3 else f"コート {number}")
    shown: list[str] = []
    found = message_search.search(talk.session, [talk.program.id], "テント", limit=2)
    while True:
        shown += [hit.message.body for hit in found.hits]
        if found.next is None:
            break
        found = message_search.search(talk.session, [talk.program.id], "テント", limit=2, before=found.next)
    assert shown == [f"テント {number}" for number in (10, 8, 7, 5, 4, 2, 1)]


def test_a_search_ends_and_says_where(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs that all are there without the word: it looks at so many, and can be gone on with."""
    monkeypatch.setattr(message_search, "MOST_LOOKED_AT", 4)
    thread = talk.thread()
    talk.send(thread, "東京都")
    others = [talk.send(thread, "東京と京都").id for _ in range(7)]
    programs = [talk.program.id]
    first = message_search.search(talk.session, programs, "東京都", limit=1)
    assert (first.hits, first.next) == ([], others[1])  # after two, and then four
    second = message_search.search(talk.session, programs, "東京都", before=first.next, limit=1)
    assert [hit.message.body for hit in second.hits] == ["東京都"]


def test_an_excerpt_is_cut_around_the_first_place(talk: Talk) -> None:
    body = "あ" * 100 + "\n\nテント\n" + "い" * 300 + "テント"
    talk.send(talk.thread(), body)
    [hit] = message_search.search(talk.session, [talk.program.id], "テント").hits
    assert hit.excerpt == (
        Piece("…", found=False),
        Piece("あ" * 28 + " ", found=False),
        Piece("テント", found=True),
        Piece(" " + "い" * 116, found=False),
        Piece("…", found=False),
    )


def test_a_long_word_is_marked_whole(talk: Talk) -> None:
    talk.send(talk.thread(), "あ" * 300)
    [hit] = message_search.search(talk.session, [talk.program.id], "あ" * 150).hits
    assert hit.excerpt == (Piece("あ" * 150, found=True), Piece("…", found=False))


def test_the_index_is_made_anew_from_the_messages(talk: Talk) -> None:
    thread = talk.thread()
    sent = [talk.send(thread, f"テント {number}").id for number in range(5)]
    messages.withdraw(talk.session, thread, sent[0], actor=talk.user, now=at(1))
    talk.session.execute(text("DELETE FROM message_grams WHERE message_id > :id"), {"id": sent[2]})
    after: int | None = sent[0] - 1
    rounds = 0
    while after is not None:
        after = message_search.reindex(talk.session, after=after, limit=2)
        rounds += 1
    assert rounds == 4
    assert bodies(talk, "テント") == [f"テント {number}" for number in (4, 3, 2, 1)]
    check_index(talk.session)
