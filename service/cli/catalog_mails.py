"""`prospectus catalog mails`: judge the mails that come with the product, in every language."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import click

from service.cli.words import WORDS, say
from service.facts.findings import SEVERITY_LABELS, Severity
from service.facts.words import NN_
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import LOCALES
from service.lint import mails
from service.lint.mails import Mail
from service.mail import shipped
from service.mail.compiled import Filled, compile_variant
from service.mail.layout import Frame
from service.mail.values import Recipient, values_for
from service.paths import data_dir

MOMENT = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)
_SITE = "https://prospectus.example"
_VALUES: Mapping[str, object] = {
    "file_name": "prospects.csv", "program_name": "Northwind", "dry_run": False, "created": 1204,
    "updated": 37, "unchanged": 5, "rejected": 2, "url": f"{_SITE}/page", "minutes": 60, "moment": MOMENT,
}  # fmt: skip


def shipped_mails(catalog: Catalog) -> tuple[Mail, ...]:
    """Every shipped mail in a catalog's language, filled with examples."""
    made = [_mail(name, _campaign(name, catalog)) for name in shipped.CAMPAIGN_TEMPLATES]
    for name, kind in shipped.SYSTEM_TEMPLATES.items():
        values = {key: _VALUES[key] for key in kind.needs}
        made.append(_mail(name, shipped.system(name, catalog, values)))
    return tuple(made)


def _mail(name: str, filled: Filled) -> Mail:
    return Mail(name, filled.subject, filled.html, filled.text)


def _campaign(name: str, catalog: Catalog) -> Filled:
    draft, code = shipped.draft(name, catalog), catalog.locale.code
    frame = Frame(program_name="Northwind", sender_name="Emma Reed")
    variant = compile_variant(
        draft.subject, draft.content, locale=code, catalog=catalog, frame=frame, known_ads=()
    )
    recipient = Recipient(
        email="olivia@example.com", mpid="98765", name="Harbor Lane", first_name="Olivia", last_name="Carter",
        locale=code, time_zone="UTC",
    )  # fmt: skip
    values = values_for(
        recipient, locale=code, time_zone="UTC", moment=MOMENT, ads={},
        unsubscribe_url=f"{_SITE}/unsubscribe", join_url=f"{_SITE}/join",
        program_name="Northwind", sender_name="Emma Reed",
    )  # fmt: skip
    return variant.fill(values)


def run() -> None:
    """Print what is wrong; exit with 1 if anything but advice is."""
    catalogs = Catalogs(data_dir("locales"))
    made = {locale: shipped_mails(catalogs.catalog(code)) for code, locale in LOCALES.items()}
    found = list(mails.check_all(made))
    for locale, finding in found:
        label, message = SEVERITY_LABELS[finding.severity], WORDS.say(finding.phrase, **finding.values)
        click.echo(f"{locale.code}: {WORDS.say(label)} {finding.rule} {message}")
    say(NN_("%(num)s finding", "%(num)s findings"), num=len(found))
    sys.exit(any(finding.severity is not Severity.ADVICE for _, finding in found))
