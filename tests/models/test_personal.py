"""Every column that can hold text is said to be about a person or not."""

from sqlalchemy import JSON, LargeBinary, String

from service import models
from service.db import Base
from service.domain import people
from service.domain.people import Traces
from service.models.personal import OF_BOTH, OF_NOBODY, OF_PARTNERS, OF_USERS

assert models  # imported so that every table is registered


def test_every_column_of_text_is_named() -> None:
    """D-4: a new column says whose data it holds, or this fails."""
    there = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, (String, JSON, LargeBinary))
    }
    named = [
        (table, column)
        for kind in (OF_PARTNERS, OF_USERS, OF_BOTH, OF_NOBODY)
        for table, columns in kind.items()
        for column in columns
    ]
    assert sorted(named) == sorted(there)


def test_every_table_about_partners_is_reached() -> None:
    """D-4: or the rows of a partner are read out of what holds many people's."""
    nobody = Traces(0, frozenset(), frozenset(), frozenset(), frozenset(), frozenset())
    assert set(people.reach(nobody)) | people.NOT_BY_ROW == set(OF_PARTNERS) | set(OF_BOTH)
