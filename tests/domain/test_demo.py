"""The demo's conversations: an inbox in four languages and every state."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain import demo, message_search, notices, thread_list, threads
from service.domain.demo_talks import TALKS
from service.domain.thread_list import ThreadFilter
from service.facts.messages import Side
from service.models import Message, Program, Thread, User
from tests.domain.factories import NOW


def test_the_demo_has_a_living_inbox(session: Session) -> None:
    """Texts in four languages, each told right; unread, archived, assigned and begun ones; twice is once."""
    assert (demo.fill(session, now=NOW), demo.fill(session, now=NOW)) == (True, False)
    program = session.scalars(select(Program).order_by(Program.id)).first()
    user = session.scalars(select(User).where(User.email == demo.ADMINISTRATOR)).one()
    assert program is not None

    def count(**wanted: bool) -> int:
        page = thread_list.list_page(session, [program.id], ThreadFilter(**wanted), user_id=user.id)  # type: ignore[arg-type]
        return len(page.rows)

    assert (count(), count(unread=True), count(priority=True), count(archived=True)) == (10, 4, 2, 1)
    assert threads.count_unread(session, program.id) == 4
    page = thread_list.list_page(session, [program.id], ThreadFilter(), user_id=user.id)
    assert {row.latest.side for row in page.rows if row.latest} == {Side.BRAND, Side.PARTNER}
    assert len([row for row in page.rows if row.draft]) == 2
    assigned = select(func.count(Thread.id)).where(Thread.assignee_id.is_not(None))
    assert session.scalar(assigned) == 2
    written = session.scalars(select(Message.lang)).all()
    assert len(written) == sum(len(talk.said) for talk in TALKS)
    assert {lang: written.count(lang) for lang in set(written)} == {"fr": 11, "ja": 12, "zh": 8, "en": 6}
    found = message_search.search(session, [program.id], "様")
    assert len(found.hits) == 3


def test_the_news_of_the_demo_is_newest_first(session: Session) -> None:
    """As a list of notices is read: by number, and by time."""
    demo.fill(session, now=NOW)
    user = session.scalars(select(User).where(User.email == demo.ADMINISTRATOR)).one()
    moments = [one.created_at for one in notices.list_recent(session, user.id, limit=100)]
    assert len(moments) > 5
    assert moments == sorted(moments, reverse=True)
