"""A port for a program that has to be told one."""

import random
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

# Below those that systems give to outgoing connections: none of these takes it before the program does.
PORTS = range(20_000, 30_000)


def free_port() -> int:
    """Return a port of this machine that nobody listens at; tests beside this one choose another."""
    chance = random.SystemRandom()
    for _ in range(100):
        port = chance.choice(PORTS)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


@contextmanager
def deaf_port() -> Iterator[int]:
    """Hold a port at which connections are refused: nobody listens there, and nobody else can take it."""
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
