"""A scheduled campaign: another moment, now, or back to being a draft."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from service.domain import schedules
from service.domain.errors import DomainError
from service.domain.schedules import Start
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.words import N_
from service.models import Campaign
from service.web import campaigns
from service.web.context import here, record, services, transaction
from service.web.forms import done, refusal_text, warn
from service.web.routes import page
from service.web.words import date_time

bp = Blueprint("schedules", __name__)
PATH = f"{campaigns.PATH}/schedule"
SCHEDULED = N_("The campaign is scheduled. It starts: %(time)s")
TWICE = N_("Clocks go back then, and this time comes twice. The campaign starts the first time: %(time)s")


def read(text: str) -> Start:
    """Return the moment of a wall time in the reader's zone; raises DomainError for what is none."""
    return schedules.read(text, here().zone, now=here().now)


def say_scheduled(start: Start) -> None:
    """Tell the reader when it starts, and which of two equal times is meant."""
    done(TWICE if start.twice else SCHEDULED, time=date_time(start.moment))


@page(bp, PATH, needs=Permission.EMAIL_SEND, methods=("POST",))
def change(campaign_id: int) -> ResponseReturnValue:
    """Let it start at another moment."""
    try:
        start = read(request.form.get("send_at", ""))
        with transaction() as session:
            campaign = campaigns.find(session, campaign_id)
            schedules.change(session, campaign, at=start.moment)
            _note(session, Act.CAMPAIGN_SCHEDULED, campaign)
        say_scheduled(start)
    except DomainError as error:
        warn(refusal_text(error))
    return _back(campaign_id)


@page(bp, f"{PATH}/now", needs=Permission.EMAIL_SEND, methods=("POST",))
def start_now(campaign_id: int) -> ResponseReturnValue:
    """Start it at once."""
    try:
        with transaction() as session:
            campaign = campaigns.find(session, campaign_id)
            before = campaign.state
            schedules.start(session, services().jobs, campaign, now=here().now)
            if campaign.state != before:
                _note(session, Act.CAMPAIGN_LAUNCHED, campaign)
        done(N_("The campaign is on its way."))
    except DomainError as error:
        warn(refusal_text(error))
    return _back(campaign_id)


@page(bp, f"{PATH}/undo", needs=Permission.EMAIL_SEND, methods=("POST",))
def undo(campaign_id: int) -> ResponseReturnValue:
    """Make it a draft again."""
    try:
        with transaction() as session:
            campaign = campaigns.find(session, campaign_id)
            before = campaign.state
            schedules.undo(session, campaign)
            if campaign.state != before:
                _note(session, Act.CAMPAIGN_UNSCHEDULED, campaign)
        done(N_("The schedule is cancelled. The campaign is a draft again."))
    except DomainError as error:
        warn(refusal_text(error))
    return _back(campaign_id)


def _note(session: Session, act: Act, campaign: Campaign) -> None:
    record(session, act, subject_id=campaign.id, program_id=campaign.program_id)


def _back(campaign_id: int) -> Response:
    return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)
