"""Schedules: wall times with their gaps and overlaps, and campaigns that freeze now and start later, once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import campaigns, deliveries, schedules, suppression
from service.domain.campaigns import Writing
from service.domain.errors import DomainError
from service.domain.letters import Composer
from service.domain.selections import Selected
from service.domain.signing import Signer
from service.domain.suppression import SuppressionReason
from service.facts.refusals import Refusal
from service.i18n.catalogs import Catalogs
from service.models import Campaign, Delivery, Program
from service.paths import data_dir
from tests.domain import factories
from tests.domain.factories import NOW, AskedJobs

PARIS, TOKYO, LORD_HOWE = ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Tokyo"), ZoneInfo("Australia/Lord_Howe")
WINTER = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer(
        Catalogs(data_dir("locales")),
        Signer("k" * 40),
        base_url="https://brand.example",
        mail_from="noreply@brand.example",
        https=True,
    )


@pytest.fixture
def jobs() -> AskedJobs:
    return AskedJobs()


@pytest.fixture
def program(session: Session) -> Program:
    return factories.program(session)


@pytest.fixture
def scheduled(session: Session, program: Program, jobs: AskedJobs, composer: Composer) -> Campaign:
    """A campaign to two people that starts tomorrow."""
    ids = [factories.prospect(session, program, name).id for name in ("Anna", "Yuki")]
    campaign = campaigns.draft(
        session,
        program,
        Writing("Alex", "", "en", {"en": ("Hello", "Hello {firstName|there}")}),
        form_key="k",
        selected=Selected(frozenset(ids)),
        actor=factories.user(session, program),
        now=NOW,
    )
    campaigns.launch(session, jobs, composer, campaign, now=NOW, at=LATER)
    return campaign


def addresses(session: Session) -> list[str]:
    return list(session.scalars(select(Delivery.address).order_by(Delivery.id)))


@pytest.mark.parametrize(
    ("text", "zone", "moment", "twice"),
    [
        ("2026-07-01T09:30", PARIS, datetime(2026, 7, 1, 7, 30, tzinfo=UTC), False),
        ("2026-07-01T09:30:15", TOKYO, datetime(2026, 7, 1, 0, 30, 15, tzinfo=UTC), False),
        ("2026-10-25T02:30", PARIS, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
        ("2026-04-05T01:45", LORD_HOWE, datetime(2026, 4, 4, 14, 45, tzinfo=UTC), True),
    ],
)
def test_a_wall_time_is_a_moment(text: str, zone: ZoneInfo, moment: datetime, twice: bool) -> None:
    """F-11: of a time that comes twice the first one is meant, and the answer says so."""
    assert schedules.read(text, zone, now=WINTER) == schedules.Start(moment, twice)


@pytest.mark.parametrize(
    ("text", "zone", "refusal"),
    [
        ("2026-03-29T02:30", PARIS, Refusal.TIME_SKIPPED),
        ("2026-10-04T02:15", LORD_HOWE, Refusal.TIME_SKIPPED),
        ("2026-01-01T01:00", PARIS, Refusal.TIME_PAST),
        ("2025-12-31T23:59", PARIS, Refusal.TIME_PAST),
        ("2027-01-02T09:00", PARIS, Refusal.TIME_TOO_FAR),
        ("9999-12-31T23:59", ZoneInfo("America/New_York"), Refusal.TIME_MISSING),
        ("0001-01-01T00:00", TOKYO, Refusal.TIME_MISSING),
        ("", PARIS, Refusal.TIME_MISSING),
        ("tomorrow", PARIS, Refusal.TIME_MISSING),
        ("2026-02-30T10:00", PARIS, Refusal.TIME_MISSING),
        ("2026-07-01T09:30+09:00", PARIS, Refusal.TIME_MISSING),
    ],
)
def test_a_time_that_cannot_be_is_refused(text: str, zone: ZoneInfo, refusal: Refusal) -> None:
    """F-11: a gap of the clocks, the past, and what is no time at all."""
    with pytest.raises(DomainError) as refused:
        schedules.read(text, zone, now=WINTER)
    assert (refused.value.refusal, refused.value.field) == (refusal, "send_at")


def test_the_next_time_after_a_gap_is_named() -> None:
    with pytest.raises(DomainError) as refused:
        schedules.read("2026-03-29T02:30", PARIS, now=WINTER)
    assert refused.value.values["time"] == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@given(
    st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 30)),  # noqa: DTZ001
    st.sampled_from([PARIS, TOKYO, LORD_HOWE, ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Apia")]),
)
def test_every_time_that_exists_is_shown_as_it_was_typed(wall: datetime, zone: ZoneInfo) -> None:
    """F-11: what is read back in the zone is the time that was typed, or it was refused as skipped."""
    text = wall.isoformat(timespec="minutes")
    try:
        shown = schedules.read(text, zone, now=WINTER).moment.astimezone(zone)
    except DomainError as error:
        shown, refusal = None, error.refusal
    assert refusal is Refusal.TIME_SKIPPED if shown is None else f"{shown:%Y-%m-%dT%H:%M}" == text


def test_what_the_author_saw_is_what_goes_out(
    session: Session, program: Program, jobs: AskedJobs, scheduled: Campaign
) -> None:
    """Content and recipients freeze when the schedule is set; nothing is claimed before the start."""
    assert (scheduled.state, scheduled.scheduled_at, jobs.delivered) == ("scheduled", LATER, [])
    assert len(addresses(session)) == 2
    assert deliveries.claim(session, scheduled.id, token="t", now=LATER) == ()
    assert deliveries.wanting_work(session, now=LATER) == ()
    with pytest.raises(DomainError) as refused:
        campaigns.write(
            session, scheduled, Writing("X", "", "en", {"en": ("New", "New")}), version=scheduled.version
        )
    assert refused.value.refusal is Refusal.CAMPAIGN_SCHEDULED


def test_it_starts_once_when_its_moment_has_come(session: Session, scheduled: Campaign) -> None:
    """F-11: on time, after days of downtime, and with a clock that jumps there and back."""
    moments = [LATER - timedelta(seconds=1), LATER + timedelta(days=3), LATER - timedelta(days=1), LATER]
    assert [schedules.start_due(session, now=moment) for moment in moments] == [0, 1, 0, 0]
    session.refresh(scheduled)
    assert (scheduled.state, scheduled.launched_at) == ("sending", moments[1])
    assert deliveries.wanting_work(session, now=moments[1]) == (scheduled.id,)
    assert len(deliveries.claim(session, scheduled.id, token="t", now=moments[1])) == 2


def test_who_unsubscribes_before_the_start_gets_nothing(session: Session, scheduled: Campaign) -> None:
    """M-23: the list is read again at the start."""
    key = session.scalars(select(Delivery.address_key).order_by(Delivery.id)).first()
    assert key is not None
    suppression.suppress(session, scheduled.program_id, key, reason=SuppressionReason.UNSUBSCRIBED, now=LATER)
    schedules.start_due(session, now=LATER)
    claimed = deliveries.claim(session, scheduled.id, token="t", now=LATER)
    assert len(claimed) == 1
    assert claimed[0].address != key


def test_another_moment_or_now(session: Session, jobs: AskedJobs, scheduled: Campaign) -> None:
    schedules.change(session, scheduled, at=LATER + timedelta(days=1))
    assert schedules.start_due(session, now=LATER) == 0
    schedules.start(session, jobs, scheduled, now=NOW)
    schedules.start(session, jobs, scheduled, now=NOW)  # F-14: a double click
    assert (scheduled.state, scheduled.launched_at, jobs.delivered) == ("sending", NOW, [scheduled.id])
    for act in (
        lambda: schedules.change(session, scheduled, at=LATER),
        lambda: schedules.undo(session, scheduled),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.refusal is Refusal.CAMPAIGN_NOT_IN_STATE


def test_a_cancelled_schedule_is_a_draft_that_can_be_written_and_sent(
    session: Session, program: Program, jobs: AskedJobs, composer: Composer, scheduled: Campaign
) -> None:
    old = set(session.scalars(select(Delivery.message_id)))
    scheduled.from_address = "alex@corp.example"
    session.flush()
    schedules.undo(session, scheduled)
    schedules.undo(session, scheduled)  # F-14
    assert (scheduled.state, scheduled.scheduled_at, scheduled.launched_at) == ("draft", None, None)
    frozen = (scheduled.program_name, scheduled.from_address, scheduled.ads)
    assert (addresses(session), frozen) == ([], (None, None, {}))
    assert schedules.start_due(session, now=LATER) == 0
    campaigns.write(
        session, scheduled, Writing("X", "", "en", {"en": ("New", "New")}), version=scheduled.version
    )
    campaigns.launch(session, jobs, composer, scheduled, now=LATER)
    assert len(addresses(session)) == 2
    assert not old & set(session.scalars(select(Delivery.message_id)))


def test_a_draft_that_cannot_go_out_is_not_scheduled(
    session: Session, program: Program, jobs: AskedJobs, composer: Composer
) -> None:
    campaign = campaigns.draft(
        session,
        program,
        Writing("Alex", "", "en", {"en": ("Hello", "{wrong}")}),
        form_key="k2",
        selected=Selected(frozenset({factories.prospect(session, program, "Anna").id})),
        actor=factories.user(session, program),
        now=NOW,
    )
    with pytest.raises(DomainError) as refused:
        campaigns.launch(session, jobs, composer, campaign, now=NOW, at=LATER)
    assert refused.value.refusal is Refusal.CONTENT_HAS_ERRORS
