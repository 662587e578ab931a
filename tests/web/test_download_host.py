"""Attachments from a host of their own: who gets them there, for how long, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from service.bootstrap import Services
from service.config import Settings
from service.domain import accounts, attachments, messages, sessions, threads
from service.domain.attachments import Sender, Upload
from service.domain.letters import CONVERSATION
from service.facts import verdicts
from service.facts.filetypes import FileType
from service.facts.limits import DOWNLOAD_LIFE
from service.facts.messages import MessageState, ScanState, Side
from service.facts.permissions import BuiltInRole, Permission
from service.i18n.locales import LOCALES
from service.models import Attachment, Message, Program, Thread, User, UserSession
from service.web import download_host
from service.web.app import create_app
from service.web.download_host import GONE, GONE_ADVICE
from service.web.routes import Audience, Cache, Csrf, Declaration, Located, declaration_of
from tests.domain import factories
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.pages import check_page, words
from tests.web.test_access import routes_of

FILES = "https://files.example.net"
CONTENT = "名前,メール\r\n葉山,=1+1\r\n".encode()
NAME = "見積り書.csv"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, download_url=FILES)


@pytest.fixture
def file(parts: Services, thread: Thread, brand: Browser, clock: Clock) -> Attachment:
    """A clean file in a message that the brand sent."""
    with parts.db.transaction() as session:
        user = session.query(User).one()
        stored = parts.attachments.put(CONTENT)
        made = attachments.take(
            session, parts.jobs, session.get_one(Thread, thread.id),
            Upload(NAME, FileType.CSV, len(CONTENT), "digest", stored),
            by=Sender(Side.BRAND, user.id), upload_key="key", now=clock.now,
        )  # fmt: skip
        attachments.settle(session, made.id, verdicts.CLEAN, now=clock.now)
        messages.send(session, thread.id, actor=user, body="Bonjour", form_key="key", now=clock.now)
        return made


def brand_path(file: Attachment) -> str:
    return f"/ja/inbox/{file.thread_id}/files/{file.id}"


def partner_path(parts: Services, file: Attachment, version: int = 1) -> str:
    return f"/fr/conversation/{parts.signer.sign(CONVERSATION, [file.thread_id, version])}/files/{file.id}"


def sent_on(answer: TestResponse) -> str:
    """Return the path on the host for downloads to which an answer sends its reader."""
    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "private, no-store"
    place = urlsplit(answer.headers["Location"])
    assert f"{place.scheme}://{place.netloc}" == FILES
    return place.path


def ask(app: Flask, path: str, host: str = FILES, method: str = "GET", **headers: str) -> TestResponse:
    """Ask for a path as a browser that has nothing of ours."""
    client = app.test_client(use_cookies=False)  # or its own take the place of a header's
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(path, base_url=host, method=method, headers=sent, buffered=True)


def plain(answer: TestResponse) -> tuple[int, dict[str, str], bytes]:
    return answer.status_code, dict(answer.headers), answer.get_data()


@pytest.mark.parametrize("side", list(Side))
def test_a_file_is_handed_out_there_as_it_is_here(
    parts: Services, app: Flask, brand: Browser, file: Attachment, clock: Clock, side: Side
) -> None:
    """U-6: the pages' host gives nothing but an address; behind it the same bytes under the same headers."""
    path = brand_path(file) if side is Side.BRAND else partner_path(parts, file)
    there = ask(app, sent_on(brand.get(path)))
    alone = create_app(replace(parts, settings=replace(parts.settings, download_url="")), clock=clock)
    client = alone.test_client()
    secret = brand.cookie(COOKIE)
    assert secret is not None
    client.set_cookie(COOKIE, secret)
    here = client.get(path, buffered=True)
    assert (here.status_code, here.get_data()) == (200, CONTENT)
    assert (there.status_code, there.get_data()) == (200, CONTENT)
    # Pages of the one side name their language and keep it in a cookie; links of the other say nothing.
    of_pages = {"Content-Language", "Set-Cookie"}
    quiet = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
    expected = {name: value for name, value in here.headers.items() if name not in of_pages}
    assert dict(there.headers) == expected | quiet
    assert there.headers["Content-Disposition"].startswith("attachment; ")


def test_a_head_and_a_range_are_answered_as_here(app: Flask, brand: Browser, file: Attachment) -> None:
    """U-6: HEAD has the headers alone; whoever asks for a part gets the whole, which says so."""
    path = sent_on(brand.get(brand_path(file)))
    whole, head = ask(app, path), ask(app, path, method="HEAD")
    assert (head.status_code, dict(head.headers), head.get_data()) == (200, dict(whole.headers), b"")
    assert head.content_length == len(CONTENT)
    assert plain(ask(app, path, Range="bytes=2-5")) == plain(whole)
    assert sent_on(brand.client.head(brand_path(file))).startswith("/ja/download/")


def test_there_cookies_are_neither_read_nor_set(
    parts: Services, app: Flask, brand: Browser, file: Attachment
) -> None:
    """U-6: with everything that a browser could bring, each answer is the one of a browser without."""
    brought = f"{COOKIE}={brand.cookie(COOKIE)}; locale=zh; prospectus_form=x; a=\x7f"
    for path in (sent_on(brand.get(brand_path(file))), "/en/", "/", "/fr/download/x"):
        bare = ask(app, path, Accept_Language="fr")
        assert plain(ask(app, path, Accept_Language="fr", Cookie=brought)) == plain(bare)
        assert "Set-Cookie" not in bare.headers
        assert "Cookie" not in bare.headers.get("Vary", "")


def test_our_cookies_do_not_reach_it(
    app: Flask,
    new_browser: Callable[[], Browser],
    add_user: Callable[..., User],
    sign_in: Callable[..., object],
) -> None:
    """U-6, A-4: none names a domain, so that each stays at the host that set it."""
    add_user()
    browser = new_browser()
    set_there = [*browser.get("/en/sign-in").headers.getlist("Set-Cookie")]
    set_there += sign_in(browser).headers.getlist("Set-Cookie")  # type: ignore[attr-defined]
    names = {line.partition("=")[0] for line in set_there}
    assert {COOKIE, "prospectus_form", "locale"} <= names
    assert [line for line in set_there if "domain" in line.lower()] == []


def test_nothing_else_is_there(app: Flask, brand: Browser, file: Attachment) -> None:
    """U-6: every route of the pages, with a session; files of the release; what looks like a download."""
    with app.test_request_context("/en/"):
        static = app.jinja_env.globals["asset"]("css/tokens.css")  # type: ignore[operator]
    real = sent_on(brand.get(brand_path(file)))
    asked = [("GET", "/"), ("GET", static), ("GET", "/favicon.ico"), ("GET", "/robots.txt")]
    asked += [("GET", f"{real}/"), ("GET", f"/{real}"), ("GET", real.removeprefix("/ja"))]
    asked += [(method, real) for method in ("POST", "PUT", "DELETE", "OPTIONS", "PROPFIND")]
    routes = [(route.method, route.path) for route in routes_of(app)]
    assert len(routes) > 60
    for method, path in asked + routes:
        answer = ask(app, path, method=method, Cookie=f"{COOKIE}={brand.cookie(COOKIE)}")
        assert answer.status_code == 404, (method, path)
    assert ask(app, real).status_code == 200


def test_it_has_one_route_and_that_is_nowhere_else(app: Flask, brand: Browser, file: Attachment) -> None:
    """A-1: it declares itself, and the host of the pages knows no such address."""
    there = download_host.create(app)
    assert [rule.endpoint for rule in there.url_map.iter_rules()] == ["downloads.hand_out"]
    declared = declaration_of(there, "downloads.hand_out")
    assert declared == Declaration(Audience.ANYONE, Csrf.SIGNED_PATH, Cache.PRIVATE, Located.PATH)
    assert brand.get(sent_on(brand.get(brand_path(file)))).status_code == 404


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("https://files.example.net", 404),
        ("https://FILES.example.net", 404),
        ("https://files.example.net.", 404),
        ("https://files.example.net:8443", 404),
        ("http://files.example.net", 404),
        ("http://localhost", 200),
        ("https://files.example.net.evil.example", 200),
        ("https://evil.files.example.net", 200),
        ("https://127.0.0.1:8000", 200),
    ],
)
def test_the_host_is_known_however_it_is_written(app: Flask, host: str, status: int) -> None:
    """U-6: other hosts are answered as ever."""
    assert ask(app, "/en/sign-in", host).status_code == status


def test_without_the_setting_no_host_is_special(parts: Services, clock: Clock) -> None:
    app = create_app(replace(parts, settings=replace(parts.settings, download_url="")), clock=clock)
    assert ask(app, "/en/sign-in").status_code == 200


@pytest.mark.parametrize("code", LOCALES)
def test_what_is_not_there_is_told_in_the_readers_language(
    parts: Services, app: Flask, brand: Browser, file: Attachment, clock: Clock, code: str
) -> None:
    """U-6: too late, forged, another purpose, another file: the same page, and it fetches nothing."""
    signed = parts.signer.sign
    made_at = int(clock.now.timestamp())
    path = sent_on(brand.get(f"/{code}{brand_path(file).removeprefix('/ja')}"))
    assert path.startswith(f"/{code}/download/")
    changed = f"{path[:-1]}{'A' if path[-1] != 'A' else 'B'}"
    foreign = signed("download", ["partner", 1, file.thread_id, file.id + 1, made_at])
    purpose = signed(CONVERSATION, ["partner", 1, file.thread_id, file.id, made_at])
    odd = (signed("download", value) for value in (7, "x", [], ["partner", "1", 1, 1, made_at], {"a": 1}))
    tokens = ["x", "", ".", foreign, purpose, *odd, "%00", "a" * 4000]
    assert ask(app, path).status_code == 200
    clock.pass_by(DOWNLOAD_LIFE - timedelta(seconds=1))
    assert ask(app, path).status_code == 200
    clock.pass_by(timedelta(seconds=1))
    late = ask(app, path)
    assert late.status_code == 404
    assert late.headers["Cache-Control"] == "private, no-store"
    for asked in (changed, *(f"/{code}/download/{token}" for token in tokens)):
        assert plain(ask(app, asked)) == plain(late), asked
    told = parts.catalogs.catalog(code).say
    assert late.headers["Content-Language"] == LOCALES[code].tag
    shown = late.get_data(as_text=True)
    assert f'<html lang="{LOCALES[code].tag}"' in shown
    assert (told(GONE) in shown, told(GONE_ADVICE) in shown) == (True, True)
    fetches = ("src=", "href=", "url(", "@import", "<script", "<form")
    assert [found for found in fetches if found in shown] == []


def test_an_address_without_a_language_is_answered_in_the_browsers(app: Flask) -> None:
    answer = ask(app, "/favicon.ico", Accept_Language="ja;q=0.9, xx")
    assert (answer.status_code, answer.headers["Content-Language"]) == (404, "ja")


def test_a_clock_that_was_put_back_makes_no_address_live_longer(
    app: Flask, brand: Browser, file: Attachment, clock: Clock
) -> None:
    """F-11."""
    path = sent_on(brand.get(brand_path(file)))
    clock.pass_by(timedelta(days=-1))
    assert ask(app, path).status_code == 404


def change_role(parts: Services, file: Attachment) -> None:
    with parts.db.transaction() as session:
        analyst = accounts.built_in_role(session, BuiltInRole.ANALYST)
        assert Permission.MESSAGES_USE not in accounts.role_permissions(analyst)
        session.query(User).one().role = analyst


def take_programs(parts: Services, file: Attachment) -> None:
    with parts.db.transaction() as session:
        session.query(User).one().all_programs = False


def disable(parts: Services, file: Attachment) -> None:
    with parts.db.transaction() as session:
        user = session.query(User).one()
        user.disabled_at = user.created_at


def sign_out(parts: Services, file: Attachment) -> None:
    with parts.db.transaction() as session:
        opened = session.query(UserSession).one()
        sessions.end(session, opened.id, now=opened.created_at)


def turn_link(parts: Services, file: Attachment) -> None:
    with parts.db.transaction() as session:
        session.get_one(Thread, file.thread_id).link_version += 1


def withdraw(parts: Services, file: Attachment) -> None:
    with parts.db.transaction() as session:
        session.execute(update(Message).values(state=MessageState.WITHDRAWN.value))


def delete_bytes(parts: Services, file: Attachment) -> None:
    parts.attachments.delete(file.file_id or "")


def erase(parts: Services, file: Attachment) -> None:
    with parts.db.transaction() as session:
        session.delete(session.get_one(Attachment, file.id))


LOST = {
    Side.BRAND: (change_role, take_programs, disable, sign_out, withdraw, delete_bytes, erase),
    Side.PARTNER: (turn_link, withdraw, delete_bytes, erase),
}


@pytest.mark.parametrize(("side", "lose"), [(side, lose) for side, ways in LOST.items() for lose in ways])
def test_a_right_that_is_lost_meanwhile_is_lost_at_once(
    parts: Services, app: Flask, brand: Browser, file: Attachment, side: Side, lose: Callable[..., None]
) -> None:
    """U-12, A-8: an address that was given a moment ago is worth nothing, and says nothing."""
    path = sent_on(brand.get(brand_path(file) if side is Side.BRAND else partner_path(parts, file)))
    assert ask(app, path).get_data() == CONTENT
    lose(parts, file)
    answer = ask(app, path)
    assert plain(answer) == plain(ask(app, f"{path.rpartition('/')[0]}/x"))


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("state", [state for state in ScanState if state is not ScanState.CLEAN])
def test_a_file_that_is_not_clean_any_more_is_gone(
    parts: Services, app: Flask, brand: Browser, file: Attachment, side: Side, state: ScanState
) -> None:
    """P4, U-12."""
    path = sent_on(brand.get(brand_path(file) if side is Side.BRAND else partner_path(parts, file)))
    with parts.db.transaction() as session:
        session.get_one(Attachment, file.id).state = state.value
    assert ask(app, path).status_code == 404


def test_nobody_is_sent_there_who_would_not_get_it_here(
    parts: Services, brand: Browser, file: Attachment, enter: Callable[..., Browser],
    new_browser: Callable[[], Browser],
) -> None:  # fmt: skip
    """A-1, A-2: roles, strangers, other programs, other conversations, links that were revoked."""
    path = brand_path(file)
    assert enter(BuiltInRole.ANALYST).get(path).status_code == 403
    stranger = new_browser().get(path)
    assert (stranger.status_code, stranger.headers["Location"].partition("?")[0]) == (303, "/ja/sign-in")
    with parts.db.transaction() as session:
        elsewhere = factories.prospect(session, factories.program(session, "B"), "B", messaging_enabled=True)
        other = threads.open_with(session, elsewhere.program_id, elsewhere.partner_id, now=file.created_at)
        program = session.get_one(Program, elsewhere.program_id)
    outsider = enter(BuiltInRole.ADMINISTRATOR, program, email="outsider@example.test")
    assert outsider.get(path).status_code == 404
    assert brand.get(f"/ja/inbox/{other.id}/files/{file.id}").status_code == 404
    assert new_browser().get(partner_path(parts, file, version=2)).status_code == 404


def test_previews_stay_with_the_pages(app: Flask, brand: Browser, file: Attachment) -> None:
    """U-6: a table is a page of ours, whose words alone are the file's; it leads to the download here."""
    page = check_page(brand.get(f"{brand_path(file)}/table"), "ja")
    assert [words(cell) for cell in page.select("main tbody td")] == ["葉山", "=1+1"]
    assert brand_path(file) in [link.get("href") for link in page.select("main a")]
    assert FILES not in str(page)


def test_what_breaks_there_shows_nothing_of_itself(
    parts: Services, app: Flask, brand: Browser, file: Attachment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D-2: a page in the reader's language; the details stay in the log."""
    path = sent_on(brand.get(brand_path(file)))

    def fail(*_given: object, **_named: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(download_host.downloads, "find", fail)
    answer = ask(app, path)
    assert (answer.status_code, answer.headers["Content-Language"]) == (500, "ja")
    assert "secret detail" not in answer.get_data(as_text=True)
