"""The partner's page: read, answer, change, decide; by its link alone."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import terms, threads, user_erasure
from service.domain.letters import CONVERSATION
from service.facts.refusals import Refusal
from service.i18n.locales import LOCALES
from service.models import Message, Partner, Thread, User
from service.web.errors import PARTNER_TITLES
from tests.domain.factories import NOW
from tests.domain.talks import Talk, talk
from tests.web.browser import Browser
from tests.web.pages import check_page, soup, words
from tests.web.test_access import state_of

HOSTILE = "<script>alert(1)</script>\"'{{7*7}} [x](https://evil.example)"
Answer = dict[str, str]


@pytest.fixture
def here(parts: Services) -> Talk:
    """A conversation in which the brand has written once."""
    with parts.db.transaction() as session:
        made = talk(session, locale="ja", name="花と暮らし")
        made.say(session, "When do we start?\nTomorrow?", key="a")
        session.flush()
        for one in (made.program, made.user, made.prospect, made.thread, made.partner):
            session.refresh(one)
        session.expunge_all()
    return made


@pytest.fixture
def path(parts: Services, here: Talk) -> Callable[..., str]:
    """Return the address of the page, or of something below it."""
    token = parts.signer.sign(CONVERSATION, [here.thread.id, here.thread.link_version])
    return lambda below="", code="en": f"/{code}/conversation/{token}{below}"


def send(browser: Browser, path: Callable[..., str], below: str, data: Answer) -> int:
    """Send a form as a mail program's browser without cookies would."""
    return browser.client.post(path(below), data=data).status_code


def bodies(parts: Services) -> list[tuple[str, str, str]]:
    with parts.db.reading() as session:
        found = session.scalars(select(Message).order_by(Message.id))
        return [(one.side, one.state, one.body) for one in found]


@pytest.mark.parametrize("code", LOCALES)
def test_it_shows_the_conversation(browser: Browser, path: Callable[..., str], here: Talk, code: str) -> None:
    """Each message has its own language; the menu of languages keeps the page."""
    answer = browser.get(path(code=code))
    page = check_page(answer, code)
    body = page.select_one(".talk-body")
    assert body is not None
    assert (body["lang"], body.get_text()) == ("en", "When do we start?\nTomorrow?")
    assert here.partner.name in words(page.main)
    assert path(code="fr") in [link.get("href") for link in page.select("a")]


def test_it_says_how_to_have_personal_data_erased(browser: Browser, path: Callable[..., str]) -> None:
    told = soup(browser.get(path())).find("summary", string="Personal data")
    assert told is not None
    assert "have it erased, write so in your answer" in words(told.find_parent("details"))


@pytest.mark.parametrize("code", LOCALES)
def test_who_was_erased_writes_as_the_program(
    browser: Browser, parts: Services, path: Callable[..., str], here: Talk, code: str
) -> None:
    """D-: as in the mail about the same message; no number of a user is told to a partner."""
    with parts.db.transaction() as session:
        user_erasure.erase(session, here.user.id, actor=None, the_last_too=True, now=NOW)
    page = check_page(browser.get(path(code=code)), code)
    assert [words(author) for author in page.select(".talk-head strong")] == [here.program.name]


@pytest.mark.parametrize("asked", [{}, {"X-Fragment": "messages"}])
def test_a_web_address_can_be_followed(
    browser: Browser, parts: Services, here: Talk, path: Callable[..., str], asked: dict[str, str]
) -> None:
    """X-1, D-7: as in the brand's inbox; no other text becomes a link, and no other site learns of ours."""
    said = f"{HOSTILE} https://shop.example/a?b=1&c=<i>"
    with parts.db.transaction() as session:
        here.say(session, said, key="b")
    body = soup(browser.get(path(), headers=asked)).select(".talk-body")[-1]
    assert body.get_text() == said
    assert [(one["href"], one["rel"]) for one in body.select("a")] == [
        ("https://evil.example", ["noopener", "noreferrer", "nofollow"]),
        ("https://shop.example/a?b=1&c=", ["noopener", "noreferrer", "nofollow"]),
    ]


def test_the_address_is_told_to_nobody(browser: Browser, path: Callable[..., str]) -> None:
    """W-3, W-6, D-7: no referrer, no index, no store, also of what was refused."""
    for answer in (browser.get(path()), browser.get(path()[:-1]), browser.client.post(path("/answer"))):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Cache-Control"] == "private, no-store"
    page = soup(browser.get(path()))
    names = {tag.get("name"): tag.get("content") for tag in page.select("meta")}
    assert (names["referrer"], names["robots"]) == ("no-referrer", "noindex, nofollow")


def test_looking_marks_nothing_as_read(browser: Browser, parts: Services, path: Callable[..., str]) -> None:
    """W-1: a program that fetches every link of a mail has read nothing; the page's own request has."""
    before = state_of(parts)
    for below in ("", "?before=99", "/terms"):
        browser.client.get(path(below))
        browser.client.head(path(below))
        browser.client.get(path(below), headers={"X-Fragment": "messages"})
    assert state_of(parts) == before
    assert send(browser, path, "/read", {"by": "script"}) == 204
    with parts.db.reading() as session:
        assert session.scalars(select(Message)).one().read_at is not None


def test_without_scripts_a_button_marks_as_read(browser: Browser, path: Callable[..., str]) -> None:
    assert soup(browser.get(path())).select_one("form[data-seen]") is not None
    assert send(browser, path, "/read", {}) == 303
    assert soup(browser.get(path())).select_one("form[data-seen]") is None


def test_an_answer_is_taken_once(browser: Browser, parts: Services, path: Callable[..., str]) -> None:
    """F-14: the same form twice."""
    key = soup(browser.get(path())).select_one("input[name=form_key]")
    assert key is not None
    form = {"form_key": str(key["value"]), "body": HOSTILE}
    assert [send(browser, path, "/answer", form) for _ in range(2)] == [303, 303]
    assert bodies(parts)[1:] == [("partner", "sent", HOSTILE)]
    assert HOSTILE in words(check_page(browser.get(path()), "en").main)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "Write a message"),
        ("x" * 10_001, "longer than"),
        ("a\0b", "The text contains a character that cannot be stored"),
    ],
)
@pytest.mark.parametrize("code", LOCALES)
def test_a_refused_answer_stays_in_its_field(
    browser: Browser, parts: Services, path: Callable[..., str], code: str, body: str, said: str
) -> None:
    """F-4: with the reason beside it; the form keeps its key."""
    answer = browser.client.post(path("/answer", code=code), data={"form_key": "k", "body": body})
    assert answer.status_code == 400
    page = soup(answer)
    field = page.select_one("#f-body")
    assert field is not None
    assert field.get_text().lstrip("\n") == body
    assert page.select_one("#f-body-error") is not None
    assert (said in words(page.main)) is (code == "en")
    assert page.select_one("input[name=form_key]")["value"] == "k"  # type: ignore[index]
    assert len(bodies(parts)) == 1


def test_own_messages_change_until_they_are_read(
    browser: Browser, parts: Services, here: Talk, path: Callable[..., str]
) -> None:
    send(browser, path, "/answer", {"form_key": "k", "body": "One"})
    assert send(browser, path, "/messages/2", {"do": "edit", "body": "Two"}) == 303
    assert bodies(parts)[1] == ("partner", "sent", "Two")
    assert send(browser, path, "/messages/2", {"do": "edit", "body": ""}) == 400
    with parts.db.transaction() as session:
        threads.mark_read(session, session.get_one(Thread, here.thread.id), now=here.thread.created_at)
    assert send(browser, path, "/messages/2", {"do": "edit", "body": "Three"}) == 400
    assert send(browser, path, "/messages/2", {"do": "withdraw"}) == 400
    send(browser, path, "/answer", {"form_key": "l", "body": "Four"})
    assert send(browser, path, "/messages/3", {"do": "withdraw"}) == 303
    assert bodies(parts)[1:] == [("partner", "sent", "Two"), ("partner", "withdrawn", "")]


def test_another_conversations_messages_do_not_exist(
    browser: Browser, parts: Services, path: Callable[..., str]
) -> None:
    """A-2: nor do the brand's own."""
    with parts.db.transaction() as session:
        other = talk(session, name="Other")
        theirs = other.answer(session, key="x").id
    for message_id in (1, theirs, 999):
        for verb in ("edit", "withdraw"):
            form = {"do": verb, "body": "x"}
            assert send(browser, path, f"/messages/{message_id}", form) == 404
    assert [body for _, _, body in bodies(parts)] == ["When do we start?\nTomorrow?", "Tomorrow."]


def test_messages_are_switched_off_and_on_again(
    browser: Browser, parts: Services, here: Talk, path: Callable[..., str]
) -> None:
    """What that means stands beside the button; answering stays possible."""

    def enabled() -> bool:
        with parts.db.reading() as session:
            return session.get_one(Partner, here.partner.id).messaging_enabled

    assert "no program of this brand can write" in words(soup(browser.get(path())).main)
    assert send(browser, path, "/messaging", {"messaging": "off"}) == 303
    assert not enabled()
    assert "an email tells you of each message" in words(soup(browser.get(path())).main)
    assert send(browser, path, "/answer", {"form_key": "k", "body": "Goodbye"}) == 303
    assert send(browser, path, "/messaging", {"messaging": "on"}) == 303
    assert enabled()
    assert send(browser, path, "/messaging", {"messaging": "maybe"}) == 400


def test_a_report_needs_words(browser: Browser, parts: Services, path: Callable[..., str]) -> None:
    answer = browser.client.post(path("/report"), data={"words": " "})
    page = soup(answer)
    assert (answer.status_code, page.select_one("#f-words-error") is not None) == (400, True)
    assert send(browser, path, "/report", {"words": HOSTILE}) == 303
    with parts.db.reading() as session:
        assert session.scalars(select(Thread)).one().report == HOSTILE


def test_terms_are_accepted_with_the_first_answer(
    browser: Browser, parts: Services, here: Talk, path: Callable[..., str]
) -> None:
    with parts.db.transaction() as session:
        user = session.get_one(User, here.user.id)
        terms.publish(
            session, {"en": "# Rules", "ja": "# 決まり"}, based_on=0, actor=user, now=here.thread.created_at
        )
    page = check_page(browser.get(path("/terms", code="ja")), "ja")
    assert words(page.select_one(".prose")) == "決まり"
    assert send(browser, path, "/answer", {"form_key": "k", "body": "Yes"}) == 400
    page = check_page(browser.get(path()), "en")
    box = page.select_one("input[name=accept]")
    assert box is not None
    assert send(browser, path, "/answer", {"form_key": "k", "body": "Yes", "accept": "99"}) == 400
    assert (
        send(browser, path, "/answer", {"form_key": "k", "body": "Yes", "accept": str(box["value"])}) == 303
    )
    assert soup(browser.get(path())).select_one("input[name=accept]") is None
    assert "You accepted these terms on" in words(soup(browser.get(path("/terms"))).main)


@pytest.mark.parametrize("code", LOCALES)
def test_a_link_that_does_not_hold_says_so_in_the_readers_language(
    browser: Browser, parts: Services, here: Talk, path: Callable[..., str], code: str
) -> None:
    """A-2, D-7: forged, revoked and never there are one and the same page."""
    tokens = [
        "x",
        parts.signer.sign(CONVERSATION, [999, 1]),
        parts.signer.sign(CONVERSATION, [here.thread.id, 2]),
    ]
    pages = [browser.get(f"/{code}/conversation/{token}") for token in tokens]
    assert [answer.status_code for answer in pages] == [404] * 3
    assert len({words(soup(answer).main) for answer in pages}) == 1
    catalog = parts.catalogs.catalog(code)
    assert words(soup(pages[0]).h1) == catalog.say(PARTNER_TITLES[Refusal.CONVERSATION_GONE])
    advice = " ".join(catalog.say(Refusal.CONVERSATION_GONE.phrase).split())
    assert words(soup(pages[0]).main).endswith(advice)
    assert soup(pages[0]).select("main a") == []  # nothing there is for somebody without an account
    good = path(code=code)
    with parts.db.transaction() as session:
        thread, user = session.get_one(Thread, here.thread.id), session.get_one(User, here.user.id)
        threads.revoke_links(session, thread, version=1, actor=user, now=here.thread.created_at)
    assert words(soup(browser.get(good)).main) == words(soup(pages[0]).main)
    for below in ("/answer", "/read", "/messaging", "/report", "/messages/1"):
        form = {"form_key": "k", "body": "x", "messaging": "off", "words": "x", "do": "withdraw"}
        assert browser.client.post(path(below), data=form).status_code == 404


def test_what_was_being_written_when_the_link_was_revoked_is_not_lost(
    browser: Browser, parts: Services, here: Talk, path: Callable[..., str]
) -> None:
    """F-4: it is there to be copied, and stored nowhere."""
    with parts.db.transaction() as session:
        session.get_one(Thread, here.thread.id).link_version += 1
    answer = browser.client.post(path("/answer", code="fr"), data={"form_key": "k", "body": HOSTILE})
    field = soup(answer).select_one("textarea[readonly]")
    assert (answer.status_code, field is not None) == (404, True)
    assert field.get_text().removeprefix("\n") == HOSTILE  # type: ignore[union-attr]
    assert len(bodies(parts)) == 1


def test_answers_have_a_limit(browser: Browser, parts: Services, path: Callable[..., str]) -> None:
    """A-5: so many at once that nobody writes them; nothing that was typed is lost."""
    statuses = [send(browser, path, "/answer", {"form_key": f"k{n}", "body": "x"}) for n in range(40)]
    assert statuses[:30] == [303] * 30
    assert statuses[-1] == 400
    answer = browser.client.post(path("/answer"), data={"form_key": "z", "body": "kept"})
    assert soup(answer).select_one("#f-body").get_text().strip() == "kept"  # type: ignore[union-attr]
    assert "Too many tries" in words(soup(answer).main)


def test_long_conversations_are_paged(
    browser: Browser, parts: Services, here: Talk, path: Callable[..., str]
) -> None:
    with parts.db.transaction() as session:
        for number in range(60):
            here.answer(session, f"m{number}", key=f"k{number}")
    page = check_page(browser.get(path()), "en")
    shown = [words(one) for one in page.select(".talk-body")]
    assert (len(shown), shown[-1]) == (50, "m59")
    link = page.select_one(".talk-more a")
    assert link is not None
    earlier = check_page(browser.get(str(link["href"])), "en")
    assert [words(one) for one in earlier.select(".talk-body")][-1] == "m9"
    assert earlier.select_one("[data-poll]") is None


def test_the_list_alone_is_brought_to_the_script(browser: Browser, path: Callable[..., str]) -> None:
    answer = browser.client.get(path(), headers={"X-Fragment": "messages"})
    assert soup(answer).find(id="messages") is not None
    assert "<html" not in answer.get_data(as_text=True)
