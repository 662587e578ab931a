"""What stands around every page: menus by permission, languages, programs, notices."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, get_flashed_messages, request
from flask_wtf.csrf import generate_csrf

from service.facts.permissions import Permission
from service.facts.words import N_, NP_, Phrase
from service.web import localization
from service.web.context import here, services
from service.web.hrefs import url_for
from service.web.routes import Audience


@dataclass(frozen=True, slots=True)
class Entry:
    """A menu entry; being in one of `areas` counts as being there: a blueprint, or one endpoint of it."""

    label: Phrase
    endpoint: str
    needs: Permission | Audience
    icon: str = ""
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Entries of the menu that belong together, under a heading where there is a word for them."""

    label: Phrase | None
    entries: tuple[Entry, ...]


_VIEW = Permission.PROSPECTS_VIEW
MENU = (
    Section(None, (Entry(N_("Home"), "home.index", Audience.SIGNED_IN, "home"),)),
    Section(
        N_("Discover"),
        (
            Entry(
                N_("Prospects"),
                "prospects.index",
                _VIEW,
                "prospects",
                ("prospects", "prospect_facts", "histories.person"),
            ),
            Entry(N_("Find partners"), "partners.find_partners", _VIEW, "partners"),
            Entry(N_("Find creators"), "partners.find_creators", _VIEW, "creators"),
        ),
    ),
    Section(
        N_("Engage"),
        (
            Entry(N_("Partners"), "partners.index", _VIEW, "partners"),
            Entry(N_("Groups"), "groups.index", _VIEW, "groups", ("groups",)),
            Entry(
                N_("Campaigns"),
                "campaigns.index",
                _VIEW,
                "campaigns",
                ("campaigns", "compose", "decisions", "histories.delivery"),
            ),
        ),
    ),
    Section(
        None,
        (
            Entry(N_("Help"), "help.index", Audience.ANYONE, "help", ("help",)),
            Entry(
                N_("Translations"),
                "translate.index",
                Permission.TRANSLATIONS_EDIT,
                "translate",
                ("translate", "translate_texts", "translate_gallery"),
            ),
            Entry(N_("Outbox"), "outbox.index", Permission.SETTINGS_MANAGE, "outbox", ("outbox",)),
        ),
    ),
)
SETTINGS = (
    Section(
        NP_("settings", "Profile"),
        (
            Entry(NP_("settings", "Profile"), "profile.edit", Audience.SIGNED_IN, "user"),
            Entry(N_("Mail accounts"), "mail_accounts.index", Permission.EMAIL_SEND, "mail"),
            Entry(N_("Notification settings"), "notifications.edit", Audience.SIGNED_IN, "bell"),
        ),
    ),
    Section(N_("Tools"), (Entry(N_("Import prospects"), "imports.index", Permission.IMPORT_RUN, "import"),)),
    Section(
        NP_("settings", "Email"),
        (Entry(N_("Suppression list"), "suppressions.index", Permission.EMAIL_SEND, "mail"),),
    ),
    Section(
        N_("Program"),
        (
            Entry(N_("Program"), "programs.edit", Permission.PROGRAMS_MANAGE, "program"),
            Entry(N_("Ads"), "ads.index", Permission.ADS_MANAGE, "ads"),
        ),
    ),
    Section(
        N_("Users and roles"),
        (
            Entry(N_("Users"), "users.index", Permission.USERS_MANAGE, "partners"),
            Entry(N_("Roles"), "roles.index", Permission.ROLES_MANAGE, "lock"),
            Entry(N_("Audit trail"), "audit.index", Permission.AUDIT_VIEW, "audit"),
        ),
    ),
    Section(
        N_("Installation"),
        (
            Entry(N_("Sending domain"), "sending_domain.show", Permission.SETTINGS_MANAGE, "shield"),
            Entry(N_("Messaging terms"), "terms.edit", Permission.SETTINGS_MANAGE, "mail"),
            Entry(N_("Personal data"), "personal_data.index", Permission.DATA_EXPORT, "user"),
        ),
    ),
)
PROFILE = (
    Entry(N_("Notifications"), "home.news", Audience.SIGNED_IN),
    Entry(N_("Settings"), "home.settings", Audience.SIGNED_IN),
    *(entry for section in SETTINGS for entry in section.entries),
)
INBOX_AREAS = frozenset({"inbox", "threads", "thread_marks"})
# A page that works in a program has nothing to show to a user who may work in none.
_WITHOUT_PROGRAM = frozenset(
    {
        "home.index",
        "home.news",
        "home.settings",
        "help.index",
        "profile.edit",
        "mail_accounts.index",
        "outbox.index",
        "translate.index",
        "sending_domain.show",
        "notifications.edit",
        "terms.edit",
        "personal_data.index",
        "users.index",
        "roles.index",
        "audit.index",
    }
)


def install(app: Flask) -> None:
    """Give every template what the layouts expect."""
    app.context_processor(surroundings)


def surroundings() -> dict[str, object]:
    """Return the values that `templates/layouts/base.html` names."""
    place = here()
    return {
        "locale": place.locale,
        "may": lambda name: place.may(Permission(name)),
        "now": place.now,
        "unread": place.unread,
        "languages": localization.language_links(),
        "alternates": localization.alternates(),
        "navigation": [section for entry in MENU if (section := _section(entry))["items"]],
        "profile_items": [
            (place.catalog.say(entry.label), url_for(entry.endpoint))
            for entry in PROFILE
            if place.user and _may(entry)
        ],
        "user": place.user,
        "programs": place.programs,
        "program": place.program,
        "program_switch_url": url_for("programs.switch") if place.user else "",
        "inbox": _inbox(),
        "news_url": url_for("home.news") if place.user else "",
        "sign_out_url": url_for("auth.sign_out") if place.user else "",
        "csrf_token": generate_csrf,
        "notices": _notices(),
        "captures_mail": services().settings.captures_mail,
    }


def _inbox() -> dict[str, object] | None:
    """Return the way to the inbox in the top bar, for those who may use messages."""
    if here().program is None or not here().may(Permission.MESSAGES_USE):
        return None
    current = (request.endpoint or "").partition(".")[0] in INBOX_AREAS
    return {"href": url_for("inbox.index"), "current": current, "unread": here().unread_threads}


def settings() -> list[dict[str, object]]:
    """Return the sections of the settings page, each with the entries the reader may use."""
    return [section for entry in SETTINGS if (section := _section(entry))["items"]]


def _section(section: Section) -> dict[str, object]:
    items = [_item(entry) for entry in section.entries if here().user and _may(entry)]
    label = here().catalog.say(section.label) if section.label else ""
    return {"label": label, "items": items}


def _item(entry: Entry) -> dict[str, object]:
    current = request.endpoint or ""
    return {
        "label": here().catalog.say(entry.label),
        "href": url_for(entry.endpoint),
        "current": not {current, current.partition(".")[0]}.isdisjoint((entry.endpoint, *entry.areas)),
        "icon": entry.icon,
        "count": None,
        "children": (),
    }


def _may(entry: Entry) -> bool:
    if here().program is None and entry.endpoint not in _WITHOUT_PROGRAM:
        return False
    if entry.endpoint == "outbox.index" and not services().settings.captures_mail:
        return False
    return not isinstance(entry.needs, Permission) or here().may(entry.needs)


def _notices() -> list[dict[str, str]]:
    kept = cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))
    flashed = [{"kind": kind, "text": text} for kind, text in kept]
    return flashed + [{"kind": kind, "text": text} for kind, text in here().notices]
