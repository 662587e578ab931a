"""Clients that never get done, straight and behind a real nginx: others are answered meanwhile."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.cli.conftest import Site
from tests.proxied import (
    Door,
    received,
    request_of,
)


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
    whole = request_of("POST /en/sign-in", "Content-Length: 100000", body=b"email=")
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
    begun = request_of("POST /fr/sign-in", "Content-Length: 100000", body=b"email=")
    with _slow(site.straight, 17, begun) as slow, site.straight.open() as waiting:
        waiting.sendall(request_of("GET /ja/help/", "Connection: close"))
        for answer in map(received, slow):
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"\r\nContent-Language: fr\r\n" in answer
        assert received(waiting).startswith(b"HTTP/1.1 200 ")
