"""Timing two ways of doing the same and printing their ratio; nothing here asserts a time."""

import time
from collections.abc import Callable


def seconds(work: Callable[[], object], *, rounds: int = 5) -> float:
    """Return the processor time of the quickest of several rounds: other programs only ever add to it."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def by_turns(*works: Callable[[], object], rounds: int = 15) -> list[float]:
    """Return the processor time of the quickest round of each work, done by turns: all meet one noise."""
    bests = [float("inf")] * len(works)
    for _ in range(rounds):
        for place, work in enumerate(works):
            bests[place] = min(bests[place], seconds(work, rounds=1))
    return bests


def compare(what: str, ours: float, peer_name: str, peer: float, *, times: int, target: str = "") -> None:
    """Print our rate, the peer's rate, and how many times faster ours is."""
    print(
        f"\n{what}: {times / ours:,.0f}/s; {peer_name}: {times / peer:,.0f}/s; "
        f"ratio {peer / ours:.2f}{f' (target {target})' if target else ''}"
    )


def tell(what: str, ours: float, peer_name: str, peer: float, target: str) -> None:
    """Print two rates a second of wall time and their ratio."""
    print(f"\n{what}: {ours:,.0f}/s; {peer_name}: {peer:,.0f}/s; ratio {ours / peer:.2f} (target {target})")
