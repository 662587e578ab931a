"""Every shipped mail as a reader might get it, with made-up values: for those who look after its words."""

from collections.abc import Mapping
from datetime import UTC, datetime

from service.facts.words import N_, Phrase
from service.i18n.catalogs import Catalog
from service.mail import shipped
from service.mail.compiled import Filled, compile_variant
from service.mail.layout import Frame
from service.mail.shipped import CAMPAIGN_LABELS, CAMPAIGN_TEMPLATES, SYSTEM_TEMPLATES
from service.mail.values import Values, examples

NAMES = (*CAMPAIGN_TEMPLATES, *SYSTEM_TEMPLATES)
LABELS: Mapping[str, Phrase] = {
    **CAMPAIGN_LABELS,
    "message-notification": N_("Message notification"),
    "files-left-out": N_("Files of an answer left out"),
    "message-received": N_("Notification for a user"),
    "daily-digest": N_("Notifications of a day"),
    "import-report": N_("Import report"),
    "password-reset": N_("Password reset"),
    "test-mail": N_("Test email"),
    "user-invitation": N_("Invitation to the team"),
}
MADE_UP: Mapping[str, object] = {
    "file_name": "prospects.csv",
    "dry_run": False,
    "created": 1204,
    "updated": 12,
    "unchanged": 1,
    "rejected": 3,
    "url": "https://example.com/en/somewhere",
    "minutes": 60,
    "files": 1,
    "reads_replies": True,
    "total": 2,
    "days": 7,
    "moment": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
}


def system_values(catalog: Catalog) -> dict[str, object]:
    """Return made-up values for everything that a mail of the product itself may need."""
    printed = examples(catalog.locale.code)
    program = printed["programName"]
    name_of = printed["mpname"] or program
    return {
        **MADE_UP,
        "program_name": program,
        "name": printed["senderName"],
        "inviter": printed["senderName"],
        "title": name_of,
        "lines": [name_of, "", "https://example.com/"],
        "titles": [name_of, program],
    }


def specimen(name: str, catalog: Catalog) -> Filled:
    """Return a shipped mail in a catalog's language; KeyError for a name that is not shipped."""
    printed = examples(catalog.locale.code)
    program = printed["programName"]
    if name in SYSTEM_TEMPLATES:
        values = system_values(catalog)
        return shipped.system(name, catalog, {key: values[key] for key in SYSTEM_TEMPLATES[name].needs})
    draft = shipped.draft(name, catalog)
    made = compile_variant(
        draft.subject,
        draft.content,
        locale=catalog.locale.code,
        catalog=catalog,
        frame=Frame(program_name=program, sender_name=printed["senderName"]),
    )
    return made.fill(Values(dict(printed)))
