"""Decisions about all failed or all unknown mails of a campaign at once, each confirmed with its number."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.domain import decisions, outbox
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.states import CampaignState, DeliveryState
from service.facts.words import N_
from service.models import Campaign
from service.web import campaign_progress, campaigns
from service.web.context import here, reading, record, services, transaction
from service.web.forms import done, number, refusal_text, warn
from service.web.routes import page

bp = Blueprint("decisions", __name__)
KINDS = "<any(failed,resend,settle):kind>"
SAID = {
    "failed": N_("The failed emails are being sent again."),
    "resend": N_("The emails with an unknown result are being sent again."),
    "settle": N_("The emails with an unknown result are treated as sent."),
}


@page(bp, f"{campaigns.PATH}/decide/{KINDS}", needs=Permission.EMAIL_SEND)
def confirm(campaign_id: int, kind: str) -> ResponseReturnValue:
    """Name how many mails a decision is about before it is made."""
    with reading() as session:
        campaign = campaigns.find(session, campaign_id)
        facts = _about(session, campaign, kind)
        if not facts["number_of"]:
            return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)
        return render_template("campaigns/decide.html", kind=kind, **facts)


@page(bp, f"{campaigns.PATH}/decide/{KINDS}", needs=Permission.EMAIL_SEND, methods=("POST",))
def decide(campaign_id: int, kind: str) -> ResponseReturnValue:
    """Carry out a decision; the same form sent again has been carried out already."""
    round_, jobs = number(request.form.get("round")), services().jobs
    try:
        with transaction() as session:
            campaign = campaigns.find(session, campaign_id)
            rounds = campaign.rounds
            if kind == "failed":
                decisions.resend_failed(session, jobs, campaign, round_=round_)
            elif kind == "resend":
                decisions.resend_unknown(session, jobs, campaign, round_=round_)
            else:
                decisions.treat_unknown_as_sent(session, campaign, round_=round_, now=here().now)
            if campaign.rounds != rounds:
                act = Act.DELIVERIES_SETTLED if kind == "settle" else Act.DELIVERIES_RESENT
                record(session, act, subject_id=campaign.id, program_id=campaign.program_id)
        done(SAID[kind])
    except DomainError as error:
        warn(refusal_text(error))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)


def _about(session: Session, campaign: Campaign, kind: str) -> dict[str, Any]:
    counts = outbox.counts(session, campaign.id)
    state = DeliveryState.FAILED if kind == "failed" else DeliveryState.UNKNOWN
    number_of = decisions.count_failed(session, campaign) if kind == "failed" else counts[state]
    if kind != "settle" and CampaignState(campaign.state) not in outbox.RESENDING:
        number_of = 0
    return {
        "campaign": campaign,
        "elsewhere": campaign_progress.elsewhere(campaign),
        "number_of": number_of,
        "left_out": counts[state] - number_of,
    }
