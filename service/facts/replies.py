"""What a mail server's answer means: the outcome of one attempt, and the reasons that are our own."""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum

from service.facts.words import N_, Phrase


class Outcome(StrEnum):
    """What one attempt came to.

    UNKNOWN: the whole mail went out and the answer to it was lost. UNREACHABLE: no server took the
    conversation, so nothing was said about this mail. UNHEARD: the same, as a kept connection had ended
    unnoticed; another may do. WITHHELD: the sender itself said no before it began. HELD: it waits, so that
    the recipient's server is not asked too much.
    """

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"
    UNHEARD = "unheard"
    WITHHELD = "withheld"
    HELD = "held"


# A server was asked to take the mail, whatever it answered: these count as attempts.
TRIED = frozenset({Outcome.ACCEPTED, Outcome.TEMPORARY, Outcome.PERMANENT, Outcome.UNKNOWN})


class Unreachable(Exception):
    """No server took the conversation; the text says why, for the people who run the installation."""


class SmtpStep(StrEnum):
    """Where in the conversation an answer came."""

    SESSION = "session"
    RESET = "reset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"


class Reason(Enum):
    """Why a mail was not sent when no server said so; a ledger row keeps the name."""

    NO_SMTPUTF8 = N_("This mail server cannot deliver to this address: it does not take international names.")
    NOT_COMPOSABLE = N_("The email could not be written for this recipient.")
    ANSWER_LOST = N_("The connection was lost before the server’s answer arrived.")
    INTERRUPTED = N_("Sending was interrupted before the server’s answer could be stored.")
    PACED = N_("This email waits because the recipient’s mail server takes only so many at a time.")
    STOPPED_WORKER = N_("Sending this email made the service stop several times. It is not tried again.")
    RESTORED = N_("The database was restored from a backup. This email may have been sent before that.")
    ADDRESS_SUPPRESSED = N_("This address has unsubscribed or must not be written to.")
    ACCOUNT_UNREACHABLE = N_("The mail account could not send. The email waits.")
    TREATED_AS_SENT = N_("A user decided that this email counts as sent.")
    REPORTED_AS_SPAM = N_("The recipient reported this email as spam.")

    @property
    def phrase(self) -> Phrase:
        """The words to translate."""
        return self.value


_MARK = "reason:"


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of one attempt with the words to keep: the server's own, or a reason of ours.

    `step` is where a server refused, if one did.
    """

    outcome: Outcome
    text: str
    step: SmtpStep | None = None

    @classmethod
    def because(cls, outcome: Outcome, reason: Reason) -> "Reply":
        """Return a reply whose words are ours."""
        return cls(outcome, _MARK + reason.name)


def reason_of(text: str | None) -> Reason | None:
    """Return the reason that a stored reply names, or None when it is a server's own words."""
    if text is None or not text.startswith(_MARK):
        return None
    return Reason.__members__.get(text.removeprefix(_MARK))


def words_of(reason: Reason) -> str:
    """Return what a ledger row keeps for a reason of ours."""
    return _MARK + reason.name


# 421 wherever it comes, and RFC 3463: 4.3.2 not accepting now, 4.4.5 congestion; 4.7.28 is Gmail's for too
# high a rate, 4.7.500 to 4.7.699 are Microsoft's for too busy.
_SLOW_DOWN = re.compile(r"421\b|4\d\d[ -]4\.(?:3\.2|4\.5|7\.28|7\.[56]\d\d)(?!\d)")


def asks_to_slow_down(text: str) -> bool:
    """Tell whether a temporary refusal is about how much is sent, not about this mail or recipient."""
    return _SLOW_DOWN.match(text) is not None


# Answers that are about us or our session, wherever they come: authentication wanted or refused,
# encryption wanted (RFC 4954 section 6, RFC 3207 section 4).
_ABOUT_US = frozenset({454, 530, 534, 535, 538})
_EXPECTED = {SmtpStep.MAIL: 2, SmtpStep.RCPT: 2, SmtpStep.DATA: 3, SmtpStep.CONTENT: 2, SmtpStep.SESSION: 2}


def classify(code: int, step: SmtpStep) -> Outcome:
    """Return what a reply code means at a step (RFC 5321 section 4.2), unknown codes by their first digit.

    A 552 after RCPT means "too many recipients" and is temporary (section 4.5.3.1.10). Whatever is wrong with
    the session itself is never held against a recipient.
    """
    digit = code // 100
    if digit == _EXPECTED[step]:
        return Outcome.ACCEPTED
    if step is SmtpStep.SESSION or (code in _ABOUT_US and step is SmtpStep.MAIL):
        return Outcome.UNREACHABLE
    if digit == 5 and not (code == 552 and step is SmtpStep.RCPT) and code != 503:
        return Outcome.PERMANENT
    return Outcome.TEMPORARY
