"""The choices that selects offer, in the reader's language: languages, zones, facts, senders, recipients."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from service.domain import mail_accounts
from service.domain.checks import ZONES
from service.domain.recipients import Recipient
from service.facts.states import UnknownPolicy
from service.facts.words import N_
from service.i18n.folding import fold
from service.i18n.locales import LOCALES
from service.mail import shipped
from service.models import Campaign
from service.web.context import here, reader, services
from service.web.forms import say
from service.web.words import LABELS, lang_tag

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
    say = here().catalog.say
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


RISKIEST = 8
OTHERS = 100


def riskiest(found: Sequence[Recipient], missing: Iterable[Recipient]) -> list[Recipient]:
    """Return those whose mail is most likely to look wrong, at most eight.

    Missing values first, then the longest name, then one of each language, then one without a first name
    and one without an account.
    """
    chosen: dict[int, Recipient] = {item.prospect_id: item for item in list(missing)[: RISKIEST // 2]}
    candidates: list[Recipient] = []
    if found:
        candidates.append(max(found, key=lambda item: len(item.name)))
    languages: dict[str | None, Recipient] = {}
    for item in found:
        languages.setdefault(item.locale, item)
    candidates += languages.values()
    candidates += [item for item in found if not item.first_name][:1]
    candidates += [item for item in found if not item.mpid][:1]
    for item in candidates:
        chosen.setdefault(item.prospect_id, item)
    return list(chosen.values())[:RISKIEST]


def recipients(
    risky: Sequence[Recipient], found: Sequence[Recipient], shown: Recipient | None
) -> dict[str, list[tuple[int, str, str]]]:
    """Return groups of (prospect id, name, language tag) for the picker of the preview."""
    known = {item.prospect_id for item in risky}
    others = [item for item in found if item.prospect_id not in known][:OTHERS]
    if shown is not None and shown not in risky and shown not in others:
        others.insert(0, shown)
    say = here().catalog.say
    parts = {say(N_("Check first")): risky, say(N_("More recipients")): others}
    return {name: [_option(item) for item in items] for name, items in parts.items() if items}


def _option(item: Recipient) -> tuple[int, str, str]:
    return (item.prospect_id, item.name, lang_tag(item.locale))
