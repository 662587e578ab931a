"""People in columns: packed and read back the same, chosen from, and given row by row as they are planned."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain import import_people
from service.domain.import_people import TEXTS, People, Somebody

# All that may be in a text that is imported: of the controls, the ends of lines.
CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=8)


@st.composite
def people(draw: st.DrawFn) -> People:
    steps = draw(st.lists(st.integers(1, 3), min_size=1, max_size=6))
    numbers = [sum(steps[: at + 1]) for at in range(len(steps))]
    lines = [1 + 2 * number for number in numbers] if draw(st.booleans()) else [one + 1 for one in numbers]
    column = st.lists(CELL, min_size=len(steps), max_size=len(steps))
    columns = {name: draw(column) for name in TEXTS}
    columns["identity"] = [f"p{number}@x.example" for number in numbers]
    columns["group"] = draw(
        st.lists(st.sampled_from(["", "7", "12"]), min_size=len(steps), max_size=len(steps))
    )
    return import_people.of_columns(numbers, lines, columns)


@settings(deadline=None)
@given(people())
def test_what_is_packed_is_read_back_the_same(packed: People) -> None:
    found = import_people.unpacked(packed.packed())
    assert list(found.rows()) == list(packed.rows())
    assert found.packed() == packed.packed()


@settings(deadline=None)
@given(people(), st.data())
def test_some_are_chosen_whole(every: People, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.booleans(), min_size=len(every), max_size=len(every)))
    rows = [row for row, wanted in zip(every.rows(), chosen, strict=True) if wanted]
    assert list(every.where(chosen).rows()) == rows


def test_a_row_says_what_is_not_blank() -> None:
    columns = {
        "identity": ["a@x.example", "b@x.example"],
        "email": ["A@x.example", "b@x.example"],
        "name": ["株式会社みどり", "B"],
        "description": ["", "Two\nlines"],
        "first_name": ["", ""],
        "group": ["", "4"],
    }
    found = import_people.of_columns([3, 7], [4, 9], columns)
    assert set(found.columns) == set(columns) - {"first_name"}
    assert list(found.rows()) == [
        Somebody(
            3,
            4,
            "a@x.example",
            {"new": "partner", "fields": {"name": "株式会社みどり", "email": "A@x.example"}},
        ),
        Somebody(
            7,
            9,
            "b@x.example",
            {
                "new": "partner",
                "fields": {"name": "B", "description": "Two\nlines", "email": "b@x.example"},
                "group": 4,
            },
        ),
    ]


@settings(deadline=None)
@given(people(), st.integers(1, 5))
def test_parts_are_the_rows_again_in_turns_of_numbers(every: People, most: int) -> None:
    parts = every.parted(most)
    assert [row for part in parts for row in part.rows()] == list(every.rows())
    turns = [{(number - 1) // most for number in part.numbers} for part in parts]
    assert [len(turn) for turn in turns] == [1] * len(turns)
    assert len(set().union(*turns)) == len(turns)


def test_an_address_that_is_compared_as_it_is_written_is_packed_once() -> None:
    columns = {"identity": ["a@x.example"], "email": ["a@x.example"], "name": ["A"]}
    people = import_people.of_columns([1], [2], columns)
    assert import_people.unpacked(people.packed()).columns == columns
    other = import_people.of_columns([1], [2], {**columns, "email": ["A@x.example"]})
    assert len(other.packed()) > len(people.packed())
