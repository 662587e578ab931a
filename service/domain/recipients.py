"""Who gets a campaign: prospects turned into recipients, each with an address, a language and a zone."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain import erased
from service.facts.role_accounts import is_role_account
from service.facts.stages import DECIDED, Stage
from service.i18n.locales import LOCALES
from service.mail.values import Recipient as MailRecipient
from service.mail.values import personal_words
from service.mail.variants import choose_variant
from service.models import Partner, Program, Prospect, Suppression

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Recipient:
    """One mail's receiver as the campaign will keep it; `locale` is their own, maybe not one of ours.

    `zone_known` is false where the program's time zone stands in for their own.
    """

    prospect_id: int
    address: str
    address_key: str
    locale: str | None
    time_zone: str
    mpid: str | None
    name: str
    first_name: str | None
    last_name: str | None
    suppressed: bool = False
    zone_known: bool = True
    stage: Stage = Stage.NEW

    @property
    def has_decided(self) -> bool:
        """Whether they have joined or declined, so that nothing is left to win them for."""
        return self.stage in DECIDED

    @property
    def has_role_address(self) -> bool:
        """Whether the address belongs to an office, such as info@, and not to a person."""
        return is_role_account(self.address_key)

    @property
    def values(self) -> dict[str, str | None]:
        """The person's own data that tokens print, and the language that tells the order of their names."""
        return {
            "mpid": self.mpid,
            "name": self.name,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "locale": self.locale,
        }

    def for_mail(self) -> MailRecipient:
        """Return the recipient as the mail room sees them."""
        return MailRecipient(
            mpid=self.mpid,
            name=self.name,
            first_name=self.first_name,
            last_name=self.last_name,
            email=self.address,
            locale=self.locale,
            time_zone=self.time_zone,
        )

    def lacks(self, locale: str) -> frozenset[str]:
        """Return the personal tokens that would print nothing for this person in that language."""
        words = personal_words(self.for_mail(), locale)
        return frozenset(name for name, word in words.items() if word is None)


def resolve(session: Session, program: Program, prospect_ids: Sequence[int]) -> list[Recipient]:
    """Return one recipient for each address, in the order of the ids; another program's ids are left out.

    The address the brand imported wins over the account's own: it is how this program knows the person.
    """
    suppressed = set(
        session.scalars(select(Suppression.address_key).where(Suppression.program_id == program.id))
    )
    is_kept_out = erased.recognizer(session, program.id)
    found: dict[str, Recipient] = {}
    for start in range(0, len(prospect_ids), CHUNK):
        chunk = prospect_ids[start : start + CHUNK]
        # Columns, not entities: an audience may be tens of thousands of people.
        query = (
            select(
                Prospect.id,
                func.coalesce(Prospect.custom_email, Partner.email),
                func.coalesce(Prospect.custom_email_key, Partner.email_key),
                Partner.locale,
                func.coalesce(Partner.time_zone, program.time_zone),
                Partner.mpid,
                Partner.name,
                Partner.first_name,
                Partner.last_name,
                Partner.time_zone.is_not(None),
                Prospect.stage,
            )
            .join(Prospect.partner)
            .where(Prospect.id.in_(chunk), Prospect.program_id == program.id)
            .order_by(Prospect.id)
        )
        for row in session.execute(query).all():
            out = row[2] in suppressed or is_kept_out(row[2])
            recipient = Recipient(*row[:9], suppressed=out, zone_known=bool(row[9]), stage=Stage(row[10]))
            found.setdefault(recipient.address_key, recipient)
    return list(found.values())


def count_by_variant(
    recipients: Collection[Recipient], variants: Collection[str], *, default: str, source: str
) -> dict[str, int]:
    """Return how many recipients get each variant, in the order of the locales."""
    counts = Counter(
        choose_variant(recipient.locale, variants, default=default, source=source) for recipient in recipients
    )
    return {code: counts[code] for code in LOCALES if code in variants}
