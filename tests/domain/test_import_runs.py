"""How an import is gone through: in batches, again after a failure, by one holder, while rights last."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain import (
    accounts,
    import_reasons,
    import_runs,
    imports,
)
from service.domain.import_runs import Runner
from service.facts.permissions import BuiltInRole
from service.facts.states import ImportState
from service.models import (
    Notice,
    Program,
    StageChange,
    SystemMail,
    User,
)
from service.models.imports import Import
from tests.domain.factories import NOW, user
from tests.domain.import_desk import ENGLISH, FILE, HEADER, ROW, Desk


@pytest.mark.parametrize("batch", [1, 2, 3, 1000])
def test_a_new_runner_for_every_batch_comes_to_the_same(desk: Desk, batch: int) -> None:
    """C-13: what is committed is all that is needed to go on."""
    import_id = desk.upload(FILE)
    desk.run(import_id, batch=batch, runner_each_step=True)
    assert (desk.state(import_id), desk.counts(import_id)) == (ImportState.DONE, (2, 1, 0, 5))
    # Of one batch, those who are simply new are added before the others.
    people = {person[0]: person[-1] for person in desk.people()}
    assert people == {"Blue Harbor": {"Summer", "夏"}, "みどり企画": {"夏"}}
    with desk.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(SystemMail)) == 1


def test_a_batch_that_fails_is_done_again(desk: Desk) -> None:
    """C-13: a transaction that is lost leaves no trace, whichever it is."""
    import_id = desk.upload(FILE)
    runner = Runner(import_id, base_url="https://p.example", batch=2)
    for turn in range(100):
        try:
            with desk.db.transaction() as session:
                more = runner.step(session, desk.jobs, now=NOW)
                if turn % 2 == 0:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            continue
        if not more:
            break
    assert (desk.state(import_id), desk.counts(import_id)) == (ImportState.DONE, (2, 1, 0, 5))
    assert len(desk.people()) == 2


def test_cancelling_stops_before_the_next_batch(desk: Desk) -> None:
    import_id = desk.upload(HEADER + "".join(ROW.replace("anna", f"a{n}") for n in range(6)))
    runner = Runner(import_id, base_url="https://p.example", batch=2)
    for _ in range(6):  # three batches planned, the turn to applying, two applied
        with desk.db.transaction() as session:
            runner.step(session, desk.jobs, now=NOW)
    with desk.db.transaction() as session:
        imports.cancel(session, [desk.program_id], import_id, now=NOW)
    desk.run(import_id)
    assert (desk.state(import_id), len(desk.people())) == (ImportState.CANCELLED, 4)
    with desk.db.reading() as session:
        assert session.get_one(Import, import_id).applied_rows == 4


def shut_out(session: Session, who: User) -> None:
    accounts.disable(session, who, actor=None, now=NOW)


def demote(session: Session, who: User) -> None:
    accounts.change_role(
        session, who, accounts.built_in_role(session, BuiltInRole.ANALYST), actor=None, now=NOW
    )


def send_away(session: Session, who: User) -> None:
    who.programs = []


@pytest.mark.parametrize("lose", [shut_out, demote, send_away])
@pytest.mark.parametrize("steps", [0, 2, 4, 5])
def test_rights_that_are_lost_stop_the_import(
    desk: Desk, lose: Callable[[Session, User], None], steps: int
) -> None:
    """A-8: before the plan, in it, before applying and in it; the reason is kept, and nobody gets a mail."""
    import_id = desk.upload(HEADER + "".join(ROW.replace("anna", f"a{n}") for n in range(6)))
    runner = Runner(import_id, base_url="https://p.example", batch=2)
    for _ in range(steps):
        with desk.db.transaction() as session:
            runner.step(session, desk.jobs, now=NOW)
    with desk.db.transaction() as session:
        lose(session, session.get_one(User, desk.user_id))
    desk.run(import_id)
    assert (desk.state(import_id), len(desk.people())) == (ImportState.CANCELLED, max(0, (steps - 4) * 2))
    with desk.db.reading() as session:
        found = session.get_one(Import, import_id)
        assert [import_reasons.say(one, ENGLISH) for one in import_reasons.loaded(found.refusal)] == [
            "The import was stopped because Alex Morgan may no longer import prospects into this program."
        ]
        assert found.finished_at == NOW
        assert session.scalar(select(func.count()).select_from(SystemMail)) == 0
        assert session.scalar(select(func.count()).select_from(Notice)) == 0


def test_whoever_applies_a_plan_answers_for_it(desk: Desk) -> None:
    """A-8: the plan of somebody who left is handed over; the report goes to who applied it."""
    import_id = desk.import_file(FILE, dry_run=True)
    with desk.db.transaction() as session:
        shut_out(session, session.get_one(User, desk.user_id))
        other = user(session, session.get_one(Program, desk.program_id), email="kim@brand.example")
        desk.user_id = other.id
    desk.apply(import_id)
    assert desk.state(import_id) == ImportState.DONE
    with desk.db.reading() as session:
        mails = session.scalars(select(SystemMail.address).order_by(SystemMail.id))
        assert list(mails) == ["alex@brand.example", "kim@brand.example"]
        assert set(session.scalars(select(StageChange.user_id))) == {other.id}


def test_an_import_is_given_up_with_a_reason_and_a_notice(desk: Desk) -> None:
    """F-17."""
    import_id, over = desk.upload(FILE), desk.import_file(FILE)
    with desk.db.transaction() as session:
        for one in (import_id, import_id, over, 99):
            import_runs.give_up(session, one, failures=5, now=NOW)
    assert (desk.state(import_id), desk.state(over)) == (ImportState.CANCELLED, ImportState.DONE)
    with desk.db.reading() as session:
        found = session.get_one(Import, import_id)
        assert [import_reasons.say(one, ENGLISH) for one in import_reasons.loaded(found.refusal)] == [
            "The import was stopped after 5 failed attempts."
        ]
        kept = [(one.kind, one.subject_id) for one in session.scalars(select(Notice).order_by(Notice.id))]
        assert kept == [("import_done", over), ("import_refused", import_id)]
        assert import_runs.list_interrupted(session, now=NOW) == []


def test_one_holder_at_a_time_goes_through_an_import(desk: Desk) -> None:
    """Another one leaves it alone until the first lets go, or was silent for as long as a lease lasts."""
    import_id = desk.upload(FILE)

    def step(holder: str, *, at: datetime = NOW) -> int:
        runner = Runner(import_id, base_url="https://p.example", batch=1, holder=holder)
        with desk.db.transaction() as session:
            return runner.step(session, desk.jobs, now=at)

    def listed(holder: str, *, at: datetime = NOW) -> list[int]:
        with desk.db.reading() as session:
            return import_runs.list_interrupted(session, holder=holder, now=at)

    assert (step("a"), step("b"), step("a")) == (1, 0, 1)
    assert (listed("a"), listed("b")) == ([import_id], [])
    with desk.db.transaction() as session:
        assert import_runs.begin(session, import_id, holder="b", now=NOW) == 0
        assert import_runs.begin(session, import_id, holder="a", now=NOW) == 1
        import_runs.release(session, import_id, holder="b")
    assert step("b") == 0
    late = NOW + import_runs.LEASE
    assert (listed("b", at=late), step("b", at=late), step("a", at=late)) == ([import_id], 1, 0)
    with desk.db.transaction() as session:
        import_runs.release(session, import_id, holder="b")
    assert step("a", at=late) == 1
    while step("a", at=late):
        pass
    assert (desk.state(import_id), desk.counts(import_id)) == (ImportState.DONE, (2, 1, 0, 5))
