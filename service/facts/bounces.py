"""What a mail that came back says: its kind by reply code and enhanced status, and what the kinds lead to.

RFC 3463 with the IANA registry of enhanced status codes, RFC 5321 section 4.2, RFC 7504 (521, 556),
RFC 7505 (null MX), RFC 7293 (a mailbox or domain with a new owner). Prose is never judged.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum

from service.facts.replies import SmtpStep
from service.facts.words import N_, Phrase


class BounceKind(StrEnum):
    """Whom or what a report is about.

    HARD: the address will never take mail. SOFT and FULL: the address or its server, maybe not for ever.
    POLICY: the sender. MESSAGE: this very email, its size or form. COMPLAINT: the recipient called it spam.
    """

    HARD = "hard"
    SOFT = "soft"
    FULL = "full"
    POLICY = "policy"
    MESSAGE = "message"
    COMPLAINT = "complaint"


# Soft bounces suppress once there are this many within the period; each email counts once.
SOFT_KINDS = frozenset({BounceKind.SOFT, BounceKind.FULL})
SOFT_MOST = 5
SOFT_PERIOD = timedelta(days=14)


class PauseReason(Enum):
    """Why running campaigns were paused by themselves; a campaign keeps the name."""

    HARD_BOUNCES = N_(
        "At least one in 20 of the program’s last emails came back because the address does not exist. "
        "Check where these addresses come from before you resume."
    )
    COMPLAINTS = N_(
        "At least one in 1,000 of the program’s last emails was reported as spam. "
        "Check that these people expect your emails before you resume."
    )
    SENDER_REFUSED = N_(
        "Several mail servers refuse emails from this sender. "
        "Ask the operator of this installation to check it before you resume."
    )

    @property
    def phrase(self) -> Phrase:
        """The words to translate."""
        return self.value


@dataclass(frozen=True, slots=True)
class Limit:
    """Where an automatic pause begins: `most` or more of `kind`, being `share` or more of the last `window`.

    A share alone would pause at the first trouble of a small campaign: one of three is no pattern, and one
    complaint in a thousand is one person's click.
    """

    kind: BounceKind
    reason: PauseReason
    share: float
    most: int
    window: int


HARD_LIMIT = Limit(BounceKind.HARD, PauseReason.HARD_BOUNCES, share=0.05, most=10, window=1000)
COMPLAINT_LIMIT = Limit(BounceKind.COMPLAINT, PauseReason.COMPLAINTS, share=0.001, most=2, window=1000)
LIMITS = (
    HARD_LIMIT,
    COMPLAINT_LIMIT,
    # Every mail that a refused sender goes on sending fails for good: a short window answers at once.
    Limit(BounceKind.POLICY, PauseReason.SENDER_REFUSED, share=0.05, most=3, window=50),
)


@dataclass(frozen=True, slots=True)
class Status:
    """An enhanced status such as 5.1.1: class, subject and detail."""

    digit: int
    subject: int
    detail: int

    def __str__(self) -> str:
        return f"{self.digit}.{self.subject}.{self.detail}"

    @property
    def says_little(self) -> bool:
        """Whether it tells no more than its class (x.0.0)."""
        return self.subject == 0


_STATUS = re.compile(r"\s*([245])\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9.])")
_REPLY = re.compile(r"\s*([245][0-9]{2})(?:[ -]+#?(?=[245]\.)|[ -]|\Z)")


def status_of(text: str) -> Status | None:
    """Return the enhanced status that a text begins with, or None."""
    found = _STATUS.match(text)
    return Status(*map(int, found.groups())) if found else None


def reply_of(text: str) -> tuple[int | None, Status | None]:
    """Return the reply code and the enhanced status that a server's answer begins with."""
    found = _REPLY.match(text)
    if found is None:
        return None, status_of(text)
    return int(found.group(1)), status_of(text[found.end() :])


def kind_of(code: int | None, status: Status | None, step: SmtpStep | None = None) -> BounceKind:
    """Return whom a refusal is about that ended the attempts to deliver one email.

    Without an enhanced status a bare 550 may mean anything (RFC 5321 section 4.2.3): it is soft.
    """
    named = _by_status(code, status)
    if step is SmtpStep.MAIL:
        # Nobody but the sender has been named so far.
        return BounceKind.MESSAGE if named is BounceKind.MESSAGE or code == 552 else BounceKind.POLICY
    return named or _by_code(code)


def _by_status(code: int | None, status: Status | None) -> BounceKind | None:
    if status is None or (status.says_little and status.detail == 0):
        return None
    final = status.digit == 5 and (code is None or code // 100 == 5)
    place = (status.subject, status.detail)
    if place in _HARD:
        return BounceKind.HARD if final else BounceKind.SOFT
    return _NAMED.get(place) or _SUBJECTS.get(status.subject, BounceKind.SOFT)


# Bad mailbox, bad domain, bad syntax, moved away, null MX; disabled; another owner by now.
_HARD = frozenset({(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1), (7, 17), (7, 18)})
_NAMED = {
    (1, 7): BounceKind.POLICY,  # the sender's address is malformed
    (1, 8): BounceKind.POLICY,  # the sender's domain does not exist
    (1, 9): BounceKind.MESSAGE,
    (2, 2): BounceKind.FULL,
    (2, 3): BounceKind.MESSAGE,  # longer than this recipient takes
    (3, 3): BounceKind.MESSAGE,
    (3, 4): BounceKind.MESSAGE,  # longer than this server takes
    (7, 19): BounceKind.SOFT,  # the server cannot tell who owns the mailbox
}
_SUBJECTS = {6: BounceKind.MESSAGE, 7: BounceKind.POLICY}


def _by_code(code: int | None) -> BounceKind:
    if code in {521, 556}:
        return BounceKind.HARD  # the host or the domain takes no mail at all
    if code == 552:
        return BounceKind.FULL
    if code in {530, 534, 535, 538}:
        return BounceKind.POLICY
    if code in {500, 501, 502, 503, 504, 555}:
        return BounceKind.MESSAGE  # our way of saying it was refused, not the person
    return BounceKind.SOFT
