"""Two languages of a page laid side by side."""

from hypothesis import given
from hypothesis import strategies as st

from service.markdown.align import MOST_CELLS, align, shown_diff, word_diff
from service.markdown.blocks import cut
from service.markdown.dialect import parse


def sides(source: str, target: str) -> list[tuple[str, str]]:
    """The words, or kinds, of each row; empty where there is no counterpart."""
    rows = align(cut(parse(source)), cut(parse(target)))
    return [
        tuple(block.said or f"<{block.kind}>" if block else "" for block in (row.source, row.target))
        for row in rows
    ]


def test_pages_of_one_form_are_paired_as_they_stand() -> None:
    assert sides("# A\n\nb\n\n`c`", "# Ā\n\n`c`\n\nx") == [("A", "Ā"), ("b", "c"), ("c", "x")]


def test_a_missing_block_is_found_by_what_its_neighbours_hold() -> None:
    source = "1. Open {label:A}\n2. Choose 20\n3. Read `c`\n4. [Go](d.md)"
    target = "1. Ouvrez {label:A}\n2. Lisez `c`\n3. [Allez](d.md)"
    assert [row for row in sides(source, target) if "" in row] == [("<list_item>", ""), ("Choose 20", "")]


def test_an_extra_block_has_no_source() -> None:
    assert sides("a `x`\n\nb `y`", "a `x`\n\nnew\n\nb `y`") == [("a x", "a x"), ("", "new"), ("b y", "b y")]


def test_a_block_of_another_kind_is_paired_with_its_neighbour() -> None:
    assert sides("# A\n\n## B\n\nc", "# A\n\nB\n\nc") == [("A", "A"), ("B", "B"), ("c", "c")]


def test_ids_pin_sections() -> None:
    source = "## A {#a}\n\none\n\n## B {#b}\n\ntwo\n\nthree"
    target = "## A {#a}\n\nun\n\nde plus\n\n## B {#b}\n\ntrois"
    rows = sides(source, target)
    assert ("B", "B") in rows
    assert sum("" in row for row in rows) == 2


def test_pages_too_long_to_compare_closely_are_compared_by_form() -> None:
    many = int(MOST_CELLS**0.5) + 1
    source = "\n\n".join(["a"] * many)
    assert len(sides(source, f"{source}\n\n* b")) == many + 3


blocks = st.lists(
    st.sampled_from(["# A", "## B {#b}", "word", "* x\n* y", "`code`", "> q", "12"]), max_size=8
)


@given(blocks, blocks)
def test_no_block_is_lost_and_order_stays(source: list[str], target: list[str]) -> None:
    ours, theirs = cut(parse("\n\n".join(source))), cut(parse("\n\n".join(target)))
    rows = align(ours, theirs)
    assert [row.source for row in rows if row.source] == list(ours)
    assert [row.target for row in rows if row.target] == list(theirs)
    assert all(row.source or row.target for row in rows)


texts = st.text(st.sampled_from("ab 漢字.、"), max_size=20)


@given(texts, texts)
def test_a_word_diff_holds_both_texts(old: str, new: str) -> None:
    parts = word_diff(old, new)
    assert "".join(text for kind, text in parts if kind in "=-") == old
    assert "".join(text for kind, text in parts if kind in "=+") == new


def test_a_change_is_shown_with_the_words_around_it() -> None:
    old = "You write one email and send it to many people at once, whatever their language is."
    new = "You write one email and send it to all people at once, whatever their language is."
    assert shown_diff(old, new) == "…ne email and send it to [-many-]{+all+} people at once, whateve…"
