"""What each page is for, written down a second time: a route that comes to ask for less fails here."""

from flask import Flask

from service.facts.permissions import Permission
from service.web.routes import Audience, Cache, declaration_of

# A blueprint stands for all its routes but those named one by one.
NEEDS: dict[Permission | Audience, str] = {
    Permission.PROSPECTS_VIEW: (
        "prospects partners histories campaigns.index campaigns.progress campaigns.show groups.index"
    ),
    Permission.PROSPECTS_EDIT: (
        "prospect_facts prospects.archive prospects.new prospects.restore partners.mark"
    ),
    Permission.GROUPS_MANAGE: "groups prospects.add_to_group",
    Permission.IMPORT_RUN: "imports import_columns import_undo",
    Permission.EMAIL_SEND: "campaigns compose decisions schedules suppressions mail_accounts",
    Permission.MESSAGES_USE: "inbox threads thread_marks attachments terms.accept",
    Permission.PROGRAMS_MANAGE: "programs",
    Permission.ADS_MANAGE: "ads",
    Permission.USERS_MANAGE: "users",
    Permission.ROLES_MANAGE: "roles",
    Permission.TRANSLATIONS_EDIT: "translate translate_gallery translate_inspect translate_texts",
    Permission.CONTENT_PREVIEW: "help_preview",
    Permission.AUDIT_VIEW: "audit",
    Permission.DATA_EXPORT: "personal_data user_data",
    Permission.DATA_ERASE: "personal_data.erase user_data.erase",
    Permission.SETTINGS_MANAGE: "terms outbox sending_domain",
    Audience.SIGNED_IN: "home profile notifications programs.switch terms.show user_data.own",
    Audience.ANYONE: (
        "auth conversation conversation_files join unsubscribe help help_lists health translate_live"
    ),
}
# What a cache between us and a reader may keep for others.
KEPT_BY_ANYONE = {
    *(f"help.{name}" for name in ("index", "show", "source", "image")),
    *(f"help_lists.{name}" for name in ("llms", "llms_in_language", "llms_full", "llms_full_in_language")),
    "help_lists.sitemap",
}


def test_each_route_asks_for_what_its_page_is_for(app: Flask) -> None:
    """A-1, P6: the matrix of `test_access.py` is made of the declarations; these are held to this list."""
    listed = {name: needs for needs, names in NEEDS.items() for name in names.split()}
    assert sum(len(names.split()) for names in NEEDS.values()) == len(listed)
    found = {endpoint: declaration_of(app, endpoint).needs for endpoint in app.view_functions}
    promised = {endpoint: listed.get(endpoint) or listed.get(endpoint.split(".")[0]) for endpoint in found}
    assert found == promised
    known = set(found) | {endpoint.split(".")[0] for endpoint in found}
    assert set(listed) <= known


def test_only_the_help_is_kept_by_caches(app: Flask) -> None:
    """W-6: pages behind a partner's link are open to anyone too, and for nobody else."""
    kept = {name for name in app.view_functions if declaration_of(app, name).cache is Cache.PUBLIC}
    assert kept == KEPT_BY_ANYONE
