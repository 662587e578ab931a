"""What a role may do, and the four roles that every installation has."""

from enum import StrEnum

from service.facts.words import N_, NP_, Phrase


class Permission(StrEnum):
    """One thing a user may be allowed to do."""

    PROSPECTS_VIEW = "prospects.view"
    PROSPECTS_EDIT = "prospects.edit"
    GROUPS_MANAGE = "groups.manage"
    IMPORT_RUN = "import.run"
    EMAIL_SEND = "email.send"
    MESSAGES_USE = "messages.use"
    WORKFLOWS_MANAGE = "workflows.manage"
    PROGRAMS_MANAGE = "programs.manage"
    ADS_MANAGE = "ads.manage"
    USERS_MANAGE = "users.manage"
    ROLES_MANAGE = "roles.manage"
    TRANSLATIONS_EDIT = "translations.edit"
    CONTENT_PREVIEW = "content.preview"
    AUDIT_VIEW = "audit.view"
    DATA_EXPORT = "data.export"
    DATA_ERASE = "data.erase"
    SETTINGS_MANAGE = "settings.manage"


PERMISSION_LABELS: dict[Permission, Phrase] = {
    Permission.PROSPECTS_VIEW: N_("Prospects (read only)"),
    Permission.PROSPECTS_EDIT: N_("Prospects"),
    Permission.GROUPS_MANAGE: N_("Groups"),
    Permission.IMPORT_RUN: N_("Import"),
    Permission.EMAIL_SEND: N_("Email"),
    Permission.MESSAGES_USE: N_("Messages"),
    Permission.WORKFLOWS_MANAGE: N_("Workflows"),
    Permission.PROGRAMS_MANAGE: N_("Programs"),
    Permission.ADS_MANAGE: N_("Ads"),
    Permission.USERS_MANAGE: N_("Users"),
    Permission.ROLES_MANAGE: N_("Roles"),
    Permission.TRANSLATIONS_EDIT: N_("Translations"),
    Permission.CONTENT_PREVIEW: N_("Content previews"),
    Permission.AUDIT_VIEW: N_("Audit trail"),
    Permission.DATA_EXPORT: N_("Export of personal data"),
    Permission.DATA_ERASE: N_("Erasure of personal data"),
    Permission.SETTINGS_MANAGE: N_("Settings"),
}


class BuiltInRole(StrEnum):
    """The roles that cannot be changed or removed."""

    ADMINISTRATOR = "administrator"
    COMMUNITY_MANAGER = "community_manager"
    ANALYST = "analyst"
    TRANSLATOR = "translator"


ROLE_LABELS: dict[BuiltInRole, Phrase] = {
    BuiltInRole.ADMINISTRATOR: N_("Account administrator"),
    BuiltInRole.COMMUNITY_MANAGER: N_("Community manager"),
    BuiltInRole.ANALYST: N_("Analyst"),
    BuiltInRole.TRANSLATOR: NP_("role", "Translator"),
}

ROLE_PERMISSIONS: dict[BuiltInRole, frozenset[Permission]] = {
    BuiltInRole.ADMINISTRATOR: frozenset(Permission),
    BuiltInRole.COMMUNITY_MANAGER: frozenset(
        {
            Permission.PROSPECTS_VIEW,
            Permission.PROSPECTS_EDIT,
            Permission.GROUPS_MANAGE,
            Permission.IMPORT_RUN,
            Permission.EMAIL_SEND,
            Permission.MESSAGES_USE,
            Permission.WORKFLOWS_MANAGE,
        }
    ),
    BuiltInRole.ANALYST: frozenset({Permission.PROSPECTS_VIEW, Permission.AUDIT_VIEW}),
    BuiltInRole.TRANSLATOR: frozenset({Permission.TRANSLATIONS_EDIT, Permission.CONTENT_PREVIEW}),
}
