"""Engage → Campaigns: the list, one campaign on its way, and what can be done to it."""

from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.domain import campaigns, decisions, ledger, outbox
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.states import CampaignState, DeliveryState
from service.facts.words import N_, NN_
from service.links import PUBLIC_PATHS
from service.models import Campaign
from service.web import campaign_progress, choices
from service.web.context import here, program, reading, record, services, transaction
from service.web.forms import done, number, refusal_text, say, warn
from service.web.routes import page
from service.web.words import BAR, date_time, language_name

bp = Blueprint("campaigns", __name__)
PATH = PUBLIC_PATHS["campaign"].replace("<", "<int:")
ROWS = 100


def find(session: Session, campaign_id: int) -> Campaign:
    """Return a campaign of a program the reader may work in; another one does not exist.

    A notice may lead to a campaign of another of these programs than the one they work in now.
    """
    return campaigns.find(session, [item.id for item in here().programs], campaign_id)


@page(bp, "/campaigns", needs=Permission.PROSPECTS_VIEW)
def index() -> ResponseReturnValue:
    """List the program's campaigns, newest first."""
    before = number(request.args.get("before"))
    with reading() as session:
        found = campaigns.list_of(session, program().id, before=before, limit=ROWS + 1)
        shown = found[:ROWS]
        return render_template(
            "campaigns/index.html",
            campaigns=shown,
            counts=ledger.count_by_state(session, [item.id for item in shown]),
            first_href=url_for("campaigns.index") if before else None,
            next_href=url_for("campaigns.index", before=shown[-1].id) if len(found) > ROWS else None,
        )


@page(bp, PATH, needs=Permission.PROSPECTS_VIEW)
def show(campaign_id: int) -> ResponseReturnValue:
    """Show how far a campaign is and what became of each mail."""
    with reading() as session:
        campaign = find(session, campaign_id)
        if campaign.state == CampaignState.DRAFT.value:
            return redirect(url_for("compose.edit", campaign_id=campaign.id), 303)
        return render_template(
            "campaigns/show.html",
            **campaign_progress.facts(session, campaign),
            **_rows(session, campaign),
            details=_details(campaign),
        )


@page(bp, f"{PATH}/progress", needs=Permission.PROSPECTS_VIEW)
def progress(campaign_id: int) -> ResponseReturnValue:
    """Serve the part of the page that changes while mails go out."""
    with reading() as session:
        campaign = find(session, campaign_id)
        return render_template("campaigns/_changing.html", **campaign_progress.facts(session, campaign))


@page(bp, f"{PATH}/<any(pause,resume,cancel):verb>", needs=Permission.EMAIL_SEND, methods=("POST",))
def change(campaign_id: int, verb: str) -> ResponseReturnValue:
    """Hold, go on with, or end a campaign; the same button clicked again finds it done."""
    try:
        with transaction() as session:
            campaign = find(session, campaign_id)
            if verb == "pause":
                moved = campaigns.pause(session, campaign)
                act = Act.CAMPAIGN_PAUSED
                said = N_("The campaign is paused. Emails already in flight are being finished.")
            elif verb == "resume":
                moved = campaigns.resume(session, services().jobs, campaign)
                act = Act.CAMPAIGN_RESUMED
                said = N_("The campaign goes on.")
            else:
                moved = campaigns.cancel(session, campaign, now=here().now) is not None
                act = Act.CAMPAIGN_CANCELLED
                said = N_("The campaign is cancelled. What had not been sent will not be sent.")
            if moved:
                record(session, act, subject_id=campaign.id, program_id=campaign.program_id)
        done(said)
    except DomainError as error:
        warn(refusal_text(error))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)


@page(bp, f"{PATH}/cancel", needs=Permission.EMAIL_SEND)
def confirm_cancel(campaign_id: int) -> ResponseReturnValue:
    """Name what cancelling will do before it is done."""
    with reading() as session:
        campaign = find(session, campaign_id)
        return render_template("campaigns/cancel.html", **campaign_progress.facts(session, campaign))


@page(bp, f"{PATH}/deliveries/<int:delivery_id>", needs=Permission.EMAIL_SEND, methods=("POST",))
def decide(campaign_id: int, delivery_id: int) -> ResponseReturnValue:
    """Settle a mail of which nobody knows whether it arrived: send it again, or treat it as sent."""
    verb = request.form.get("verb")
    if verb not in {"resend", "settle"}:
        abort(400)
    try:
        with transaction() as session:
            campaign = find(session, campaign_id)
            if verb == "resend":
                outbox.resend(session, services().jobs, campaign.id, delivery_id, now=here().now)
                act = Act.DELIVERIES_RESENT
                done(NN_("%(num)s email will be sent again.", "%(num)s emails will be sent again."), num=1)
            else:
                outbox.treat_as_sent(session, campaign.id, delivery_id, now=here().now)
                act = Act.DELIVERIES_SETTLED
                done(N_("The email is treated as sent."))
            record(session, act, subject_id=campaign.id, program_id=campaign.program_id)
    except DomainError as error:
        warn(refusal_text(error))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)


def _rows(session: Session, campaign: Campaign) -> dict[str, object]:
    kept = campaign_progress.chosen_state()
    # A bar's colour stands for one state or, in *Sending*, for the two that are one word to the reader.
    states = frozenset(BAR[kept]) if kept else None
    after = number(request.args.get("after"))
    found = outbox.list_deliveries(session, campaign.id, states=states, after=after, limit=ROWS + 1)
    unknown = outbox.list_deliveries(
        session, campaign.id, states=frozenset({DeliveryState.UNKNOWN}), limit=ROWS
    )
    return {
        "deliveries": found[:ROWS],
        "next_href": campaign_progress.at(campaign, state=kept, after=found[ROWS - 1].id)
        if len(found) > ROWS
        else None,
        "first_href": campaign_progress.at(campaign, state=kept) if after else None,
        "unknown": unknown,
        "may_resend": CampaignState(campaign.state) in outbox.RESENDING,
        "failed_count": decisions.count_failed(session, campaign),
        "send_at": _wall_time(campaign),
        "zone": here().zone.key,
    }


def _wall_time(campaign: Campaign) -> str:
    """Return when the campaign starts as a date and time field holds it, in the reader's time zone."""
    moment = campaign.scheduled_at
    return "" if moment is None else here().to_zone(moment).strftime("%Y-%m-%dT%H:%M")


def _details(campaign: Campaign) -> list[tuple[str, str]]:
    languages = [language_name(variant.locale) for variant in campaign.variants]
    rows = [
        (N_("Program"), here().program_of(campaign.program_id).name),
        (N_("From name"), campaign.from_name),
        (N_("Send from"), campaign.from_address or ""),
        (N_("Reply-to address"), campaign.reply_to or ""),
        (N_("Language variants"), here().formats.listing(languages)),
        (N_("If the mail server’s answer is lost"), _policy(campaign)),
        (N_("Scheduled for"), date_time(planned) if (planned := _planned(campaign)) else ""),
        (N_("Sent on"), date_time(started) if (started := _started(campaign)) else ""),
        (N_("Finished on"), date_time(campaign.finished_at) if campaign.finished_at else ""),
    ]
    return [(say(phrase), text) for phrase, text in rows if text]


def _planned(campaign: Campaign) -> datetime | None:
    return campaign.scheduled_at if campaign.state == CampaignState.SCHEDULED.value else None


def _started(campaign: Campaign) -> datetime | None:
    return None if campaign.state == CampaignState.SCHEDULED.value else campaign.launched_at


def _policy(campaign: Campaign) -> str:
    words = {value: word for value, word, _ in choices.unknown_policies()}
    return words[campaign.unknown_policy]
