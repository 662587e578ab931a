"""Asking the DNS for texts, within a few seconds in all."""

import time
from collections.abc import Sequence

from service.mail.published import LookupFailed

QUERY_SECONDS = 2.0
ALL_SECONDS = 5.0


class DnsLookup:
    """A few questions that belong together: to these servers, or to those the machine is set up with."""

    def __init__(self, servers: Sequence[str] = (), *, port: int = 53, seconds: float = ALL_SECONDS) -> None:
        self._servers = servers
        self._port = port
        self._until = time.monotonic() + seconds

    def txt(self, name: str) -> tuple[str, ...]:
        """Return the texts under a name, the strings of each joined; raises LookupFailed."""
        # Deferred: the library takes longer to load than any page, and one page uses it.
        import dns.exception
        import dns.name
        import dns.resolver

        left = self._until - time.monotonic()
        if left <= 0:
            raise LookupFailed(name)
        try:
            resolver = dns.resolver.Resolver(configure=not self._servers)
            if self._servers:
                resolver.nameservers, resolver.port = list(self._servers), self._port
            resolver.timeout = QUERY_SECONDS
            answer = resolver.resolve(f"{name.rstrip('.')}.", "TXT", lifetime=left)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.NameTooLong,
                dns.name.EmptyLabel):  # fmt: skip
            return ()
        except (dns.exception.DNSException, OSError) as error:
            raise LookupFailed(name) from error
        return tuple(b"".join(found.strings).decode("utf-8", "replace") for found in answer)
