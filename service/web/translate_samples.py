"""Texts that pages show only at certain moments, said with made-up values: refusals, notices, empty lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from service.domain.translations import message_id
from service.facts.permissions import PERMISSION_LABELS, Permission
from service.facts.refusals import Refusal
from service.facts.states import CAMPAIGN_STATE_LABELS, CampaignState
from service.facts.words import N_, Phrase
from service.i18n.catalogs import Catalog
from service.i18n.listening import Listening
from service.i18n.locales import LOCALES, SOURCE
from service.web.context import here
from service.web.translate_places import known_places
from service.web.translate_sheets import sheets

KINDS: Mapping[str, Phrase] = {
    "refusals": N_("Error messages"),
    "notices": N_("Confirmations"),
    "empty": N_("Empty lists"),
}
_COUNTS = (1, 1204)
_MOMENT = datetime(2038, 1, 19, 3, 14, tzinfo=UTC)
_SAMPLES: Mapping[str, object] = {
    "address": "hana@example.com",
    "character": "U+0000",
    "file": "prospects.csv",
    "host": "mail server",
    "line": 12,
    "mpid": "98765",
    "name": "Kumo Outdoor",
    "path": "fr/LC_MESSAGES/messages.po",
    "permission": PERMISSION_LABELS[Permission.EMAIL_SEND],
    "size": "500\u00a0MB",
    "reason": N_("The closing quotation mark is missing on this line."),
    "state": CAMPAIGN_STATE_LABELS[CampaignState.SENDING],
    "url": "example",
    "text": "Mars/Olympus",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A text as it is shown: once, or for one and for many; under the id of its message."""

    id: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty list says."""

    title: Sample
    text: Sample
    icon: str
    template: str


def refusals(catalog: Catalog) -> list[Sample]:
    """Return every refusal."""
    return [_sample(catalog, refusal.phrase) for refusal in Refusal]


def notices(catalog: Catalog) -> list[Sample]:
    """Return what is told after something was done."""
    return _of_ids(catalog, known_places().notices)


def empty_lists(catalog: Catalog) -> list[Empty]:
    """Return what lists say that hold nothing."""
    found: dict[tuple[str, str], Empty] = {}
    for state in known_places().empty:
        texts = [_of_ids(catalog, (one,)) for one in (state.title, state.text)]
        if all(texts):
            made = Empty(texts[0][0], texts[1][0], state.icon, state.template)
            found.setdefault((state.title, state.text), made)
    return list(found.values())


def _of_ids(catalog: Catalog, ids: Iterable[str]) -> list[Sample]:
    messages = sheets().sheet(SOURCE).messages
    entries = [messages[one].entry for one in ids if one in messages]
    entries.sort(key=lambda entry: (entry.references, entry.id))
    return [_sample(catalog, Phrase(entry.id, entry.context, entry.plural)) for entry in entries]


def _sample(catalog: Catalog, phrase: Phrase) -> Sample:
    values = dict(_SAMPLES)
    values["time"] = catalog.formats.date_time(_MOMENT)
    values["language"] = catalog.formats.language_name(LOCALES[SOURCE].tag)
    counts = (_COUNTS[1],) if phrase.plural is None else _COUNTS
    texts = tuple(dict.fromkeys(catalog.say(phrase, num=count, **values) for count in counts))
    own = here().catalog
    if isinstance(own, Listening):
        for text in texts:
            own.note(phrase.context, phrase.text, text)
    return Sample(message_id((phrase.context, phrase.text)), texts)
