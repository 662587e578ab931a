"""What stands between a draft and its launch: faults in the text, missing values, half-written languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.domain import checks, recipients
from service.domain.errors import DomainError
from service.domain.letters import CampaignText, Composer
from service.domain.recipients import Recipient
from service.facts.findings import Finding, Severity
from service.facts.limits import EMAIL_SUBJECT_CHARACTERS, NAME_CHARACTERS
from service.facts.refusals import Refusal
from service.mail import addresses
from service.mail.variants import choose_variant
from service.models import Campaign


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Whom the author leaves out: who lacks a value, addresses of an office, who has joined or declined."""

    missing: bool = False
    roles: bool = False
    decided: bool = False

    @classmethod
    def kept_with(cls, campaign: Campaign) -> "LeaveOut":
        """Return what is kept with a draft."""
        return cls(campaign.leave_out, campaign.leave_out_roles, campaign.leave_out_decided)

    def drops(self, recipient: Recipient) -> bool:
        """Tell whether a recipient is left out whatever the email says."""
        return (self.roles and recipient.has_role_address) or (self.decided and recipient.has_decided)


NOBODY = LeaveOut()


@dataclass(frozen=True, slots=True)
class Review:
    """The state of a draft; `problems` refuse it whatever the author decides, `missing` can be left out.

    `recipients` are all that are selected, those among them whom the author may leave out.
    """

    recipients: tuple[Recipient, ...]
    counts: Mapping[str, int]
    problems: tuple[DomainError, ...] = ()
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    missing: tuple[Recipient, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether a launch would be accepted as it stands."""
        return not self.problems and not self.missing

    def lacking(self, leave_out: LeaveOut) -> tuple[Recipient, ...]:
        """Return who lacks a value and is not left out already for what they are."""
        return tuple(item for item in self.missing if not leave_out.drops(item))

    def chosen(self, leave_out: LeaveOut) -> list[Recipient]:
        """Return whom the campaign would be queued for."""
        missing = {item.prospect_id for item in self.missing} if leave_out.missing else set()
        return [
            item for item in self.recipients if item.prospect_id not in missing and not leave_out.drops(item)
        ]

    def refuse_unless_ready(self, leave_out: LeaveOut) -> None:
        """Raise the first reason why this cannot go out."""
        if self.problems:
            raise self.problems[0]
        lacking = self.lacking(leave_out)
        if lacking and not leave_out.missing:
            raise DomainError(Refusal.VALUES_MISSING, num=len(lacking))
        if not self.chosen(leave_out):
            raise DomainError(Refusal.NO_RECIPIENTS)


def review(
    campaign: Campaign,
    found: Sequence[Recipient],
    *,
    composer: Composer,
    text: CampaignText,
    default_locale: str,
) -> Review:
    """Judge a draft against its recipients."""
    problems = [*_headers(campaign), *_variants(campaign)]
    if not found:
        problems.append(DomainError(Refusal.NO_RECIPIENTS))
    findings = {variant.locale: composer.findings(text, variant.locale) for variant in campaign.variants}
    errors = sum(1 for places in findings.values() for place in places if place.severity is Severity.ERROR)
    if errors:
        problems.append(DomainError(Refusal.CONTENT_HAS_ERRORS, num=errors))
    needed = {} if errors else {locale: composer.needed(text, locale) for locale in text.variants}
    codes = [variant.locale for variant in campaign.variants]
    counts = recipients.count_by_variant(found, codes, default=default_locale, source=campaign.source_locale)
    return Review(
        recipients=tuple(found),
        counts=counts,
        problems=tuple(problems),
        findings=findings,
        missing=() if errors else _missing(campaign, found, needed, default_locale),
    )


def _headers(campaign: Campaign) -> list[DomainError]:
    problems = []
    if not campaign.from_name:
        problems.append(DomainError(Refusal.NAME_MISSING, field="from_name"))
    elif len(campaign.from_name) > NAME_CHARACTERS:
        problems.append(DomainError(Refusal.NAME_TOO_LONG, field="from_name", num=NAME_CHARACTERS))
    elif not checks.is_line(campaign.from_name):
        problems.append(DomainError(Refusal.SENDER_NAME_INVALID, field="from_name"))
    if campaign.reply_to:
        try:
            addresses.parse(campaign.reply_to)
        except addresses.AddressError:
            problems.append(DomainError(Refusal.EMAIL_INVALID, field="reply_to", address=campaign.reply_to))
    return problems


def _variants(campaign: Campaign) -> list[DomainError]:
    if not campaign.variants:
        return [DomainError(Refusal.NO_VARIANT)]
    problems = []
    for variant in campaign.variants:
        if not variant.subject.strip() or not variant.content.strip():
            problems.append(DomainError(Refusal.VARIANT_HALF_EMPTY, language=variant.locale))
        elif len(variant.subject) > EMAIL_SUBJECT_CHARACTERS:
            problems.append(
                DomainError(Refusal.SUBJECT_TOO_LONG, language=variant.locale, num=EMAIL_SUBJECT_CHARACTERS)
            )
    if campaign.source_locale not in {variant.locale for variant in campaign.variants}:
        problems.append(DomainError(Refusal.SOURCE_VARIANT_EMPTY, language=campaign.source_locale))
    return problems


def _missing(
    campaign: Campaign, found: Sequence[Recipient], needed: Mapping[str, frozenset[str]], default_locale: str
) -> tuple[Recipient, ...]:
    missing = []
    for recipient in found:
        locale = choose_variant(
            recipient.locale, needed, default=default_locale, source=campaign.source_locale
        )
        if needed.get(locale, frozenset()) & recipient.lacks(locale):
            missing.append(recipient)
    return tuple(missing)
