"""The choices that selects offer, in the reader's language: languages and time zones."""

from service.domain.checks import ZONES
from service.i18n.locales import LOCALES
from service.web.context import here

_OFFERED = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


def languages() -> list[tuple[str, str]]:
    """Return (code, own name) of every language of the product."""
    return [(locale.code, locale.name) for locale in LOCALES.values()]


def zones() -> list[tuple[str, str]]:
    """Return (name, words) of the time zones of the world, UTC first."""
    names = sorted(name for name in ZONES if name.startswith(_OFFERED))
    return [("UTC", "UTC"), *((name, here().formats.zone_name(name)) for name in names)]
