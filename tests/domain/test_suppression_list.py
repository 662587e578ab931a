"""The suppression list: searched, paged, added to by hand, lifted with a reason where a person had asked."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import suppression, suppression_list
from service.domain.errors import DomainError
from service.domain.suppression import SuppressionReason
from service.facts.refusals import Refusal
from service.models import Program, Suppression, SuppressionLift, User
from tests.domain import factories
from tests.domain.factories import NOW


@pytest.fixture
def program(session: Session) -> Program:
    return factories.program(session)


@pytest.fixture
def actor(session: Session, program: Program) -> User:
    return factories.user(session, program)


def put(session: Session, program: Program, key: str, reason: SuppressionReason) -> Suppression:
    suppression.suppress(session, program.id, key, reason=reason, now=NOW)
    return session.scalars(select(Suppression).where(Suppression.address_key == key)).one()


def keys(session: Session, program: Program, **options: object) -> list[str]:
    found = suppression_list.list_page(session, program.id, **options)  # type: ignore[arg-type]
    return [entry.address_key for entry in found]


def test_added_by_hand_as_it_is_compared(session: Session, program: Program) -> None:
    """M-23: whatever the writing, it is one address."""
    added = [
        suppression_list.add(session, program.id, address, now=NOW)
        for address in ("Ann@BÜCHER.example", "ann@xn--bcher-kva.example")
    ]
    assert added == [True, False]
    assert (keys(session, program), suppression_list.count(session, program.id)) == (
        ["ann@xn--bcher-kva.example"],
        1,
    )


@pytest.mark.parametrize(
    ("address", "refusal"), [("", Refusal.EMAIL_MISSING), ("ann", Refusal.EMAIL_INVALID)]
)
def test_what_is_no_address_is_refused(
    session: Session, program: Program, address: str, refusal: Refusal
) -> None:
    with pytest.raises(DomainError) as refused:
        suppression_list.add(session, program.id, address, now=NOW)
    assert refused.value.refusal is refusal


def test_search_and_pages(session: Session, program: Program) -> None:
    other = factories.program(session, "Kumo")
    put(session, other, "zoe@elsewhere.example", SuppressionReason.MANUAL)
    entries = [
        put(session, program, key, SuppressionReason.MANUAL)
        for key in ("ann@x.example", "b_b@x.example", "bob@y.example")
    ]
    assert keys(session, program) == ["bob@y.example", "b_b@x.example", "ann@x.example"]
    assert keys(session, program, search=" X.EXAMPLE ") == ["b_b@x.example", "ann@x.example"]
    assert keys(session, program, search="b_b") == ["b_b@x.example"]
    assert keys(session, program, before=entries[1].id, limit=5) == ["ann@x.example"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("例え", ["名前@xn--r8jz45g.xn--zckzah"]),
        ("名前@例え.テスト", ["名前@xn--r8jz45g.xn--zckzah"]),
        ("r8jz45g", ["名前@xn--r8jz45g.xn--zckzah"]),
        ("STRAßE.e", ["ann@xn--strae-oqa.example"]),
        ("e.example", ["ann@xn--strae-oqa.example"]),
        ("xn--", ["名前@xn--r8jz45g.xn--zckzah", "ann@xn--strae-oqa.example"]),
        ("@", ["bob@y.example", "名前@xn--r8jz45g.xn--zckzah", "ann@xn--strae-oqa.example"]),
        ("例文", []),
    ],
)
def test_an_address_is_found_in_either_form(
    session: Session, program: Program, search: str, found: list[str]
) -> None:
    """M-23, H-8: as it is compared, and as people read it; what is counted is what is found."""
    for address in ("ann@straße.example", "名前@例え.テスト", "bob@y.example"):
        suppression_list.add(session, program.id, address, now=NOW)
    suppression_list.add(session, factories.program(session, "Kumo").id, "例え@例え.テスト", now=NOW)
    assert keys(session, program, search=search) == found
    assert suppression_list.count(session, program.id, search=search) == len(found)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("名前@xn--r8jz45g.xn--zckzah", "名前@例え.テスト"),
        ("ann@x.example", "ann@x.example"),
        ("<b>@x.example", "<b>@x.example"),
        ("ann@xn--.example", "ann@xn--.example"),
    ],
)
def test_an_address_is_shown_in_its_own_script(key: str, shown: str) -> None:
    assert suppression_list.readable(key) == shown


@pytest.mark.parametrize("reason", SuppressionReason)
def test_lifting_what_a_person_asked_for_needs_a_reason(
    session: Session, program: Program, actor: User, reason: SuppressionReason
) -> None:
    entry = put(session, program, "ann@x.example", reason)
    asked = reason in {SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINT}
    if asked:
        with pytest.raises(DomainError) as refused:
            suppression_list.lift(session, entry, note="  ", actor_id=actor.id, now=NOW)
        assert refused.value.refusal is Refusal.LIFT_NOTE_MISSING
        assert keys(session, program) == ["ann@x.example"]
    suppression_list.lift(session, entry, note="By phone" if asked else "", actor_id=actor.id, now=NOW)
    assert keys(session, program) == []
    kept = session.scalars(select(SuppressionLift)).one()
    assert (kept.address_key, kept.reason, kept.user_id) == ("ann@x.example", reason.value, actor.id)


def test_another_programs_entry_does_not_exist(session: Session, program: Program) -> None:
    """A-2."""
    entry = put(session, factories.program(session, "Kumo"), "a@x.example", SuppressionReason.MANUAL)
    for number in (entry.id, entry.id + 1):
        with pytest.raises(DomainError) as refused:
            suppression_list.find(session, program.id, number)
        assert refused.value.refusal is Refusal.NOT_FOUND
