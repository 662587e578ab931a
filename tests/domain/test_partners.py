"""Partners: what is kept of them, and the pages of the marketplace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from service.domain import partners
from service.domain.errors import DomainError
from service.domain.partners import PAGE, Profile
from service.facts.refusals import Refusal
from service.facts.sources import PartnerKind
from tests.domain import factories
from tests.domain.factories import NOW


def add(session: Session, number: int, **changes: object) -> partners.Partner:
    facts = {"name": f"Shop {number % 7}", "email": f"s{number}@shop.example", "mpid": str(number), **changes}
    return partners.add(session, Profile(**facts), now=NOW)  # type: ignore[arg-type]


def test_it_works(session: Session) -> None:
    made = add(session, 1, name="髙橋商店", first_name=" ", media_properties=("https://x.example/花",))
    assert (made.name, made.first_name, made.kind, made.messaging_enabled) == (
        "髙橋商店",
        None,
        "partner",
        False,
    )
    assert [item.url for item in made.media_properties] == ["https://x.example/花"]
    assert made.search_text.split("\n")[0] == "高橋商店"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"mpid": "1"}, Refusal.MPID_TAKEN),
        ({"email": "a@b@c.example"}, Refusal.EMAIL_INVALID),
        ({"name": "a\u2028b"}, Refusal.TEXT_UNPRINTABLE),
        ({"time_zone": "Mars/Base"}, Refusal.ZONE_UNKNOWN),
        ({"media_properties": ("ftp://x.example",)}, Refusal.URL_INVALID),
    ],
)
def test_bad_facts_are_refused(session: Session, change: dict[str, object], refusal: Refusal) -> None:
    add(session, 1)
    with pytest.raises(DomainError) as refused:
        add(session, 2, **change)
    assert refused.value.refusal is refusal


def test_the_pages_of_the_marketplace_show_everyone_once(session: Session) -> None:
    """W-5: keyset pages, also among equal names."""
    program = factories.program(session)
    made = {add(session, number).id for number in range(1, 2 * PAGE + 4)}
    add(session, 999, mpid=None)
    add(session, 1000, kind=PartnerKind.CREATOR)
    seen: list[int] = []
    after: int | None = None
    while True:
        found, after = partners.list_known(
            session, kind=PartnerKind.PARTNER, text="", program_id=program.id, after=after
        )
        seen += [partner.id for partner, _ in found]
        if after is None:
            break
    assert (len(seen), set(seen)) == (len(made), made)


NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)


@given(st.lists(st.tuples(NAME, st.none() | NAME, st.none() | NAME, NAME, st.none() | NAME), min_size=1))
def test_search_texts_of_many_are_those_of_each(
    many: list[tuple[str, str | None, str | None, str, str | None]],
) -> None:
    assert partners.search_texts(many) == [partners.search_text(*one) for one in many]
