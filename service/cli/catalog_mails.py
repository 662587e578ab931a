"""`prospectus catalog mails`: judge the mails that come with the product, in every language."""

import sys

import click

from service.cli.words import WORDS, say
from service.facts.findings import SEVERITY_LABELS, Severity
from service.facts.words import NN_
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import LOCALES
from service.lint import mails
from service.lint.mails import Mail
from service.mail.specimens import NAMES, specimen
from service.paths import data_dir


def shipped_mails(catalog: Catalog) -> tuple[Mail, ...]:
    """Every shipped mail in a catalog's language, filled with examples."""
    filled = [(name, specimen(name, catalog)) for name in NAMES]
    return tuple(Mail(name, one.subject, one.html, one.text) for name, one in filled)


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
