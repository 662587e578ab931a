"""The scanner's client against the real daemon, and against one that lies, hangs and breaks off."""

import io
import socket
import threading
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from service.adapters.clamd import Clamd
from service.facts.verdicts import (
    CLEAN,
    ScannerUnavailable,
    ScannerVersion,
    ScanOutcome,
    Unscannable,
    Verdict,
    infected,
    not_scanned,
)
from service.files import judge
from tests.clamd import EICAR, EICAR_THREAT, FalseClamd, read_stream
from tests.clamd import Clamd as Daemon
from tests.files.made import pdf, png

MB = 1024 * 1024


def scan(url: str, content: bytes, *, seconds: float = 30) -> Verdict:
    return Clamd.from_url(url, seconds=seconds).scan(io.BytesIO(content))


def zipped(content: bytes, *, name: str = "a.txt") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        EICAR,
        b"name,note\r\nA," + EICAR + b"\r\n",
        pdf(stream=EICAR),
        pdf(stream=zlib.compress(EICAR), filters="/FlateDecode"),
        zipped(zipped(EICAR)),
        bytes(9 * MB) + EICAR,
    ],
    ids=["plain", "in a cell", "in a PDF", "packed in a PDF", "in a ZIP in a ZIP", "after 9 MB"],
)
def test_a_known_threat_is_found_wherever_it_is(clamd: Daemon, content: bytes) -> None:
    """U-7."""
    assert scan(clamd.url, content) == infected(EICAR_THREAT)
    assert scan(clamd.tcp_url, content) == infected(EICAR_THREAT)


def test_files_that_are_judged_good_may_still_hold_a_threat(clamd: Daemon) -> None:
    """U-7: the two checks are of different things."""
    for name, content in (
        ("a.csv", b"name,note\r\nA," + EICAR + b"\r\n"),
        ("a.pdf", pdf(stream=zlib.compress(EICAR), filters="/FlateDecode")),
    ):
        assert scan(clamd.url, judge(name, content).content) == infected(EICAR_THREAT)


@pytest.mark.parametrize("content", [b"", b"name\r\nA\r\n", png(), pdf(), bytes(10 * MB)])
def test_what_holds_none_is_clean(clamd: Daemon, content: bytes) -> None:
    assert scan(clamd.url, content) == CLEAN
    assert scan(clamd.tcp_url, content) == CLEAN


@pytest.mark.parametrize("size", [11 * MB + 1, 13 * MB])
def test_what_is_over_the_limit_is_not_scanned(clamd: Daemon, size: int) -> None:
    """U-9: also where the daemon closes before everything is sent."""
    assert scan(clamd.url, bytes(size)) == not_scanned(Unscannable.LIMITS)
    assert scan(clamd.tcp_url, bytes(size)) == not_scanned(Unscannable.LIMITS)


def test_what_unpacks_to_too_much_is_not_scanned(clamd: Daemon) -> None:
    """U-11: with AlertExceedsMax."""
    content = pdf(stream=zlib.compress(bytes(12 * MB)), filters="/FlateDecode")
    assert scan(clamd.url, content) == not_scanned(Unscannable.LIMITS)


def test_what_is_encrypted_is_not_scanned(clamd: Daemon) -> None:
    """U-11: with AlertEncrypted."""
    archive = bytearray(zipped(EICAR))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        flags = archive.index(mark) + (6 if mark == b"PK\x03\x04" else 8)
        archive[flags] |= 1
    assert scan(clamd.url, bytes(archive)) == not_scanned(Unscannable.ENCRYPTED)


def test_the_daemon_says_what_it_is(clamd: Daemon) -> None:
    """U-11: with local signatures alone there is no database to tell of."""
    version = Clamd.from_url(clamd.url, seconds=30).version()
    assert (version.program.split()[0], version.database, version.built) == ("ClamAV", None, None)


def test_a_daemon_that_stands_still_is_unavailable_and_then_believed_again(clamd: Daemon) -> None:
    """U-9, U-10, F-10: the same bytes, and nothing is remembered of the trouble."""
    content = b"name\r\nA\r\n"
    clamd.pause()
    try:
        assert scan(clamd.url, content, seconds=0.3).outcome is ScanOutcome.UNAVAILABLE
        with pytest.raises(ScannerUnavailable):
            Clamd.from_url(clamd.tcp_url, seconds=0.3).version()
    finally:
        clamd.go_on()
    assert scan(clamd.url, content) == CLEAN


@pytest.mark.parametrize(
    "url", ["clamd://127.0.0.1:1", "clamd+unix:///nowhere/clamd.sock", "clamd://nowhere.invalid"]
)
def test_where_no_daemon_is_it_is_unavailable(url: str) -> None:
    """F-10."""
    assert scan(url, b"x", seconds=5).outcome is ScanOutcome.UNAVAILABLE
    with pytest.raises(ScannerUnavailable):
        Clamd.from_url(url, seconds=5).version()


def answer(*parts: bytes) -> Callable[[socket.socket], None]:
    def script(taken: socket.socket) -> None:
        read_stream(taken)
        for part in parts:
            taken.sendall(part)

    return script


LIES = [
    b"",
    b"\0",
    b"OK\0",
    b"stream: OK",
    b"stream: OK\n",
    b"stream: OK\0\0",
    b"stream: OK \0",
    b" stream: OK\0",
    b"stream: ok\0",
    b"1: stream: OK\0",
    b"stream2: OK\0",
    b"stream: OK\0stream: Eicar FOUND\0",
    b"stream: OK\nstream: OK\0",
    b"stream: Can't allocate memory ERROR\0",
    b"INSTREAM: Can't allocate memory ERROR\0",
    b"UNKNOWN COMMAND\0",
    b"COMMAND READ TIMED OUT\0",
    b"PONG\0",
    b"\xff\xfe\x00\x01 stream: OK\0",
    b"stream: FOUND\0",
    b"stream:  FOUND\0",
    b"stream: A\nB FOUND\0",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"x" * 100_000,
]


@pytest.mark.parametrize("lie", LIES, ids=repr)
def test_only_the_exact_answer_is_clean(lie: bytes) -> None:
    """U-8, G6: everything else is no verdict."""
    with FalseClamd(answer(lie)) as daemon:
        verdict = scan(daemon.url, b"content")
    assert verdict.outcome is ScanOutcome.UNAVAILABLE
    assert verdict.trouble
    assert not verdict.is_clean


def test_an_exact_answer_may_come_in_pieces() -> None:
    with FalseClamd(answer(b"str", b"eam: O", b"K", b"\0")) as daemon:
        assert scan(daemon.url, b"content") == CLEAN


def test_every_byte_reaches_the_scanner() -> None:
    """G7: also in a file of many pieces."""
    heard = []

    def script(taken: socket.socket) -> None:
        heard.append(read_stream(taken))
        taken.sendall(b"stream: OK\0")

    content = bytes(range(256)) * 1000 + b"end"
    with FalseClamd(script) as daemon:
        assert scan(daemon.url, content) == CLEAN
    assert heard == [content]


def test_an_ok_before_the_end_of_the_file_is_none() -> None:
    """U-8: whoever says so has not seen the file."""

    def script(taken: socket.socket) -> None:
        taken.recv(10)
        taken.sendall(b"stream: OK\0")

    with FalseClamd(script) as daemon:
        assert scan(daemon.url, bytes(20 * MB)).outcome is ScanOutcome.UNAVAILABLE


def test_an_answer_that_waits_when_the_file_ends_is_none() -> None:
    """U-8."""
    said = threading.Event()

    def script(taken: socket.socket) -> None:
        taken.sendall(b"stream: OK\0")
        said.set()
        read_stream(taken)

    class Content(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            said.wait(20)
            return super().read(size)

    with FalseClamd(script) as daemon:
        scanner = Clamd.from_url(daemon.url, seconds=20)
        assert scanner.scan(Content(b"content")).outcome is ScanOutcome.UNAVAILABLE


@pytest.mark.parametrize("heard", [0, 10, 100_000])
def test_a_daemon_that_dies_midway_is_unavailable(heard: int) -> None:
    """U-9."""

    def script(taken: socket.socket) -> None:
        left = heard
        while left and (part := taken.recv(left)):
            left -= len(part)

    with FalseClamd(script) as daemon:
        assert scan(daemon.url, bytes(5 * MB)).outcome is ScanOutcome.UNAVAILABLE


def test_a_slow_daemon_is_given_up_when_its_time_is_over() -> None:
    """U-9: one byte after another gains no time."""
    over = threading.Event()

    def script(taken: socket.socket) -> None:
        read_stream(taken)
        for byte in b"stream: OK\0" * 1000:
            taken.sendall(bytes((byte,)))
            if over.wait(0.05):
                return

    with FalseClamd(script) as daemon:
        verdict = scan(daemon.url, b"content", seconds=0.3)
        over.set()
    assert verdict.outcome is ScanOutcome.UNAVAILABLE
    assert "TimeoutError" in verdict.trouble


def test_a_daemon_that_takes_nothing_is_given_up() -> None:
    """U-9."""
    over = threading.Event()
    with FalseClamd(lambda _taken: over.wait(20) and None) as daemon:
        assert scan(daemon.url, bytes(30 * MB), seconds=0.3).outcome is ScanOutcome.UNAVAILABLE
        over.set()


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", infected("Win.Test.EICAR_HDB-1")),
        (b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0", not_scanned(Unscannable.LIMITS)),
        (b"stream: Heuristics.Encrypted.PDF FOUND\0", not_scanned(Unscannable.ENCRYPTED)),
        (b"stream: Heuristics.Phishing.Email FOUND\0", infected("Heuristics.Phishing.Email")),
        (b"INSTREAM size limit exceeded. ERROR\0", not_scanned(Unscannable.LIMITS)),
    ],
)
def test_other_answers_mean_what_they_say(said: bytes, verdict: Verdict) -> None:
    with FalseClamd(answer(said)) as daemon:
        assert scan(daemon.url, b"content") == verdict


def test_a_file_that_cannot_be_read_is_no_trouble_of_the_scanner() -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("torn")

    with FalseClamd(answer(b"stream: OK\0")) as daemon, pytest.raises(OSError, match="torn"):
        Clamd.from_url(daemon.url, seconds=20).scan(Torn())


@pytest.mark.parametrize(
    ("said", "version"),
    [
        (
            b"ClamAV 1.4.6/27815/Mon Nov 23 09:05:07 2026\0",
            ScannerVersion("ClamAV 1.4.6", 27815, datetime(2026, 11, 23, 9, 5, 7, tzinfo=UTC)),
        ),
        (b"ClamAV 1.4.6\0", ScannerVersion("ClamAV 1.4.6")),
        (b"ClamAV 1.4.6/27815/yesterday\0", ScannerVersion("ClamAV 1.4.6", 27815)),
    ],
)
def test_a_version_tells_when_the_signatures_were_made(said: bytes, version: ScannerVersion) -> None:
    """U-11."""

    def script(taken: socket.socket) -> None:
        assert taken.recv(100) == b"zVERSION\0"
        taken.sendall(said)

    with FalseClamd(script) as daemon:
        assert Clamd.from_url(daemon.url, seconds=20).version() == version


@pytest.mark.parametrize("said", [b"", b"ClamAV", b"PONG\0", b"ClamAV 1/2/3\0ClamAV 1/2/3\0"])
def test_no_version_is_trouble(said: bytes) -> None:
    with FalseClamd(lambda taken: (taken.recv(100), taken.sendall(said)) and None) as daemon:
        scanner = Clamd.from_url(daemon.url, seconds=20)
        with pytest.raises(ScannerUnavailable):
            scanner.version()


@pytest.mark.parametrize(
    "url", ["", "clamd:", "clamd://", "clamd+unix://", "clamd+unix://host/path", "http://a", "clamd://a/b"]
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must look like"):
        Clamd.from_url(url, seconds=1)
