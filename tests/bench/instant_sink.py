"""A mail server that takes each mail after so many seconds, at once by default, and keeps nothing."""

import asyncio
import sys

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0


class Instant(asyncio.Protocol):
    """One conversation; whatever is pipelined is answered together."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._rest = b""
        self._in_data = False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every whole command; of a mail only its end matters."""
        answers = []
        rest = self._rest + data
        while True:
            if self._in_data:
                end = rest.find(b"\r\n.\r\n")
                if end < 0:
                    rest = rest[-4:]
                    break
                rest, self._in_data = rest[end + 5 :], False
                if SECONDS:
                    asyncio.get_running_loop().call_later(SECONDS, self._transport.write, b"250 Ok\r\n")
                else:
                    answers.append(b"250 Ok\r\n")
                continue
            line, found, after = rest.partition(b"\r\n")
            if not found:
                break
            rest = after
            answers.append(self._answer(line[:4].upper()))
        self._rest = rest
        if answers:
            self._transport.write(b"".join(answers))

    def _answer(self, verb: bytes) -> bytes:
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
        if verb == b"DATA":
            self._in_data = True
            return b"354 Go on\r\n"
        return b"221 Bye\r\n" if verb == b"QUIT" else b"250 Ok\r\n"


async def main() -> None:
    """Print the port, and serve until killed."""
    server = await asyncio.get_running_loop().create_server(Instant, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
