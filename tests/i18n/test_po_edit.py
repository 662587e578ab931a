"""An edit in place touches its own entry's lines only, in the manner of the file."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.i18n import po
from service.i18n.po_edit import UnknownEntry, WrongForms, edit
from tests.i18n import real_catalogs
from tests.i18n.test_po import CATALOGS, HEADER, SAMPLE, TEXT

WRAPPED = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid ""
"A rather long text that gettext's tools break over several lines, because it "
"does not fit one."
msgstr ""

msgid "short"
msgstr "court"

msgid "two"
msgid_plural "twos"
msgstr[0] ""
msgstr[1] ""
"""
LONG = (
    "Un texte plutôt long que les outils de gettext coupent en plusieurs lignes, car une seule est trop peu."
)


def edited(text: str, key: po.Key, *strings: str, fuzzy: bool | None = None) -> str:
    return edit(text.encode(), key, strings, fuzzy=fuzzy).decode()


@cache
def _real(path: Path) -> tuple[bytes, po.PoFile]:
    data = path.read_bytes()
    return data, po.read(data)


@pytest.mark.parametrize("path", real_catalogs.paths(), ids=lambda path: "/".join(path.parts[-4:]))
def test_a_real_catalog_comes_back_byte_for_byte(path: Path) -> None:
    data, file = _real(path)
    assert file.text.encode() == data
    assert "".join(_cut(file)).encode() == data


def _cut(file: po.PoFile) -> list[str]:
    """The file in its entries and what stands between them: spans in order, nothing lost or doubled."""
    edges = [0, *(edge for entry in file.entries for edge in entry.span), len(file.text)]
    assert edges == sorted(edges)
    return [file.text[start:end] for start, end in pairwise(edges)]


@given(st.data())
def test_editing_an_entry_of_a_real_catalog_touches_its_lines_only(data: st.DataObject) -> None:
    before, file = _real(data.draw(st.sampled_from(real_catalogs.paths())))
    entry = data.draw(st.sampled_from([e for e in file.entries if not e.obsolete and e.id]))
    strings = tuple(data.draw(TEXT) for _ in entry.strings)
    fuzzy = data.draw(st.sampled_from([None, True, False]))
    after = edit(before, entry.key, strings, fuzzy=fuzzy)
    _only_its_lines(file, entry, po.read(after), strings, fuzzy)


@given(CATALOGS.filter(bool), st.booleans(), st.data())
def test_editing_an_entry_of_any_catalog_touches_its_lines_only(
    written: list[po.Entry], crlf: bool, data: st.DataObject
) -> None:
    text = po.serialize(written)
    before = (text.replace("\n", "\r\n") if crlf else text).encode()
    file = po.read(before)
    entry = data.draw(st.sampled_from(file.entries))
    strings = tuple(data.draw(TEXT) for _ in entry.strings)
    fuzzy = data.draw(st.sampled_from([None, True, False]))
    after = edit(before, entry.key, strings, fuzzy=fuzzy)
    assert after.count(b"\r\n") == (after.count(b"\n") if crlf else 0)
    _only_its_lines(file, entry, po.read(after), strings, fuzzy)


def _only_its_lines(
    before: po.PoFile, entry: po.Entry, after: po.PoFile, strings: tuple[str, ...], fuzzy: bool | None
) -> None:
    start, end = entry.span
    tail = len(before.text) - end
    assert after.text[:start] == before.text[:start]
    assert after.text[len(after.text) - tail :] == before.text[end:]
    at = [one.key for one in before.entries].index(entry.key)
    new = after.entries[at]
    assert new.strings == strings
    assert new.fuzzy == (entry.fuzzy if fuzzy is None else fuzzy)
    assert new.previous == (() if fuzzy is False else entry.previous)
    kept = [flag for flag in entry.flags if flag != "fuzzy"]
    assert [flag for flag in new.flags if flag != "fuzzy"] == kept
    assert (new.comments, new.extracted, new.references) == (
        entry.comments,
        entry.extracted,
        entry.references,
    )
    others = [(one.key, one.strings, one.flags) for one in before.entries if one is not entry]
    assert [(one.key, one.strings, one.flags) for one in after.entries if one is not new] == others


@given(st.data())
def test_editing_with_the_same_strings_changes_nothing(data: st.DataObject) -> None:
    before, file = _real(data.draw(st.sampled_from(real_catalogs.paths())))
    entry = data.draw(st.sampled_from([e for e in file.entries if not e.obsolete]))
    assert edit(before, entry.key, entry.strings) == before
    assert edit(before, entry.key, entry.strings, fuzzy=entry.fuzzy) == before or entry.previous


def test_an_edit_and_its_undoing_leave_a_real_catalog_as_it_was() -> None:
    """The manner of a file is learned so well that its own hand is not told from ours."""
    whole = back = 0
    for path in real_catalogs.paths():
        before, file = _real(path)
        for entry in [e for e in file.messages if all(e.strings)][::23]:
            once = edit(before, entry.key, ["x"] * len(entry.strings))
            whole += 1
            back += edit(once, entry.key, entry.strings) == before
    assert back / whole > 0.97


def test_long_texts_are_wrapped_where_the_file_wraps() -> None:
    wrapped = edited(WRAPPED, (None, "short"), LONG)
    assert wrapped == WRAPPED.replace(
        'msgstr "court"',
        'msgstr ""\n"Un texte plutôt long que les outils de gettext coupent en plusieurs lignes, "\n'
        '"car une seule est trop peu."',
    )
    assert edited(wrapped, (None, "short"), "court") == WRAPPED


def test_wide_characters_take_two_columns() -> None:
    """A Japanese line is full at half the characters, and none starts with a full stop."""
    text = "この文は日本語で書かれているため、" * 3 + "一行に収まりません。"
    shown = edited(WRAPPED, (None, "short"), text)
    new = po.read_text(shown).messages[1]
    lines = shown[slice(*new.spans[0])].split("\n")
    assert lines == [
        '""',
        '"この文は日本語で書かれているため、この文は日本語で書かれているため、この文は"',
        '"日本語で書かれているため、一行に収まりません。"',
    ]


def test_long_texts_stay_long_where_the_file_does_not_wrap() -> None:
    text = HEADER + f'msgid "{LONG}"\nmsgstr ""\n'
    assert edited(text, (None, LONG), LONG) == HEADER + f'msgid "{LONG}"\nmsgstr "{LONG}"\n'


def test_line_breaks_start_new_lines_and_keep_the_line_ending_of_the_file() -> None:
    crlf = (HEADER + SAMPLE).replace("\n", "\r\n")
    shown = edited(crlf, ("menu", "Open %(x)s"), "a\nb")
    assert shown == crlf.replace('"Öffne "\r\n"%(x)s\\n"', '"a\\n"\r\n"b"')


def test_confirming_takes_the_flag_and_the_previous_source() -> None:
    confirmed = edited(HEADER + SAMPLE, ("menu", "Open %(x)s"), "Öffne %(x)s\n", fuzzy=False)
    gone = '#| msgid "Old"\n'
    assert confirmed == HEADER + SAMPLE.replace("#, fuzzy, python-format", "#, python-format").replace(
        gone, ""
    )


@pytest.mark.parametrize(
    ("notes", "flagged"),
    [
        ("", "#, fuzzy\n"),
        ("# a\n", "# a\n#, fuzzy\n"),
        ("#, c-format\n", "#, fuzzy, c-format\n"),
        ('#. b\n#| msgid "o"\n', '#. b\n#, fuzzy\n#| msgid "o"\n'),
    ],
)
def test_doubting_sets_the_flag_where_gettext_puts_it(notes: str, flagged: str) -> None:
    body = 'msgid "a"\nmsgstr "b"\n'
    assert edited(HEADER + notes + body, (None, "a"), "b", fuzzy=True) == HEADER + flagged + body
    back = edited(HEADER + flagged + body, (None, "a"), "b", fuzzy=False)
    assert back == HEADER + notes.replace('#| msgid "o"\n', "") + body


def test_unknown_entries_and_wrong_numbers_of_forms_are_refused() -> None:
    for key in ((None, "nothing"), ("old", "Gone"), ("other", "file")):
        with pytest.raises(UnknownEntry):
            edited(HEADER + SAMPLE, key, "x")
    for strings in ((), ("a",), ("a", "b", "c")):
        with pytest.raises(WrongForms) as refused:
            edited(HEADER + SAMPLE, (None, "file"), *strings)
        assert (refused.value.expected, refused.value.found) == (2, len(strings))


@pytest.mark.parametrize("count", [1, 3])
def test_an_entry_with_too_many_or_too_few_forms_can_be_mended(count: int) -> None:
    forms = "".join(f'msgstr[{form}] "{form}"\n' for form in range(count))
    head = HEADER + 'msgid "a"\nmsgid_plural "as"\n'
    assert edited(head + forms, (None, "a"), "0", "neu") == head + 'msgstr[0] "0"\nmsgstr[1] "neu"\n'
