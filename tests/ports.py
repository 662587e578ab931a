"""A port for a program that has to be told one."""

import random
import socket
from contextlib import closing, suppress

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
