"""The service's own processes behind a real nginx that caches, configured by the help page: languages and
hosts that lie, requests that smuggle, and clients that never get done.
"""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service import bootstrap
from service.bootstrap import Services
from service.domain import accounts, attachments, help_votes, messages, sessions, threads
from service.domain.attachments import Sender, Upload
from service.facts import verdicts
from service.facts.filetypes import FileType
from service.facts.messages import Side
from service.facts.permissions import BuiltInRole
from service.models import User
from service.web.identity import cookie_name
from service.web.security import PAGE_POLICY
from tests.domain import factories
from tests.proxied import (
    FILES,
    HOST,
    SECONDS,
    Answer,
    Door,
    Nginx,
    advice,
    nginx,
    received,
    served,
    settings_of,
)

LANGUAGES = {"ja": "ja", "fr": "fr", "en": "en", "zh": "zh-Hans"}
PAGE = "/help/contact-a-prospect"
EVIL = "evil.example"
HOSTILE = (
    f"X-Forwarded-Host: {EVIL}",
    f"X-Forwarded-Server: {EVIL}",
    "X-Forwarded-Proto: gopher",
    "X-Forwarded-Ssl: on",
    f"X-Forwarded-Prefix: /{EVIL}",
    f"Forwarded: for=192.0.2.9;host={EVIL};proto=http",
    f"X-Original-URL: /fr/help/?{EVIL}",
    f"X-Rewrite-URL: /fr/help/?{EVIL}",
    f"X-Host: {EVIL}",
    "X-HTTP-Method-Override: POST",
    "SCRIPT_NAME: /fr",
    "Accept-Language: fr;q=1, ja;q=0.9",
    "Cookie: locale=fr",
)


@dataclass(frozen=True, slots=True)
class Site:
    """An installation that runs, straight and through nginx."""

    services: Services
    straight: Door
    nginx: Nginx
    cookie: str
    log: Path

    @property
    def doors(self) -> tuple[Door, Door]:
        return self.straight, self.nginx.door


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path, need: Callable[[str], str]
) -> Iterator[Site]:
    """One installation for all tests here, with somebody signed in."""
    program = need("nginx")
    folder = tmp_path_factory.mktemp("site")
    settings = settings_of(folder / "var", migrated)
    services = bootstrap.build(settings, jobs=False)
    with (
        served(settings, folder / "log") as straight,
        nginx(program, straight, folder / "nginx") as front,
    ):
        yield Site(services, straight, front, _signed_in(services), folder / "log")
    services.db.dispose()
    log = (folder / "log").read_text()
    assert re.findall("Traceback|Error handling request", log) == [], log


def _signed_in(services: Services) -> str:
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        user = accounts.add_user(
            session,
            email="alex@brand.example",
            name="Alexandrine Morgan",
            role=accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR),
            locale="en",
            time_zone="UTC",
            all_programs=True,
            now=now,
        )
        _, secret = sessions.open_session(session, user, now=now)
    return f"{cookie_name(services.settings)}={secret}"


def test_the_pages_of_four_languages_give_the_same_configuration() -> None:
    assert {advice(code) for code in LANGUAGES} == {advice("en")}


def test_each_address_has_its_language_whatever_came_before(site: Site) -> None:
    """W-6, P7: ja, fr, en, zh one after another, cold and kept, and liars before and after them."""
    for _ in range(2):
        for code, tag in LANGUAGES.items():
            for headers in (
                (),
                ("Accept-Language: fr",),
                HOSTILE,
                ("Accept-Language: ja", "Cookie: locale=zh"),
            ):
                answer = site.nginx.door.get(f"/{code}{PAGE}", *headers)
                assert answer.statuses == [200], answer.head
                assert answer.header("Content-Language") == tag
                assert f'<html lang="{tag}"'.encode() in answer.body
                assert EVIL.encode() not in answer.raw
                assert answer.header("Set-Cookie") is None


def test_a_page_is_kept_for_each_kind_of_reader_that_vary_names(site: Site) -> None:
    """W-6: HTML and Markdown at one address, visitors with a cookie and without."""
    path = "/zh/help/groups"
    kinds: dict[str, tuple[str, ...]] = {
        "text/html": (),
        "text/markdown": ("Accept: text/markdown",),
        "text/html;": ("Cookie: locale=zh",),
    }
    for expected in ("MISS", "HIT"):
        for kind, headers in kinds.items():
            answer = site.nginx.door.get(path, *headers)
            assert answer.header("Vary") == "Accept, Cookie"
            assert str(answer.header("Content-Type")).startswith(kind.strip(";"))
        site.nginx.wait_for(path, ["MISS"] * 3 if expected == "MISS" else ["MISS"] * 3 + ["HIT"] * 3)


def test_what_depends_on_the_reader_is_asked_anew(site: Site) -> None:
    """W-6: bare addresses lead each reader to a page of their own, and nothing of that is kept."""
    wishes = ["ja", "fr", "zh-CN", "en", "fr"]
    for wish in wishes:
        answer = site.nginx.door.get(PAGE, f"Accept-Language: {wish}", f"X-Forwarded-Host: {EVIL}")
        assert answer.statuses == [302]
        assert answer.header("Location") == f"/{wish[:2]}{PAGE}"
        assert answer.header("Vary") == "Accept-Language, Cookie"
    site.nginx.wait_for(PAGE, ["MISS"] * len(wishes))


def test_pages_of_somebody_signed_in_are_never_kept(site: Site) -> None:
    """W-6: neither what is theirs alone, nor a public page that shows their menu."""
    for path in ("/en/", "/en/help/inbox"):
        for _ in range(2):
            answer = site.nginx.door.get(path, f"Cookie: {site.cookie}")
            assert answer.statuses == [200]
            assert answer.header("Cache-Control") == "private, no-store"
            assert b"Alexandrine" in answer.body
        assert b"Alexandrine" not in site.nginx.door.get(path).raw
        site.nginx.wait_for(path, ["MISS"] * 3)


def test_static_files_are_kept(site: Site) -> None:
    """W-6: their address names the release."""
    page = site.nginx.door.get("/en/help/").body.decode()
    found = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert found is not None
    first, again = (site.nginx.door.get(found[1]) for _ in range(2))
    assert (first.statuses, first.body) == ([200], again.body)
    assert "immutable" in str(first.header("Cache-Control"))
    site.nginx.wait_for(found[1], ["MISS", "HIT"])


def test_headers_that_name_another_host_change_nothing(site: Site) -> None:
    """W-7: at both doors each of them alone, an odd Host too; nothing of it is in the answer."""
    path = f"/ja{PAGE}"
    for door in site.doors:
        plain = door.get(path)
        assert plain.statuses == [200]
        for header in HOSTILE:
            assert door.get(path, header).body == plain.body, header
        for host in (EVIL, f"{HOST}:99999", "127.0.0.1", f"{HOST}.", "xn--nxasmq6b"):
            answer = door.get(path, host=host)
            assert answer.body == plain.body or answer.statuses == [400], (host, answer.head)
            assert EVIL.encode() not in answer.raw


def test_no_header_of_a_visitor_makes_the_straight_connection_secure(site: Site) -> None:
    """W-7: only TRUSTED_PROXIES says who is believed; gunicorn itself believes nobody, not even 127.0.0.1."""
    for header in ("X-Forwarded-Protocol: ssl", "X-Forwarded-Ssl: on", "PATH_INFO: /fr/help/"):
        both = site.straight.get(f"/ja{PAGE}", header, "X-Forwarded-Proto: http")
        assert both.statuses == [200]
        assert both.header("Content-Language") == "ja"


CONTENT = "名前\r\n葉山\r\n".encode()


@pytest.fixture(scope="module")
def download(site: Site) -> str:
    """The path under which a user finds a clean file that they sent."""
    now = datetime.now(UTC)
    with site.services.db.transaction() as session:
        user = session.query(User).one()
        prospect = factories.prospect(
            session, factories.program(session), "Lumière", messaging_enabled=True, at=now
        )
        thread = threads.open_with(session, prospect.program_id, prospect.partner_id, now=now)
        upload = Upload(
            "見積り書.csv", FileType.CSV, len(CONTENT), "digest", site.services.attachments.put(CONTENT)
        )
        file = attachments.take(
            session, site.services.jobs, thread, upload,
            by=Sender(Side.BRAND, user.id), upload_key="key", now=now,
        )  # fmt: skip
        attachments.settle(session, file.id, verdicts.CLEAN, now=now)
        messages.send(session, thread.id, actor=user, body="Bonjour", form_key="key", now=now)
        return f"/ja/inbox/{thread.id}/files/{file.id}"


def _led_to(answer: Answer) -> str:
    assert answer.statuses == [303], answer.head
    origin, path = f"https://{FILES}", str(answer.header("Location"))
    assert path.startswith(f"{origin}/ja/download/")
    return path.removeprefix(origin)


def test_a_file_is_handed_out_by_the_other_host(site: Site, download: str) -> None:
    """U-6: at both doors the pages' host gives an address, the other one the file, which is kept nowhere."""
    for door in site.doors:
        path = _led_to(door.get(download, f"Cookie: {site.cookie}"))
        answer = door.get(path, host=FILES)
        assert (answer.statuses, answer.body) == ([200], CONTENT), answer.head
        assert {name: answer.header(name) for name in HANDED_OUT} == HANDED_OUT
        assert door.get(path, f"Cookie: {site.cookie}").statuses == [404]
    site.nginx.wait_for(path, ["-", "MISS"])


HANDED_OUT = {
    "Content-Type": "text/csv; charset=utf-8",
    "Content-Disposition": 'attachment; filename="attachment.csv"; '
    "filename*=UTF-8''%E8%A6%8B%E7%A9%8D%E3%82%8A%E6%9B%B8.csv",
    "Content-Length": str(len(CONTENT)),
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Set-Cookie": None,
}


def test_no_page_is_on_the_other_host(site: Site) -> None:
    """U-6, W-3: neither what is public and kept, nor what a session opens; a page of its own says so."""
    found = re.search(r'href="(/static/[^"]+\.css)"', site.nginx.door.get("/en/help/").body.decode())
    assert found is not None
    for door in site.doors:
        for path in (
            "/",
            "/en/",
            "/en/sign-in",
            "/en/help/",
            found[1],
            "/healthz",
            "/metrics",
            "/en/download/x",
        ):
            answer = door.get(path, f"Cookie: {site.cookie}", "Accept-Language: fr", host=FILES)
            assert answer.statuses == [404], path
            assert answer.header("Set-Cookie") is None
            assert answer.header("Cache-Control") == "private, no-store"
            assert str(answer.header("Content-Security-Policy")).startswith(
                "default-src 'none'; style-src 'sha256-"
            )
            assert answer.header("Content-Language") == ("en" if path.startswith("/en/") else "fr")
    assert site.nginx.door.get("/en/help/").header("Content-Security-Policy") == PAGE_POLICY


def test_cookies_are_bound_to_the_host_of_the_pages(site: Site) -> None:
    """U-6, A-4: no Domain, which `__Host-` forbids, so that no host of the same domain gets or sets them."""
    set_there = re.findall(r"(?im)^Set-Cookie: (.*?)\r?$", site.nginx.door.get("/en/sign-in").head)
    assert {line.partition("=")[0] for line in set_there} == {"__Host-prospectus_form", "locale"}
    assert [line for line in set_there if "domain" in line.lower() or "; Secure" not in line] == []


VOTE = b"helpful=yes"


def _vote(site: Site) -> bytes:
    """Return a request that counts when it is carried out: the one that is smuggled."""
    page = site.straight.get(f"/en{PAGE}").body.decode()
    found = re.search(r'action="(/en/help/votes/[^"]+)"', page)
    assert found is not None
    return _request(f"POST {found[1]}", f"Content-Length: {len(VOTE)}", body=VOTE)


def _votes(site: Site) -> int:
    with site.services.db.transaction() as session:
        return help_votes.tally(session, "contact-a-prospect", "en").votes


def _request(line: str, *headers: str, body: bytes = b"") -> bytes:
    form = "Content-Type: application/x-www-form-urlencoded"
    lines = [f"{line} HTTP/1.1", f"Host: {HOST}", form, *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def _hidden(vote: bytes) -> dict[str, bytes]:
    """Return requests that two servers might cut at different places, with one more behind each."""
    size = len(vote)
    post = "POST /en/sign-in"
    chunked = "Transfer-Encoding: chunked"
    return {
        "length and chunks": _request(post, "Content-Length: 4", chunked, body=b"0\r\n\r\n" + vote),
        "chunks and length": _request(post, chunked, f"Content-Length: {size + 5}", body=b"0\r\n\r\n" + vote),
        "two lengths": _request(post, "Content-Length: 0", f"Content-Length: {size}", body=vote),
        "a list of lengths": _request(post, f"Content-Length: 0, {size}", body=vote),
        "a signed length": _request(post, "Content-Length: +0", body=vote),
        "a negative length": _request(post, "Content-Length: -1", body=vote),
        "a hexadecimal length": _request(post, "Content-Length: 0x0", body=vote),
        "chunked twice": _request(post, chunked, chunked, body=b"0\r\n\r\n" + vote),
        "chunked, then not": _request(post, "Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + vote),
        "almost chunked": _request(
            post, "Transfer-Encoding: xchunked", "Content-Length: 5", body=b"0\r\n\r\n" + vote
        ),
        "a space before the colon": _request(
            post, "Transfer-Encoding : chunked", "Content-Length: 5", body=b"0\r\n\r\n" + vote
        ),
        "a size that is no number": _request(post, chunked, body=b"zz\r\nabc\r\n0\r\n\r\n" + vote),
        "a negative size": _request(post, chunked, body=b"-1\r\nabc\r\n0\r\n\r\n" + vote),
        "a size with 0x": _request(post, chunked, body=b"0x3\r\nabc\r\n0\r\n\r\n" + vote),
        "a chunk longer than said": _request(post, chunked, body=b"1\r\nabc\r\n0\r\n\r\n" + vote),
    }


TOO_MUCH = {
    "a header of 64 KB": _request("GET /en/help/", "X-Long: " + "a" * 65536),
    "200 headers": _request("GET /en/help/?q=many", *(f"X-Many-{number}: a" for number in range(200))),
    "a line of 16 KB": _request("GET /en/help/?" + "a" * 16384),
    "a length of 300 MB": _request("POST /en/sign-in", f"Content-Length: {300 * 1024 * 1024}", body=b"a=b"),
    "a length beyond all numbers": _request("POST /en/sign-in", "Content-Length: " + "9" * 40, body=b"a=b"),
}


def _refused(answer: Answer) -> bool:
    """Whether there is one answer, and it is a refusal."""
    return len(answer.statuses) == 1 and answer.statuses[0] in {400, 413, 414, 431, 501}


def test_no_request_hides_behind_another(site: Site) -> None:
    """W-11: refused, the connection closed, and what stood behind it never carried out; a control counts."""
    vote = _vote(site)
    for name, request in _hidden(vote).items():
        for door in site.doors:
            answer = door.send(request)
            assert _refused(answer), (name, door, answer.raw)
    assert _votes(site) == 0
    assert site.straight.send(vote.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")).statuses == [303]
    assert _votes(site) == 1


def test_lines_without_a_carriage_return_end_nothing(site: Site) -> None:
    """W-11: nginx takes such chunks and hands on a length; straight, they are refused."""
    vote, before = _vote(site), _votes(site)
    chunks = _request("POST /en/sign-in", "Transfer-Encoding: chunked", body=b"3\nabc\n0\n\n" + vote)
    head = _request("GET /en/help/", "Content-Length: 0").replace(b"\r\n", b"\n") + vote
    assert [site.straight.send(request).statuses for request in (chunks, head)] == [[400], [400]]
    assert _votes(site) == before


def test_a_folded_header_is_refused(site: Site) -> None:
    """W-11: obs-fold (RFC 9112 section 5.2) could make another header of it for the next server."""
    folded = _request("GET /en/help/", "X-Folded: a\r\n Cookie: locale=fr")
    assert [door.send(folded).statuses for door in site.doors] == [[400], [400]]


def test_what_a_request_holds_begins_no_line_of_the_log(site: Site) -> None:
    """W-12: gunicorn refuses it and says so in one JSON object, without what was sent."""
    bad = b"GET / HTTP/1.1\r\nHost: a\r\nX\x1b[31m\x85\xe2\x80\xae: b\r\n\r\n"
    before = len(site.log.read_text())
    assert site.straight.send(bad).statuses == [400]
    end = time.monotonic() + SECONDS
    while "\n" not in site.log.read_text()[before:]:
        assert time.monotonic() < end, site.log.read_text()
        time.sleep(0.02)
    written = site.log.read_text()
    assert (written.isascii(), "[31m" in written) == (True, False)
    told = [json.loads(line) for line in written[before:].splitlines()]
    assert {line["logger"] for line in told} == {"gunicorn.error"}
    assert {line["event"].partition(" from")[0] for line in told} == {"Invalid request"}


def test_more_than_anyone_needs_is_refused(site: Site) -> None:
    """W-11, C-9: with 400, 413, 414 or 431, at both doors, before any of it is worked on."""
    for name, request in TOO_MUCH.items():
        for door in site.doors:
            answer = door.send(request)
            assert _refused(answer), (name, door, answer.raw[:500])


def test_several_requests_on_one_connection_are_answered_in_order(site: Site) -> None:
    """The gathering of heads loses none that came together, nor one that came in two pieces."""
    last = _request("GET /fr/help/", "Connection: close")
    with site.straight.open() as connection:
        connection.sendall(_request("GET /ja/help/") + _request("GET /zh/help/") + last[:30])
        first = connection.recv(20)
        connection.sendall(last[30:])
        answers = first + received(connection)
    assert re.findall(rb"\r\nContent-Language: (\S+)", answers) == [b"ja", b"zh-Hans", b"fr"]


@contextmanager
def _slow(door: Door, number: int, begun: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as closing:
        opened = [closing.enter_context(door.open()) for _ in range(number)]
        _each_sends(opened, begun)
        yield opened


def _each_sends(connections: list[socket.socket], piece: bytes) -> None:
    for connection in connections:
        with suppress(OSError):  # given up already
            connection.sendall(piece)


@pytest.mark.parametrize("part", ["head", "body"])
def test_slow_clients_cost_nothing_behind_nginx(site: Site, part: str) -> None:
    """W-11: 64 connections that send a byte at a time, while pages are answered; none of them reaches us."""
    whole = _request("POST /en/sign-in", "Content-Length: 100000", body=b"email=")
    begun = whole[:40] if part == "head" else whole
    with _slow(site.nginx.door, 64, begun) as slow:
        for number in range(5):
            _each_sends(slow, b"a")
            for door in site.doors:
                assert door.get(f"/en/help/?q=slow{part}{number}").statuses == [200]


def test_slow_heads_take_no_thread(site: Site) -> None:
    """W-11: more of them than threads, straight to gunicorn; pages are answered, then they are ended."""
    with _slow(site.straight, 40, b"GET /en/help/ HTTP/1.1\r\nHost: a\r\nX-Slow: ") as slow:
        for number in range(5):
            _each_sends(slow, b"a")
            assert site.straight.get(f"/en/help/?q=heads{number}").statuses == [200]
        assert {received(connection) for connection in slow} == {b""}


def test_slow_bodies_are_ended_with_a_reason(site: Site) -> None:
    """C-9, W-11: more than threads; each gets 408 in its reader's language, then pages come again."""
    begun = _request("POST /fr/sign-in", "Content-Length: 100000", body=b"email=")
    with _slow(site.straight, 17, begun) as slow, site.straight.open() as waiting:
        waiting.sendall(_request("GET /ja/help/", "Connection: close"))
        for answer in map(received, slow):
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"\r\nContent-Language: fr\r\n" in answer
        assert received(waiting).startswith(b"HTTP/1.1 200 ")
