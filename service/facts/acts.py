"""What the audit trail keeps: one act for each thing done, with the words to tell it in.

A new act is one line of `Act` and one of `ACTS`.
"""

from dataclasses import dataclass
from enum import StrEnum

from service.facts.words import N_, NN_, NP_, Phrase


class SubjectKind(StrEnum):
    """The kinds of things an act is about."""

    USER = "user"
    ROLE = "role"
    PROGRAM = "program"
    AD = "ad"
    GROUP = "group"
    PROSPECT = "prospect"
    CAMPAIGN = "campaign"
    IMPORT = "import"
    SUPPRESSION = "suppression"
    MAIL_ACCOUNT = "mail_account"


class Area(StrEnum):
    """The parts of the product by which the trail is filtered."""

    SIGN_IN = "sign_in"
    USERS = "users"
    ROLES = "roles"
    PROGRAMS = "programs"
    PROSPECTS = "prospects"
    CAMPAIGNS = "campaigns"
    IMPORTS = "imports"
    SUPPRESSIONS = "suppressions"
    MAIL_ACCOUNTS = "mail_accounts"
    TRANSLATIONS = "translations"
    CONVERSATIONS = "conversations"
    PERSONAL_DATA = "personal_data"


AREA_LABELS: dict[Area, Phrase] = {
    Area.SIGN_IN: N_("Signing in"),
    Area.USERS: N_("Users"),
    Area.ROLES: N_("Roles"),
    Area.PROGRAMS: N_("Programs and ads"),
    Area.PROSPECTS: N_("Prospects and groups"),
    Area.CAMPAIGNS: N_("Campaigns"),
    Area.IMPORTS: N_("Imports"),
    Area.SUPPRESSIONS: N_("Suppression list"),
    Area.MAIL_ACCOUNTS: N_("Mail accounts"),
    Area.TRANSLATIONS: N_("Translations"),
    Area.CONVERSATIONS: N_("Conversations"),
    Area.PERSONAL_DATA: N_("Personal data"),
}


class Act(StrEnum):
    """One thing that was done; the values are kept in the database."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_UNKNOWN = "sign_in_unknown"
    SIGNED_OUT = "signed_out"
    SESSIONS_ENDED = "sessions_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    PASSWORD_RESET = "password_reset"  # noqa: S105
    TWO_STEP_ON = "two_step_on"
    TWO_STEP_OFF = "two_step_off"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    USER_ADDED = "user_added"
    USER_INVITED = "user_invited"
    INVITATION_RESENT = "invitation_resent"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    INVITATION_ACCEPTED = "invitation_accepted"
    USER_ROLE_CHANGED = "user_role_changed"
    USER_PROGRAMS_CHANGED = "user_programs_changed"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    ROLE_CREATED = "role_created"
    ROLE_CHANGED = "role_changed"
    ROLE_DELETED = "role_deleted"
    PROGRAM_ADDED = "program_added"
    PROGRAM_CHANGED = "program_changed"
    AD_CREATED = "ad_created"
    AD_CHANGED = "ad_changed"
    GROUP_DELETED = "group_deleted"
    PROSPECTS_ARCHIVED = "prospects_archived"
    PROSPECTS_RESTORED = "prospects_restored"
    CAMPAIGN_LAUNCHED = "campaign_launched"
    CAMPAIGN_SCHEDULED = "campaign_scheduled"
    CAMPAIGN_UNSCHEDULED = "campaign_unscheduled"
    CAMPAIGN_PAUSED = "campaign_paused"
    CAMPAIGN_RESUMED = "campaign_resumed"
    CAMPAIGN_CANCELLED = "campaign_cancelled"
    DELIVERIES_RESENT = "deliveries_resent"
    DELIVERIES_SETTLED = "deliveries_settled"
    IMPORT_APPLIED = "import_applied"
    IMPORT_UNDONE = "import_undone"
    SUPPRESSION_ADDED = "suppression_added"
    SUPPRESSION_LIFTED = "suppression_lifted"
    ACCOUNT_CONNECTED = "account_connected"
    ACCOUNT_DISCONNECTED = "account_disconnected"
    TRANSLATION_CHANGED = "translation_changed"
    MESSAGE_SENT = "message_sent"
    MESSAGE_CHANGED = "message_changed"
    MESSAGE_WITHDRAWN = "message_withdrawn"
    COLLEAGUE_MESSAGE_WITHDRAWN = "colleague_message_withdrawn"
    LINKS_REVOKED = "links_revoked"
    THREAD_ARCHIVED = "thread_archived"
    THREAD_RESTORED = "thread_restored"
    TERMS_CHANGED = "terms_changed"
    PERSON_EXPORTED = "person_exported"
    PERSON_ERASED = "person_erased"
    USER_EXPORTED = "user_exported"
    OWN_DATA_EXPORTED = "own_data_exported"
    USER_ERASED = "user_erased"
    ENTRIES_EXPIRED = "entries_expired"
    CONVERSATIONS_EXPIRED = "conversations_expired"


@dataclass(frozen=True, slots=True)
class ActFacts:
    """Where an act belongs, what it is about, and its sentence.

    The sentence is told with `who`, with `name` of the subject, `num` of the details, and the `language` of
    a translation.
    """

    area: Area
    subject: SubjectKind | None
    sentence: Phrase


_SIGN_IN, _USERS, _ROLES = Area.SIGN_IN, Area.USERS, Area.ROLES
_USER, _ROLE, _CAMPAIGN = SubjectKind.USER, SubjectKind.ROLE, SubjectKind.CAMPAIGN

ACTS: dict[Act, ActFacts] = {
    Act.SIGNED_IN: ActFacts(_SIGN_IN, _USER, N_("%(who)s signed in.")),
    Act.SIGN_IN_FAILED: ActFacts(_SIGN_IN, _USER, N_("Somebody failed to sign in as this user: %(name)s")),
    Act.SIGN_IN_UNKNOWN: ActFacts(
        _SIGN_IN, None, N_("Somebody failed to sign in with an unknown email address.")
    ),
    Act.SIGNED_OUT: ActFacts(_SIGN_IN, _USER, N_("%(who)s signed out.")),
    Act.SESSIONS_ENDED: ActFacts(
        _SIGN_IN,
        _USER,
        NN_("%(who)s ended %(num)s other session.", "%(who)s ended %(num)s other sessions."),
    ),
    Act.PASSWORD_CHANGED: ActFacts(_SIGN_IN, _USER, N_("%(who)s changed their password.")),
    Act.PASSWORD_RESET: ActFacts(_SIGN_IN, _USER, N_("%(who)s chose a new password by a link.")),
    Act.TWO_STEP_ON: ActFacts(_SIGN_IN, _USER, N_("%(who)s turned two-step verification on.")),
    Act.TWO_STEP_OFF: ActFacts(_SIGN_IN, _USER, N_("%(who)s turned two-step verification off.")),
    Act.RECOVERY_CODES_MADE: ActFacts(_SIGN_IN, _USER, N_("%(who)s made new recovery codes.")),
    Act.USER_ADDED: ActFacts(_USERS, _USER, N_("%(who)s added a user: %(name)s")),
    Act.USER_INVITED: ActFacts(_USERS, _USER, N_("%(who)s invited a user: %(name)s")),
    Act.INVITATION_RESENT: ActFacts(_USERS, _USER, N_("%(who)s sent an invitation again: %(name)s")),
    Act.INVITATION_WITHDRAWN: ActFacts(_USERS, _USER, N_("%(who)s withdrew an invitation: %(name)s")),
    Act.INVITATION_ACCEPTED: ActFacts(_USERS, _USER, N_("%(who)s accepted the invitation to the team.")),
    Act.USER_ROLE_CHANGED: ActFacts(_USERS, _USER, N_("%(who)s changed the role of a user: %(name)s")),
    Act.USER_PROGRAMS_CHANGED: ActFacts(
        _USERS, _USER, N_("%(who)s changed the programs of a user: %(name)s")
    ),
    Act.USER_DISABLED: ActFacts(_USERS, _USER, N_("%(who)s disabled a user: %(name)s")),
    Act.USER_ENABLED: ActFacts(_USERS, _USER, N_("%(who)s enabled a user: %(name)s")),
    Act.ROLE_CREATED: ActFacts(_ROLES, _ROLE, N_("%(who)s created a role: %(name)s")),
    Act.ROLE_CHANGED: ActFacts(_ROLES, _ROLE, N_("%(who)s changed a role: %(name)s")),
    Act.ROLE_DELETED: ActFacts(_ROLES, _ROLE, N_("%(who)s deleted a role: %(name)s")),
    Act.PROGRAM_ADDED: ActFacts(Area.PROGRAMS, SubjectKind.PROGRAM, N_("%(who)s added a program: %(name)s")),
    Act.PROGRAM_CHANGED: ActFacts(
        Area.PROGRAMS, SubjectKind.PROGRAM, N_("%(who)s changed the settings of a program: %(name)s")
    ),
    Act.AD_CREATED: ActFacts(Area.PROGRAMS, SubjectKind.AD, N_("%(who)s created an ad: %(name)s")),
    Act.AD_CHANGED: ActFacts(Area.PROGRAMS, SubjectKind.AD, N_("%(who)s changed an ad: %(name)s")),
    Act.GROUP_DELETED: ActFacts(Area.PROSPECTS, SubjectKind.GROUP, N_("%(who)s deleted a group: %(name)s")),
    Act.PROSPECTS_ARCHIVED: ActFacts(
        Area.PROSPECTS,
        SubjectKind.PROSPECT,
        NN_("%(who)s archived %(num)s prospect.", "%(who)s archived %(num)s prospects."),
    ),
    Act.PROSPECTS_RESTORED: ActFacts(
        Area.PROSPECTS,
        SubjectKind.PROSPECT,
        NN_("%(who)s restored %(num)s prospect.", "%(who)s restored %(num)s prospects."),
    ),
    Act.CAMPAIGN_LAUNCHED: ActFacts(Area.CAMPAIGNS, _CAMPAIGN, N_("%(who)s launched a campaign: %(name)s")),
    Act.CAMPAIGN_SCHEDULED: ActFacts(Area.CAMPAIGNS, _CAMPAIGN, N_("%(who)s scheduled a campaign: %(name)s")),
    Act.CAMPAIGN_UNSCHEDULED: ActFacts(
        Area.CAMPAIGNS, _CAMPAIGN, N_("%(who)s cancelled the schedule of a campaign: %(name)s")
    ),
    Act.CAMPAIGN_PAUSED: ActFacts(Area.CAMPAIGNS, _CAMPAIGN, N_("%(who)s paused a campaign: %(name)s")),
    Act.CAMPAIGN_RESUMED: ActFacts(Area.CAMPAIGNS, _CAMPAIGN, N_("%(who)s resumed a campaign: %(name)s")),
    Act.CAMPAIGN_CANCELLED: ActFacts(Area.CAMPAIGNS, _CAMPAIGN, N_("%(who)s cancelled a campaign: %(name)s")),
    Act.DELIVERIES_RESENT: ActFacts(
        Area.CAMPAIGNS, _CAMPAIGN, N_("%(who)s sent emails of a campaign again: %(name)s")
    ),
    Act.DELIVERIES_SETTLED: ActFacts(
        Area.CAMPAIGNS, _CAMPAIGN, N_("%(who)s treated emails of a campaign as sent: %(name)s")
    ),
    Act.IMPORT_APPLIED: ActFacts(Area.IMPORTS, SubjectKind.IMPORT, N_("%(who)s imported a file: %(name)s")),
    Act.IMPORT_UNDONE: ActFacts(Area.IMPORTS, SubjectKind.IMPORT, N_("%(who)s undid an import: %(name)s")),
    Act.SUPPRESSION_ADDED: ActFacts(
        Area.SUPPRESSIONS, SubjectKind.SUPPRESSION, N_("%(who)s added an address to the suppression list.")
    ),
    Act.SUPPRESSION_LIFTED: ActFacts(
        Area.SUPPRESSIONS,
        SubjectKind.SUPPRESSION,
        N_("%(who)s took an address off the suppression list."),
    ),
    Act.ACCOUNT_CONNECTED: ActFacts(
        Area.MAIL_ACCOUNTS, SubjectKind.MAIL_ACCOUNT, N_("%(who)s connected a mail account: %(name)s")
    ),
    Act.ACCOUNT_DISCONNECTED: ActFacts(
        Area.MAIL_ACCOUNTS, SubjectKind.MAIL_ACCOUNT, N_("%(who)s disconnected a mail account: %(name)s")
    ),
    Act.TRANSLATION_CHANGED: ActFacts(
        Area.TRANSLATIONS, None, N_("%(who)s changed a text in this language: %(language)s")
    ),
    # The trail says in which program, not with whom: it holds nothing personal.
    Act.MESSAGE_SENT: ActFacts(Area.CONVERSATIONS, None, N_("%(who)s sent a message to a partner.")),
    Act.MESSAGE_CHANGED: ActFacts(Area.CONVERSATIONS, None, N_("%(who)s changed a message.")),
    Act.MESSAGE_WITHDRAWN: ActFacts(Area.CONVERSATIONS, None, N_("%(who)s withdrew a message.")),
    Act.COLLEAGUE_MESSAGE_WITHDRAWN: ActFacts(
        Area.CONVERSATIONS, _USER, N_("%(who)s withdrew a message of another user. Author: %(name)s")
    ),
    Act.LINKS_REVOKED: ActFacts(Area.CONVERSATIONS, None, N_("%(who)s revoked the links to a conversation.")),
    Act.THREAD_ARCHIVED: ActFacts(Area.CONVERSATIONS, None, N_("%(who)s archived a conversation.")),
    Act.THREAD_RESTORED: ActFacts(Area.CONVERSATIONS, None, N_("%(who)s restored a conversation.")),
    Act.TERMS_CHANGED: ActFacts(Area.CONVERSATIONS, None, N_("%(who)s changed the messaging terms.")),
    Act.PERSON_EXPORTED: ActFacts(
        Area.PERSONAL_DATA, None, N_("%(who)s exported what is stored about a person.")
    ),
    Act.PERSON_ERASED: ActFacts(Area.PERSONAL_DATA, None, N_("%(who)s erased a person.")),
    Act.USER_EXPORTED: ActFacts(
        Area.PERSONAL_DATA, _USER, N_("%(who)s exported what is stored about a user: %(name)s")
    ),
    Act.OWN_DATA_EXPORTED: ActFacts(Area.PERSONAL_DATA, _USER, N_("%(who)s downloaded their own data.")),
    Act.USER_ERASED: ActFacts(Area.PERSONAL_DATA, _USER, N_("%(who)s erased a user: %(name)s")),
    Act.ENTRIES_EXPIRED: ActFacts(
        Area.PERSONAL_DATA,
        None,
        NN_(
            "%(who)s deleted %(num)s old entry of the audit trail.",
            "%(who)s deleted %(num)s old entries of the audit trail.",
        ),
    ),
    Act.CONVERSATIONS_EXPIRED: ActFacts(
        Area.PERSONAL_DATA,
        None,
        NN_("%(who)s deleted %(num)s old conversation.", "%(who)s deleted %(num)s old conversations."),
    ),
}

# Who acts where nobody is signed in: the command line, and what happens by itself.
NOBODY = NP_("audit trail", "The service")
