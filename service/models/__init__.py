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
from service.models.partner import MediaProperty, Partner
from service.models.program import Program, ProgramMinute
from service.models.prospect import Prospect, StageChange
from service.models.selection import Selection
from service.models.worker import Installation, WorkerBeat

__all__ = [
    "Ad",
    "AuditEntry",
    "Bounce",
    "Campaign",
    "CampaignMark",
    "Delivery",
    "DeliveryAttempt",
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
    "Notice",
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
    "Throttle",
    "UsedLink",
    "User",
    "UserSession",
    "Variant",
    "WorkerBeat",
]
