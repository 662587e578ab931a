"""The inbox: its filters, its rows, its keyset pages, and who can be written to."""

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from service.domain import conversation_mails, messages, prospects, suppression, thread_list, threads
from service.domain.prospect_list import Cursor
from service.domain.suppression import SuppressionReason
from service.domain.thread_list import BEGINNING, NOBODY, Latest, Page, ThreadFilter
from service.facts.messages import MessageState, Side
from service.facts.stages import Stage, StageEvent
from service.models import Thread
from tests.domain import factories
from tests.domain.talk import Talk, at


@pytest.fixture
def talk(either: Session) -> Talk:
    return Talk(either)


def page(talk: Talk, wanted: ThreadFilter | None = None, **how: object) -> Page:
    programs = how.pop("programs", [talk.program.id])
    return thread_list.list_page(
        talk.session,
        programs,  # type: ignore[arg-type]
        wanted or ThreadFilter(),
        user_id=talk.user.id,
        **how,  # type: ignore[arg-type]
    )


def names(talk: Talk, wanted: ThreadFilter | None = None, **how: object) -> list[str]:
    return [row.name for row in page(talk, wanted, **how).rows]


def test_it_works(talk: Talk) -> None:
    """The latest first, each with what was written last and what the reader has begun."""
    first, second = talk.thread("Atelier Lumière"), talk.thread("東京ガジェット通信")
    talk.thread("Nobody wrote")
    talk.send(second, "はじめまして。\n\nご案内です。", 1)
    talk.send(first, "Bonjour, voici nos tarifs pour vous", 2)
    messages.keep_draft(talk.session, second, actor=talk.user, body="追伸\nです", form_key="later", now=at(3))
    found = page(talk)
    assert [(row.thread_id, row.stage, row.draft) for row in found.rows] == [
        (first.id, Stage.OUTREACH, None),
        (second.id, Stage.OUTREACH, "追伸 です"),
    ]
    assert (found.previous, found.next) == (None, None)
    assert found.rows[0].latest == Latest(
        side=Side.BRAND,
        state=MessageState.SENT,
        lang="fr",
        beginning="Bonjour, voici nos tarifs pour vous",
        at=at(2),
        files=0,
    )
    assert [row.latest.beginning for row in found.rows[1:] if row.latest] == ["はじめまして。 ご案内です。"]


def test_a_message_that_waits_is_listed_for_its_own_side(talk: Talk) -> None:
    """The brand's at once, with its files; the partner's not before it is shown."""
    ours, theirs = talk.thread("Ours"), talk.thread("Theirs")
    for thread, side in ((ours, Side.BRAND), (theirs, Side.PARTNER)):
        talk.upload(thread, "with-file", side)
    talk.send(ours, "With a file", 1, form_key="with-file")
    talk.answer(theirs, "With a file too", 2, form_key="with-file")
    [row] = page(talk).rows
    assert row.latest is not None
    assert (row.thread_id, row.latest.waits, row.latest.files) == (ours.id, True, 1)
    assert row.stage is Stage.NEW


def test_the_latest_message_is_one_the_brand_sees(talk: Talk) -> None:
    """Edited ones as they are now, withdrawn ones stay without words, hidden ones are passed by."""
    thread = talk.thread()
    talk.send(thread, "First", 1)
    second = talk.send(thread, "Second", 2)
    talk.upload(thread, "hidden", Side.PARTNER)
    talk.answer(thread, "Hidden yet", 3, form_key="hidden")
    messages.edit(talk.session, thread, second.id, actor=talk.user, body="Second, mended", now=at(4))

    def latest() -> tuple[str, MessageState]:
        [row] = page(talk).rows
        assert row.latest is not None
        return row.latest.beginning, row.latest.state

    assert latest() == ("Second, mended", MessageState.SENT)
    messages.withdraw(talk.session, thread, second.id, actor=talk.user, now=at(5))
    assert latest() == ("", MessageState.WITHDRAWN)


def test_a_long_message_is_cut(talk: Talk) -> None:
    talk.send(talk.thread(), "word " * 100)
    [row] = page(talk).rows
    assert row.latest is not None
    assert row.latest.beginning == ("word " * (BEGINNING // 5)).rstrip() + "…"


@pytest.mark.parametrize("rows", [1, 2, 3, 6, 7])
@pytest.mark.parametrize("both", [False, True])
def test_pages_forward_and_back_show_every_thread_once(talk: Talk, rows: int, both: bool) -> None:
    """W-5, L-3: the pages are the whole list both ways, in one program and over several, with equal times."""
    other = Talk(talk.session, "Other")
    for number in range(7):
        (other if both and number % 3 == 0 else talk).send(
            (other if both and number % 3 == 0 else talk).thread(f"Partner {number}"), "Hello", number // 2
        )
    programs = [talk.program.id, other.program.id]
    whole = [row.thread_id for row in page(talk, programs=programs, rows=100).rows]
    assert len(whole) == 7
    assert whole == [
        thread.id
        for thread in sorted(
            (talk.session.get_one(Thread, one) for one in whole),
            key=lambda thread: (thread.last_at or at(0), thread.id),
            reverse=True,
        )
    ]
    shown = page(talk, programs=programs, rows=rows)
    forward = [row.thread_id for row in shown.rows]
    assert shown.previous is None
    while shown.next is not None:
        shown = page(talk, programs=programs, rows=rows, after=shown.next)
        forward += [row.thread_id for row in shown.rows]
    backward = [row.thread_id for row in shown.rows]
    while shown.previous is not None:
        shown = page(talk, programs=programs, rows=rows, before=shown.previous)
        backward = [row.thread_id for row in shown.rows] + backward
    assert (forward, backward) == (whole, whole)


def test_filters_narrow(talk: Talk) -> None:
    """Stage, unread, priority, reported, assignee, language and name; archived ones only when asked for."""
    atelier = talk.thread("Atelier", locale="fr")
    tokyo = talk.thread("東京ガジェット通信", locale="ja")
    siji = talk.thread("四季花艺", locale="zh")
    for minutes, thread in enumerate((atelier, tokyo, siji)):
        talk.send(thread, "Hello", minutes)
    talk.answer(tokyo, "はい", 5)
    threads.set_priority(talk.session, siji, priority=True)
    threads.assign(talk.session, atelier, talk.user.id)
    threads.report(talk.session, siji, words="Spam", now=at(6))
    expected = {
        "": ["東京ガジェット通信", "四季花艺", "Atelier"],
        "unread": ["東京ガジェット通信", "四季花艺"],
        "priority": ["四季花艺"],
        "reported": ["四季花艺"],
        "stage=in_conversation": ["東京ガジェット通信"],
        "stage=outreach": ["四季花艺", "Atelier"],
        "language=zh": ["四季花艺"],
        f"assignee={talk.user.id}": ["Atelier"],
        f"assignee={NOBODY}": ["東京ガジェット通信", "四季花艺"],
        "q=ｶﾞｼﾞｪｯﾄ": ["東京ガジェット通信"],
        "q=100%": [],
        "archived": [],
    }

    def found() -> dict[str, list[str]]:
        lists = {}
        for one in expected:
            name, _, value = one.partition("=")
            wanted = ThreadFilter.from_values({name: [value or "1"]} if name else {})
            assert wanted.narrows is bool(one)
            lists[one] = names(talk, wanted)
        return lists

    assert found() == expected
    threads.archive(talk.session, siji, now=at(7))
    assert names(talk) == ["東京ガジェット通信", "Atelier"]
    assert names(talk, ThreadFilter(archived=True)) == ["四季花艺"]
    assert threads.count_unread(talk.session, talk.program.id) == 1


def test_a_filter_survives_its_query() -> None:
    wanted = ThreadFilter(("new", "joined"), True, True, True, True, "12", ("ja", "zh"), "東京")
    assert ThreadFilter.from_values(wanted.to_values()) == wanted
    assert not ThreadFilter().narrows


def test_what_is_no_known_value_does_not_narrow() -> None:
    """W-5: foreign values of a query are left out, never an error."""
    values = {
        "stage": ["won", "archived"],
        "unread": ["yes"],
        "assignee": ["-1"],
        "language": ["x" * 99, "\0", "日本"],
        "q": ["\0a\r\n"],
    }
    assert ThreadFilter.from_values(values) == ThreadFilter(text="a")
    assert ThreadFilter.from_values({"assignee": ["9" * 30]}) == ThreadFilter()


def test_no_program_has_no_threads(talk: Talk) -> None:
    talk.send(talk.thread(), "Hello")
    assert page(talk, programs=[]).rows == []
    assert page(talk, after=Cursor("2001-01-01T00:00:00+00:00", 1)).rows == []


def test_a_page_asks_as_often_for_many_threads_as_for_one(talk: Talk) -> None:
    """No N+1: a page is four statements, whatever is on it."""
    asked: list[str] = []
    engine = talk.session.get_bind()

    def count(rows: int) -> int:
        talk.session.flush()
        talk.session.expunge_all()
        asked.clear()
        found = page(talk, rows=rows)
        assert [row.name != "" for row in found.rows] == [True] * rows
        return len(asked)

    for number in range(6):
        thread = talk.thread(f"Partner {number}")
        talk.upload(thread, "file", Side.BRAND)
        talk.send(thread, "Hello", number, form_key="file")

    def note(*given: object) -> None:
        asked.append(str(given[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert (count(1), count(6)) == (2, 2)
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_who_can_be_written_to(talk: Talk) -> None:
    """Who takes messages, by name; the others are counted, each once, by what hides them."""
    known = talk.thread("Atelier Lumière")
    talk.thread("Atelier Éphémère")
    talk.send(known, "Hello")
    for name, enabled, away in (
        ("Atelier Off", False, False),
        ("Atelier Away", True, True),
        ("Atelier Both", False, True),
        ("Brightside", True, False),
    ):
        made = factories.prospect(talk.session, talk.program, name, messaging_enabled=enabled)
        if away:
            prospects.archive(talk.session, made, now=at(1), actor_id=talk.user.id)
    found = thread_list.list_addressees(talk.session, talk.program.id, "atelier", limit=10)
    assert [(one.prospect.partner.name, one.thread_id) for one in found.found] == [
        ("Atelier Éphémère", None),
        ("Atelier Lumière", known.id),
    ]
    assert (found.more, found.messaging_off, found.archived) == (False, 2, 1)
    short = thread_list.list_addressees(talk.session, talk.program.id, "", limit=2)
    assert ([one.prospect.partner.name for one in short.found], short.more) == (
        ["Atelier Éphémère", "Atelier Lumière"],
        True,
    )


def test_a_stage_is_that_of_the_program(talk: Talk) -> None:
    """The same partner stands elsewhere in another program."""
    thread = talk.thread()
    talk.send(thread, "Hello")
    other = Talk(talk.session, "Other")
    made = prospects.find_by_partner(talk.session, talk.program.id, thread.partner_id)
    assert made is not None
    again = prospects.mark(
        talk.session, other.program.id, made.partner, source=factories.Source.MANUAL, now=at(0)
    )
    prospects.record(talk.session, again.id, StageEvent.JOINED, now=at(1))
    there = threads.open_with(talk.session, other.program.id, thread.partner_id, now=at(1))
    other.send(there, "Welcome", 2)
    rows = page(talk, programs=[talk.program.id, other.program.id]).rows
    assert [(row.prospect_id, row.stage) for row in rows] == [
        (again.id, Stage.JOINED),
        (made.id, Stage.OUTREACH),
    ]


def test_a_row_tells_whom_no_mail_reaches(talk: Talk) -> None:
    """As `conversation_mails` judges each of them, by the address that is written to in this program."""
    told = {
        name: talk.thread(name)
        for name in ("Reached", "Off", "Suppressed", "Elsewhere", "Custom", "Imported")
    }
    for number, thread in enumerate(told.values()):
        talk.send(thread, "Hello", number)
    other = factories.program(talk.session, "Kumo")
    for name, program, key in (
        ("Suppressed", talk.program, told["Suppressed"].partner.email_key),
        ("Elsewhere", other, told["Elsewhere"].partner.email_key),
        ("Custom", talk.program, "custom@people.example"),
        ("Imported", talk.program, told["Imported"].partner.email_key),
    ):
        prospect = prospects.find_by_partner(talk.session, talk.program.id, told[name].partner_id)
        assert prospect is not None
        if name in {"Custom", "Imported"}:
            prospect.custom_email = prospect.custom_email_key = f"{name.lower()}@people.example"
        reason = SuppressionReason.COMPLAINT
        suppression.suppress(talk.session, program.id, key, reason=reason, now=at(9))
    threads.set_messaging(talk.session, told["Off"].partner_id, enabled=False)
    talk.session.flush()
    found = {row.name: row.is_reachable for row in page(talk).rows}
    assert found == {
        "Imported": True, "Custom": False, "Elsewhere": True, "Suppressed": False, "Off": False,
        "Reached": True,
    }  # fmt: skip
    for name, thread in told.items():
        assert found[name] is (conversation_mails.find_unreachable(talk.session, thread) is None)
