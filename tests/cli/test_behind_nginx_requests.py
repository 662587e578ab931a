"""Requests that smuggle, are too large or broken, straight and behind a real nginx: all are refused."""

import json
import re
import time

from service.domain import help_votes
from tests.cli.conftest import Site
from tests.proxied import (
    SECONDS,
    Answer,
    received,
    request_of,
)

PAGE = "/help/contact-a-prospect"
VOTE = b"helpful=yes"


def _vote(site: Site) -> bytes:
    """Return a request that counts when it is carried out: the one that is smuggled."""
    page = site.straight.get(f"/en{PAGE}").body.decode()
    found = re.search(r'action="(/en/help/votes/[^"]+)"', page)
    assert found is not None
    return request_of(f"POST {found[1]}", f"Content-Length: {len(VOTE)}", body=VOTE)


def _votes(site: Site) -> int:
    with site.services.db.transaction() as session:
        return help_votes.tally(session, "contact-a-prospect", "en").votes


def _hidden(vote: bytes) -> dict[str, bytes]:
    """Return requests that two servers might cut at different places, with one more behind each."""
    size = len(vote)
    post = "POST /en/sign-in"
    chunked = "Transfer-Encoding: chunked"
    return {
        "length and chunks": request_of(post, "Content-Length: 4", chunked, body=b"0\r\n\r\n" + vote),
        "chunks and length": request_of(
            post, chunked, f"Content-Length: {size + 5}", body=b"0\r\n\r\n" + vote
        ),
        "two lengths": request_of(post, "Content-Length: 0", f"Content-Length: {size}", body=vote),
        "a list of lengths": request_of(post, f"Content-Length: 0, {size}", body=vote),
        "a signed length": request_of(post, "Content-Length: +0", body=vote),
        "a negative length": request_of(post, "Content-Length: -1", body=vote),
        "a hexadecimal length": request_of(post, "Content-Length: 0x0", body=vote),
        "chunked twice": request_of(post, chunked, chunked, body=b"0\r\n\r\n" + vote),
        "chunked, then not": request_of(
            post, "Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + vote
        ),
        "almost chunked": request_of(
            post, "Transfer-Encoding: xchunked", "Content-Length: 5", body=b"0\r\n\r\n" + vote
        ),
        "a space before the colon": request_of(
            post, "Transfer-Encoding : chunked", "Content-Length: 5", body=b"0\r\n\r\n" + vote
        ),
        "a size that is no number": request_of(post, chunked, body=b"zz\r\nabc\r\n0\r\n\r\n" + vote),
        "a negative size": request_of(post, chunked, body=b"-1\r\nabc\r\n0\r\n\r\n" + vote),
        "a size with 0x": request_of(post, chunked, body=b"0x3\r\nabc\r\n0\r\n\r\n" + vote),
        "a chunk longer than said": request_of(post, chunked, body=b"1\r\nabc\r\n0\r\n\r\n" + vote),
    }


TOO_MUCH = {
    "a header of 64 KB": request_of("GET /en/help/", "X-Long: " + "a" * 65536),
    "200 headers": request_of("GET /en/help/?q=many", *(f"X-Many-{number}: a" for number in range(200))),
    "a line of 16 KB": request_of("GET /en/help/?" + "a" * 16384),
    "a length of 300 MB": request_of("POST /en/sign-in", f"Content-Length: {300 * 1024 * 1024}", body=b"a=b"),
    "a length beyond all numbers": request_of("POST /en/sign-in", "Content-Length: " + "9" * 40, body=b"a=b"),
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
    chunks = request_of("POST /en/sign-in", "Transfer-Encoding: chunked", body=b"3\nabc\n0\n\n" + vote)
    head = request_of("GET /en/help/", "Content-Length: 0").replace(b"\r\n", b"\n") + vote
    assert [site.straight.send(request).statuses for request in (chunks, head)] == [[400], [400]]
    assert _votes(site) == before


def test_a_folded_header_is_refused(site: Site) -> None:
    """W-11: obs-fold (RFC 9112 section 5.2) could make another header of it for the next server."""
    folded = request_of("GET /en/help/", "X-Folded: a\r\n Cookie: locale=fr")
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
    last = request_of("GET /fr/help/", "Connection: close")
    with site.straight.open() as connection:
        connection.sendall(request_of("GET /ja/help/") + request_of("GET /zh/help/") + last[:30])
        first = connection.recv(20)
        connection.sendall(last[30:])
        answers = first + received(connection)
    assert re.findall(rb"\r\nContent-Language: (\S+)", answers) == [b"ja", b"zh-Hans", b"fr"]
