"""The pace towards each recipient domain: ceilings, rests and bookings, by the second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.replies import Outcome, Reply, asks_to_slow_down
from service.worker.flow import FIRST_REST_SECONDS, FOR_EVER, KEPT_DOMAINS, LONGEST_REST_SECONDS, Flow

OK = Reply(Outcome.ACCEPTED, "250 2.0.0 Ok")
SLOW = Reply(Outcome.TEMPORARY, "421 4.7.28 Our system has detected an unusual rate")
GREY = Reply(Outcome.TEMPORARY, "451 4.7.1 Greylisted, try again in 5 minutes")


def test_a_domain_takes_so_many_at_once_and_others_are_unaffected() -> None:
    """M-17."""
    flow = Flow(at_once=2)
    for _ in range(2):
        assert flow.wait("a.example", 0) == 0
        flow.begin("a.example", 0)
    assert (flow.wait("a.example", 0), flow.wait("b.example", 0)) == (FOR_EVER, 0)
    flow.end("a.example", OK, 1)
    assert flow.wait("a.example", 1) == 0


def test_a_domain_that_asks_to_slow_down_rests_ever_longer_and_recovers() -> None:
    """M-17: adaptive back-off; the ceiling is halved, and grows by one a round of accepted mails."""
    flow = Flow(at_once=8)
    rests = []
    now = 0.0
    for _ in range(9):
        flow.begin("a.example", now)
        flow.end("a.example", SLOW, now)
        rests.append(flow.wait("a.example", now))
        now += rests[-1]
    assert rests == [2, 4, 8, 16, 32, 64, 128, 256, LONGEST_REST_SECONDS]
    counts = []
    for _ in range(4):
        taken = 0
        while not flow.wait("a.example", now):
            flow.begin("a.example", now)
            taken += 1
        counts.append(taken)
        for _ in range(taken):
            flow.end("a.example", OK, now)
    assert counts == [1, 2, 3, 4]
    flow.begin("a.example", now)
    flow.end("a.example", SLOW, now)
    assert flow.wait("a.example", now) == FIRST_REST_SECONDS


def test_a_refusal_that_concerns_one_recipient_slows_nobody_down() -> None:
    """M-18: greylisting comes for every new recipient of a domain."""
    flow = Flow(at_once=1)
    flow.begin("a.example", 0)
    flow.end("a.example", GREY, 0)
    assert flow.wait("a.example", 0) == 0


def test_a_pace_gives_each_waiting_mail_a_place_of_its_own() -> None:
    flow = Flow(a_minute=30)
    flow.begin("a.example", 10)
    assert flow.wait("a.example", 10) == 2
    assert [flow.book("a.example", 10) for _ in range(3)] == [2, 4, 6]
    assert flow.wait("a.example", 12) == 0


def test_domains_that_nothing_is_known_of_are_forgotten() -> None:
    flow = Flow()
    flow.begin("busy.example", 0)
    for number in range(KEPT_DOMAINS + 1):
        flow.begin(f"{number}.example", 0)
        flow.end(f"{number}.example", OK, 0)
    assert len(flow._domains) < KEPT_DOMAINS
    flow.end("busy.example", OK, 0)


@given(st.lists(st.sampled_from([OK, SLOW, GREY]), max_size=60))
def test_a_rest_always_ends_and_a_ceiling_always_lets_one_through(replies: list[Reply]) -> None:
    flow = Flow(at_once=4)
    now = 0.0
    for reply in replies:
        wait = flow.wait("a.example", now)
        assert 0 <= wait <= LONGEST_REST_SECONDS
        now += wait
        flow.begin("a.example", now)
        flow.end("a.example", reply, now)


@pytest.mark.parametrize(
    ("text", "slow"),
    [
        ("421 Too many connections", True),
        ("450 4.3.2 Try again later", True),
        ("451 4.7.650 The mail server has been temporarily rate limited", True),
        ("452 4.4.5 Congestion", True),
        ("451 4.7.1 Greylisted", False),
        ("452 4.2.2 Mailbox full", False),
        ("451 4.7.6 Other", False),
        ("550 5.7.28 Unusual rate", False),
        ("no answer in time", False),
    ],
)
def test_answers_about_how_much_is_sent_are_told_from_the_others(text: str, slow: bool) -> None:
    """M-17, M-18."""
    assert asks_to_slow_down(text) is slow
