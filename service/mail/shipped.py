"""The templates that come with the product: drafts for the compose form, and the service's own mails.

Structure is in `templates/email/<name>/{subject.txt,body.md}`, words are in the catalogs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from service.facts.words import N_, Phrase
from service.i18n.catalogs import Catalog
from service.i18n.formats import fixed_moment
from service.mail.compiled import Filled, compile_marked
from service.mail.layout import Frame, template
from service.mail.pieces import Marks
from service.mail.tokens import Use
from service.mail.values import Values, page_address
from service.markdown import dialect

PRODUCT = "Prospectus"

CAMPAIGN_TEMPLATES = ("invitation", "follow-up-7", "follow-up-14", "welcome")
CAMPAIGN_LABELS: Mapping[str, Phrase] = {
    "invitation": N_("Invitation"),
    "follow-up-7": N_("Follow-up after 7 days"),
    "follow-up-14": N_("Follow-up after 14 days"),
    "welcome": N_("Welcome"),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign template in one language: subject and Markdown content, tokens still in them."""

    subject: str
    content: str


@dataclass(frozen=True, slots=True)
class System:
    """What a mail of the service needs: the names of its values and why the reader gets it.

    `below` are addresses below the one in `url`, by the name that the template gives them.
    """

    why: Phrase
    needs: frozenset[str]
    below: Mapping[str, str] = field(default_factory=dict)


_CHOSEN = N_("You receive this email because you chose so in your notification settings.")
SYSTEM_TEMPLATES: Mapping[str, System] = {
    "message-notification": System(
        N_("You receive this email because somebody wrote to you. You can switch messages off by its link."),
        frozenset({"program_name", "name", "lines", "files", "url", "reads_replies"}),
    ),
    "files-left-out": System(
        N_("You receive this email because you answered a message by email."),
        frozenset({"program_name", "lines", "files", "url", "reads_replies"}),
    ),
    "message-received": System(_CHOSEN, frozenset({"program_name", "title", "lines", "files", "url"})),
    "daily-digest": System(_CHOSEN, frozenset({"titles", "total", "url"})),
    "import-report": System(
        N_("You receive this email because you started this import."),
        frozenset(
            {"file_name", "program_name", "dry_run", "created", "updated", "unchanged", "rejected", "url"}
        ),
        {"result_url": "/result.csv", "rejected_url": "/rejected.csv"},
    ),
    "password-reset": System(
        N_("You receive this email because somebody asked for a new password with this email address."),
        frozenset({"url", "minutes"}),
    ),
    "test-mail": System(
        N_("You receive this email because you asked for a test email."),
        frozenset({"program_name", "moment"}),
    ),
    "user-invitation": System(
        N_("You receive this email because somebody invited you to their team with this email address."),
        frozenset({"inviter", "url", "days"}),
    ),
}


def draft(name: str, catalog: Catalog) -> Draft:
    """Return a campaign template in a catalog's language; KeyError for a name that is not shipped."""
    if name not in CAMPAIGN_TEMPLATES:
        raise KeyError(name)
    return Draft(*_source(name, catalog, {}))


def system(name: str, catalog: Catalog, values: Mapping[str, object]) -> Filled:
    """Return a mail of the service in a catalog's language.

    `values` are exactly those `SYSTEM_TEMPLATES[name].needs` names: whole numbers and truths as they are,
    `moment` an aware time, `url` an absolute address, a list its lines of text, all else text. Text stays
    text whatever it holds; each line of a list is a value of its own, an empty one stays empty. Raises
    KeyError for an unknown template, ValueError for values missing or too many.
    """
    kind = SYSTEM_TEMPLATES[name]
    if values.keys() != kind.needs:
        raise ValueError(f"{name} needs {sorted(kind.needs)}, not {sorted(values)}")
    words = {name: _words(name, value) for name, value in _flat(values).items() if not isinstance(value, int)}
    uses = tuple(Use(_TOKEN.get(key, key), None, 0, 0) for key in words)
    frame = Frame(program_name=words.get("program_name", PRODUCT), why=kind.why, has_unsubscribe=False)
    values = {**values, **_below(kind, words.get("url", ""))}
    # No catalog and no template contains a mark: its prefix is looked for in both.
    plain = _source(name, catalog, _gathered(values, dict.fromkeys(words, "")))
    marks = Marks.avoiding((*plain, frame.program_name), uses)
    marked = {key: marks.mark(number) for number, key in enumerate(words)}
    subject, content = _source(name, catalog, _gathered(values, marked))
    made = compile_marked(
        subject,
        dialect.parse(content, dialect.Profile.MAIL),
        marks,
        locale=catalog.locale.code,
        catalog=catalog,
        frame=frame,
    )
    return made.fill(Values({_TOKEN.get(key, key): word for key, word in words.items()}))


def _flat(values: Mapping[str, object]) -> dict[str, object]:
    """Give each line of a list a name of its own; an empty one has nothing to be filled in."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, list):
            flat.update({f"{key}{number}": line for number, line in enumerate(value) if str(line).strip()})
        else:
            flat[key] = value
    return flat


def _gathered(values: Mapping[str, object], written: Mapping[str, str]) -> dict[str, object]:
    """Put what stands for the values where a template looks for them, lines as a list again."""
    return {
        **values,
        **written,
        **{
            key: [written.get(f"{key}{number}", "") for number in range(len(value))]
            for key, value in values.items()
            if isinstance(value, list)
        },
    }


# An address is filled the way the join address is: whole, as a link.
_TOKEN = {"url": "joinUrl"}
# What stands in Markdown as it is; a mark stands for a whole address only.
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:/~%-]+")


def _below(kind: System, url: str) -> dict[str, str]:
    """The addresses below that of the page; empty where they would not stand in the source as they are."""
    plain = _PLAIN_ADDRESS.fullmatch(url) is not None
    return {name: f"{url}{path}" if plain else "" for name, path in kind.below.items()}


_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _words(key: str, value: object) -> str:
    if key == "url":
        return page_address("url", str(value)) or ""
    if isinstance(value, datetime):
        return fixed_moment(value)
    # A system mail goes out even if a file was given a name that no header can carry.
    return _UNPRINTABLE.sub("\ufffd", str(value))


def _source(name: str, catalog: Catalog, values: Mapping[str, object]) -> tuple[str, str]:
    subject = template(catalog, f"{name}/subject.txt").render(values)
    content = template(catalog, f"{name}/body.md").render(values)
    return " ".join(subject.split()), content.strip("\n") + "\n"
