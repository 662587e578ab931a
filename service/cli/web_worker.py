"""A gunicorn worker whose threads slow clients cannot hold: a head is gathered before a thread is asked, and
a body has to keep coming.
"""

import time
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from socket import SHUT_RD, SHUT_WR
from typing import Any

from gunicorn.http import RequestParser  # type: ignore[import-untyped]
from gunicorn.http.errors import LimitRequestHeaders, ParseException  # type: ignore[import-untyped]
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]
from werkzeug.exceptions import BadRequest, RequestTimeout

HEAD_SECONDS = 10.0
"""For the whole head of a request, counted from the connection or from the answer before."""
HEAD_BYTES = 32 * 1024
"""As much as nginx takes by default."""
FAREWELL_SECONDS = 1.0
"""For a client to close its side after the last answer."""
BODY_SECONDS = 10.0
BODY_BYTES_PER_SECOND = 5_000
"""A body has ten seconds, and one more for each 5,000 bytes that arrived: less than any working line."""


class Inflow(SocketUnreader):  # type: ignore[misc]
    """What a connection sends: the head without ever waiting for it, the body with limited patience."""

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self._body_since: float | None = None
        self._received = 0

    def gather(self) -> bool:
        """Take what is here of a head; return whether a thread can go on with it, be it to refuse it."""
        self._body_since = None
        held: bytes = self.buf.getvalue()
        while not _is_settled(held):
            try:
                data = self.sock.recv(self.mxchunk)
            except BlockingIOError:
                return False
            except OSError:
                return True
            if not data:
                return True
            self.buf.write(data)
            held += data
        return True

    def expect_body(self) -> None:
        """From now on what comes is a body."""
        self._body_since = time.monotonic()
        self._received = 0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next piece; TimeoutError for a slow body, LimitRequestHeaders for a long head."""
        if self._body_since is None:
            return self._end_of_head()
        if self.sock.gettimeout() is not None:  # gunicorn drains a body that nobody read, and watches itself
            return bytes(super().chunk(size_hint))
        end = self._body_since + BODY_SECONDS + self._received / BODY_BYTES_PER_SECOND
        self.sock.settimeout(max(end - time.monotonic(), 0.001))
        try:
            data = bytes(super().chunk(size_hint))
        finally:
            self.sock.settimeout(None)
        self._received += len(data)
        return data

    def _end_of_head(self) -> bytes:
        # A thread gets here only where the head is not whole and never will be.
        self.sock.setblocking(False)
        try:
            data = self.sock.recv(1)
        except BlockingIOError:
            data = b"more"
        finally:
            self.sock.setblocking(True)
        if data:
            raise LimitRequestHeaders(f"the head has more than {HEAD_BYTES} bytes")
        return b""


def _is_settled(held: bytes) -> bool:
    """Whether a head is whole, too long, or has a bare line feed, which gunicorn refuses at once."""
    return b"\r\n\r\n" in held or len(held) > HEAD_BYTES or held.count(b"\n") > held.count(b"\r\n")


class _Told:
    """The reader of a body; what is wrong with it becomes an answer of ours instead of a failure."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.answered = False

    def read(self, size: int) -> bytes:
        try:
            return bytes(self._reader.read(size))
        except (TimeoutError, ParseException) as error:
            if self.answered:
                raise TimeoutError from error  # gunicorn, at what nobody read, closes the connection
            raise (RequestTimeout if isinstance(error, TimeoutError) else BadRequest) from error


def _see_off(sock: Any) -> None:
    """Say that nothing more comes, and leave the client a moment to read (RFC 9112 section 9.6)."""
    end = time.monotonic() + FAREWELL_SECONDS
    with suppress(OSError):
        sock.shutdown(SHUT_WR)
        while (left := end - time.monotonic()) > 0:
            sock.settimeout(left)
            if not sock.recv(4096):
                break
    with suppress(OSError):
        sock.shutdown(SHUT_RD)


class Worker(ThreadWorker):  # type: ignore[misc]
    """Threads of gunicorn that get a connection only when the head of a request is here."""

    def enqueue_req(self, conn: TConn) -> None:
        """Give a connection to a thread, or watch it until the head of its request has arrived."""
        conn.sock.setblocking(False)
        if conn.parser is None:
            conn.parser = RequestParser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = Inflow(conn.sock)
            conn.initialized = True
        if conn.parser.unreader.gather():
            super().enqueue_req(conn)
            return
        # gunicorn closes those whose time is over, the one that came first at first.
        conn.timeout = time.monotonic() + HEAD_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._gather, conn))

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Answer one request."""
        conn.parser.unreader.expect_body()
        req.body.reader = reader = _Told(req.body.reader)
        try:
            return bool(super().handle_request(req, conn))
        finally:
            reader.answered = True

    def handle(self, conn: TConn) -> bool:
        """Answer; after the last answer wait for the client here, as gunicorn's loop would stand still."""
        kept = bool(super().handle(conn))
        if not kept:
            _see_off(conn.sock)
        return kept

    def _gather(self, conn: TConn, sock: Any) -> None:
        if conn.parser.unreader.gather():
            self.poller.unregister(sock)
            self.pending_conns.remove(conn)
            super().enqueue_req(conn)
