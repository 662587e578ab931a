"""Looking up a name within a time: the system's resolver has none that could be set."""

import socket
import threading


class NameNotFound(Exception):
    """No address came of a name, in time."""


def addresses_of(host: str, port: int, *, seconds: float) -> tuple[str, ...]:
    """Return the addresses of a host, IPv4 first; raises NameNotFound."""
    found: list[tuple[str, ...]] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        by_family = sorted(rows, key=lambda row: row[0] != socket.AF_INET)
        found.append(tuple(dict.fromkeys(str(row[4][0]) for row in by_family)))

    # A thread that nobody waits for at the end of the process: the resolver cannot be interrupted.
    thread = threading.Thread(target=look_up, name="resolver", daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise NameNotFound(host)
    return found[0]
