"""The choices that selects offer, in the reader's language: languages, zones, facts, senders, recipients."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from service.domain import mail_accounts
from service.domain.checks import ZONES
from service.domain.recipients import Recipient
from service.facts.states import UnknownPolicy
from service.facts.words import N_, NP_
from service.i18n.folding import fold
from service.i18n.locales import LOCALES
from service.mail import shipped
from service.models import Campaign
from service.web.context import here, reader, services
from service.web.forms import say
from service.web.risks import Risky
from service.web.words import LABELS, lang_tag

RISKY = NP_("recipient to check", "%(name)s: %(reasons)s")
_OFFERED = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


def languages() -> list[tuple[str, str]]:
    """Return (code, own name) of every language of the product."""
    return [(locale.code, locale.name) for locale in LOCALES.values()]


def zones(chosen: str | None = None) -> list[tuple[str, str]]:
    """Return (name, words) of the time zones of the world by their words, UTC first.

    Of several zones with the same words one is offered: the chosen one, or the first by name.
    """
    offered: dict[str, str] = {}
    for name in sorted(name for name in ZONES if name.startswith(_OFFERED)):
        words = here().formats.zone_name(name)
        if words not in offered or name == chosen:
            offered[words] = name
    by_words = sorted(offered.items(), key=lambda item: fold(item[0]))
    return [("UTC", "UTC"), *((name, words) for words, name in by_words)]


def labels(kind: str) -> list[tuple[str, str]]:
    """Return (value, word) of every fact of a kind, such as the stages."""
    return [(value, here().catalog.say(phrase)) for value, phrase in LABELS[kind].items()]


def templates() -> list[tuple[str, str]]:
    """Return (name, word) of the shipped campaign templates, and none of them first."""
    words = [(name, here().catalog.say(shipped.CAMPAIGN_LABELS[name])) for name in shipped.CAMPAIGN_TEMPLATES]
    return [("", "—"), *words]


def unknown_policies() -> list[tuple[str, str, str]]:
    """Return (value, word, what it means) of what happens to a mail whose last answer was lost."""
    ask = N_("Nobody gets the email twice. You decide for each of these recipients.")
    retry = N_("Nobody is left out. A few recipients may get the email twice.")
    return [
        (UnknownPolicy.ASK.value, say(N_("Ask me each time")), say(ask)),
        (UnknownPolicy.RETRY.value, say(N_("Send again")), say(retry)),
    ]


INSTALLATION_ADDRESS = N_("%(address)s (this installation)")
NOT_READY = N_("%(address)s (check the connection first)")


def senders(session: Session, campaign: Campaign | None) -> list[tuple[str, str]]:
    """Return (value, word) of what an email may be sent from; an own account is for its author alone."""
    if campaign is not None and campaign.author_id != reader().id:
        return []
    accounts = list(mail_accounts.list_of(session, reader().id))
    if campaign is not None and campaign.mail_account_id is not None:
        chosen = mail_accounts.owned(session, reader().id, campaign.mail_account_id)
        accounts += [chosen] if chosen is not None and chosen not in accounts else []
    if not accounts:
        return []
    common = say(INSTALLATION_ADDRESS, address=services().composer.address)
    return [
        ("", common),
        *(
            (str(one.id), one.address if mail_accounts.is_ready(one) else say(NOT_READY, address=one.address))
            for one in accounts
        ),
    ]


OTHERS = 100


def recipients(
    risky: Sequence[Risky], found: Sequence[Recipient], shown: Recipient | None
) -> dict[str, list[tuple[int, str, str]]]:
    """Return groups of (prospect id, name and why to look, language tag) for the picker of the preview."""
    first = [item.recipient for item in risky]
    known = {item.prospect_id for item in first}
    others = [item for item in found if item.prospect_id not in known][:OTHERS]
    if shown is not None and shown not in first and shown not in others:
        others.insert(0, shown)
    parts = {
        say(N_("Check first")): [_risky_option(item) for item in risky],
        say(N_("More recipients")): [_option(item) for item in others],
    }
    return {name: items for name, items in parts.items() if items}


def _risky_option(item: Risky) -> tuple[int, str, str]:
    # The reasons are in the reader's language, so the option as a whole claims no other.
    reasons = here().formats.listing([here().catalog.say(risk.phrase) for risk in item.risks])
    return (item.recipient.prospect_id, say(RISKY, name=item.recipient.name, reasons=reasons), "")


def _option(item: Recipient) -> tuple[int, str, str]:
    return (item.prospect_id, item.name, lang_tag(item.locale))
