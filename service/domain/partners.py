"""Partners and creators: who they are, where they publish, how they are found."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from datetime import datetime

from sqlalchemy import func, literal, select, tuple_, update
from sqlalchemy.orm import Session

from service.domain import checks
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.facts.sources import PartnerKind
from service.i18n.folding import fold
from service.mail import addresses
from service.models import MediaProperty, Partner, Prospect
from service.statements import among

PAGE = 60
_SORTED_BY = 60


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a partner; empty texts count as not known."""

    name: str
    email: str
    kind: PartnerKind = PartnerKind.PARTNER
    mpid: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    country: str | None = None
    business_model: str | None = None
    description: str | None = None
    media_properties: tuple[str, ...] = field(default_factory=tuple)
    messaging_enabled: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person may change of a partner by hand; None and empty texts are not known.

    `name` counts only for somebody without an account: an account says its own.
    """

    name: str
    first_name: str | None = None
    last_name: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    description: str | None = None
    media_properties: tuple[str, ...] = ()


def facts_of(partner: Partner) -> Facts:
    """Return what could be changed, as it is now."""
    return Facts(
        partner.name,
        partner.first_name,
        partner.last_name,
        partner.locale,
        partner.time_zone,
        partner.description,
        tuple(one.url for one in partner.media_properties),
    )


def version_of(partner: Partner) -> str:
    """Return what stands for the facts as they are; it changes with them, whoever changes them."""
    facts = json.dumps(astuple(facts_of(partner)))
    return hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()


def lock(session: Session, partner_id: int) -> Partner:
    """Return a partner as it stands now; until this transaction ends nobody else changes it.

    Whoever locks conversations or prospects of a partner, too, does so after this, conversations first.
    Raises DomainError(NOT_FOUND) for one who is not there, or no longer.
    """
    partner = session.get(Partner, partner_id, with_for_update={"of": Partner}, populate_existing=True)
    if partner is None:
        raise DomainError(Refusal.NOT_FOUND)
    return partner


def edit(session: Session, partner_id: int, facts: Facts, *, version: str) -> Partner:
    """Change a partner by hand, unless somebody else has changed it since `version` was read.

    The language is one of ours, or stays the one it was: an import knows more of them.
    """
    partner = lock(session, partner_id)
    if version_of(partner) != version:
        raise DomainError(Refusal.EDITED_MEANWHILE)
    if partner.mpid is None:
        partner.name = checks.name(facts.name)
    partner.first_name = _optional(facts.first_name, "first_name")
    partner.last_name = _optional(facts.last_name, "last_name")
    if (facts.locale or None) != partner.locale:
        partner.locale = checks.locale(facts.locale) if facts.locale else None
    if (facts.time_zone or None) != partner.time_zone:
        partner.time_zone = checks.zone(facts.time_zone) if facts.time_zone else None
    partner.description = (
        checks.paragraphs(facts.description, field="description") or None if facts.description else None
    )
    _publishes_at(partner, facts.media_properties)
    _index_anew(session, partner)
    return partner


def _publishes_at(partner: Partner, urls: Iterable[str]) -> None:
    """Have a partner publish at these addresses, each once; what is there already stays as it is."""
    wanted = dict.fromkeys(checks.web_address(url, field="media_property") for url in urls)
    kept = {one.url: one for one in partner.media_properties}
    if tuple(kept) != tuple(wanted):
        partner.media_properties = [kept.get(url) or MediaProperty(url=url) for url in wanted]


def add(session: Session, profile: Profile, *, now: datetime) -> Partner:
    """Add a partner; refuses a taken partner ID and a second account-less partner with the address."""
    address = email_address(profile.email)
    if profile.mpid and session.scalar(select(Partner.id).where(Partner.mpid == profile.mpid)):
        raise DomainError(Refusal.MPID_TAKEN, field="mpid", mpid=profile.mpid)
    partner = Partner(
        mpid=profile.mpid or None,
        name=checks.name(profile.name),
        first_name=_optional(profile.first_name, "first_name"),
        last_name=_optional(profile.last_name, "last_name"),
        email=address.as_written,
        email_key=address.key,
        locale=profile.locale or None,
        time_zone=checks.zone(profile.time_zone) if profile.time_zone else None,
        country=profile.country or None,
        kind=profile.kind.value,
        business_model=profile.business_model or None,
        description=checks.paragraphs(profile.description, field="description")
        if profile.description
        else None,
        messaging_enabled=profile.messaging_enabled,
        created_at=now,
        media_properties=[
            MediaProperty(url=checks.web_address(url, field="media_property"))
            for url in profile.media_properties
        ],
    )
    index(partner)
    session.add(partner)
    session.flush()
    return partner


def email_address(text: str, *, field: str = "email") -> addresses.Address:
    """Return the parsed address; refuses none, and one that is not valid."""
    if not text.strip():
        raise DomainError(Refusal.EMAIL_MISSING, field=field)
    try:
        return addresses.parse(text.strip())
    except addresses.AddressError as error:
        raise DomainError(Refusal.EMAIL_INVALID, field=field, address=text.strip()) from error


def index(partner: Partner) -> None:
    """Write the text that search looks through; call it after changing a name or an address."""
    partner.search_text = search_text(
        partner.name, partner.first_name, partner.last_name, partner.email, partner.mpid
    )


def search_text(
    name: str, first_name: str | None, last_name: str | None, email: str, mpid: str | None
) -> str:
    """Return the folded text of a partner: its name first, so that it sorts by it too."""
    return fold(_unfolded(name, first_name, last_name, email, mpid))


def search_texts(many: Iterable[tuple[str, str | None, str | None, str, str | None]]) -> list[str]:
    """Return the same for many at once, which takes half the time for each; no text may have U+001E."""
    return fold("\x1e".join([_unfolded(*one) for one in many])).split("\x1e")


def _unfolded(name: str, first_name: str | None, last_name: str | None, email: str, mpid: str | None) -> str:
    first, last = first_name or "", last_name or ""
    # Folding is a matter of each character, and none becomes or takes in the end of a line, or U+001E.
    return f"{name}\n{first} {last}\n{last}{first}\n{email}\n{mpid or ''}"


def sort_key(text: str) -> str:
    """Return by what of a partner's `search_text` prospects are sorted: short enough for any index."""
    return text[:_SORTED_BY]


def sort_anew(session: Session, partner_ids: Iterable[int]) -> None:
    """Have the prospects of partners stand where their names belong now, in every program."""
    key = func.substr(Partner.search_text, 1, _SORTED_BY)
    misplaced = (
        select(Prospect.id)
        .join(Partner, Partner.id == Prospect.partner_id)
        .where(among(session, Prospect.partner_id, partner_ids), Prospect.sort_key != key)
    )
    # Locked in the order in which everybody locks prospects.
    ids = session.scalars(misplaced.order_by(Prospect.id).with_for_update(of=Prospect)).all()
    if ids:
        moved = update(Prospect).where(among(session, Prospect.id, ids), Prospect.partner_id == Partner.id)
        session.execute(moved.values(sort_key=key).execution_options(synchronize_session=False))


def _index_anew(session: Session, partner: Partner) -> None:
    """Have a partner with changed names found by the new ones, and its prospects stand where they belong."""
    index(partner)
    session.flush()
    sort_anew(session, [partner.id])


def matching(text: str) -> list[str]:
    """Return a LIKE pattern (escaped with a backslash) for each word that a user typed into a search box."""
    words = (
        word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in fold(text).split()
    )
    return [f"%{word}%" for word in words]


def _optional(text: str | None, name: str) -> str | None:
    return checks.name(text, field=name) if text and text.strip() else None


def find(session: Session, partner_id: int) -> Partner:
    """Return the partner; refuses an id that is not there."""
    partner = session.get(Partner, partner_id)
    if partner is None:
        raise DomainError(Refusal.NOT_FOUND)
    return partner


def fill_blanks(session: Session, partner: Partner, profile: Profile) -> None:
    """Take over from a profile what is not known of a partner yet."""
    partner.first_name = partner.first_name or _optional(profile.first_name, "first_name")
    partner.last_name = partner.last_name or _optional(profile.last_name, "last_name")
    partner.locale = partner.locale or profile.locale or None
    partner.time_zone = partner.time_zone or (checks.zone(profile.time_zone) if profile.time_zone else None)
    if not partner.description and profile.description:
        partner.description = checks.paragraphs(profile.description, field="description")
    if not partner.media_properties:
        partner.media_properties = [
            MediaProperty(url=checks.web_address(url, field="media_property"))
            for url in profile.media_properties
        ]
    _index_anew(session, partner)


def list_with_address(session: Session, key: str) -> list[Partner]:
    """Return the partners whose address has this comparison form, those with an account first."""
    query = select(Partner).where(Partner.email_key == key)
    return list(session.scalars(query.order_by(Partner.mpid.is_(None), Partner.id)))


def list_known(
    session: Session, *, kind: PartnerKind, text: str, program_id: int, after: int | None = None
) -> tuple[list[tuple[Partner, bool]], int | None]:
    """Return a page of partners with an account, by name, and the id the next page begins after.

    Each comes with whether it is a prospect of the program; `after` is the last partner of the page before.
    """
    marked = select(Prospect.partner_id).where(Prospect.program_id == program_id)
    query = select(Partner, Partner.id.in_(marked)).where(
        Partner.kind == kind.value, Partner.mpid.is_not(None)
    )
    query = query.where(*(Partner.search_text.like(word, escape="\\") for word in matching(text)))
    last = session.get(Partner, after) if after else None
    if last is not None:
        place = tuple_(Partner.search_text, Partner.id)
        query = query.where(place > tuple_(literal(last.search_text), literal(last.id)))
    rows = session.execute(query.order_by(Partner.search_text, Partner.id).limit(PAGE + 1))
    found = [(partner, bool(known)) for partner, known in rows]
    return found[:PAGE], found[PAGE - 1][0].id if len(found) > PAGE else None
