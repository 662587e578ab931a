"""The tables, one noun a file; importing this package registers them all."""

from service.models.account import (
    Notice,
    ProgramAccess,
    RecoveryCode,
    Role,
    Throttle,
    UsedLink,
    User,
    UserSession,
)
from service.models.ad import Ad
from service.models.audit import AuditEntry
from service.models.campaign import Campaign, CampaignMark, Variant
from service.models.delivery import (
    Bounce,
    Delivery,
    DeliveryAttempt,
    Suppression,
    SuppressionLift,
    SystemMail,
)
from service.models.erasure import ErasedAddress, Erasure
from service.models.group import Group, GroupMember
from service.models.help_vote import HelpVote
from service.models.imports import (
    Import,
    ImportBlock,
    ImportColumn,
    ImportLeftover,
    ImportPiece,
    ImportRow,
)
from service.models.mail_account import MailAccount
from service.models.message import (
    Attachment,
    Digest,
    Draft,
    Message,
    MessagingTerms,
    NotificationChoice,
    TermsAcceptance,
    Thread,
)
from service.models.message_grams import MessageGrams
from service.models.partner import MediaProperty, Partner
from service.models.program import Program, ProgramMinute
from service.models.prospect import Prospect, StageChange
from service.models.selection import Selection
from service.models.worker import Installation, WorkerBeat

__all__ = [
    "Ad",
    "Attachment",
    "AuditEntry",
    "Bounce",
    "Campaign",
    "CampaignMark",
    "Delivery",
    "DeliveryAttempt",
    "Digest",
    "Draft",
    "ErasedAddress",
    "Erasure",
    "Group",
    "GroupMember",
    "HelpVote",
    "Import",
    "ImportBlock",
    "ImportColumn",
    "ImportLeftover",
    "ImportPiece",
    "ImportRow",
    "Installation",
    "MailAccount",
    "MediaProperty",
    "Message",
    "MessageGrams",
    "MessagingTerms",
    "Notice",
    "NotificationChoice",
    "Partner",
    "Program",
    "ProgramAccess",
    "ProgramMinute",
    "Prospect",
    "RecoveryCode",
    "Role",
    "Selection",
    "StageChange",
    "Suppression",
    "SuppressionLift",
    "SystemMail",
    "TermsAcceptance",
    "Thread",
    "Throttle",
    "UsedLink",
    "User",
    "UserSession",
    "Variant",
    "WorkerBeat",
]
