"""The lock file: which source block each translated block was made from, and what is behind since."""

import pytest

from service.content import lock
from service.content.lock import BrokenLock, Locked, Since
from service.markdown.blocks import digest
from service.markdown.dialect import parse
from service.paths import data_dir

EN = """\
---
description: About boats.
---

# Boats

One word.

* First item
* Second item

| a | b |
| --- | --- |
| c | d |

Last words with `code` and {label:Send}.
"""
FR = """\
---
description: Les bateaux.
---

# Bateaux

Un mot.

* Premier
* Deuxième

| a | b |
| --- | --- |
| c | d |

Derniers mots avec `code` et {label:Send}.
"""


def rows(source: str, target: str = FR, locked: tuple[Locked, ...] = ()) -> tuple[lock.Row, ...]:
    return lock.pairs(parse(source), parse(target), locked)


@pytest.fixture(scope="module")
def locked() -> tuple[Locked, ...]:
    return lock.recorded(rows(EN), ())


def behind(source: str, locked: tuple[Locked, ...], target: str = FR) -> list[tuple[str, str, str, str]]:
    """What became of the block, its words, what they were, and the translation's words."""
    return [
        (one.since.value, one.source.said, one.old, one.target.said if one.target else "")
        for one in lock.stale(rows(source, target, locked), locked)
    ]


def test_a_file_is_read_as_it_was_written(locked: tuple[Locked, ...]) -> None:
    assert lock.read(lock.write(locked)) == locked
    assert [one.words for one in locked][:3] == ["About boats.", "Boats", "One word."]


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        f"0123456789ab {digest('b')} words that are others",
        f"{digest('a')} {digest('b')}",
        f"{digest('a')} a",
    ],
)
def test_a_line_that_is_none_is_told(line: str) -> None:
    with pytest.raises(BrokenLock) as caught:
        lock.read(f"# Head\n\n{digest('a')} {digest('b')} a\n{line}\n")
    assert caught.value.line == 4


def test_nothing_is_behind_what_was_just_recorded(locked: tuple[Locked, ...]) -> None:
    assert behind(EN, locked) == []


@pytest.mark.parametrize(
    ("old", "new", "was", "now", "target"),
    [
        ("One word.", "Two words.", "One word.", "Two words.", "Un mot."),
        ("* Second item", "* Second thing", "Second item", "Second thing", "Deuxième"),
        ("| c | d |", "| c | e |", "d", "e", "d"),
        ("# Boats", "# Ships", "Boats", "Ships", "Bateaux"),
        ("About boats.", "About ships.", "About boats.", "About ships.", "Les bateaux."),
        (
            "{label:Send}",
            "{label:Close}",
            "Last words with code and {label:Send}.",
            "Last words with code and {label:Close}.",
            "Derniers mots avec code et {label:Send}.",
        ),
    ],
)
def test_a_changed_block_makes_exactly_its_translation_stale(
    locked: tuple[Locked, ...], old: str, new: str, was: str, now: str, target: str
) -> None:
    """DO009."""
    assert behind(EN.replace(old, new), locked) == [("changed", now, was, target)]


REFORMATTED = """\
---
order: 1
description: >-
  About
  boats.
---

Boats
=====

One
*word*.

- First item

- Second item

|a|b|
|:-|-:|
|c|d|

__Last__ words with ``code``
and {label:Send}.
"""


def test_reformatting_makes_nothing_stale(locked: tuple[Locked, ...]) -> None:
    """DO009: other marks, line breaks and spaces are the same words."""
    assert behind(REFORMATTED, locked) == []


def test_a_new_block_is_not_translated_yet(locked: tuple[Locked, ...]) -> None:
    source = EN.replace("* Second item", "* Between\n* Second item")
    assert behind(source, locked) == [("added", "Between", "", "")]


def test_a_block_taken_apart_keeps_what_it_is_rendered_by(locked: tuple[Locked, ...]) -> None:
    """What is rendered by the same words was made from the old ones, though others are more like them."""
    source = EN.replace("* First item", "* Now\n  * The first item")
    assert behind(source, locked) == [
        ("changed", "Now", "First item", "Premier"),
        ("added", "The first item", "", ""),
    ]


def test_a_block_that_moved_is_not_stale(locked: tuple[Locked, ...]) -> None:
    source = EN.replace("* First item\n* Second item", "* Second item\n* First item")
    target = FR.replace("* Premier\n* Deuxième", "* Deuxième\n* Premier")
    assert behind(source, locked, target) == []


def test_a_block_that_is_gone_leaves_nothing_behind(locked: tuple[Locked, ...]) -> None:
    assert behind(EN.replace("* First item\n", ""), locked, FR.replace("* Premier\n", "")) == []


def test_editing_a_translation_does_not_hide_that_it_is_behind(locked: tuple[Locked, ...]) -> None:
    source = EN.replace("One word.", "Two words.")
    target = FR.replace("Un mot.", "Un mot !")
    assert behind(source, locked, target) == [("changed", "Two words.", "One word.", "Un mot !")]


def test_a_review_of_one_block_leaves_the_others_as_they_are(locked: tuple[Locked, ...]) -> None:
    source = EN.replace("One word.", "Two words.").replace("First item", "First thing")
    line = FR.split("\n").index("Un mot.") + 1
    after = lock.recorded(rows(source, FR, locked), locked, {line})
    assert behind(source, after) == [("changed", "First thing", "First item", "Premier")]
    assert behind(source, lock.recorded(rows(source, FR, after), after)) == []


def test_a_review_cannot_record_what_is_not_there(locked: tuple[Locked, ...]) -> None:
    source = EN.replace("One word.", "One word.\n\nAnd another.")
    after = lock.recorded(rows(source, FR, locked), locked)
    assert behind(source, after) == [("added", "And another.", "", "")]
    target = FR.replace("Un mot.", "Un mot.\n\nEt un autre.")
    assert [one.since for one in lock.stale(rows(source, target, after), after)] == [Since.ADDED]
    assert behind(source, lock.recorded(rows(source, target, after), after), target) == []


SLUGS = sorted(path.stem for path in (data_dir("content") / "en").glob("*.md"))


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("code", ["fr", "ja", "zh"])
def test_any_change_to_our_pages_makes_just_its_translation_stale(code: str, slug: str) -> None:
    """DO009: each paragraph, heading and item of a page, changed alone."""
    folder = data_dir("content")
    source = (folder / "en" / f"{slug}.md").read_text(encoding="utf-8")
    target = parse((folder / code / f"{slug}.md").read_text(encoding="utf-8"))
    locked = lock.read((folder / code / f"{slug}.lock").read_text(encoding="utf-8"))
    lines = source.split("\n")
    changed = 0
    for block in lock.units(parse(source)):
        if block.kind not in ("paragraph", "list_item") or block.cell >= 0 or block.line != block.end:
            continue
        line = f"{lines[block.line - 1]} Changed."
        text = "\n".join([*lines[: block.line - 1], line, *lines[block.line :]])
        stale = lock.stale(lock.pairs(parse(text), target, locked), locked)
        assert [(one.since, one.old, one.source.line) for one in stale] == [
            (Since.CHANGED, block.said, block.line)
        ]
        assert stale[0].target is not None
        changed += 1
    assert changed > 5
