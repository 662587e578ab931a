"""Inbox: the list of threads, its filters and search, beginning a message, what an open page asks for."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from service.bootstrap import Services
from service.domain import sessions, threads
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import BuiltInRole
from service.facts.words import N_
from service.i18n.locales import LOCALES
from service.models import Program, Thread, UserSession
from tests.domain import factories
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.pages import check_page, soup, words
from tests.web.threads import HOSTILE, Post


def names(page: object) -> list[str]:
    return [words(row) for row in page.select("#threads .thread-row-name")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(enter: Callable[..., Browser], program: Program, post: Post, code: str) -> None:
    browser = enter()
    check_page(browser.get(f"/{code}/inbox"), code)
    post.partner_writes(post.open(program, "株式会社ひかり", locale="ja"), "ご連絡ありがとうございます")
    page = check_page(browser.get(f"/{code}/inbox"), code)
    name, text = page.select_one(".thread-row-name bdi"), page.select_one(".thread-row-text bdi")
    assert name is not None
    assert text is not None
    assert (name["lang"], words(name)) == ("ja", "株式会社ひかり")
    assert (text["lang"], words(text)) == ("ja", "ご連絡ありがとうございます")


def test_an_empty_inbox_says_what_to_do_next(
    enter: Callable[..., Browser], program: Program, post: Post
) -> None:
    browser = enter()
    page = soup(browser.get("/en/inbox"))
    assert words(page.select_one(".empty h2")) == "No messages yet"
    assert [link["href"] for link in page.select(".empty a")] == ["/en/inbox/new"]
    post.partner_writes(post.open(program), "Hello")
    page = soup(browser.get("/en/inbox?priority=1"))
    assert words(page.select_one(".empty h2")) == "No results"
    assert [link["href"] for link in page.select(".empty a")] == ["/en/inbox"]


def test_the_bar_counts_unread_threads_of_the_program(
    enter: Callable[..., Browser], parts: Services, program: Program, post: Post
) -> None:
    browser = enter()
    with parts.db.transaction() as session:
        other = factories.program(session, "Kumo Outdoor")
    for into, name in ((program, "One"), (program, "Two"), (other, "Three")):
        post.partner_writes(post.open(into, name), "Hello")
    for path in ("/en/", "/en/inbox"):
        link = soup(browser.get(path)).select_one(".bar-end a[href='/en/inbox']")
        assert words(link) == "Inbox 2 Unread"
    assert "Inbox (2)" in words(soup(browser.get("/en/inbox")).title)
    assert soup(enter(BuiltInRole.ANALYST).get("/en/")).select(".bar-end a[href='/en/inbox']") == []


def test_filters_are_kept_in_the_address_and_taken_off_again(
    enter: Callable[..., Browser], parts: Services, program: Program, post: Post
) -> None:
    unread, priority, away = (post.open(program, name) for name in ("Unread", "Priority", "Away"))
    browser = enter()
    post.brand_writes(priority, "Hello")
    post.partner_writes(away, "Hello")
    post.clock.pass_by(timedelta(seconds=1))
    post.partner_writes(unread, "Hello")
    with parts.db.transaction() as session:
        threads.set_priority(session, session.get_one(Thread, priority.id), priority=True)
        threads.archive(session, session.get_one(Thread, away.id), now=post.clock.now)
    found = {
        query: names(soup(browser.get(f"/en/inbox?{query}")))
        for query in ("", "unread=1", "priority=1", "archived=1", "stage=outreach", "language=ja", "q=pri")
    }
    assert found == {
        "": ["Unread", "Priority"],
        "unread=1": ["Unread"],
        "priority=1": ["Priority"],
        "archived=1": ["Away"],
        "stage=outreach": ["Priority"],
        "language=ja": [],
        "q=pri": ["Priority"],
    }
    page = soup(browser.get("/en/inbox?unread=1&stage=new"))
    switch = page.select_one(".inbox-switches a[aria-current]")
    assert switch is not None
    assert (words(switch), switch["href"]) == ("Unread", "/en/inbox?stage=new")
    assert [(words(chip), chip["href"]) for chip in page.select(".chip-remove")] == [
        ("Remove filter Stage New", "/en/inbox?unread=1")
    ]
    row = soup(browser.get("/en/inbox?unread=1")).select_one("#threads a")
    assert row is not None
    assert row["href"] == f"/en/inbox/{unread.id}?unread=1"


@pytest.mark.parametrize("code", LOCALES)
def test_a_row_says_whom_no_mail_reaches(
    enter: Callable[..., Browser], parts: Services, program: Program, post: Post, code: str
) -> None:
    reached, away = post.open(program, "Reached"), post.open(program, "Away")
    for thread in (reached, away):
        post.partner_writes(thread, "Hello")
    with parts.db.transaction() as session:
        threads.set_messaging(session, away.partner_id, enabled=False)
    page = check_page(enter().get(f"/{code}/inbox"), code)
    told = parts.catalogs.catalog(code).say(N_("No emails"))
    assert [told in words(page.find(id=f"thread-{one.id}")) for one in (reached, away)] == [False, True]


def test_what_is_assigned_to_me(
    enter: Callable[..., Browser], parts: Services, program: Program, post: Post
) -> None:
    mine, free = post.open(program, "Mine"), post.open(program, "Free")
    for thread in (mine, free):
        post.partner_writes(thread, "Hello")
    browser = enter()
    browser.get(f"/en/inbox/{mine.id}")
    with parts.db.reading() as session:
        me = session.query(UserSession).one().user_id
    browser.post(f"/en/inbox/{mine.id}/assign", {"user": str(me)})
    links = {words(link): link["href"] for link in soup(browser.get("/en/inbox")).select(".inbox-switches a")}
    assert names(soup(browser.get(str(links["Assigned to me"])))) == ["Mine"]


def test_all_programs_at_once(
    enter: Callable[..., Browser], parts: Services, program: Program, post: Post
) -> None:
    """A-2: all means all that the reader may work in."""
    with parts.db.transaction() as session:
        other, foreign = (factories.program(session, name) for name in ("Kumo Outdoor", "Foreign"))
    opened = {}
    for into, name in ((program, "Ours"), (other, "Other"), (foreign, "Theirs")):
        opened[name] = post.open(into, name)
        post.partner_writes(opened[name], "Hello")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program, other)
    assert names(soup(browser.get("/en/inbox"))) == ["Ours"]
    assert sorted(names(soup(browser.get("/en/inbox?program=all")))) == ["Other", "Ours"]
    assert browser.get(f"/en/inbox/{opened['Other'].id}").status_code == 200
    assert browser.get(f"/en/inbox/{opened['Theirs'].id}").status_code == 404


def test_words_are_found_in_messages_and_marked(
    enter: Callable[..., Browser], program: Program, post: Post
) -> None:
    """X-1: what was found is text, and so is what stands around it."""
    browser = enter()
    thread = post.open(program)
    message = post.partner_writes(thread, f"The commission {HOSTILE} is too low")
    page = check_page(browser.get("/en/inbox?q=commission"), "en")
    hit = page.select_one("#inbox-rows .thread-row a")
    assert hit is not None
    assert [words(mark) for mark in hit.select("mark")] == ["commission"]
    assert HOSTILE in hit.get_text()
    address = f"/en/inbox/{thread.id}?at={message}&q=commission#message-{message}"
    assert hit["href"] == address
    assert soup(browser.get(address.partition("#")[0])).find(id=f"message-{message}") is not None


def test_a_message_found_far_up_is_shown(enter: Callable[..., Browser], program: Program, post: Post) -> None:
    browser = enter()
    thread = post.open(program)
    first = post.partner_writes(thread, "the first of all")
    for number in range(PAGE_ROWS + 3):
        post.partner_writes(thread, f"then {number}")
    assert soup(browser.get(f"/en/inbox/{thread.id}")).find(id=f"message-{first}") is None
    found = soup(browser.get(f"/en/inbox/{thread.id}?at={first}"))
    assert found.find(id=f"message-{first}") is not None


def test_the_list_is_paged(enter: Callable[..., Browser], program: Program, post: Post) -> None:
    browser = enter()
    for number in range(PAGE_ROWS + 1):
        post.clock.pass_by(timedelta(seconds=1))
        post.partner_writes(post.open(program, f"Partner {number}"), "Hello")
    first = soup(browser.get("/en/inbox"))
    onward = first.select_one(".pager a[rel=next]")
    assert onward is not None
    second = soup(browser.get(str(onward["href"])))
    assert (len(names(first)), names(second)) == (PAGE_ROWS, ["Partner 0"])
    back = second.select_one(".pager a[rel=prev]")
    assert back is not None
    assert names(soup(browser.get(str(back["href"])))) == names(first)
    assert [browser.get(f"/en/inbox?after={text}").status_code for text in ("x", "~~~", "é")] == [400] * 3


def test_the_number_of_queries_does_not_grow_with_the_rows(
    enter: Callable[..., Browser],
    program: Program,
    post: Post,
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    browser = enter()
    post.partner_writes(post.open(program, "First"), "Hello")
    one = count_queries(lambda: browser.get("/en/inbox"))
    for name in ("Second", "Third"):
        post.partner_writes(post.open(program, name), "Hello")
    assert count_queries(lambda: browser.get("/en/inbox")) == one


@pytest.mark.parametrize("code", LOCALES)
def test_a_new_message_begins_with_a_name(
    enter: Callable[..., Browser], parts: Services, program: Program, code: str
) -> None:
    browser = enter()
    check_page(browser.get(f"/{code}/inbox/new"), code)
    with parts.db.transaction() as session:
        factories.prospect(session, program, "Café Noir", messaging_enabled=True)
        factories.prospect(session, program, "Café Blanc")
    page = check_page(browser.get(f"/{code}/inbox/new?q=cafe"), code)
    button = page.select_one(".addressee")
    assert button is not None
    assert [words(one.b) for one in page.select(".addressee")] == ["Café Noir"]
    if code == "en":
        assert "1 is not listed because messaging is off." in words(page.main)
    answer = browser.post(f"/{code}/inbox/open", {"partner": button["value"]})
    assert answer.status_code == 303
    check_page(browser.get(answer.location.partition("#")[0]), code)


def test_who_takes_no_messages_is_not_written_to(
    enter: Callable[..., Browser], parts: Services, program: Program
) -> None:
    browser = enter()
    with parts.db.transaction() as session:
        partner_id = factories.prospect(session, program, "Quiet").partner_id
    for path in ("/en/prospects", "/en/prospects/1"):
        page = soup(browser.get(path))
        off = page.select_one("main button[aria-disabled=true]")
        assert off is not None
        assert off["type"] == "button"
        assert "Messaging is off for this partner." in words(off.parent)
        assert page.select("[formaction$='/inbox/open'], form[action$='/inbox/open']") == []
    answer = browser.post("/en/inbox/open", {"partner": str(partner_id)})
    assert answer.location == "/en/inbox/new"
    told = words(soup(browser.get(answer.location)).select_one(".notices"))
    assert "Quiet does not accept messages. You can write an email instead." in told
    for nobody in ("", "x", "9999"):
        assert browser.post("/en/inbox/open", {"partner": nobody}).status_code == 404


def test_from_a_row_of_the_prospects_to_the_thread(
    enter: Callable[..., Browser], parts: Services, program: Program
) -> None:
    """Prospects → More → Message."""
    browser = enter()
    with parts.db.transaction() as session:
        factories.prospect(session, program, "Open", messaging_enabled=True)
    button = soup(browser.get("/en/prospects")).select_one(".row-actions [formaction='/en/inbox/open']")
    assert button is not None
    assert words(button) == "Message"
    opened = browser.post(str(button["formaction"]), {str(button["name"]): button["value"]})
    assert words(soup(browser.get(opened.location.partition("#")[0])).h1) == "Open"


def test_an_open_page_learns_of_news(enter: Callable[..., Browser], program: Program, post: Post) -> None:
    browser = enter()
    thread = post.open(program)
    paths = ("/en/inbox/news", f"/en/inbox/news?thread={thread.id}")

    def versions() -> list[str]:
        return [browser.get(path).get_json()["version"] for path in paths]

    before = versions()
    assert versions() == before
    message = post.brand_writes(thread, "Hello")
    written = versions()
    assert [was != now for was, now in zip(before, written, strict=True)] == [True, True]
    post.clock.pass_by(timedelta(seconds=1))
    post.partner_reads(thread)
    read = versions()
    assert [was != now for was, now in zip(written, read, strict=True)] == [False, True]
    post.partner_writes(thread, "Yes")
    assert [was != now for was, now in zip(read, versions(), strict=True)] == [True, True]
    answer = browser.get(f"/en/inbox/{thread.id}", headers={"X-Fragment": "inbox"})
    part = soup(answer)
    assert part.main is None
    assert [one["id"] for one in part.select("#messages > li")] == [
        f"message-{message}",
        f"message-{message + 1}",
    ]
    assert words(part.select_one("#inbox-count")) == "1 Unread"
    assert part.select_one("[data-version]")["data-version"] == versions()[1]  # type: ignore[index]


def test_another_program_s_news_are_not_told(
    enter: Callable[..., Browser], parts: Services, program: Program, post: Post
) -> None:
    """A-2."""
    with parts.db.transaction() as session:
        other = factories.program(session, "Kumo Outdoor")
    thread = post.open(other, "Theirs")
    browser = enter(BuiltInRole.COMMUNITY_MANAGER, program)
    assert browser.get(f"/en/inbox/news?thread={thread.id}").status_code == 404
    assert browser.get("/en/inbox/news?thread=9999").status_code == 404


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(
    enter: Callable[..., Browser], parts: Services, program: Program, clock: Clock
) -> None:
    """A-8: only what a person does counts as being there."""
    browser = enter()
    clock.pass_by(timedelta(hours=11))
    assert browser.get("/en/inbox/news").status_code == 200
    assert browser.get("/en/inbox", headers={"X-Fragment": "inbox"}).status_code == 200
    clock.pass_by(timedelta(hours=2))
    with parts.db.reading() as session:
        secret = browser.cookie(COOKIE)
        assert secret is not None
        assert sessions.find(session, secret, now=clock.now) is None
