"""Examples: the newest of each kind in a program, and nothing of another program."""

from sqlalchemy.orm import Session

from service.domain import examples, groups
from tests.domain import factories
from tests.domain.factories import NOW


def test_it_names_the_newest_of_each_kind(session: Session) -> None:
    program, other = factories.program(session), factories.program(session, "Kumo Outdoor")
    factories.prospect(session, program, "A")
    prospect = factories.prospect(session, program, "B")
    group = groups.create(session, program.id, name="VIP", now=NOW)
    factories.prospect(session, other, "C")
    session.flush()
    found = examples.find_examples(session, program.id)
    assert found == {"prospect_id": prospect.id, "group_id": group.id}
    assert "group_id" not in examples.find_examples(session, other.id)
