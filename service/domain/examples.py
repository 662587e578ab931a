"""One thing of each kind that the address of a page names, for somebody who only wants to see that page."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.models import Ad, Campaign, Delivery, Group, Import, Prospect, Suppression

_OWNED: Mapping[str, type[Prospect | Campaign | Import | Group | Ad | Suppression]] = {
    "prospect_id": Prospect,
    "campaign_id": Campaign,
    "import_id": Import,
    "group_id": Group,
    "ad_id": Ad,
    "entry_id": Suppression,
}


def find_examples(session: Session, program_id: int) -> dict[str, int]:
    """Return the newest of each kind in a program, by the name of the id in an address.

    A campaign is one with a delivery where there is such. What there is none of is absent.
    """
    found: dict[str, int] = {}
    for name, kind in _OWNED.items():
        query = select(kind.id).where(kind.program_id == program_id).order_by(kind.id.desc()).limit(1)
        newest = session.scalar(query)
        if newest is not None:
            found[name] = newest
    sent = session.execute(
        select(Delivery.id, Delivery.campaign_id)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .where(Campaign.program_id == program_id)
        .order_by(Delivery.campaign_id.desc(), Delivery.id)
        .limit(1)
    ).first()
    if sent is not None:
        found.update(delivery_id=sent[0], campaign_id=sent[1])
    return found
