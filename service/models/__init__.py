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
from service.models.campaign import Campaign, Variant
from service.models.delivery import Delivery, Suppression, SystemMail
from service.models.group import Group, GroupMember
from service.models.imports import Import, ImportPiece, ImportRow
from service.models.partner import MediaProperty, Partner
from service.models.program import Program
from service.models.prospect import Prospect, StageChange
from service.models.selection import Selection
from service.models.worker import Installation, WorkerBeat

__all__ = [
    "Ad",
    "Campaign",
    "Delivery",
    "Group",
    "GroupMember",
    "Import",
    "ImportPiece",
    "ImportRow",
    "Installation",
    "MediaProperty",
    "Notice",
    "Partner",
    "Program",
    "ProgramAccess",
    "Prospect",
    "RecoveryCode",
    "Role",
    "Selection",
    "StageChange",
    "Suppression",
    "SystemMail",
    "Throttle",
    "UsedLink",
    "User",
    "UserSession",
    "Variant",
    "WorkerBeat",
]
