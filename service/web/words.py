"""Filters by which templates print facts and values in the reader's language."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Flask
from jinja2 import pass_context
from jinja2.runtime import Context

from service.domain import notices
from service.domain.suppression import SuppressionReason
from service.facts.bounces import PauseReason
from service.facts.messages import MESSAGE_STATE_LABELS
from service.facts.permissions import PERMISSION_LABELS, ROLE_LABELS
from service.facts.replies import Outcome, reason_of
from service.facts.sources import BUSINESS_MODEL_LABELS, KIND_LABELS, SOURCE_LABELS
from service.facts.stages import ARCHIVED_LABEL, STAGE_LABELS, StageEvent
from service.facts.states import (
    CAMPAIGN_STATE_LABELS,
    DELIVERY_STATE_LABELS,
    IMPORT_STATE_LABELS,
    ROW_OUTCOME_LABELS,
    DeliveryState,
)
from service.facts.words import N_, NP_, Phrase
from service.i18n.locales import LOCALES
from service.mail import addresses
from service.mail.shipped import CAMPAIGN_LABELS
from service.models import Campaign, Delivery, Partner, Role
from service.web.context import here

PERSON_ERASED = N_("Personal data erased")
NO_SUBJECT = N_("(no subject)")
NO_SERVER = N_("The mail server could not be used: %(detail)s")
# What a server says begins with a number; what else is kept of a try was said by this machine.
_ANSWER = re.compile(r"\d{3}\b")
_UNTRIED = frozenset({DeliveryState.QUEUED.value, DeliveryState.CANCELLED.value})
FORMER_USER = N_("Former user")
NUMBERED_FORMER_USER = N_("Former user %(num)s")
EVENT_LABELS: dict[StageEvent, Phrase] = {
    StageEvent.MARKED: NP_("event", "Marked as prospect"),
    StageEvent.EMAIL_ACCEPTED: NP_("event", "Email sent"),
    StageEvent.MESSAGE_SENT: NP_("event", "Message sent"),
    StageEvent.ANSWERED: NP_("event", "Answered"),
    StageEvent.JOINED: NP_("event", "Invitation accepted"),
    StageEvent.DECLINED: NP_("event", "Invitation declined"),
    StageEvent.EXPIRED: NP_("event", "Invitation expired"),
    StageEvent.ARCHIVED: NP_("event", "Archived"),
    StageEvent.RESTORED: NP_("event", "Restored"),
}
SUPPRESSION_LABELS: dict[SuppressionReason, Phrase] = {
    SuppressionReason.UNSUBSCRIBED: NP_("suppression", "Unsubscribed"),
    SuppressionReason.HARD_BOUNCE: NP_("suppression", "Hard bounce"),
    SuppressionReason.COMPLAINT: NP_("suppression", "Complaint"),
    SuppressionReason.MANUAL: NP_("suppression", "Added by hand"),
}
ATTEMPT_LABELS: dict[Outcome, Phrase] = {
    Outcome.TEMPORARY: NP_("attempt", "Refused for now"),
    Outcome.PERMANENT: NP_("attempt", "Refused for good"),
    Outcome.UNKNOWN: NP_("attempt", "Answer lost"),
}
LABELS: dict[str, Mapping[str, Phrase]] = {
    "stage": {str(stage): phrase for stage, phrase in STAGE_LABELS.items()} | {"archived": ARCHIVED_LABEL},
    "source": {str(source): phrase for source, phrase in SOURCE_LABELS.items()},
    "kind": {str(kind): phrase for kind, phrase in KIND_LABELS.items()},
    "business_model": {str(model): phrase for model, phrase in BUSINESS_MODEL_LABELS.items()},
    "campaign": {str(state): phrase for state, phrase in CAMPAIGN_STATE_LABELS.items()},
    "pause": {reason.name: reason.phrase for reason in PauseReason},
    "delivery": {str(state): phrase for state, phrase in DELIVERY_STATE_LABELS.items()},
    "import": {str(state): phrase for state, phrase in IMPORT_STATE_LABELS.items()},
    "message": {str(state): phrase for state, phrase in MESSAGE_STATE_LABELS.items()},
    "row": {str(outcome): phrase for outcome, phrase in ROW_OUTCOME_LABELS.items()},
    "permission": {str(permission): phrase for permission, phrase in PERMISSION_LABELS.items()},
    "event": {str(event): phrase for event, phrase in EVENT_LABELS.items()},
    "suppression": {str(reason): phrase for reason, phrase in SUPPRESSION_LABELS.items()},
    "attempt": {str(outcome): phrase for outcome, phrase in ATTEMPT_LABELS.items()},
    "template": CAMPAIGN_LABELS,
    "role": {str(role): phrase for role, phrase in ROLE_LABELS.items()},
}
# What a bar of deliveries is made of: the colour, and the states it counts; the first names it.
BAR: dict[str, tuple[DeliveryState, ...]] = {
    "sent": (DeliveryState.SENT,),
    "sending": (DeliveryState.IN_FLIGHT, DeliveryState.CLAIMED),
    "queued": (DeliveryState.QUEUED,),
    "deferred": (DeliveryState.DEFERRED,),
    "unknown": (DeliveryState.UNKNOWN,),
    "failed": (DeliveryState.FAILED,),
    "suppressed": (DeliveryState.SUPPRESSED,),
    "cancelled": (DeliveryState.CANCELLED,),
}
# Family name first, without a space, where the name is written in Han or kana.
_FAMILY_FIRST = ("ja", "zh")


def install(app: Flask) -> None:
    """Add the filters `label number percent long_date short_day date_time relative language zone country`
    `file_size contact user_name role_name recipient campaign_title campaign_tag lang_tag reply`
    `delivery_reason address_warning`, and the functions `number delivery_parts`.
    """
    filters: dict[str, Callable[..., str]] = {
        "label": label,
        "number": lambda value: here().formats.number(value),
        "percent": lambda value: here().formats.percent(value),
        "long_date": lambda moment: here().formats.long_date(here().to_zone(moment)),
        "date_time": date_time,
        "relative": lambda moment: here().formats.relative(moment - here().now),
        "language": language_name,
        "zone": lambda name: here().formats.zone_name(name),
        "short_day": lambda moment: here().formats.short_date(here().to_zone(moment)),
        "reply": reply_words,
        "delivery_reason": delivery_reason,
        "address_warning": address_warning,
        "country": lambda code: here().formats.country_name(code),
        "file_size": lambda size: here().formats.file_size(size),
        "contact": contact_name,
        "user_name": user_name,
        "role_name": role_name,
        "recipient": recipient_name,
        "campaign_title": campaign_title,
        "campaign_tag": campaign_tag,
        "lang_tag": lang_tag,
    }
    app.jinja_env.filters.update({name: _late(filter_) for name, filter_ in filters.items()})
    app.jinja_env.globals.update(number=filters["number"], delivery_parts=delivery_parts)


def _late(filter_: Callable[..., str]) -> Callable[..., str]:
    @pass_context  # without it Jinja computes a filter of a constant once, for every reader's language
    def apply(_context: Context, value: Any, *more: Any) -> str:
        return filter_(value, *more)

    return apply


def delivery_parts(counts: Mapping[str, int]) -> list[tuple[str, int, str]]:
    """Return (word, count, colour) of the kinds of deliveries there are, for a stacked bar."""
    parts = []
    for colour, states in BAR.items():
        count = sum(counts.get(state.value, 0) for state in states)
        if count:
            parts.append((label(states[0].value, "delivery"), count, colour))
    return parts


def label(value: str, kind: str) -> str:
    """Return the word for a fact, such as the stage `new`."""
    return here().catalog.say(LABELS[kind][value])


def user_name(name: str, user_id: int | None = None) -> str:
    """Return what a user is called: somebody erased, who has no name left, by a number if it is known."""
    if name:
        return name
    if user_id is None:
        return here().catalog.say(FORMER_USER)
    return here().catalog.say(NUMBERED_FORMER_USER, num=str(user_id))


def role_name(role: Role) -> str:
    """Return what a role is called: a built-in one in the reader's language."""
    return label(role.key, "role") if role.key else role.name


def date_time(moment: datetime) -> str:
    """Return a moment in the reader's language and time zone."""
    return here().formats.date_time(here().to_zone(moment))


def language_name(code: str) -> str:
    """Return what a language is called in the reader's, also one that the product does not speak."""
    return here().formats.language_name(LOCALES[code].tag if code in LOCALES else code)


def lang_tag(code: str | None) -> str:
    """Return the `lang` attribute of a text in this language, empty where it is not known."""
    return LOCALES[code].tag if code and code in LOCALES else code or ""


def campaign_title(campaign: Campaign) -> str:
    """Return the subject to call a campaign by, in the reader's language where there is one."""
    place = here()
    program = campaign.program_name or (place.program.name if place.program else "")
    title = notices.title_of(campaign, place.locale.code, program_name=program)
    return title or place.catalog.say(NO_SUBJECT)


def campaign_tag(campaign: Campaign) -> str:
    """Return the `lang` attribute of a campaign's title."""
    written = [variant.locale for variant in campaign.variants if variant.subject]
    for code in (here().locale.code, campaign.source_locale, *written):
        if code in written:
            return lang_tag(code)
    return here().locale.tag


def recipient_name(delivery: Delivery) -> str:
    """Return whom a mail is for, by name or address; of a person who was erased the ledger keeps neither."""
    return str(delivery.values.get("name") or delivery.address or here().catalog.say(PERSON_ERASED))


def reply_words(reply: str) -> str:
    """Return why a mail was not sent: our reason in the reader's language, or the server's own words."""
    reason = reason_of(reply)
    return reply if reason is None else here().catalog.say(reason.phrase)


def delivery_reason(delivery: Delivery) -> str:
    """Return why a mail is where it is; what a server says to a mail that it takes is no reason."""
    kept = delivery.reply or ""
    if not kept or reason_of(kept) is not None:
        return reply_words(kept)
    if delivery.state in _UNTRIED and not _ANSWER.match(kept):
        return here().catalog.say(NO_SERVER, detail=kept)
    return "" if delivery.state == DeliveryState.SENT.value else kept


def address_warning(address: str | None) -> str:
    """Return a warning with the punycode of a domain that passes for another, else nothing."""
    try:
        found = addresses.warnings(addresses.parse(address or ""))
    except addresses.AddressError:
        return ""
    return " ".join(here().catalog.say(one.phrase, **one.values) for one in found)


def contact_name(partner: Partner) -> str:
    """Return the contact's full name in the order of the name's own language, or nothing."""
    parts = [partner.first_name, partner.last_name]
    if partner.locale in _FAMILY_FIRST:
        return "".join(part for part in reversed(parts) if part)
    return " ".join(part for part in parts if part)
