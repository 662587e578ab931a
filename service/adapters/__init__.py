"""The outside: sockets and disk, fitted to the protocols the domain declares."""
