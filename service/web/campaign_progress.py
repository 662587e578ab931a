"""How far a campaign is: the numbers, the rate and the chart that its page and its polled part show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import request, url_for
from sqlalchemy.orm import Session

from service.domain import ledger, marks, outbox, programs
from service.domain.marks import Mark, Pace
from service.facts.states import OPEN_DELIVERIES, CampaignState, DeliveryState
from service.facts.words import N_, NP_
from service.models import Campaign, MailAccount
from service.web import mail_accounts
from service.web.context import here, program, reader
from service.web.forms import number, say
from service.web.words import BAR, delivery_parts, label

# A page that waits for a scheduled campaign asks for news only so long before its start.
WATCHED = timedelta(hours=1)
CHART_POINTS, TABLE_POINTS = 60, 8
MOVING = frozenset({CampaignState.SENDING.value, CampaignState.PAUSED.value})
_CHART_HEIGHT = 40


@dataclass(frozen=True, slots=True)
class Chart:
    """Areas of a stacked chart, (word, colour, points of an SVG polygon), and the same numbers as rows."""

    begins: datetime
    ends: datetime
    areas: Sequence[tuple[str, str, str]]
    heads: Sequence[str]
    rows: Sequence[tuple[datetime, Sequence[int]]]


def facts(session: Session, campaign: Campaign) -> dict[str, Any]:
    """Return what the part of the page names that changes while mails go out."""
    counts = ledger.count_by_state(session, [campaign.id])[campaign.id]
    total = sum(counts.values())
    waiting = sum(counts.get(state.value, 0) for state in OPEN_DELIVERIES)
    taken = marks.list_of(session, campaign.id)
    paced_until = _paced_until(session, campaign, counts)
    held = _held(session, campaign, waiting)
    return {
        "campaign": campaign,
        "parts": [(*part, at(campaign, state=part[2])) for part in delivery_parts(counts)],
        "counts": counts,
        "total": total,
        "waiting": waiting,
        "settled": total - waiting,
        "called_off": counts.get(DeliveryState.CANCELLED.value, 0),
        "done": _is_settled(campaign),
        "retry_at": outbox.next_try(session, campaign.id) if _is_waiting(campaign, counts) else None,
        "paced_until": paced_until,
        # What is held up goes at no rate, and nobody knows its end.
        "pace": None if paced_until or held["held"] else _pace(campaign, taken, counts),
        "chart": chart(campaign, taken, counts),
        "elsewhere": elsewhere(campaign),
        "state_tabs": state_tabs(campaign, counts),
        "poll_href": _poll(campaign),
        "fresh_href": _fresh(campaign, total - waiting),
        **held,
    }


def at(
    campaign: Campaign, *, state: str | None = None, after: int | None = None, seen: int | None = None
) -> str:
    """Return the address of the campaign's deliveries in a state, from a place in the list.

    A link to the very address of a page only jumps to its anchor: `seen` makes it another one.
    """
    return url_for(
        "campaigns.show", campaign_id=campaign.id, state=state, after=after, seen=seen, _anchor="deliveries"
    )


def chosen_state() -> str | None:
    """Return the state whose deliveries the reader looks at, None for all of them."""
    state = request.args.get("state", "")
    return state if state in BAR else None


def state_tabs(campaign: Campaign, counts: Mapping[str, int]) -> list[dict[str, object]]:
    """Return the tabs above the deliveries: all of them, and each state with how many are in it."""
    chosen = chosen_state() or ""
    rows = [("", say(NP_("filter", "All")), sum(counts.values()))]
    rows += [(colour, word, count) for word, count, colour in delivery_parts(counts)]
    if chosen not in {row[0] for row in rows}:
        rows.append((chosen, _word(chosen), 0))
    return [
        {
            "label": word,
            "href": at(campaign, state=colour or None),
            "current": colour == chosen,
            "count": here().formats.number(count),
        }
        for colour, word, count in rows
    ]


def _after() -> int | None:
    return number(request.args.get("after")) or None


def _seen() -> int | None:
    """Return how many deliveries were settled when the reader asked for the list anew."""
    seen = request.args.get("seen")
    return number(seen) if seen else None


def _poll(campaign: Campaign) -> str:
    since = campaign.state if campaign.state == CampaignState.SCHEDULED.value else None
    return url_for(
        "campaigns.progress",
        campaign_id=campaign.id,
        since=since,
        state=chosen_state(),
        after=_after(),
        seen=_seen(),
    )


def _fresh(campaign: Campaign, settled: int) -> str | None:
    """Return where the list stands as it is now, while mails go out."""
    if campaign.state not in MOVING:
        return None
    seen = None if _seen() == settled else settled
    return at(campaign, state=chosen_state(), after=_after(), seen=seen)


def elsewhere(campaign: Campaign) -> str | None:
    """Return the name of the campaign's program where that is not the one the reader works in."""
    if campaign.program_id == program().id:
        return None
    return here().program_of(campaign.program_id).name


def _is_settled(campaign: Campaign) -> bool:
    """Whether the page need not ask again: nothing moves, or what it waited for has come."""
    if request.args.get("since") == CampaignState.SCHEDULED.value:
        return campaign.state != CampaignState.SCHEDULED.value
    if campaign.state == CampaignState.SCHEDULED.value and campaign.scheduled_at is not None:
        return campaign.scheduled_at - here().now > WATCHED
    return campaign.state not in MOVING


def _is_waiting(campaign: Campaign, counts: Mapping[str, int]) -> bool:
    deferred = counts.get(DeliveryState.DEFERRED.value, 0)
    return campaign.state == CampaignState.SENDING.value and deferred > 0


def _paced_until(session: Session, campaign: Campaign, counts: Mapping[str, int]) -> datetime | None:
    """Return when the program's hourly limit lets the campaign go on, None where it does not hold it up."""
    if campaign.state != CampaignState.SENDING.value or not counts.get(DeliveryState.QUEUED.value):
        return None
    return programs.allowance_at(session, programs.find(session, campaign.program_id), now=here().now)


def _held(session: Session, campaign: Campaign, waiting: int) -> dict[str, object]:
    """Return why nothing goes out from the author's mail account, and whether the reader can mend it."""
    held = ""
    if waiting and campaign.mail_account_id is not None and campaign.state == CampaignState.SENDING.value:
        account = session.get_one(MailAccount, campaign.mail_account_id)
        if account.disconnected_at is not None:
            held = say(N_("The mail account %(address)s is disconnected."), address=account.address)
        elif account.last_error is not None:
            held = mail_accounts.trouble_of(account)
        elif account.verified_at is None:
            held = say(N_("The mail account %(address)s has not been checked yet."), address=account.address)
    return {"held": held, "own": campaign.author_id == reader().id}


def _pace(campaign: Campaign, taken: Sequence[Mark], counts: Mapping[str, int]) -> Pace | None:
    if campaign.state != CampaignState.SENDING.value:
        return None
    return marks.pace(taken, counts, now=here().now)


def chart(campaign: Campaign, taken: Sequence[Mark], counts: Mapping[str, int]) -> Chart | None:
    """Return the states over time; None before the first mark, when there is nothing to draw."""
    end = campaign.finished_at or here().now
    known = [mark for mark in taken if mark.at < end]
    if not known:
        return None
    points = _thinned([*known, Mark(end, counts)], CHART_POINTS)
    begins, ends = points[0].at, points[-1].at
    span = (ends - begins) / timedelta(seconds=1) or 1.0
    top = max(sum(mark.counts.values()) for mark in points) or 1
    across = [100 * ((mark.at - begins) / timedelta(seconds=1)) / span for mark in points]
    columns = [_by_colour(mark.counts) for mark in points]
    used = [colour for colour in BAR if any(column[colour] for column in columns)]
    floor = [0] * len(points)
    areas = []
    for colour in used:
        ceiling = [low + column[colour] for low, column in zip(floor, columns, strict=True)]
        lower = list(zip(across, floor, strict=True))
        outline = [*zip(across, ceiling, strict=True), *reversed(lower)]
        drawn = " ".join(f"{x:.2f},{_CHART_HEIGHT * (1 - y / top):.2f}" for x, y in outline)
        areas.append((_word(colour), colour, drawn))
        floor = ceiling
    rows = [
        (mark.at, [_by_colour(mark.counts)[colour] for colour in used])
        for mark in _thinned(points, TABLE_POINTS)
    ]
    return Chart(begins, ends, areas, [_word(colour) for colour in used], rows)


def _word(colour: str) -> str:
    return label(BAR[colour][0].value, "delivery")


def _by_colour(counts: Mapping[str, int]) -> dict[str, int]:
    return {colour: sum(counts.get(state.value, 0) for state in states) for colour, states in BAR.items()}


def _thinned(points: Sequence[Mark], most: int) -> list[Mark]:
    """Return at most so many points, evenly over time, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    begins, span = points[0].at, points[-1].at - points[0].at
    kept = [points[0]]
    for point in points[1:-1]:
        # A point is kept when it is the first one past the next step of the time axis.
        if point.at - begins >= span * len(kept) / (most - 1) and len(kept) < most - 1:
            kept.append(point)
    return [*kept, points[-1]]
