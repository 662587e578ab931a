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
