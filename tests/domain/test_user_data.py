"""What is handed out about a user of the brand: all of it, no secret, and nothing about anybody else."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from service.db import Base, Database
from service.domain import accounts, user_data
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.models import User
from service.models.personal import OF_BOTH, OF_USERS
from tests.domain import leaver
from tests.domain.factories import NOW
from tests.domain.leaver import ACCOUNT, ADDRESS, CANARY, NAME, Leaver


@pytest.fixture(params=["sqlite", "postgresql"])
def db(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_server").new_database()
    database = Database(url)
    Base.metadata.create_all(database.engine)
    yield database
    database.dispose()


@pytest.fixture
def known(db: Database) -> Leaver:
    return leaver.put(db)


def test_every_table_that_names_users_is_handed_out() -> None:
    """D-4: a new table with a user in it has to say what of it is theirs."""
    naming = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "users"
    }
    # Who may work where is a list of names in the account's own facts.
    assert naming - {"program_access"} == user_data.SHOWN.keys() - {
        "users",
        "system_mails",
        "audit_entries",
    } | {"audit_entries"}


def test_every_personal_column_is_handed_out_or_kept_back() -> None:
    """D-4: a new column about users fails here until somebody decides."""
    for name, columns in {**OF_USERS, **OF_BOTH}.items():
        shown = set(user_data.SHOWN[name])
        kept = user_data.KEPT_BACK.get(name, frozenset())
        assert not shown & kept, name
        assert columns <= shown | kept, name


def test_each_section_has_their_rows_and_nobody_elses(db: Database, known: Leaver) -> None:
    """D-4."""
    with db.reading() as session:
        found = user_data.export(session, known.user_id)
        counts = user_data.count(session, known.user_id)
        conditions = user_data.reach(session, session.get_one(User, known.user_id))
        assert found.sections.keys() == conditions.keys() == user_data.SHOWN.keys()
        for name, condition in conditions.items():
            table = Base.metadata.tables[name]
            columns = set(user_data.SHOWN[name]) - {"user_id"}
            rows = session.execute(select(table).where(condition)).mappings().all()
            expected = [{key: row[key] for key in columns if row[key] is not None} for row in rows]
            handed_out = [{key: row[key] for key in columns if key in row} for row in found.sections[name]]
            assert sorted(map(as_text, handed_out)) == sorted(map(as_text, expected)), name
            assert counts[name] == len(rows) > 0, name
    assert found.files == {
        f"sent-{known.user_id}": "rates.pdf",
        f"loose-{known.user_id}": f"{CANARY}.pdf",
    }


def as_text(row: dict[str, object]) -> str:
    return repr(sorted((key, str(value)) for key, value in row.items()))


def test_no_secret_and_nobody_else_is_in_it(db: Database, known: Leaver) -> None:
    with db.reading() as session:
        text = user_data.export(session, known.user_id).as_json()
    facts = json.loads(text)
    (account,) = facts["users"]
    assert (account["name"], account["email"], account["role"]) == (
        NAME,
        ADDRESS.upper(),
        "community_manager",
    )
    assert (account["programs"], account["has_password"], account["two_step_verification"]) == (
        ["Maison Aurore"],
        True,
        True,
    )
    assert facts["mail_accounts"][0]["address"] == ACCOUNT
    assert [(row["is_assigned"], row.get("links_revoked_at")) for row in facts["threads"]] == [
        (True, None),
        (False, NOW.isoformat()),
    ]
    assert [row["by_this_user"] for row in facts["audit_entries"]] == [False, True, False]
    for secret in (
        f"hash-{CANARY}",
        f"totp-{CANARY}",
        f"code-{CANARY}",
        f"sealed-{CANARY}",
        "https://x.example",
    ):
        assert secret not in text
    for other in ("mei", "Boss", "boss@"):
        assert other not in text


def test_a_user_is_found_by_name_and_address(db: Database, known: Leaver) -> None:
    with db.reading() as session:
        for text in (CANARY.upper(), "ida", "CANARI-9d41@brand"):
            assert [one.id for one in user_data.list_matching(session, text)] == [known.user_id]
        assert len(user_data.list_matching(session, "brand.example")) == 3
        assert len(user_data.list_matching(session, "brand.example", limit=2)) == 2
        assert user_data.list_matching(session, "nobody") == []


def test_nobody_is_nobody(db: Database, known: Leaver) -> None:
    for question in (user_data.count, user_data.export, accounts.find):
        with pytest.raises(DomainError) as refused, db.reading() as session:
            question(session, 999)
        assert refused.value.refusal is Refusal.NOT_FOUND
