"""A small name server on loopback: answers over UDP what a test says is published."""

import socket
import threading
from collections.abc import Mapping

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

SILENCE, BROKEN = "silence", "broken"
# Names in lower case without the final dot: the texts there, or how the server fails.
Zone = Mapping[str, list[str] | str]


class NameServer:
    """Runs in its own thread; remembers which names it was asked for."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "NameServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(60)
        self._socket.close()

    def _run(self) -> None:
        while True:
            wire, source = self._socket.recvfrom(4096)
            if not wire:
                return
            answer = self._answer(dns.message.from_wire(wire))
            if answer is not None:
                self._socket.sendto(answer.to_wire(), source)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        there = self._zone.get(name)
        if there == SILENCE:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if there == BROKEN:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif there is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif there:
            texts = [_quoted(text) for text in there]
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", *texts))
        return response


def _quoted(text: str) -> str:
    parts = [text[start : start + 255] for start in range(0, len(text), 255)]
    return " ".join(f'"{part}"' for part in parts)
