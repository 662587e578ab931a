"""Who speaks in a conversation, what becomes of a message and of a file attached to it, and their words."""

from enum import StrEnum

from service.facts.words import N_, NP_, Phrase


class Side(StrEnum):
    """The two sides of a conversation."""

    BRAND = "brand"
    PARTNER = "partner"


class Channel(StrEnum):
    """How a message came in."""

    WEB = "web"
    EMAIL = "email"


class MessageState(StrEnum):
    """A message waits for its attachments, stands in the conversation, or was taken back."""

    WAITING = "waiting"
    SENT = "sent"
    WITHDRAWN = "withdrawn"


MESSAGE_STATE_LABELS: dict[MessageState, Phrase] = {
    MessageState.WAITING: NP_("message", "Waiting for its attachments"),
    MessageState.SENT: NP_("message", "Sent"),
    MessageState.WITHDRAWN: NP_("message", "Withdrawn"),
}


class ScanState(StrEnum):
    """What the virus scanner said of a file; only a clean one can be downloaded."""

    WAITING = "waiting"
    CLEAN = "clean"
    REFUSED = "refused"
    UNSCANNED = "unscanned"


SCAN_STATE_LABELS: dict[ScanState, Phrase] = {
    ScanState.WAITING: NP_("attachment", "Waiting for scan"),
    ScanState.CLEAN: NP_("attachment", "Clean"),
    ScanState.REFUSED: NP_("attachment", "Refused"),
    ScanState.UNSCANNED: NP_("attachment", "Could not be scanned"),
}


class UnreachableReason(StrEnum):
    """Why no mail tells a partner of messages; those of the suppression list are called as they are there."""

    MESSAGING_OFF = "messaging_off"
    NO_ADDRESS = "no_address"
    ERASED = "erased"
    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"

    @property
    def is_listed(self) -> bool:
        """Whether somebody may take the address off the suppression list again."""
        return self in _LISTED


_LISTED = {
    UnreachableReason.UNSUBSCRIBED,
    UnreachableReason.HARD_BOUNCE,
    UnreachableReason.COMPLAINT,
    UnreachableReason.MANUAL,
}
UNREACHABLE_LABELS: dict[UnreachableReason, Phrase] = {
    UnreachableReason.MESSAGING_OFF: N_("The partner does not accept messages."),
    UnreachableReason.NO_ADDRESS: N_("No email address of the partner is known."),
    UnreachableReason.ERASED: N_(
        "The owner of the partner’s address had their personal data erased. No email goes there any more."
    ),
    UnreachableReason.UNSUBSCRIBED: N_("The partner unsubscribed from the emails of this program."),
    UnreachableReason.HARD_BOUNCE: N_("An email to the partner’s address came back for good: a hard bounce."),
    UnreachableReason.COMPLAINT: N_("The partner reported an email of this program as spam."),
    UnreachableReason.MANUAL: N_("Your team put the partner’s address on the suppression list."),
}
_IF_ASKED = N_("If the partner asks you for emails again, take the address off the suppression list.")
UNREACHABLE_ADVICE: dict[UnreachableReason, Phrase] = {
    UnreachableReason.MESSAGING_OFF: N_(
        "The partner can switch messages on again, on the page that the link in an earlier email opens."
    ),
    UnreachableReason.NO_ADDRESS: N_("Ask the partner for an address in another way, then import it."),
    UnreachableReason.ERASED: N_("If the partner gives you another address, you can import it."),
    UnreachableReason.UNSUBSCRIBED: _IF_ASKED,
    UnreachableReason.HARD_BOUNCE: N_(
        "Reach the partner in another way. If the address works again, take it off the suppression list."
    ),
    UnreachableReason.COMPLAINT: _IF_ASKED,
    UnreachableReason.MANUAL: N_("To have emails sent again, take the address off the suppression list."),
}


class MailChoice(StrEnum):
    """How a user wants to be mailed about news."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    OFF = "off"


class News(StrEnum):
    """What a user is told about conversations, in the application and, as they choose, by mail."""

    MESSAGE = "message_received"
    REPORT = "thread_reported"
    ATTACHMENT = "attachment_refused"


NEWS_LABELS: dict[News, Phrase] = {
    News.MESSAGE: N_("A partner sends a message"),
    News.REPORT: N_("A partner reports a conversation"),
    News.ATTACHMENT: N_("A file that you attached is refused"),
}


MAIL_CHOICE_LABELS: dict[MailChoice, Phrase] = {
    MailChoice.AT_ONCE: NP_("notification mails", "At once"),
    MailChoice.DAILY: NP_("notification mails", "Once a day"),
    MailChoice.OFF: NP_("notification mails", "Off"),
}
# How a user is mailed who has chosen nothing.
MAIL_CHOICE_DEFAULTS: dict[News, MailChoice] = {
    News.MESSAGE: MailChoice.AT_ONCE,
    News.REPORT: MailChoice.AT_ONCE,
    News.ATTACHMENT: MailChoice.DAILY,
}
