"""Groups: names unique after folding, members counted, another program's groups out of reach."""

import pytest
from sqlalchemy.orm import Session

from service.domain import groups
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from tests.domain import factories
from tests.domain.factories import NOW


def test_it_works(session: Session) -> None:
    program = factories.program(session)
    group = groups.create(session, program.id, name="  Lancement d’automne ", now=NOW)
    members = [factories.prospect(session, program, name).partner_id for name in ("A", "B")]
    assert groups.add_members(session, group, members) == 2
    assert groups.add_members(session, group, members) == 0
    assert groups.list_of(session, program.id) == [groups.GroupRow(group.id, "Lancement d’automne", 2)]
    assert groups.names_by_partner(session, program.id, members) == {
        member: ["Lancement d’automne"] for member in members
    }


@pytest.mark.parametrize(
    ("first", "twin"), [("VIP", "vip"), ("ＶＩＰ", "VIP"), ("Straße", "STRASSE"), ("ガ行", "ｶﾞ行")]
)
def test_names_are_unique_after_nfkc_and_case_folding(session: Session, first: str, twin: str) -> None:
    """C-14: the same comparison decides here and in an import."""
    program = factories.program(session)
    groups.create(session, program.id, name=first, now=NOW)
    with pytest.raises(DomainError) as refused:
        groups.create(session, program.id, name=twin, now=NOW)
    assert (refused.value.refusal, refused.value.values) == (Refusal.GROUP_NAME_TAKEN, {"name": first})


def test_a_group_may_be_renamed_to_another_spelling_of_itself(session: Session) -> None:
    program = factories.program(session)
    group = groups.create(session, program.id, name="vip", now=NOW)
    assert groups.rename(session, program.id, group.id, name="VIP").name == "VIP"


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        (" ", Refusal.NAME_MISSING),
        ("x" * 201, Refusal.NAME_TOO_LONG),
        ("a\0b", Refusal.TEXT_UNPRINTABLE),
        ("a\nb", Refusal.TEXT_UNPRINTABLE),
        ("a\ud800b", Refusal.TEXT_UNPRINTABLE),
    ],
)
def test_unusable_names_are_refused(session: Session, name: str, refusal: Refusal) -> None:
    """T-9: what no page can show is refused at the edge."""
    with pytest.raises(DomainError) as refused:
        groups.create(session, factories.program(session).id, name=name, now=NOW)
    assert (refused.value.refusal, refused.value.field) == (refusal, "name")


def test_deleting_keeps_the_members(session: Session) -> None:
    program = factories.program(session)
    prospect = factories.prospect(session, program)
    group = groups.create(session, program.id, name="Gone", now=NOW)
    groups.add_members(session, group, [prospect.partner_id])
    assert groups.remove(session, program.id, group.id) == "Gone"
    assert groups.list_of(session, program.id) == []
    assert prospect.partner.name == "Atelier Lumière"


def test_another_programs_group_does_not_exist_here(session: Session) -> None:
    """A-2."""
    group = groups.create(session, factories.program(session).id, name="Ours", now=NOW)
    other = factories.program(session, "Other")
    for act in (groups.find, groups.remove):
        with pytest.raises(DomainError) as refused:
            act(session, other.id, group.id)
        assert refused.value.refusal is Refusal.NOT_FOUND
