"""Batches on their way: what comes of their chunks is added up, and a room never holds too much."""

import threading
from collections.abc import Sequence
from itertools import pairwise

from service.worker.batches import CHUNK, MOST_BYTES, Batches
from service.worker.outgoing import Outgoing, Over, Sent


def mails(number: int) -> list[Outgoing]:
    return [Outgoing(one, f"p{one}@example.com", bytes) for one in range(number)]


class SlowRoom:
    """A room that holds a third of what may be held with each chunk, until it is told to end one."""

    alive = True
    resting = False

    def __init__(self) -> None:
        self.posted: list[tuple[str, str, list[int], Over]] = []
        self.more = threading.Semaphore(0)

    def post(self, token: str, mails: Sequence[Outgoing], over: Over, /, *, line: str) -> int:
        self.posted.append((token, line, [mail.id for mail in mails], over))
        self.more.release()
        return MOST_BYTES // 3 + 1


class QuickRoom(SlowRoom):
    """A room in which everything is over before `post` returns."""

    def post(self, token: str, mails: Sequence[Outgoing], over: Over, /, *, line: str) -> int:
        over(Sent(len(mails), len(mails) - 1))
        return super().post(token, mails, over, line=line)


def test_chunks_go_in_order_and_wait_for_room() -> None:
    room = SlowRoom()
    batches = Batches(room, lambda _token: None)
    posting = threading.Thread(target=batches.post, args=("t", mails(5 * CHUNK)))
    posting.start()
    for _ in range(3):
        assert room.more.acquire(timeout=60)
    assert not room.more.acquire(timeout=0.2)
    for _, _, ids, over in room.posted[:2]:
        over(Sent(len(ids), len(ids)))
    posting.join(60)
    assert not posting.is_alive()
    assert [ids for _, _, ids, _ in room.posted] == [
        list(range(start, start + CHUNK)) for start in range(0, 5 * CHUNK, CHUNK)
    ]
    assert {(token, line) for token, line, _, _ in room.posted} == {("t", room.posted[0][1])}
    for _, _, ids, over in room.posted[2:]:
        over(Sent(len(ids) - 1, len(ids) - 2))
    assert batches.wait("t") == Sent(5 * CHUNK - 3, 5 * CHUNK - 6)


def test_what_is_over_at_once_holds_nothing() -> None:
    batches = Batches(QuickRoom(), lambda _token: None)
    batches.post("t", mails(9 * CHUNK))
    assert batches.wait("t") == Sent(9 * CHUNK, 9 * CHUNK - 9)


def test_all_leases_are_kept_while_one_batch_is_awaited() -> None:
    """F-3: the batch behind waits as well."""
    room, renewed = SlowRoom(), []

    def renew(token: str) -> None:
        renewed.append(token)
        if len(renewed) == 4:
            for _, _, ids, over in room.posted:
                over(Sent(len(ids), len(ids)))

    batches = Batches(room, renew, renew_seconds=0.01)
    batches.post("a", mails(1))
    batches.post("b", mails(1))
    assert (batches.wait("a"), batches.wait("b")) == (Sent(1, 1), Sent(1, 1))
    assert renewed == ["a", "b", "a", "b"]


def test_leases_are_kept_over_many_short_waits() -> None:
    """F-3: no wait is as long as the time between two renewals, all of them together are."""
    moments = iter(range(0, 10_000, 5))
    renewed: list[tuple[str, int]] = []
    now = 0

    def seconds() -> int:
        nonlocal now
        now = next(moments)
        return now

    batches = Batches(
        QuickRoom(), lambda token: renewed.append((token, now)), renew_seconds=20, seconds=seconds
    )
    batches.post("a", mails(3 * CHUNK))
    batches.post("b", mails(3 * CHUNK))
    batches.wait("a")
    assert {token for token, _ in renewed} == {"a", "b"}
    assert all(later - before <= 30 for before, later in pairwise([0, *(at for _, at in renewed), now]))


def test_nobody_waits_for_a_room_that_is_dead() -> None:
    room = SlowRoom()
    batches = Batches(room, lambda _token: None, renew_seconds=0.01)
    batches.post("t", mails(1))
    room.alive = False
    assert batches.wait("t") == Sent(0, 0)
