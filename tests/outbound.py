"""A launched campaign in the ledger, with as many recipients as a test wants."""

from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy.orm import Session

from service.domain import deliveries, prospects
from service.domain.ledger import Attempt
from service.facts.replies import Outcome
from service.facts.sources import PartnerKind, Source
from service.facts.stages import Stage
from service.facts.states import CampaignState, DeliveryState, UnknownPolicy
from service.models import Campaign, Delivery, Partner, Program, Prospect, Role, User, Variant

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
CONTENT = {
    "en": ("A partnership with {programName}", "Hello {firstName|there},\n\nwrite to us on {currentDay}.\n"),
    "ja": ("{programName}との提携", "{mpname} 御中\n\n{currentDay}にご連絡ください。\n"),
}


def make_program(session: Session) -> tuple[Program, User]:
    """Make a program and one user."""
    program = Program(
        name="Aurora", name_key="aurora", default_locale="en", time_zone="Europe/Paris", created_at=NOW
    )
    role = Role(key="administrator", name="Account administrator", permissions=[])
    session.add_all([program, role])
    session.flush()
    user = User(
        email="ada@brand.example",
        email_key="ada@brand.example",
        name="Ada",
        role_id=role.id,
        locale="en",
        time_zone="UTC",
        created_at=NOW,
    )
    session.add(user)
    session.flush()
    return program, user


def make_campaign(
    session: Session,
    recipients: int,
    *,
    policy: UnknownPolicy = UnknownPolicy.ASK,
    state: CampaignState = CampaignState.SENDING,
    program: Program | None = None,
    author: User | None = None,
) -> Campaign:
    """Make a campaign with queued deliveries to `p0@example.com`, `p1@example.com` and so on."""
    if program is None or author is None:
        program, author = make_program(session)
    campaign = Campaign(
        program_id=program.id,
        author_id=author.id,
        form_key=f"form-{recipients}-{session.query(Campaign).count()}",
        state=state.value,
        from_name="Ada of Aurora",
        source_locale="en",
        unknown_policy=policy.value,
        program_name=program.name,
        created_at=NOW,
        launched_at=NOW,
        variants=[
            Variant(locale=locale, subject=subject, content=content)
            for locale, (subject, content) in CONTENT.items()
        ],
    )
    session.add(campaign)
    session.flush()
    partners = [
        Partner(
            name=f"Partner {number}",
            first_name=None if number % 3 == 0 else "Lin",
            email=f"p{number}@example.com",
            email_key=f"p{number}.{campaign.id}@example.com",
            kind=PartnerKind.CREATOR.value,
            created_at=NOW,
        )
        for number in range(recipients)
    ]
    session.add_all(partners)
    session.flush()
    prospects = [
        Prospect(
            program_id=program.id,
            partner_id=partner.id,
            stage=Stage.NEW.value,
            source=Source.MANUAL.value,
            created_at=NOW,
        )
        for partner in partners
    ]
    session.add_all(prospects)
    session.flush()
    session.add_all(
        Delivery(
            campaign_id=campaign.id,
            prospect_id=prospect.id,
            address=partner.email,
            address_key=partner.email,
            locale="ja" if number % 2 else "en",
            time_zone="Asia/Tokyo",
            values={"name": partner.name, "first_name": partner.first_name, "mpid": None, "last_name": None},
            message_id=f"c{campaign.id}.{number}@brand.example",
            state=DeliveryState.QUEUED.value,
        )
        for number, (partner, prospect) in enumerate(zip(partners, prospects, strict=True))
    )
    session.flush()
    return campaign


def settle(session: Session, *attempts: Attempt, now: datetime = NOW) -> None:
    """Store what became of attempts, in order, as the worker's writer would, and tell their prospects."""
    for is_accepted, some in groupby(attempts, lambda attempt: attempt.reply.outcome is Outcome.ACCEPTED):
        alike = list(some)
        if is_accepted:
            deliveries.settle_sent(session.connection(), alike, now=now)
            prospects.record_sent(session, [attempt.mail_id for attempt in alike])
        else:
            for attempt in alike:
                deliveries.settle(session, attempt, now=now)
