"""What a received mail is: a delivery report, a complaint, an automatic answer, a letter, or not understood.

Delivery reports are RFC 3464 in multipart/report (RFC 6522), with international addresses (RFC 6533);
complaints are RFC 5965; automatic answers are told by RFC 3834. Fields are judged, never prose; nothing here
raises.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from service.facts.bounces import Status, reply_of, status_of
from service.mail import unusual_bounces
from service.mail.received import NOTHING, Fields, Octets, Part, blocks_of, fields_of, read

# Of a mail that may be a report; a letter may have more.
MOST_PARTS = 60
MOST_RECIPIENTS = 50
MOST_IDS = 100
_TEXT_MOST = 500


class Action(StrEnum):
    """What a server did for a recipient; the three kinds of success are one here."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Recipient:
    """What a report says of one recipient; `text` is the server's own answer."""

    address: str
    action: Action
    code: int | None
    status: Status | None
    text: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report. `to`: the addresses that may name the delivery, those of the envelope first."""

    to: tuple[str, ...]
    recipients: tuple[Recipient, ...]

    @property
    def failed(self) -> Recipient | None:
        """The first recipient who did not get the mail for good."""
        return next((one for one in self.recipients if one.action is Action.FAILED), None)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A recipient called a mail spam; `about` are the Message-IDs of that mail, without brackets."""

    to: tuple[str, ...]
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Automatic:
    """A machine wrote this by itself: it is never answered and changes nothing."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Somebody wrote this; `answers`: the Message-IDs it refers to, the nearest first, without brackets.

    `content` is the mail itself, `message_id` its own, empty where it has none.
    """

    to: tuple[str, ...]
    answers: tuple[str, ...]
    content: Part = field(default=NOTHING, repr=False, compare=False)
    message_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A mail that cannot be read as the report it claims to be."""


@dataclass(frozen=True, slots=True)
class NoMail:
    """Nothing that can be read as a mail: it has not one header field."""


Inbound = Bounce | Complaint | Automatic | Letter | NotUnderstood | NoMail


def understand(data: Octets, *, is_cut: bool = False) -> Inbound:
    """Return what a mail is; any bytes have an answer, in time that grows with their number.

    `is_cut` says that the end of the mail is missing. A letter reads from `data` as long as it is used.
    """
    mail = read(data, is_cut=is_cut)
    if not mail.fields.items:
        return NoMail()
    parts = list(islice(mail.walk(), MOST_PARTS))
    feedback = _first(parts, "message/feedback-report")
    if feedback is not None:
        return _complaint(mail, parts, feedback)
    if _is_of_microsoft(mail, parts):
        return Complaint(_addresses(mail, parts), _returned_ids(parts))
    report = _first(parts, "message/delivery-status", "message/global-delivery-status")
    recipients = _recipients(report) if report is not None else ()
    if recipients:
        return Bounce(_addresses(mail, parts), recipients)
    if not _is_automatic(mail):
        own = next(iter(_ids(mail.fields.first("message-id"))), "")
        return Letter(_addresses(mail, ()), _references(mail.fields), mail, own)
    unusual = unusual_bounces.find(mail)
    if unusual is None:
        return Automatic() if report is None else NotUnderstood()
    address, answer = unusual
    code, status = reply_of(answer)
    return Bounce(_addresses(mail, parts), (Recipient(address, Action.FAILED, code, status, shown(answer)),))


def shown(text: str) -> str:
    """Return a stranger's text as one line that can be stored and shown."""
    return " ".join(_UNSHOWN.sub(" ", text[: 4 * _TEXT_MOST]).split())[:_TEXT_MOST]


_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


# Delivery reports


def _recipients(report: Part) -> tuple[Recipient, ...]:
    blocks = blocks_of(report.decoded)
    found = [one for block in blocks if (one := _recipient(block)) is not None]
    return tuple(found[:MOST_RECIPIENTS])


def _recipient(block: Fields) -> Recipient | None:
    final = block.first("final-recipient") or block.first("original-recipient")
    code, said = _diagnostic(block.first("diagnostic-code"))
    status = status_of(block.first("status"))
    if status is None and code is None:
        code, status = reply_of(block.first("status"))
    if said is not None and (status is None or status.says_little or (not status.detail and said.detail)):
        status = said  # many servers put the true status into the answer they were given
    action = _action(block.first("action"), status)
    if action is None or not (final or block.has("action")):
        return None
    answer = _typed(block.first("diagnostic-code"))[1]
    given = block.first("status")
    return Recipient(_recipient_address(final), action, code, status, shown(answer or given))


def _action(value: str, status: Status | None) -> Action | None:
    word = value.partition("(")[0].partition(";")[0].strip().lower()
    if word in {"failed", "failure"}:
        return Action.FAILED
    if word == "delayed":
        return Action.DELAYED
    if word in {"delivered", "relayed", "expanded"}:
        return Action.DELIVERED
    if status is None:
        return None
    # Without a known action only a final status tells; class 4 may be about a mail still on its way.
    return {2: Action.DELIVERED, 4: Action.DELAYED, 5: Action.FAILED}[status.digit]


def _diagnostic(value: str) -> tuple[int | None, Status | None]:
    kind, answer = _typed(value)
    if kind == "x-postfix" and answer.endswith("(nullMX)"):
        return None, Status(5, 1, 10)  # RFC 7505; its own status for that is 5.1.0, which may be anything
    quoted = _QUOTED.search(answer)
    return reply_of(answer[quoted.end() :] if quoted else answer)


# "host mx.example.com[192.0.2.1] said: 550 5.1.1 …"
_QUOTED = re.compile(r" said:\s+(?=[245][0-9]{2}[ -])")


def _typed(value: str) -> tuple[str, str]:
    kind, mark, rest = value.partition(";")
    plain = kind.strip().lower()
    if mark and re.fullmatch(r"[a-z0-9_-]{1,40}", plain):
        return plain, rest.strip()
    return "", value.strip()


def _recipient_address(value: str) -> str:
    kind, address = _typed(value)
    if kind == "utf-8":
        address = re.sub(r"\\x\{([0-9A-Fa-f]{2,6})\}", _unescaped, address)
    return shown(address.strip("<> "))


def _unescaped(found: re.Match[str]) -> str:
    number = int(found.group(1), 16)
    return chr(number) if number <= 0x10FFFF else ""


# Complaints

# What people and providers report as unwanted; "not-spam" takes one back, "auth-failure" is about signatures.
_UNWANTED = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "other", "virus"})


def _complaint(mail: Part, parts: Sequence[Part], feedback: Part) -> Inbound:
    fields = fields_of(feedback.decoded)
    kind = fields.first("feedback-type").partition("(")[0].strip().lower()
    if not kind:
        return NotUnderstood()
    if kind not in _UNWANTED:
        return Automatic()
    sender = fields.first("original-mail-from")
    return Complaint((*_in(sender), *_addresses(mail, parts)), _returned_ids(parts))


def _is_of_microsoft(mail: Part, parts: Sequence[Part]) -> bool:
    """Its feedback loop (JMRP) may write no report: the mail comes back, with whom it was for on top."""
    marked = any(fields.has("x-hmxmroriginalrecipient") for fields in (mail.fields, *_returned(parts)))
    return marked and "staff@hotmail.com" in _in(mail.fields.first("from").lower())


def _returned_ids(parts: Sequence[Part]) -> tuple[str, ...]:
    ids = [one for returned in _returned(parts) for one in _ids(returned.first("message-id"))]
    return tuple(dict.fromkeys(ids))


# What both have in common

_RETURNED = frozenset(
    {
        "message/rfc822",
        "message/rfc822-headers",
        "text/rfc822-headers",
        "text/rfc822",
        "message/global",
        "message/global-headers",
    }
)
# Where servers write the envelope recipient; an address in To comes last.
_ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-rcpt-to")


def _first(parts: Sequence[Part], *kinds: str) -> Part | None:
    return next((part for part in parts if part.kind in kinds), None)


def _returned(parts: Sequence[Part]) -> list[Fields]:
    return [fields_of(part.decoded) for part in parts if part.kind in _RETURNED]


def _addresses(mail: Part, parts: Sequence[Part]) -> tuple[str, ...]:
    values = [*mail.fields.every(*_ENVELOPE), *mail.fields.every("to")]
    for returned in _returned(parts):
        values += returned.every("return-path", "x-envelope-from")
    return tuple(dict.fromkeys(address for value in values[:MOST_IDS] for address in _in(value)))


def _in(value: str) -> list[str]:
    words = re.split(r'[\s<>,;:"()\[\]]+', value)
    return [word for word in words if "@" in word.strip("@")]


def _ids(value: str) -> list[str]:
    return [one for one in re.split(r"[\s<>,]+", value) if "@" in one.strip("@")][:MOST_IDS]


def _references(fields: Fields) -> tuple[str, ...]:
    direct = [one for value in fields.every("in-reply-to") for one in _ids(value)]
    thread = [one for value in fields.every("references") for one in _ids(value)]
    return tuple(dict.fromkeys([*direct, *reversed(thread)]))[:MOST_IDS]


# Automatic answers

_MARKS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autogenerated",
    "x-mail-autoreply",
    "x-auto-response-suppress",
    "x-fc-machinegenerated",
    "x-failed-recipients",
)
_PRECEDENCE = frozenset({"bulk", "junk", "auto_reply", "auto-reply"})
_MACHINES = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|mailerdaemon)@|mailer-daemon\Z", re.I)


def _is_automatic(mail: Part) -> bool:
    """RFC 3834 sections 2 and 5, and what mail systems wrote before and beside it."""
    fields = mail.fields
    if mail.kind == "multipart/report":
        return True
    submitted = fields.first("auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
    if submitted and submitted != "no":
        return True
    if fields.has("return-path") and fields.first("return-path").replace(" ", "") in {"<>", ""}:
        return True
    if fields.first("precedence").strip().lower() in _PRECEDENCE or any(map(fields.has, _MARKS)):
        return True
    senders = [word for name in ("from", "sender") for word in _in(fields.first(name))]
    bare = fields.first("from").strip().lower() == "mailer-daemon"
    return bare or any(_MACHINES.match(word) for word in senders)
