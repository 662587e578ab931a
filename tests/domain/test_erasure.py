"""Erasing and handing out what is stored about a person: complete, provable, and nobody else's."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from service.db import Base, Database
from service.domain import (
    erased,
    erasure,
    groups,
    import_clearing,
    partners,
    people,
    recipients,
)
from service.domain.errors import DomainError
from service.domain.signing import AddressMarks
from service.facts.refusals import Refusal
from service.facts.states import DeliveryState, ImportState
from service.models import (
    Delivery,
    Erasure,
    Import,
    Message,
    MessageGrams,
    Partner,
    Prospect,
    Thread,
)
from service.models.personal import OF_BOTH, OF_PARTNERS
from tests.domain import factories, traced
from tests.domain.conftest import BOTH, KEYS
from tests.domain.erasing import bytes_on_disk, tables_naming
from tests.domain.factories import NOW
from tests.domain.import_desk import Desk
from tests.domain.traced import ADDRESS, CANARY, CUSTOM, NAME, Known


@pytest.fixture
def known(db: Database) -> Known:
    return traced.put(db)


def _erase(db: Database, known: Known, **choices: bool) -> erasure.Erased:
    with db.transaction() as session:
        return erasure.erase_partner(session, known.partner_id, actor_id=None, now=NOW, **choices)


def test_the_traces_are_in_every_table(db: Database, known: Known) -> None:
    """What the others stand on: a column that nothing was put into would prove nothing."""
    bare = {
        ("partners", "mpid"), ("partners", "locale"), ("partners", "time_zone"), ("import_rows", "reasons"),
        ("import_leftovers", "reasons"), ("import_rows", "identity"), ("import_rows", "name"),
        ("import_rows", "changes"),
    }  # fmt: skip
    with db.reading() as session:
        for name, columns in {**OF_PARTNERS, **OF_BOTH}.items():
            for column in columns:
                held = Base.metadata.tables[name].columns[column]
                count = session.scalar(select(func.count()).where(held.is_not(None)))
                assert bool(count) != ((name, column) in bare), (name, column)


@BOTH
def test_everything_is_handed_out(db: Database, known: Known) -> None:
    """D-4: each personal column of each of their rows, and nothing of anybody else."""
    with db.reading() as session:
        found = people.export(session, known.partner_id)
        for table, condition in people.reach(people.traces_of(session, known.partner_id)).items():
            columns = OF_PARTNERS.get(table, frozenset()) | OF_BOTH.get(table, frozenset())
            rows = session.execute(select(Base.metadata.tables[table]).where(condition)).mappings().all()
            shown = [
                {key: value for key, value in row.items() if key in columns and value is not None}
                for row in rows
            ]
            handed_out = [
                {key: value for key, value in row.items() if key in columns} for row in found.sections[table]
            ]
            assert handed_out == shown, table
    handed = found.as_json()
    assert found.sections["rows of imported files"] != []
    assert found.files == {f"stored-{CANARY}": f"{CANARY}.pdf"}
    assert "neighbour" not in handed.lower()


@BOTH
def test_the_counts_are_those_of_what_is_handed_out(db: Database, known: Known) -> None:
    """All but rows that imports keep packed, which a page does not read."""
    with db.reading() as session:
        sections = people.export(session, known.partner_id).sections
        counts = people.count(session, known.partner_id)
    packed = sections["rows of imported files"]
    assert {name: len(rows) for name, rows in sections.items() if rows is not packed} == counts
    assert len(packed) == 1


def test_nothing_is_left_on_disk(db: Database, known: Known) -> None:
    """D-5: not in a table, an index, or a page of the file that nobody uses any more."""
    assert CANARY.encode() in bytes_on_disk(db)
    done = _erase(db, known)
    left = bytes_on_disk(db)
    assert CANARY.encode() not in left
    assert CANARY[::-1].encode() in left  # the Message-ID of the ledger, random in earnest
    assert (done.file_ids, NAME in done.names, ADDRESS in done.addresses) == (
        [f"stored-{CANARY}"],
        True,
        True,
    )


@BOTH
def test_nothing_is_left_in_a_table(db: Database, known: Known) -> None:
    """D-5: whatever tables there are, also those that no list of ours names."""
    assert {"partners", "messages", "deliveries", "import_pieces", "notices"} <= tables_naming(db, CANARY)
    with db.reading() as session:
        theirs = select(Message.id).join(Thread, Thread.id == Message.thread_id)
        ids = session.scalars(theirs.where(Thread.partner_id == known.partner_id)).all()
    assert len(ids) == _indexed(db, ids)
    _erase(db, known)
    # There the Message-ID stands backwards, random in earnest.
    assert tables_naming(db, CANARY) == set()
    assert _indexed(db, ids) == 0


def _indexed(db: Database, message_ids: Sequence[int]) -> int:
    with db.reading() as session:
        query = select(func.count()).where(MessageGrams.message_id.in_(message_ids))
        return session.scalar(query) or 0


def test_the_index_of_messages_forgets_too(db: Database, known: Known) -> None:
    """D-5: SQLite would keep the words of what was deleted until it merges the parts of its index."""

    def leaves() -> list[bytes]:
        with db.reading() as session:
            found = session.execute(
                text("SELECT block FROM message_grams_index_data WHERE id > 10 ORDER BY id")
            )
            return [bytes(row.block) for row in found]

    _erase(db, known)
    left = leaves()
    with db.transaction() as session:
        for command in ("rebuild", "optimize"):
            session.execute(
                text(f"INSERT INTO message_grams_index (message_grams_index) VALUES ('{command}')")
            )
    assert left == leaves()


@BOTH
def test_the_neighbour_keeps_everything_but_the_shared_file(db: Database, known: Known) -> None:
    with db.reading() as session:
        before = people.count(session, known.other_id)
    _erase(db, known)
    with db.reading() as session:
        after = people.count(session, known.other_id)
        (cleared,) = session.execute(select(Import.state, Import.cleared_at, Import.created_rows)).all()
    assert after == before
    assert tuple(cleared) == (ImportState.DONE.value, NOW, 2)


@BOTH
def test_what_the_brand_did_stays_as_a_count(db: Database, known: Known) -> None:
    _erase(db, known)
    with db.reading() as session:
        kept = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert kept is not None
        row = (kept.address, kept.address_key, kept.values, kept.reply, kept.prospect_id, kept.state)
        assert row == ("", f"erased:{kept.id}", {}, None, None, DeliveryState.CANCELLED.value)
        logged = session.scalars(select(Erasure)).one()
    assert (logged.subject, logged.subject_id, logged.counts["deliveries"]) == (
        "partner",
        known.partner_id,
        1,
    )


@BOTH
@pytest.mark.parametrize("never_again", [True, False])
def test_suppression_keeps_only_a_mark(db: Database, known: Known, never_again: bool) -> None:
    """D-5: who comes back by an import is recognized, under any key there ever was."""
    _erase(db, known, never_again=never_again)
    for keys in (KEYS, ("a new key", KEYS[0])):
        later = Database(
            db.engine.url.render_as_string(hide_password=False), {erased.ADDRESS_MARKS: AddressMarks(*keys)}
        )
        with later.transaction() as session:
            program = session.get_one(factories.Program, known.program_id)
            back = [
                factories.prospect(session, program, f"{address} {keys[0]}", email=address)
                if people.list_with_address(session, address) == []
                else session.scalars(
                    select(Prospect).join(Prospect.partner).where(Partner.email == address)
                ).one()
                for address in (ADDRESS, CUSTOM, "stranger@oiseaux.example")
            ]
            found = recipients.resolve(session, program, [one.id for one in back])
            assert [one.suppressed for one in found] == [True, never_again, False]
        later.dispose()


@BOTH
def test_a_mail_on_its_way_is_waited_for(db: Database, known: Known) -> None:
    with db.transaction() as session:
        session.execute(update(Delivery).values(state=DeliveryState.IN_FLIGHT.value))
    with pytest.raises(DomainError) as refused:
        _erase(db, known)
    assert refused.value.refusal is Refusal.ERASURE_BUSY
    with db.reading() as session:
        assert partners.find(session, known.partner_id).name == NAME


@BOTH
def test_a_running_import_is_waited_for(db: Database, known: Known) -> None:
    with db.transaction() as session:
        session.execute(update(Import).values(state=ImportState.UNDOING.value))
    with pytest.raises(DomainError) as refused:
        _erase(db, known)
    assert refused.value.refusal is Refusal.ERASURE_BUSY


@BOTH
def test_a_backup_is_erased_again(db: Database, known: Known) -> None:
    """D-5: who was there before the erasure, not who came anew after it."""
    with db.transaction() as session:
        marks = erased.marks_of(session)
        session.execute(update(Partner).values(created_at=NOW))
        session.execute(update(Prospect).values(created_at=NOW))
        after, before = NOW + timedelta(days=1), NOW - timedelta(days=1)
        assert erasure.partners_back(session, {marks.mark(ADDRESS): after}) == [known.partner_id]
        assert erasure.partners_back(session, {marks.mark(CUSTOM): after}) == [known.partner_id]
        assert erasure.partners_back(session, {marks.mark(ADDRESS): before, "other": after}) == []


@BOTH
def test_a_group_stays(db: Database, known: Known) -> None:
    _erase(db, known)
    with db.reading() as session:
        counted = {row.name: row.members for row in groups.list_of(session, known.program_id)}
    assert counted == {"Summer": 1, "夏": 0}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932", "gb18030"])
def test_a_file_that_names_the_person_is_found_in_any_encoding(
    db: Database, known: Known, encoding: str
) -> None:
    """In files that were never planned, too; in any case of letters, across pieces."""
    desk = Desk.__new__(Desk)
    desk.db, desk.jobs, desk.program_id = db, factories.AskedJobs(), known.program_id
    with db.reading() as session:
        desk.user_id = session.scalars(select(factories.User.id)).first() or 0
    filler = "x,x@example.com,https://x.example\n" * 31_000
    rows = f"Partner name,Contact email,Media property\n{filler}y,{ADDRESS.title()},https://y.example\n"
    import_id = desk.upload(rows.encode(encoding), dry_run=True)
    with db.transaction() as session:
        session.get_one(Import, import_id).state = ImportState.CANCELLED.value
    _erase(db, known)
    with db.reading() as session:
        found = session.get_one(Import, import_id)
        assert found.cleared_at == NOW


def _uploaded(db: Database, known: Known, text: str, state: ImportState) -> int:
    desk = Desk.__new__(Desk)
    desk.db, desk.jobs, desk.program_id = db, factories.AskedJobs(), known.program_id
    with db.reading() as session:
        desk.user_id = session.scalars(select(factories.User.id)).first() or 0
    import_id = desk.upload(text, dry_run=True)
    with db.transaction() as session:
        session.get_one(Import, import_id).state = state.value
    return import_id


def test_files_are_read_before_others_have_to_wait(
    db: Database, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it erases, only what came since the look is read, and what was not over then."""
    head = "Partner name,Contact email,Media property\n"
    stranger = f"{head}x,x@example.com,https://x.example\n"
    theirs = f"{head}y,{ADDRESS},https://y.example\n"
    over = _uploaded(db, known, stranger, ImportState.CANCELLED)
    named = _uploaded(db, known, theirs, ImportState.CANCELLED)
    waiting = _uploaded(db, known, stranger, ImportState.UPLOADED)
    with db.reading() as session:
        looked = erasure.look_through(session, known.partner_id)
    later = _uploaded(db, known, theirs, ImportState.CANCELLED)
    read: list[int] = []
    windows = import_clearing._windows
    monkeypatch.setattr(
        import_clearing, "_windows", lambda session, one: read.append(one) or windows(session, one)
    )
    with db.transaction() as session:
        done = erasure.erase_partner(session, known.partner_id, actor_id=None, looked=looked, now=NOW)
    assert read == [waiting, later]
    with db.reading() as session:
        cleared = set(session.scalars(select(Import.id).where(Import.cleared_at.is_not(None))))
    assert (named in cleared, later in cleared, over in cleared, waiting in cleared) == (
        True,
        True,
        False,
        False,
    )
    assert done.counts["imports"] == 3


def test_a_look_for_other_addresses_counts_for_nothing(db: Database, known: Known) -> None:
    """As when somebody gave the partner another address in between."""
    with db.reading() as session:
        looked = erasure.look_through(session, known.partner_id)
    with db.transaction() as session:
        session.scalars(
            select(Prospect).where(Prospect.partner_id == known.partner_id)
        ).one().custom_email_key = "x@example.com"
    import_id = _uploaded(db, known, "Partner name,Contact email\nx,x@example.com\n", ImportState.CANCELLED)
    with db.transaction() as session:
        erasure.erase_partner(session, known.partner_id, actor_id=None, looked=looked, now=NOW)
        assert session.get_one(Import, import_id).cleared_at == NOW
