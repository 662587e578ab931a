"""Ads of a program: what `{adcode_<adid>}` prints."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import checks
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.models import Ad


def add(session: Session, program_id: int, *, name: str, link_url: str, image_url: str | None) -> Ad:
    """Add an ad to a program."""
    ad = Ad(program_id=program_id, name="", link_url="", image_url=None)
    _write(ad, name, link_url, image_url)
    session.add(ad)
    session.flush()
    return ad


def edit(
    session: Session,
    program_id: int,
    ad_id: int,
    *,
    version: int,
    name: str,
    link_url: str,
    image_url: str | None,
) -> Ad:
    """Change an ad, unless somebody else has changed it since `version` was read."""
    ad = find(session, program_id, ad_id)
    session.refresh(ad, with_for_update=True)  # of two who save at once, one is the second
    if ad.version != version:
        raise DomainError(Refusal.EDITED_MEANWHILE)
    _write(ad, name, link_url, image_url)
    ad.version += 1
    session.flush()
    return ad


def _write(ad: Ad, name: str, link_url: str, image_url: str | None) -> None:
    ad.name = checks.name(name)
    ad.link_url = checks.link(link_url, field="link_url")
    ad.image_url = checks.link(image_url, field="image_url") if image_url else None


def find(session: Session, program_id: int, ad_id: int) -> Ad:
    """Return the ad of this program; another program's ad does not exist here."""
    ad = session.get(Ad, ad_id)
    if ad is None or ad.program_id != program_id:
        raise DomainError(Refusal.NOT_FOUND)
    return ad


def list_of(session: Session, program_id: int) -> Sequence[Ad]:
    """Return the program's ads by name."""
    return session.scalars(select(Ad).where(Ad.program_id == program_id).order_by(Ad.name, Ad.id)).all()
