"""Engage → Campaigns: the list, one campaign on its way, and what can be done to it."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.domain import campaigns, outbox
from service.domain.errors import DomainError
from service.facts.permissions import Permission
from service.facts.states import OPEN_DELIVERIES, CampaignState, DeliveryState
from service.facts.words import N_, NN_
from service.links import PUBLIC_PATHS
from service.models import Campaign
from service.web.context import here, program, reading, services, transaction
from service.web.forms import done, refusal_text, warn
from service.web.routes import page

bp = Blueprint("campaigns", __name__)
PATH = PUBLIC_PATHS["campaign"].replace("<", "<int:")
ROWS = 100


@page(bp, "/campaigns", needs=Permission.PROSPECTS_VIEW)
def index() -> ResponseReturnValue:
    """List the program's campaigns."""
    with reading() as session:
        found = campaigns.list_of(session, program().id)
        return render_template(
            "campaigns/index.html",
            campaigns=found,
            subjects={item.id: campaigns.subject_of(item, here().locale.code) for item in found},
            counts=campaigns.count_by_state(session, [item.id for item in found]),
        )


@page(bp, PATH, needs=Permission.PROSPECTS_VIEW)
def show(campaign_id: int) -> ResponseReturnValue:
    """Show how far a campaign is and what became of each mail."""
    with reading() as session:
        campaign = campaigns.find(session, [program().id], campaign_id)
        if campaign.state == CampaignState.DRAFT.value:
            return redirect(url_for("compose.edit", campaign_id=campaign.id), 303)
        return render_template("campaigns/show.html", **_facts(session, campaign), **_rows(session, campaign))


@page(bp, f"{PATH}/progress", needs=Permission.PROSPECTS_VIEW)
def progress(campaign_id: int) -> ResponseReturnValue:
    """Serve the part of the page that changes while mails go out."""
    with reading() as session:
        campaign = campaigns.find(session, [program().id], campaign_id)
        return render_template("campaigns/_progress.html", **_facts(session, campaign))


@page(bp, f"{PATH}/<any(pause,resume,cancel):verb>", needs=Permission.EMAIL_SEND, methods=("POST",))
def change(campaign_id: int, verb: str) -> ResponseReturnValue:
    """Hold, go on with, or end a campaign."""
    try:
        with transaction() as session:
            campaign = campaigns.find(session, [program().id], campaign_id)
            if verb == "pause":
                campaigns.pause(session, campaign)
                said = N_("The campaign is paused. Mails already in flight are being finished.")
            elif verb == "resume":
                campaigns.resume(session, services().jobs, campaign)
                said = N_("The campaign goes on.")
            else:
                campaigns.cancel(session, campaign, now=here().now)
                said = N_("The campaign is cancelled. What had not been sent will not be sent.")
        done(said)
    except DomainError as error:
        warn(refusal_text(error))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)


@page(bp, f"{PATH}/cancel", needs=Permission.EMAIL_SEND)
def confirm_cancel(campaign_id: int) -> ResponseReturnValue:
    """Name what cancelling will do before it is done."""
    with reading() as session:
        campaign = campaigns.find(session, [program().id], campaign_id)
        return render_template("campaigns/cancel.html", **_facts(session, campaign))


@page(
    bp,
    f"{PATH}/deliveries/<int:delivery_id>/<any(resend,settle):verb>",
    needs=Permission.EMAIL_SEND,
    methods=("POST",),
)
def decide(campaign_id: int, delivery_id: int, verb: str) -> ResponseReturnValue:
    """Settle a mail of which nobody knows whether it arrived: send it again, or treat it as sent."""
    try:
        with transaction() as session:
            campaign = campaigns.find(session, [program().id], campaign_id)
            if verb == "resend":
                outbox.resend(session, services().jobs, campaign.id, delivery_id, now=here().now)
                done(NN_("%(num)s email will be sent again.", "%(num)s emails will be sent again."), num=1)
            else:
                outbox.treat_as_sent(session, campaign.id, delivery_id, now=here().now)
                done(N_("The email is treated as sent."))
    except DomainError as error:
        warn(refusal_text(error))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)


def _facts(session: Session, campaign: Campaign) -> dict[str, object]:
    counts = campaigns.count_by_state(session, [campaign.id])[campaign.id]
    total = sum(counts.values())
    waiting = sum(counts.get(state.value, 0) for state in OPEN_DELIVERIES)
    return {
        "campaign": campaign,
        "subject": campaigns.subject_of(campaign, here().locale.code),
        "counts": counts,
        "total": total,
        "waiting": waiting,
        "settled": total - waiting,
        "done": campaign.state not in {CampaignState.SENDING.value, CampaignState.PAUSED.value},
        "states": [state.value for state in DeliveryState],
    }


def _rows(session: Session, campaign: Campaign) -> dict[str, object]:
    state = request.args.get("state", "")
    states = frozenset({DeliveryState(state)}) if state in set(DeliveryState) else None
    after = request.args.get("after", 0, type=int)
    found = outbox.list_deliveries(session, campaign.id, states=states, after=after, limit=ROWS + 1)
    unknown = outbox.list_deliveries(
        session, campaign.id, states=frozenset({DeliveryState.UNKNOWN}), limit=ROWS
    )
    return {
        "deliveries": found[:ROWS],
        "next_after": found[ROWS - 1].id if len(found) > ROWS else None,
        "state": state if states else "",
        "unknown": unknown,
    }
