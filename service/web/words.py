"""Filters by which templates print facts and values in the reader's language."""

from collections.abc import Mapping
from datetime import datetime

from flask import Flask

from service.facts.permissions import PERMISSION_LABELS, ROLE_LABELS
from service.facts.sources import BUSINESS_MODEL_LABELS, KIND_LABELS, SOURCE_LABELS
from service.facts.stages import ARCHIVED_LABEL, STAGE_LABELS
from service.facts.states import (
    CAMPAIGN_STATE_LABELS,
    DELIVERY_STATE_LABELS,
    IMPORT_STATE_LABELS,
    ROW_OUTCOME_LABELS,
)
from service.facts.words import Phrase
from service.i18n.locales import LOCALES
from service.models import Partner
from service.web.context import here

LABELS: dict[str, Mapping[str, Phrase]] = {
    "stage": {str(stage): phrase for stage, phrase in STAGE_LABELS.items()} | {"archived": ARCHIVED_LABEL},
    "source": {str(source): phrase for source, phrase in SOURCE_LABELS.items()},
    "kind": {str(kind): phrase for kind, phrase in KIND_LABELS.items()},
    "business_model": {str(model): phrase for model, phrase in BUSINESS_MODEL_LABELS.items()},
    "campaign": {str(state): phrase for state, phrase in CAMPAIGN_STATE_LABELS.items()},
    "delivery": {str(state): phrase for state, phrase in DELIVERY_STATE_LABELS.items()},
    "import": {str(state): phrase for state, phrase in IMPORT_STATE_LABELS.items()},
    "row": {str(outcome): phrase for outcome, phrase in ROW_OUTCOME_LABELS.items()},
    "permission": {str(permission): phrase for permission, phrase in PERMISSION_LABELS.items()},
    "role": {str(role): phrase for role, phrase in ROLE_LABELS.items()},
}
# Family name first, without a space, where the name is written in Han or kana.
_FAMILY_FIRST = ("ja", "zh")


def install(app: Flask) -> None:
    """Add the filters `label number percent long_date date_time relative language zone country`."""
    filters = {
        "label": label,
        "number": lambda value: here().formats.number(value),
        "percent": lambda value: here().formats.percent(value),
        "long_date": lambda moment: here().formats.long_date(here().to_zone(moment)),
        "date_time": date_time,
        "relative": lambda moment: here().formats.relative(moment - here().now),
        "language": lambda tag: here().formats.language_name(LOCALES[tag].tag if tag in LOCALES else tag),
        "zone": lambda name: here().formats.zone_name(name),
        "country": lambda code: here().formats.country_name(code),
        "file_size": lambda size: here().formats.file_size(size),
        "contact": contact_name,
        "lang_tag": lambda code: LOCALES[code].tag if code in LOCALES else (code or ""),
    }
    app.jinja_env.filters.update(filters)


def label(value: str, kind: str) -> str:
    """Return the word for a fact, such as the stage `new`."""
    return here().catalog.say(LABELS[kind][value])


def date_time(moment: datetime) -> str:
    """Return a moment in the reader's language and time zone."""
    return here().formats.date_time(here().to_zone(moment))


def contact_name(partner: Partner) -> str:
    """Return the contact's full name in the order of the name's own language, or nothing."""
    parts = [partner.first_name, partner.last_name]
    if partner.locale in _FAMILY_FIRST:
        return "".join(part for part in reversed(parts) if part)
    return " ".join(part for part in parts if part)
