"""A user who leaves, of whom there is something in every table, and a colleague with the same traces."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import accounts, audit, messages, sessions, threads, user_erasure
from service.facts.acts import Act
from service.facts.messages import ScanState, Side
from service.facts.permissions import BuiltInRole
from service.facts.states import CampaignState, DeliveryState, ImportState
from service.i18n.folding import fold
from service.models import (
    Attachment,
    Campaign,
    Digest,
    MailAccount,
    MessagingTerms,
    Notice,
    NotificationChoice,
    Program,
    RecoveryCode,
    Selection,
    StageChange,
    SuppressionLift,
    SystemMail,
    TermsAcceptance,
    Thread,
    User,
)
from service.models.erasure import Erasure
from service.models.imports import Import
from tests.domain import factories
from tests.domain.factories import NOW

CANARY = "canari-9d41"
NAME, ADDRESS = f"Ida {CANARY}", f"{CANARY}@brand.example"
ACCOUNT = f"ida.{CANARY}@post.example"
LATER = NOW + timedelta(days=1)


@dataclass(frozen=True)
class Leaver:
    """The ids of who leaves, of the colleague who stays, and of the program they work in."""

    user_id: int
    other_id: int
    program_id: int


def erase(db: Database, leaver: Leaver) -> user_erasure.Erased:
    """Erase who leaves, a day later."""
    with db.transaction() as session:
        return user_erasure.erase(session, leaver.user_id, actor=None, now=LATER)


def put(db: Database) -> Leaver:
    """Add both, with an administrator who stays."""
    with db.transaction() as session:
        program = factories.program(session)
        boss = factories.user(session, program, email="boss@brand.example")
        boss.role = accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR)
        boss.name = "Boss"
        leaver = factories.user(session, program, email=ADDRESS.upper())
        leaver.name, leaver.invitation = NAME, None
        leaver.search_text = fold(f"{NAME}\n{ADDRESS}")
        other = factories.user(session, program, email="mei@brand.example")
        other.name = "Mei"
        _leave_traces(session, leaver, program, CANARY, ACCOUNT)
        _leave_traces(session, other, program, "mei", "mei@post.example")
        return Leaver(leaver.id, other.id, program.id)


def _leave_traces(session: Session, user: User, program: Program, word: str, account_address: str) -> None:
    talked = factories.prospect(session, program, f"Partner of {user.id}", messaging_enabled=True)
    thread = threads.open_with(session, program.id, talked.partner_id, now=NOW)
    user.password_hash, user.totp_secret, user.totp_last_step = f"hash-{word}", f"totp-{word}", 1
    user.seen_at, user.all_programs = NOW, False
    row, _ = sessions.open_session(session, user, now=NOW)
    row.browser = f"Browser of {word}"
    session.add(RecoveryCode(user_id=user.id, code_hash=f"code-{word}"))
    session.add(NotificationChoice(user_id=user.id, kind="message_received", mail="daily"))
    session.add(Digest(user_id=user.id, day=NOW.date(), at=NOW))
    session.add(
        Selection(user_id=user.id, program_id=thread.program_id, ids=[1], query={"q": word}, updated_at=NOW)
    )
    session.add(
        Notice(user_id=user.id, kind="import_done", values={"file": f"people of {word}.csv"}, created_at=NOW)
    )
    terms = MessagingTerms(texts={"en": "Be kind."}, author_id=user.id, created_at=NOW)
    session.add(terms)
    session.flush()
    session.add(TermsAcceptance(terms_id=terms.id, user_id=user.id, accepted_at=NOW))
    sent = messages.send(session, thread.id, actor=user, body="Our rates.", form_key=word, now=NOW)
    messages.keep_draft(session, thread, actor=user, body=f"{word} begins", form_key="d", now=NOW)
    _attach(session, user, thread, f"sent-{user.id}", "rates.pdf", sent.id)
    _attach(session, user, thread, f"loose-{user.id}", f"{word}.pdf", None)
    account = MailAccount(
        user_id=user.id, address=account_address, address_key=account_address, host=f"smtp.{word}.example",
        port=587, tls="starttls", user_name=f"login-{word}", secret=f"sealed-{word}", verified_at=NOW,
        created_at=NOW,
    )  # fmt: skip
    session.add(account)
    session.flush()
    for number, state in enumerate((CampaignState.FINISHED, CampaignState.SENDING, CampaignState.DRAFT)):
        session.add(
            Campaign(
                program_id=thread.program_id, author_id=user.id, form_key=f"{user.id}-{number}",
                state=state.value, from_name=f"{user.name} of Aurore", reply_to=user.email,
                mail_account_id=account.id if number else None,
                from_address=account_address if number == 1 else None,
                source_locale="en", unknown_policy="ask", created_at=NOW,
            )
        )  # fmt: skip
    for state, refusal in ((ImportState.CANCELLED, user.name), (ImportState.APPLYING, None)):
        reasons = [
            {"rule": "rights-lost", "severity": "error", "text": "%(name)s", "values": {"name": refusal}}
        ]
        session.add(
            Import(
                program_id=thread.program_id, user_id=user.id, size=1, file_name="people.csv", locale="en",
                state=state.value, refusal=reasons if refusal else None, created_at=NOW,
            )
        )  # fmt: skip
    thread.assignee_id = user.id
    closed = factories.prospect(session, program, f"Closed by {user.id}", messaging_enabled=True)
    revoked = threads.open_with(session, program.id, closed.partner_id, now=NOW)
    revoked.links_revoked_at, revoked.links_revoked_by_id = NOW, user.id
    session.add(StageChange(prospect_id=talked.id, event="archived", stage="new", user_id=user.id, at=NOW))
    session.add(
        SuppressionLift(
            program_id=thread.program_id, address_key="x@x.example", reason="manual", note="asked",
            user_id=user.id, at=NOW,
        )
    )  # fmt: skip
    mail = {"locale": "en", "created_at": NOW, "state": DeliveryState.QUEUED.value}
    for number, (template, address, values) in enumerate(
        (
            ("password-reset", user.email, {"url": f"https://x.example/{word}"}),
            ("user-invitation", "new@brand.example", {"inviter": user.name, "days": 7}),
            ("test-mail", "new@brand.example", {"reply_to": user.email, "ads": [1]}),
        )
    ):
        session.add(
            SystemMail(
                template=template, address=address, values=values, message_id=f"m-{user.id}-{number}", **mail
            )
        )
    session.add(Erasure(subject="partner", subject_id=7, counts={}, actor_id=user.id, at=NOW))
    audit.record(session, Act.SIGNED_IN, actor=user, subject_id=user.id, now=NOW)
    boss = session.scalars(select(User).where(User.name == "Boss")).one()
    audit.record(session, Act.USER_ENABLED, actor=boss, subject_id=user.id, now=NOW)
    session.flush()


def _attach(
    session: Session, user: User, thread: Thread, file_id: str, name: str, message_id: int | None
) -> None:
    session.add(
        Attachment(
            thread_id=thread.id, message_id=message_id, upload_key=file_id, side=Side.BRAND.value,
            user_id=user.id, name=name, kind="pdf", size=1, digest="0" * 64, file_id=file_id,
            state=ScanState.CLEAN.value, give_up_at=NOW + timedelta(days=1), created_at=NOW,
        )
    )  # fmt: skip
