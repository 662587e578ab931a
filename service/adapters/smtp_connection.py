"""One kept conversation with a mail server, moved on whenever its socket is ready: it never waits.

A mail is MAIL, RCPT and DATA in one write where the server offers PIPELINING (RFC 2920), one after another
where not; then the content. Whoever calls `begin` has already stored that the mail may arrive.
"""

import socket
import ssl
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from service.adapters.smtp_lines import CLOSED, OUT_OF_TURN, SILENT, Answer, Answers, LostConnection, plain
from service.facts.replies import Outcome, Reason, Reply, SmtpStep, classify
from service.mail.addresses import parse

_RECEIVED_BYTES = 16384
# What one TLS record holds at most (RFC 8446 section 5.1): the other side reads a whole one or nothing of it.
_RECORD_BYTES = 16384
_END_OF_MAIL = b".\r\n"
# What answers to a whole mail begin with (RFC 5321 section 4.2.1).
_FINAL = frozenset({2, 4, 5})
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
GOODBYE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each answer (RFC 5321 section 4.5.3.2)."""

    connect: float = 30
    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    content: float = 600

    def of(self, step: SmtpStep) -> float:
        """Return how long the answer to a step may take."""
        return {SmtpStep.DATA: self.data, SmtpStep.CONTENT: self.content}.get(step, self.command)


class SmtpConnection:
    """Fits `domain.outbox.MailConnection`: made with a socket that has been greeted, encrypted and signed in.

    `offers` are the server's extensions by keyword. After `per_connection` mails, a 421 or any trouble the
    connection is `spent`: it finishes nothing more, and another must be opened.
    """

    def __init__(
        self,
        connection: socket.socket,
        offers: Mapping[str, str],
        *,
        timeouts: Timeouts,
        per_connection: int,
    ) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.deadline = float("inf")
        self.spent = False
        self._offers = offers
        self._timeouts = timeouts
        self._left = per_connection
        self._answers = Answers()
        self._unsaid: deque[tuple[SmtpStep, bytes]] = deque()
        self._awaited: deque[SmtpStep] = deque()
        self._unwritten = memoryview(b"")
        self._content = b""
        self._refusal: Reply | None = None
        self._heard = False
        self._handed_over = False
        self._used = False
        self._reset_first = False
        self._broken: LostConnection | None = None

    @property
    def waits_to_write(self) -> bool:
        """Whether the socket is awaited to take more, not to bring something."""
        return bool(self._unwritten)

    def begin(self, *, sender: str, recipient: str, data: bytes) -> Reply | None:
        """Start handing over one mail to one recipient; return the reply if it is known at once.

        Raises ValueError for addresses or bytes that could break the conversation.
        """
        if not data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n") or b"\0" in data:
            raise ValueError("a mail must have CRLF line ends and no NUL")
        mail_from, rcpt_to = _wire(sender), _wire(recipient)
        international = not (mail_from.isascii() and rcpt_to.isascii() and _header_is_ascii(data))
        if international and "SMTPUTF8" not in self._offers:
            return Reply.because(Outcome.PERMANENT, Reason.NO_SMTPUTF8)
        options = self._options(data, international=international)
        self._content = _stuffed(data)
        self._refusal = None
        self._heard = self._handed_over = False
        if self._reset_first:
            self._unsaid.append((SmtpStep.RESET, b"RSET\r\n"))
        self._reset_first = True
        self._unsaid += (
            (SmtpStep.MAIL, b"MAIL FROM:<%s>%s\r\n" % (mail_from, options)),
            (SmtpStep.RCPT, b"RCPT TO:<%s>\r\n" % rcpt_to),
            (SmtpStep.DATA, b"DATA\r\n"),
        )
        try:
            self._say_more()
        except LostConnection as error:
            return self._lost(str(error))
        return None

    def proceed(self) -> Reply | None:
        """Go on as far as the socket lets us; return the reply once there is one."""
        try:
            self._write_on()
            reply = self._listen()
            if reply is None and self._broken is not None:
                reply = self._listen()  # the content began meanwhile, and the server may have said why not
                if reply is None:
                    raise self._broken
        except LostConnection as error:
            return self._lost(str(error))
        return reply

    def _listen(self) -> Reply | None:
        """Take in what has been said; return the reply once there is one."""
        answers = self._receive()
        for number, answer in enumerate(answers, 1):
            reply = self._hear(answer)
            if reply is not None:
                # What nobody asked for could be taken for the answer to what is asked next.
                self.spent = self.spent or number < len(answers)
                return reply
        return None

    def give_up(self) -> Reply:
        """End the wait for an answer whose time is over."""
        return self._lost(SILENT)

    def close(self) -> None:
        """Say goodbye if possible and close; a trouble at QUIT concerns no mail. This waits a moment."""
        try:
            self.socket.settimeout(GOODBYE_SECONDS)
            if not self.spent or self._left <= 0:
                self.socket.sendall(b"QUIT\r\n")
                self.socket.recv(_RECEIVED_BYTES)
        except OSError:
            pass
        finally:
            self.socket.close()

    def _options(self, data: bytes, *, international: bool) -> bytes:
        options = b" SMTPUTF8" if international else b""
        if "8BITMIME" in self._offers and (international or not data.isascii()):
            options += b" BODY=8BITMIME"
        if "SIZE" in self._offers:
            options += b" SIZE=%d" % len(data)
        return options

    def _say_more(self) -> None:
        """Say all commands that may go together now (RFC 2920 section 3.1), or only the next one."""
        count = len(self._unsaid) if "PIPELINING" in self._offers else 1
        said = [self._unsaid.popleft() for _ in range(count)]
        self._awaited += (step for step, _ in said)
        self._await(self._timeouts.of(said[0][0]))
        self._write(b"".join(command for _, command in said))

    def _hear(self, answer: Answer) -> Reply | None:
        if not self._awaited:
            raise LostConnection(OUT_OF_TURN)
        step = self._awaited.popleft()
        if answer.code == 421:
            self.spent = True
            if self._used and step is SmtpStep.MAIL:
                raise LostConnection(str(answer))  # it is tired of the conversation, not of this mail
        if step is SmtpStep.RESET:
            if answer.code // 100 != 2:
                raise LostConnection(str(answer))
            return self._go_on()
        self._heard = True
        outcome = classify(answer.code, step)
        if step is SmtpStep.CONTENT:
            if answer.code // 100 not in _FINAL:
                raise LostConnection(OUT_OF_TURN)  # the mail may be there all the same
            taken = outcome is Outcome.ACCEPTED
            if self._unwritten:
                # Said in the middle of the content: a refusal, perhaps, but nothing can follow on that.
                self.spent = True
                if taken:
                    raise LostConnection(OUT_OF_TURN)
            self._reset_first = not taken
            return self._end(self._refusal or Reply(outcome, str(answer), None if taken else step))
        if self._refusal is not None and step is SmtpStep.DATA and outcome is Outcome.ACCEPTED:
            # The server waits for a mail that nobody is to get: an empty one ends that (RFC 2920, 3.1).
            self._hand_over(_END_OF_MAIL)
            return None
        if outcome is not Outcome.ACCEPTED and self._refusal is None:
            self._refusal = Reply(outcome, str(answer), step)
            self._unsaid.clear()
        return self._go_on()

    def _go_on(self) -> Reply | None:
        if self._awaited:
            self._await(self._timeouts.of(self._awaited[0]))
        elif self._refusal is not None:
            return self._end(self._refusal)
        elif self._unsaid:
            self._say_more()
        else:
            self._handed_over = True
            self._hand_over(self._content)
        return None

    def _hand_over(self, content: bytes) -> None:
        self._awaited.append(SmtpStep.CONTENT)
        self._await(self._timeouts.block)
        self._write_on(content)

    def _end(self, reply: Reply) -> Reply:
        self._used = True
        self._left -= 1
        self.spent = self.spent or self._left <= 0
        self.deadline = float("inf")
        self._content = b""
        return reply

    def _lost(self, words: str) -> Reply:
        """Say what becomes of the mail now that all is over: if its final dot may have left, nobody knows."""
        self.spent = True
        self._left = max(self._left, 1)
        self.socket.close()
        # Kept from the kernel, the dot has left for nowhere; and no server takes a mail without it.
        dot_is_here = len(self._unwritten) >= len(_END_OF_MAIL)
        if self._handed_over and not dot_is_here:
            return self._end(Reply(Outcome.UNKNOWN, words))
        if self._refusal is not None:
            return self._end(self._refusal)
        unheard = self._used and not self._heard
        return self._end(Reply(Outcome.UNHEARD if unheard else Outcome.TEMPORARY, words))

    def _await(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def _write_on(self, data: bytes = b"") -> None:
        """Write what is left; a trouble is kept, as the server may have said the reason before it closed."""
        try:
            self._write(data)
        except LostConnection as error:
            self.spent = True
            self._broken = error

    def _write(self, data: bytes = b"") -> None:
        if data:
            self._unwritten = memoryview(data)
        try:
            while self._unwritten:
                # Record by record, or nobody could tell which of them had left when the connection ended.
                whole = not isinstance(self.socket, ssl.SSLSocket)
                written = self.socket.send(self._unwritten if whole else self._unwritten[:_RECORD_BYTES])
                self._unwritten = self._unwritten[written:]
                if self._awaited[0] is SmtpStep.CONTENT:
                    self._await(self._timeouts.block if self._unwritten else self._timeouts.content)
        except _NOT_YET:
            pass
        except OSError as error:
            raise LostConnection(plain(error)) from error

    def _receive(self) -> list[Answer]:
        answers: list[Answer] = []
        try:
            while True:
                received = self.socket.recv(_RECEIVED_BYTES)
                if not received:
                    if answers:
                        return answers  # what was said before the end counts; the next look finds the end
                    raise LostConnection(CLOSED)
                answers += self._answers.feed(received)
                if answers and not isinstance(self.socket, ssl.SSLSocket):
                    return answers
        except _NOT_YET:
            return answers
        except OSError as error:
            raise LostConnection(plain(error)) from error


@lru_cache(maxsize=1024)
def _wire(address: str) -> bytes:
    """Return an address as it goes into a command; ValueError for what is not exactly one address."""
    return parse(address).spec.encode()


def _header_is_ascii(data: bytes) -> bool:
    return data.isascii() or data.partition(b"\r\n\r\n")[0].isascii()


def _stuffed(data: bytes) -> bytes:
    body = data.replace(b"\r\n.", b"\r\n..") if b"\r\n." in data else data
    if body.startswith(b"."):
        body = b"." + body
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
