"""Answers by email: into the conversation when they came to its signed address, and only then."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.adapters.ledger_only import LedgerOnly
from service.db import Database
from service.domain import inbound, prospects, threads
from service.domain.inbound import Brought, Done
from service.facts.limits import MESSAGE_CHARACTERS
from service.facts.stages import StageEvent
from service.mail.bounces import understand
from service.mail.verp import ReplyAddresses, ReturnPath
from service.models import Message
from tests.domain.factories import NOW
from tests.domain.talks import Talk, talk
from tests.domain.test_inbound import everything
from tests.mail.answers import PROGRAMS, mail, part, parts

MAILBOX = "replies@brand.example"
REPLIES = ReplyAddresses(MAILBOX, "k" * 40)
PATH = ReturnPath("news@brand.example", "", "k" * 40)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def here(session: Session) -> Talk:
    """A conversation in which the brand has written."""
    made = talk(session)
    made.say(session, key="a")
    return made


def address(here: Talk) -> str:
    found = REPLIES.of(here.thread.id, here.thread.link_version)
    assert found is not None
    return found


def take(
    session: Session, data: bytes, *, brought: Brought | None = None, came_to: tuple[str, ...] = ()
) -> Done:
    return inbound.take(
        session,
        PATH,
        understand(data),
        replies=REPLIES,
        jobs=LedgerOnly(),
        brought=brought,
        came_to=came_to,
        now=LATER,
    ).done


def answers(session: Session) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.side == "partner").order_by(Message.id)))


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_answer_goes_into_its_conversation(session: Session, here: Talk, program: str) -> None:
    """From common programs in four languages: the words without the history, once, and the brand is told."""
    own, history = PROGRAMS[program]
    data = mail(own + history, to=f"Emma <{address(here)}>", encoding="base64")
    assert [take(session, data) for _ in range(2)] == [Done.REPLY, Done.KNOWN]
    (message,) = answers(session)
    assert (message.body, message.channel, message.message_id) == (
        own.strip(),
        "email",
        "answer@people.example",
    )
    assert message.lang in {program.split()[1].strip(","), None}
    assert here.thread.unread
    assert prospects.has_happened(session, here.prospect.id, StageEvent.ANSWERED)


def test_the_same_mail_without_an_id_is_one_message_too(session: Session, here: Talk) -> None:
    data = mail("Yes.", to=address(here), message_id="")
    assert [take(session, data) for _ in range(2)] == [Done.REPLY, Done.KNOWN]
    assert take(session, mail("No.", to=address(here), message_id="")) is Done.REPLY


def test_two_ids_that_begin_alike_are_two_messages(session: Session, here: Talk) -> None:
    for end in "ab":
        assert (
            take(session, mail("Yes.", to=address(here), message_id="x" * 100 + end + "@y.example"))
            is Done.REPLY
        )
    assert len(answers(session)) == 2


def test_the_mail_server_may_tell_the_address(session: Session, here: Talk) -> None:
    """Where To names another, and the server folds the case."""
    assert take(session, mail("Yes."), came_to=(address(here).upper(),)) is Done.REPLY


@pytest.mark.parametrize(
    "to",
    [
        lambda here: MAILBOX,
        lambda here: str(ReplyAddresses(MAILBOX, "f" * 40).of(here.thread.id, 1)),
        lambda here: str(REPLIES.of(here.thread.id, 2)),
        lambda here: str(REPLIES.of(999, 1)),
        lambda here: address(here).replace("brand", "evil"),
    ],
)
def test_without_the_signed_address_nothing_is_believed(session: Session, here: Talk, to: object) -> None:
    """M-14: forged, of revoked links, of another conversation."""
    assert take(session, mail("Yes.", to=to(here))) is Done.UNSIGNED  # type: ignore[operator]
    assert answers(session) == []


def test_revoked_links_end_the_address_as_well(session: Session, here: Talk) -> None:
    """D-7."""
    old = address(here)
    threads.revoke_links(session, here.thread, version=1, actor=here.user, now=NOW)
    assert take(session, mail("Yes.", to=old)) is Done.UNSIGNED
    assert take(session, mail("Yes.", to=address(here))) is Done.REPLY


def test_who_names_our_message_id_alone_has_answered_without_words(session: Session, here: Talk) -> None:
    """M-14: the stage moves, the conversation stays as it is."""
    (ours,) = session.scalars(select(Message.message_id))
    data = mail("Yes.", more=(f"In-Reply-To: <{ours}@brand.example>",))
    assert [take(session, data) for _ in range(2)] == [Done.UNPROVEN] * 2
    assert answers(session) == []
    assert prospects.has_happened(session, here.prospect.id, StageEvent.ANSWERED)


def test_who_answers_a_mail_has_read_what_it_told(session: Session, here: Talk) -> None:
    (first,) = session.scalars(select(Message))
    second = here.say(session, key="b")
    second.message_id = "another"
    take(session, mail("Yes.", to=address(here), more=(f"In-Reply-To: <{first.message_id}@brand.example>",)))
    assert (first.read_at, second.read_at) == (LATER, None)


@pytest.mark.parametrize(
    "more",
    [("Auto-Submitted: auto-replied",), ("Precedence: bulk",), ("X-Autoreply: yes",), ("Return-Path: <>",)],
)
def test_an_absence_changes_nothing(db: Database, more: tuple[str, ...]) -> None:
    """M-13: at the signed address as well."""
    with db.transaction() as session:
        made = talk(session)
        made.say(session, key="a")
        to = address(made)
    before = everything(db)
    with db.transaction() as session:
        assert take(session, mail("I am away.", to=to, more=more)) is Done.AUTOMATIC
        data = mail("I am away.", to=to).replace(b"Subject: Re:", b"Subject: Automatic reply:")
        assert take(session, data) is Done.AUTOMATIC
    assert everything(db) == before


def test_files_that_nobody_brings_are_counted(session: Session, here: Talk) -> None:
    """U-12: a mail of files alone is a message too."""
    image = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="
    data = parts("mixed", part("Here."), image, image, to=address(here))
    assert take(session, data) is Done.REPLY_IN_PART
    alone = parts("mixed", image, to=address(here), message_id="b@y.example")
    assert take(session, alone) is Done.REPLY_IN_PART
    assert [(one.body, one.files_left_out) for one in answers(session)] == [("Here.", 2), ("", 1)]


def test_an_answer_longer_than_a_message_becomes_several(session: Session, here: Talk) -> None:
    """Nothing is lost; what no conversation holds is refused whole."""
    text = "長い文。" * (MESSAGE_CHARACTERS // 4) + "終わり"
    assert take(session, mail(text, to=address(here))) is Done.REPLY
    assert "".join(one.body for one in answers(session)) == text
    assert take(session, mail(text, to=address(here))) is Done.KNOWN
    endless = mail("x" * MESSAGE_CHARACTERS * 11, to=address(here), message_id="b@y.example")
    assert take(session, endless) is Done.TOO_LONG
    assert take(session, mail(" \n", to=address(here), message_id="c@y.example")) is Done.NO_WORDS


@pytest.mark.parametrize(
    "text",
    ["\x00\x1b[31m\x07hidden", "{{7*7}} {firstName} <script>", "a\u2028b\x85c", "=?utf-8?q?x?=", "\ud83d"],
)
def test_hostile_words_are_stored_as_words(session: Session, here: Talk, text: str) -> None:
    """T-1, T-9, H-2: never a refusal, never a control character."""
    octets = text.encode("utf-8", "surrogatepass")
    assert take(session, mail("", to=address(here), octets=octets)) is Done.REPLY
    (message,) = answers(session)
    assert all(character.isprintable() or character in "\n\t" for character in message.body)


def test_a_partner_with_messages_off_still_gets_through(session: Session, here: Talk) -> None:
    threads.set_messaging(session, here.partner.id, enabled=False)
    assert take(session, mail("Yes.", to=address(here))) is Done.REPLY


def test_without_a_mailbox_no_answer_is_taken(session: Session, here: Talk) -> None:
    letter = understand(mail("Yes.", to=address(here)))
    assert inbound.take(session, PATH, letter, now=LATER).done is Done.UNSIGNED
