"""Settings → Sending domain: whether what the domain publishes speaks for the mails that go out from it."""

from urllib.parse import urlsplit

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from service.facts.findings import SEVERITY_LABELS
from service.facts.permissions import Permission
from service.facts.words import N_, NP_, Phrase
from service.mail import addresses, alignment
from service.mail.alignment import Sending
from service.mail.published import Record, Status
from service.web.context import services
from service.web.forms import say
from service.web.routes import page

bp = Blueprint("sending_domain", __name__)
STATUS_LABELS: dict[Status, Phrase] = {
    Status.GOOD: NP_("record", "Valid"),
    Status.DOUBTFUL: NP_("record", "Can be improved"),
    Status.BAD: NP_("record", "Not valid"),
    Status.ABSENT: NP_("record", "Missing"),
    Status.UNKNOWN: NP_("record", "Not checked"),
}
TITLES: dict[str, Phrase] = {
    "spf": N_("SPF: which servers may send for the domain"),
    "dkim": N_("DKIM: the signature of each email"),
    "dmarc": N_("DMARC: what receivers do with forged emails"),
}
# Names that never lead anywhere, which no resolver should be asked for (RFC 6761).
_NOWHERE = (".invalid", ".localhost", ".test")


@page(bp, "/settings/sending-domain", needs=Permission.SETTINGS_MANAGE)
def show() -> ResponseReturnValue:
    """Look the records up and show what receivers make of them."""
    settings = services().settings
    sending = _sending()
    leads_somewhere = not f".{sending.from_domain}".endswith(_NOWHERE)
    records = alignment.judge(sending, services().dns()) if leads_somewhere else None
    return render_template(
        "sending_domain/show.html",
        facts=_facts(sending),
        records=[_shown(one) for one in (records.spf, records.dkim, records.dmarc)] if records else [],
        mail_from=settings.mail_from,
        domain=sending.from_domain,
        base_url=settings.base_url,
        https=settings.https,
        has_key=sending.key is not None,
    )


def _sending() -> Sending:
    settings, dkim = services().settings, services().composer.dkim
    # Mails and envelopes bear the same address: MAIL_FROM.
    domain = services().composer.host
    relay = None if settings.captures_mail else urlsplit(settings.mail_url).hostname
    if dkim is None or not dkim.covers(domain):
        return Sending(domain, domain, relay)
    return Sending(domain, domain, relay, dkim.domain, dkim.selector, dkim.key)


def _facts(sending: Sending) -> list[tuple[str, str]]:
    shown = addresses.display_domain(sending.from_domain)
    domain = shown if shown == sending.from_domain else f"{shown} ({sending.from_domain})"
    rows = [(N_("Domain of the From address"), domain), (N_("Domain of the envelope"), domain)]
    if sending.signer and sending.selector:
        rows += [(N_("Domain of the signature"), sending.signer), (N_("DKIM selector"), sending.selector)]
    if sending.relay:
        rows.append((N_("Mail server"), sending.relay))
    return [(say(phrase), text) for phrase, text in rows]


def _shown(record: Record) -> dict[str, object]:
    return {
        "kind": record.kind,
        "title": say(TITLES[record.kind]),
        "status": record.status.value,
        "status_label": say(STATUS_LABELS[record.status]),
        "name": record.name,
        "found": record.found,
        "publish": record.publish,
        "findings": [
            {
                "severity": finding.severity.value,
                "label": say(SEVERITY_LABELS[finding.severity]),
                "text": say(finding.phrase, **finding.values),
            }
            for finding in record.findings
        ],
    }
