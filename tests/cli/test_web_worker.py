"""What a connection sends, gathered: the head whole before a thread is asked, never waited for."""

import socket
from collections.abc import Iterator

import pytest
from gunicorn.http.errors import LimitRequestHeaders  # type: ignore[import-untyped]

from service.cli import web_worker
from service.cli.web_worker import HEAD_BYTES, Inflow

HEAD = b"GET /ja/help/ HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, Inflow]]:
    client, server = socket.socketpair()
    server.setblocking(False)
    with client, server:
        yield client, Inflow(server)


@pytest.mark.parametrize("cut", range(1, len(HEAD)))
def test_a_head_is_whole_with_its_last_byte(pair: tuple[socket.socket, Inflow], cut: int) -> None:
    """W-11: wherever it is cut; what was gathered is read again from the beginning."""
    client, inflow = pair
    client.sendall(HEAD[:cut])
    assert not inflow.gather()
    client.sendall(HEAD[cut:])
    assert inflow.gather()
    assert inflow.read() == HEAD


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\n", b"a" * (HEAD_BYTES + 1)], ids=["bare", "long"])
def test_what_can_only_be_refused_is_not_waited_for(pair: tuple[socket.socket, Inflow], sent: bytes) -> None:
    """W-11: a thread gets it at once, to say so; that thread waits for nothing either."""
    client, inflow = pair
    client.sendall(sent)
    client.sendall(b"more")
    assert inflow.gather()
    assert inflow.read(len(sent)) == sent
    inflow.take_buffered()
    client.sendall(b"still more")
    with pytest.raises(LimitRequestHeaders):
        inflow.read()


def test_a_client_that_left_is_noticed(pair: tuple[socket.socket, Inflow]) -> None:
    client, inflow = pair
    client.sendall(HEAD[:9])
    client.shutdown(socket.SHUT_WR)
    assert inflow.gather()
    assert (inflow.read(), inflow.read()) == (HEAD[:9], b"")


def test_a_body_that_stands_still_ends(
    pair: tuple[socket.socket, Inflow], monkeypatch: pytest.MonkeyPatch
) -> None:
    """C-9: what came before is read, then the patience is over."""
    client, inflow = pair
    monkeypatch.setattr(web_worker, "BODY_SECONDS", 0.1)
    client.sendall(HEAD)
    assert inflow.gather()
    assert inflow.read() == HEAD
    inflow.sock.setblocking(True)
    inflow.expect_body()
    client.sendall(b"email=")
    assert inflow.read() == b"email="
    with pytest.raises(TimeoutError):
        inflow.read()
