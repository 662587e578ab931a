"""A partner of whom there is something in every table, and a neighbour with the same traces."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.db import Database
from service.domain import (
    messages,
    suppression,
    threads,
)
from service.domain.suppression import SuppressionReason
from service.facts.messages import ScanState, Side
from service.facts.states import DeliveryState
from service.models import (
    Attachment,
    Bounce,
    Campaign,
    Delivery,
    DeliveryAttempt,
    Notice,
    Partner,
    Prospect,
    SuppressionLift,
    SystemMail,
)
from tests.domain import factories
from tests.domain.factories import NOW
from tests.domain.import_desk import Desk

CANARY = "canari-7f3e"
ADDRESS, CUSTOM = f"{CANARY}@oiseaux.example", f"autre-{CANARY}@oiseaux.example"
NAME = f"Atelier {CANARY}"


@dataclass(frozen=True)
class Known:
    """A person of whom there is something in every table, and the program that knows them."""

    partner_id: int
    program_id: int
    other_id: int


def put(db: Database) -> Known:
    """Import the canary, and a neighbour who has the same traces and must keep them."""
    desk = Desk(db)
    desk.import_file(
        f"Partner name,Contact email,Media property,Group name,Contact first name,Description,Partner ID\n"
        f"{NAME},{ADDRESS.upper()},https://{CANARY}.example,Summer,{CANARY},{CANARY} sings,\n"
        f"Neighbour,neighbour@oiseaux.example,https://neighbour.example,Summer,Ida,Next door,\n"
    )
    with db.transaction() as session:
        ids = {partner.name: partner.id for partner in session.scalars(select(Partner).order_by(Partner.id))}
        for name, partner_id in ids.items():
            _leave_traces(session, desk, partner_id, CANARY if name == NAME else "neighbour")
    return Known(ids[NAME], desk.program_id, ids["Neighbour"])


def _leave_traces(session: Session, desk: Desk, partner_id: int, word: str) -> None:
    partner = session.get_one(Partner, partner_id)
    prospect = session.scalars(select(Prospect).where(Prospect.partner_id == partner_id)).one()
    prospect.custom_email = prospect.custom_email_key = f"autre-{word}@oiseaux.example"
    partner.messaging_enabled = True
    partner.last_name, partner.business_model, partner.country = word, word, "FR"
    author = session.get_one(factories.User, desk.user_id)
    thread = threads.open_with(session, desk.program_id, partner_id, now=NOW)
    messages.send(session, thread.id, actor=author, body=f"Hello {word}", form_key="a", now=NOW)
    answer = messages.answer(session, thread.id, body=f"{word} answers", form_key="b", now=NOW)
    answer.message_id = f"<{word}@mail.example>"
    messages.keep_draft(session, thread, actor=author, body=f"Dear {word}", form_key="c", now=NOW)
    threads.report(session, thread, words=f"{word} complains", now=NOW)
    session.add(
        Attachment(
            thread_id=thread.id, message_id=answer.id, upload_key="b", side=Side.PARTNER.value,
            name=f"{word}.pdf", kind="pdf", size=1, digest=f"digest-{word}", file_id=f"stored-{word}",
            state=ScanState.REFUSED.value, threat=word, give_up_at=NOW, created_at=NOW,
        )
    )  # fmt: skip
    campaign = Campaign(
        program_id=desk.program_id, author_id=author.id, form_key=word[::-1], state="finished",
        from_name="Brand", source_locale="en", unknown_policy="ask", created_at=NOW,
    )  # fmt: skip
    session.add(campaign)
    session.flush()
    delivery = Delivery(
        campaign_id=campaign.id, prospect_id=prospect.id,
        address=partner.email, address_key=partner.email_key, locale="fr", time_zone="UTC",
        values={"name": word}, message_id=word[::-1],
        state=DeliveryState.DEFERRED.value, reply=f"450 {word} is full", next_attempt_at=NOW,
    )  # fmt: skip
    session.add(delivery)
    session.flush()
    session.add(DeliveryAttempt(delivery_id=delivery.id, at=NOW, outcome="temporary", reply=f"450 {word}"))
    session.add(Bounce(delivery_id=delivery.id, kind="soft", status="4.2.2", text=f"{word} is full", at=NOW))
    suppression.suppress(
        session, desk.program_id, partner.email_key, reason=SuppressionReason.COMPLAINT, now=NOW
    )
    session.add(
        SuppressionLift(
            program_id=desk.program_id, address_key=partner.email_key, reason="manual",
            note=f"{word} asked", at=NOW,
        )
    )  # fmt: skip
    session.add(
        SystemMail(
            template="message-notification", address=partner.email, locale="fr", values={"text": word},
            message_id=f"s{word[::-1]}", state=DeliveryState.FAILED.value, created_at=NOW,
            reply=f"550 {word}",
        )
    )  # fmt: skip
    session.add(Notice(user_id=author.id, kind="import_done", values={"file": partner.name}, created_at=NOW))
    session.flush()
