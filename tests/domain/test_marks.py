"""Marks of progress: taken ever more rarely, read as a rate that is honest about what it does not know."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from service.domain import marks
from service.domain.marks import Mark
from service.facts.states import CampaignState, DeliveryState
from service.models import CampaignMark, Delivery
from tests.outbound import NOW, make_campaign

MINUTE = timedelta(minutes=1)


def mark(minutes: float, **counts: int) -> Mark:
    return Mark(NOW + minutes * MINUTE, counts)


def test_a_campaign_of_days_has_some_hundreds(session: Session) -> None:
    """The sweep comes every five seconds; the number of marks grows with the logarithm of the time."""
    campaign = make_campaign(session, 1)
    moment, numbers = NOW, []
    for days in (1, 2, 4):
        while moment < NOW + timedelta(days=days):
            marks.take(session, now=moment)
            moment += timedelta(seconds=5 if moment - NOW < timedelta(hours=2) else 300)
        numbers.append(session.scalar(select(func.count()).select_from(CampaignMark)) or 0)
    assert numbers[2] < 500
    assert numbers[2] - numbers[1] <= numbers[1] - numbers[0] + 1
    assert marks.list_of(session, campaign.id)[0].counts == {"queued": 1}


@pytest.mark.parametrize("state", CampaignState)
def test_only_what_is_under_way_is_marked(session: Session, state: CampaignState) -> None:
    make_campaign(session, 1, state=state)
    under_way = state in {CampaignState.SENDING, CampaignState.PAUSED}
    assert marks.take(session, now=NOW) == int(under_way)
    assert marks.take(session, now=NOW + timedelta(seconds=1)) == 0


def test_a_clock_that_was_set_back_does_not_stop_the_marks(session: Session) -> None:
    """F-11."""
    make_campaign(session, 1)
    marks.take(session, now=NOW + timedelta(days=1))
    assert marks.take(session, now=NOW) == 1


def test_the_numbers_are_counted_from_an_index_alone(session: Session) -> None:
    """100,000 rows are counted without reading one of them, so that the time grows with their number only."""
    query = select(Delivery.campaign_id, Delivery.state, func.count()).where(Delivery.campaign_id.in_([1]))
    query = query.group_by(Delivery.campaign_id, Delivery.state)
    statement = str(query.compile(session.connection(), compile_kwargs={"literal_binds": True}))
    plan = [row[-1] for row in session.execute(text(f"EXPLAIN QUERY PLAN {statement}"))]
    assert plan == ["SEARCH deliveries USING COVERING INDEX ix_deliveries_campaign_state (campaign_id=?)"]


@pytest.mark.parametrize(
    ("taken", "counts", "rate", "minutes_left"),
    [
        ([mark(0, queued=100)], {"queued": 60, "sent": 40}, 10.0, 6.0),
        # Only the last two minutes count, however it went before.
        (
            [mark(0, queued=1000), mark(2, queued=80), mark(3, queued=70)],
            {"queued": 60, "sent": 940},
            10.0,
            6.0,
        ),
        # A mail that waits for its next try has had its first.
        ([mark(0, queued=100)], {"queued": 20, "in_flight": 4, "deferred": 76}, 19.0, 24 / 19),
    ],
)
def test_a_pace(taken: list[Mark], counts: dict[str, int], rate: float, minutes_left: float) -> None:
    now = NOW + 4 * MINUTE
    found = marks.pace(taken, counts, now=now)
    assert found is not None
    assert found.per_minute == pytest.approx(rate)
    assert (found.ends_at - now) / MINUTE == pytest.approx(minutes_left)


@pytest.mark.parametrize(
    ("taken", "counts"),
    [
        ([], {"queued": 5}),
        ([mark(0, queued=5)], {"queued": 5}),
        ([mark(0, queued=5)], {"sent": 5}),
        ([mark(0, queued=5)], {"deferred": 5}),
        ([mark(0, sent=5)], {"queued": 5}),
        ([mark(9, queued=9)], {"queued": 5, "sent": 4}),
    ],
)
def test_no_pace_is_made_up(taken: list[Mark], counts: dict[str, int]) -> None:
    """Nothing moves, nothing is left, mails were put back, or the clock was: then no end is foretold."""
    assert marks.pace(taken, counts, now=NOW + 4 * MINUTE) is None


def test_an_end_beyond_the_calendar_is_none() -> None:
    taken = [Mark(NOW - timedelta(days=9), {"queued": 10**12})]
    assert marks.pace(taken, {"queued": 10**12 - 1}, now=NOW) is None


def test_states_are_told_as_they_stand(session: Session, now: datetime) -> None:
    campaign = make_campaign(session, 3)
    session.scalars(select(Delivery)).first().state = DeliveryState.SENT.value  # type: ignore[union-attr]
    session.flush()
    marks.take(session, now=now)
    assert marks.list_of(session, campaign.id) == [Mark(now, {"queued": 2, "sent": 1})]
