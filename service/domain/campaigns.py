"""Campaigns: written as a draft in several languages, frozen and sent, held, and ended."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from service.domain import (
    ads,
    campaign_checks,
    campaign_states,
    letters,
    mail_accounts,
    outbox,
    pauses,
    recipients,
    selections,
)
from service.domain.campaign_checks import NOBODY, LeaveOut
from service.domain.errors import DomainError
from service.domain.jobs import Jobs
from service.domain.letters import Composer
from service.domain.recipients import Recipient
from service.domain.selections import Selected
from service.facts.refusals import Refusal
from service.facts.states import CampaignState, DeliveryState, UnknownPolicy
from service.i18n.locales import LOCALES
from service.mail.variants import choose_variant
from service.models import Campaign, Delivery, Program, User, Variant

BATCH = 1000
MakeId = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Writing:
    """What an author writes: names, and (subject, content) by locale; a language left empty is no variant.

    `mail_account_id` is an account of the author's own, None for the installation's address. The last
    three are whom `launch` is to drop.
    """

    from_name: str
    reply_to: str
    source_locale: str
    variants: Mapping[str, tuple[str, str]]
    template: str | None = None
    unknown_policy: UnknownPolicy = UnknownPolicy.ASK
    mail_account_id: int | None = None
    leave_out: bool = False
    leave_out_roles: bool = False
    leave_out_decided: bool = False


def draft(
    session: Session,
    program: Program,
    writing: Writing,
    *,
    form_key: str,
    selected: Selected,
    actor: User,
    now: datetime,
) -> Campaign:
    """Start a campaign; the same form sent twice is one campaign, also when both arrive at once."""
    known = _started(session, program, form_key, actor)
    if known is not None:
        return known
    campaign = Campaign(
        program_id=program.id,
        author_id=actor.id,
        form_key=form_key,
        state=CampaignState.DRAFT.value,
        from_name="",
        source_locale=writing.source_locale,
        unknown_policy=writing.unknown_policy.value,
        selection=selected.to_json(),
        created_at=now,
    )
    _put(session, campaign, writing)
    try:
        with session.begin_nested():
            session.add(campaign)
    except IntegrityError:
        known = _started(session, program, form_key, actor)
        if known is None:
            raise
        return known
    return campaign


def _started(session: Session, program: Program, form_key: str, actor: User) -> Campaign | None:
    known = session.scalar(select(Campaign).where(Campaign.form_key == form_key))
    if known is not None and (known.program_id != program.id or known.author_id != actor.id):
        raise DomainError(Refusal.NOT_FOUND)
    return known


def write(session: Session, campaign: Campaign, writing: Writing, *, version: int) -> None:
    """Store what the author wrote, unless it is frozen or somebody saved since `version` was read."""
    _hold(session, campaign)
    if CampaignState(campaign.state) is CampaignState.SCHEDULED:
        raise DomainError(Refusal.CAMPAIGN_SCHEDULED)
    if CampaignState(campaign.state) is not CampaignState.DRAFT:
        raise DomainError(Refusal.CAMPAIGN_ALREADY_LAUNCHED)
    if campaign.version != version:
        raise DomainError(Refusal.EDITED_MEANWHILE)
    _put(session, campaign, writing)
    campaign.version += 1
    session.flush()


def _hold(session: Session, campaign: Campaign) -> None:
    """Read a draft as it is now, and let nobody launch or write it until this transaction ends."""
    session.refresh(campaign, with_for_update={"key_share": True})
    session.expire(campaign, ["variants"])


def _put(session: Session, campaign: Campaign, writing: Writing) -> None:
    sender = mail_accounts.owned(session, campaign.author_id, writing.mail_account_id)
    campaign.mail_account_id = sender.id if sender else None
    campaign.from_name = writing.from_name.strip()
    campaign.reply_to = writing.reply_to.strip() or None
    campaign.source_locale = writing.source_locale
    campaign.template = writing.template
    campaign.unknown_policy = writing.unknown_policy.value
    campaign.leave_out, campaign.leave_out_roles = writing.leave_out, writing.leave_out_roles
    campaign.leave_out_decided = writing.leave_out_decided
    kept = {variant.locale: variant for variant in campaign.variants}
    for locale in LOCALES:
        subject, content = writing.variants.get(locale, ("", ""))
        variant = kept.get(locale)
        if not subject.strip() and not content.strip():
            if variant is not None:
                campaign.variants.remove(variant)
        elif variant is None:
            campaign.variants.append(Variant(locale=locale, subject=subject, content=content))
        else:
            variant.subject, variant.content = subject, content


def review(session: Session, composer: Composer, campaign: Campaign) -> campaign_checks.Review:
    """Return everything that stands between the draft and its launch, and what each language will get."""
    program = session.get_one(Program, campaign.program_id)
    return campaign_checks.review(
        campaign,
        recipients_of(session, campaign),
        composer=composer,
        text=letters.text_of(session, campaign.id),
        default_locale=program.default_locale,
    )


def launch(
    session: Session,
    jobs: Jobs,
    composer: Composer,
    campaign: Campaign,
    *,
    now: datetime,
    leave_out: LeaveOut = NOBODY,
    at: datetime | None = None,
) -> bool:
    """Freeze content and recipients and start sending, or have that start at the moment `at`.

    What the author saw is what goes out: a scheduled campaign freezes when it is scheduled, not when it
    starts. Launching what is launched or scheduled changes nothing, and returns False. Recipients for whom a
    token has neither value nor fallback refuse the launch unless `leave_out` drops them.
    """
    state = CampaignState.SENDING if at is None else CampaignState.SCHEDULED
    claimed = session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.state == CampaignState.DRAFT.value)
        .values(state=state.value, launched_at=now, scheduled_at=at)
        .execution_options(synchronize_session=False)
    )
    session.refresh(campaign)
    if not claimed.rowcount:  # type: ignore[attr-defined]
        return False
    _freeze(session, campaign)  # first: the review judges what will be sent
    found = review(session, composer, campaign)
    found.refuse_unless_ready(leave_out)
    _queue(session, campaign, found.chosen(leave_out), composer.new_message_id)
    if at is None:
        jobs.deliver(session, campaign.id)
    return True


def _freeze(session: Session, campaign: Campaign) -> None:
    program = session.get_one(Program, campaign.program_id)
    campaign.program_name = program.name
    sender = mail_accounts.ready(session, campaign.author_id, campaign.mail_account_id)
    campaign.from_address = sender.address if sender else None
    campaign.ads = {
        str(ad.id): {"name": ad.name, "link_url": ad.link_url, "image_url": ad.image_url}
        for ad in ads.list_of(session, program.id)
    }


def _queue(session: Session, campaign: Campaign, chosen: Sequence[Recipient], make_id: MakeId) -> None:
    program = session.get_one(Program, campaign.program_id)
    variants = [variant.locale for variant in campaign.variants]
    for start in range(0, len(chosen), BATCH):
        rows = [
            {
                "campaign_id": campaign.id,
                "prospect_id": recipient.prospect_id,
                "address": recipient.address,
                "address_key": recipient.address_key,
                "locale": choose_variant(
                    recipient.locale, variants, default=program.default_locale, source=campaign.source_locale
                ),
                "time_zone": recipient.time_zone,
                "values": recipient.values,
                "message_id": make_id(),
                "state": DeliveryState.QUEUED.value,
                "attempts": 0,
            }
            for recipient in chosen[start : start + BATCH]
        ]
        session.execute(insert(Delivery), rows)


def discard(session: Session, campaign: Campaign) -> None:
    """Delete a draft; refuses a campaign that is out."""
    _hold(session, campaign)
    if CampaignState(campaign.state) is not CampaignState.DRAFT:
        raise DomainError(Refusal.CAMPAIGN_ALREADY_LAUNCHED)
    session.delete(campaign)
    session.flush()


def pause(session: Session, campaign: Campaign) -> bool:
    """Hold a campaign that is being sent; mails already in flight finish. False: it was held already."""
    moved = _move(session, campaign, {CampaignState.SENDING}, CampaignState.PAUSED)
    if moved:
        pauses.hold(session, [campaign.id])
    return moved


def resume(session: Session, jobs: Jobs, campaign: Campaign) -> bool:
    """Go on sending a held campaign. False: it was going on already."""
    moved = _move(session, campaign, {CampaignState.PAUSED}, CampaignState.SENDING)
    if moved:
        campaign.pause_reason = None
        jobs.deliver(session, campaign.id)
    return moved


def cancel(session: Session, campaign: Campaign, *, now: datetime) -> int | None:
    """End a campaign; return how many mails are in flight and can no longer be called back.

    None: it was cancelled already.
    """
    going = {CampaignState.SENDING, CampaignState.PAUSED}
    if not _move(session, campaign, going, CampaignState.CANCELLED):
        return None
    campaign.finished_at = now
    return outbox.cancel_open(session, campaign.id, now=now)


def _move(
    session: Session, campaign: Campaign, allowed: Collection[CampaignState], target: CampaignState
) -> bool:
    """Change the state; False where it is so already, as a button that is clicked twice finds it."""
    try:
        campaign_states.change(session, campaign, only_at=allowed, state=target.value)
    except DomainError:
        if campaign.state != target.value:
            raise
        return False
    return True


def find(session: Session, program_ids: Collection[int], campaign_id: int) -> Campaign:
    """Return a campaign of one of these programs; any other does not exist here."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or campaign.program_id not in program_ids:
        raise DomainError(Refusal.NOT_FOUND)
    return campaign


def list_of(session: Session, program_id: int, *, before: int = 0, limit: int = 100) -> Sequence[Campaign]:
    """Return the program's campaigns, newest first; `before` is the id of the last one already seen."""
    query = select(Campaign).where(Campaign.program_id == program_id).options(selectinload(Campaign.variants))
    if before:
        query = query.where(Campaign.id < before)
    return session.scalars(query.order_by(Campaign.id.desc()).limit(limit)).all()


def list_by_id(session: Session, campaign_ids: Collection[int]) -> Sequence[Campaign]:
    """Return these campaigns with their variants."""
    query = select(Campaign).where(Campaign.id.in_(campaign_ids)).options(selectinload(Campaign.variants))
    return session.scalars(query).all()


def recipients_of(session: Session, campaign: Campaign) -> list[Recipient]:
    """Return whom a draft would go to if it were launched now."""
    program = session.get_one(Program, campaign.program_id)
    selected = Selected.from_json(campaign.selection)
    return recipients.resolve(session, program, selections.prospect_ids(session, program.id, selected))
