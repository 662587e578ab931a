"""What happened to one person: every mail to them in the program, and one mail as a whole."""

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.domain import attempts, histories, letters, prospects
from service.domain.letters import Addressee, Composed
from service.facts.permissions import Permission
from service.facts.states import CampaignState
from service.facts.words import N_
from service.models import Campaign, Delivery
from service.web import campaign_progress, campaigns
from service.web.context import here, program, reading, services
from service.web.drafts import UNWRITABLE, why_unwritable
from service.web.forms import say
from service.web.letters import open_mail, part_of
from service.web.routes import page
from service.web.security import framed
from service.web.words import recipient_name

bp = Blueprint("histories", __name__)
MAIL_ERASED = N_("This email can no longer be shown, because the recipient’s personal data has been erased.")
PATH = f"{campaigns.PATH}/deliveries/<int:delivery_id>"


@page(bp, "/prospects/<int:prospect_id>/history", needs=Permission.PROSPECTS_VIEW)
def person(prospect_id: int) -> ResponseReturnValue:
    """Show everything that happened to a prospect, newest first."""
    with reading() as session:
        prospect = prospects.find(session, program().id, prospect_id)
        key = prospect.custom_email_key or prospect.partner.email_key
        return render_template(
            "prospects/history.html",
            prospect=prospect,
            partner=prospect.partner,
            events=histories.of_person(session, prospect),
            suppression=histories.suppression_of(session, program().id, key),
        )


@page(bp, PATH, needs=Permission.PROSPECTS_VIEW)
def delivery(campaign_id: int, delivery_id: int) -> ResponseReturnValue:
    """Show one mail: to whom, in which language, what the server said, and the mail itself."""
    part = part_of(request.args.get("part", ""))
    with reading() as session:
        campaign, row = _find(session, campaign_id, delivery_id)
        composed = _compose(session, campaign, row)
        seen = composed if isinstance(composed, Composed) else None
        return render_template(
            "campaigns/delivery.html",
            campaign=campaign,
            delivery=row,
            attempts=attempts.by_delivery(session, [row.id])[row.id],
            suppression=histories.suppression_of(session, campaign.program_id, row.address_key),
            elsewhere=campaign_progress.elsewhere(campaign),
            sends=campaign.state == CampaignState.SENDING.value,
            part=part,
            seen=seen,
            raw=open_mail(seen.raw).raw if seen and part == "raw" else "",
            refused="" if isinstance(composed, Composed) else composed,
        )


@page(bp, f"{PATH}/html", needs=Permission.PROSPECTS_VIEW)
def html(campaign_id: int, delivery_id: int) -> ResponseReturnValue:
    """Serve the HTML part of a mail in its own frame, under its own policy."""
    with reading() as session:
        campaign, row = _find(session, campaign_id, delivery_id)
        composed = _compose(session, campaign, row)
    if isinstance(composed, Composed):
        response = make_response(composed.html)
    else:
        response = make_response(composed)
        response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return framed(response)


def _find(session: Session, campaign_id: int, delivery_id: int) -> tuple[Campaign, Delivery]:
    campaign = campaigns.find(session, campaign_id)
    return campaign, histories.find_delivery(session, campaign, delivery_id)


def _compose(session: Session, campaign: Campaign, row: Delivery) -> Composed | str:
    """Write the mail as it was or would be sent, or say why that cannot be.

    Its links lead nowhere: whoever looks at a mail must not unsubscribe or join for somebody else.
    """
    if not row.address:
        return say(MAIL_ERASED)
    to = Addressee(row.address, row.locale, row.time_zone, row.values)
    moment = row.claimed_at or campaign.scheduled_at or here().now
    text = letters.text_of(session, campaign.id)
    try:
        return services().composer.campaign(text, to, message_id=row.message_id, moment=moment)
    except UNWRITABLE as error:
        return why_unwritable(error, recipient_name(row))
