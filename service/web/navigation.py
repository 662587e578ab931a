"""What stands around every page: menus by permission, languages, programs, notices."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, get_flashed_messages, request, url_for
from flask_wtf.csrf import generate_csrf

from service.facts.permissions import Permission
from service.facts.words import N_, NP_, Phrase
from service.web import localization
from service.web.context import here, services
from service.web.routes import Audience


@dataclass(frozen=True, slots=True)
class Entry:
    """A menu entry; being anywhere in the blueprint `area` counts as being there."""

    label: Phrase
    endpoint: str
    needs: Permission | Audience
    icon: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the menu with its entries."""

    label: Phrase
    entries: tuple[Entry, ...]


MENU = (
    Section(
        N_("Discover"),
        (
            Entry(N_("Prospects"), "prospects.index", Permission.PROSPECTS_VIEW, "prospects", "prospects"),
            Entry(N_("Find partners"), "partners.find_partners", Permission.PROSPECTS_VIEW, "partners"),
            Entry(N_("Find creators"), "partners.find_creators", Permission.PROSPECTS_VIEW, "creators"),
        ),
    ),
    Section(
        N_("Engage"),
        (
            Entry(N_("Groups"), "groups.index", Permission.PROSPECTS_VIEW, "groups", "groups"),
            Entry(N_("Campaigns"), "campaigns.index", Permission.PROSPECTS_VIEW, "campaigns", "campaigns"),
        ),
    ),
    Section(
        N_("Service"),
        (
            Entry(N_("Help"), "help.index", Audience.ANYONE, "help", "help"),
            Entry(N_("Outbox"), "outbox.index", Permission.SETTINGS_MANAGE, "outbox", "outbox"),
        ),
    ),
)
SETTINGS = (
    Entry(NP_("settings", "Profile"), "profile.edit", Audience.SIGNED_IN, "user", "profile"),
    Entry(N_("Import prospects"), "imports.index", Permission.IMPORT_RUN, "import", "imports"),
    Entry(N_("Program"), "programs.edit", Permission.PROGRAMS_MANAGE, "program", "programs"),
    Entry(N_("Ads"), "ads.index", Permission.ADS_MANAGE, "ad", "ads"),
)


def install(app: Flask) -> None:
    """Give every template what the layouts expect."""
    app.context_processor(surroundings)


def surroundings() -> dict[str, object]:
    """Return the values that `templates/layouts/base.html` names."""
    place = here()
    return {
        "locale": place.locale,
        "here": place,
        "languages": localization.language_links(),
        "alternates": localization.alternates(),
        "navigation": [section for entry in MENU if (section := _section(entry))["items"]],
        "profile_items": [_item(entry) for entry in SETTINGS if _may(entry)] if place.user else [],
        "user": place.user,
        "programs": place.programs,
        "program": place.program,
        "program_switch_url": url_for("programs.switch") if place.user else "",
        "sign_out_url": url_for("auth.sign_out") if place.user else "",
        "csrf_token": generate_csrf,
        "notices": _notices(),
        "captures_mail": services().settings.captures_mail,
    }


def _section(section: Section) -> dict[str, object]:
    items = [_item(entry) for entry in section.entries if here().user and _may(entry)]
    return {"label": here().catalog.say(section.label), "items": items}


def _item(entry: Entry) -> dict[str, object]:
    current = request.endpoint or ""
    return {
        "label": here().catalog.say(entry.label),
        "href": url_for(entry.endpoint),
        "current": current.startswith(f"{entry.area}.") if entry.area else current == entry.endpoint,
        "icon": entry.icon,
        "count": None,
    }


def _may(entry: Entry) -> bool:
    if entry.endpoint == "outbox.index" and not services().settings.captures_mail:
        return False
    return not isinstance(entry.needs, Permission) or here().may(entry.needs)


def _notices() -> list[dict[str, str]]:
    kept = cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))
    flashed = [{"kind": kind, "text": text} for kind, text in kept]
    return flashed + [{"kind": kind, "text": text} for kind, text in here().notices]
