"""How fast each recipient domain takes mail: how many at once, how many a minute, and when it wants a rest.

The ceiling falls by half when a server asks to slow down and rises by one with every round of accepted mails,
as TCP does; Postfix starts from the same ceiling of 20. Values in, values out: seconds come from the caller.
"""

from dataclasses import dataclass

from service.facts.replies import Outcome, Reply, asks_to_slow_down

FOR_EVER = float("inf")
FIRST_REST_SECONDS = 2.0
LONGEST_REST_SECONDS = 300.0
# Domains that nothing is known of but their name are forgotten beyond this number.
KEPT_DOMAINS = 10_000


@dataclass(slots=True)
class _Domain:
    at_once: int
    under_way: int = 0
    accepted: int = 0
    rest: float = 0.0
    not_before: float = 0.0
    booked: float = 0.0


class Flow:
    """The pace of one worker's lane towards every domain; `a_minute` of 0 sets no pace."""

    def __init__(self, *, at_once: int = 20, a_minute: int = 0) -> None:
        self._ceiling = at_once
        self._gap = 60 / a_minute if a_minute else 0.0
        self._domains: dict[str, _Domain] = {}

    def wait(self, domain: str, now: float) -> float:
        """Return in how many seconds a mail may begin; FOR_EVER while it waits for another one to end."""
        known = self._domains.get(domain)
        if known is None:
            return 0.0
        if known.under_way >= known.at_once:
            return FOR_EVER
        return max(known.not_before - now, 0.0)

    def begin(self, domain: str, now: float) -> None:
        """Note that a mail begins."""
        known = self._domains.get(domain)
        if known is None:
            if len(self._domains) >= KEPT_DOMAINS:
                self._forget(now)
            known = self._domains[domain] = _Domain(self._ceiling)
        known.under_way += 1
        known.not_before = max(known.not_before, now + self._gap)

    def end(self, domain: str, reply: Reply, now: float) -> None:
        """Note how a mail ended; a server that asks to slow down is given fewer mails, later."""
        known = self._domains[domain]
        known.under_way -= 1
        if reply.outcome is Outcome.TEMPORARY and asks_to_slow_down(reply.text):
            known.at_once = max(known.at_once // 2, 1)
            known.accepted = 0
            known.rest = min(max(known.rest * 2, FIRST_REST_SECONDS), LONGEST_REST_SECONDS)
            known.not_before = max(known.not_before, now + known.rest)
        elif reply.outcome is Outcome.ACCEPTED:
            known.rest = 0.0
            known.accepted += 1
            if known.accepted >= known.at_once:
                known.accepted = 0
                known.at_once = min(known.at_once + 1, self._ceiling)

    def book(self, domain: str, now: float) -> float:
        """Return in how many seconds a mail that has to wait finds a place of its own in the pace."""
        known = self._domains[domain]
        known.booked = max(known.booked + self._gap, known.not_before, now)
        return known.booked - now

    def _forget(self, now: float) -> None:
        self._domains = {
            name: known
            for name, known in self._domains.items()
            if known.under_way or known.at_once < self._ceiling or known.not_before > now
        }
