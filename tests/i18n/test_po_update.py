"""An update writes in place: what did not change keeps its bytes."""

from difflib import unified_diff

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.i18n import merging, po, po_update
from service.i18n.locales import LOCALES, Locale
from service.paths import data_dir
from tests.i18n.conftest import header
from tests.i18n.test_po import CATALOGS

FR = LOCALES["fr"]
PATH = data_dir("locales") / "fr" / "LC_MESSAGES" / "messages.po"


def template_of(file: po.PoFile) -> list[po.Entry]:
    """The template that a catalog is up to date with."""
    entries = [e._replace(strings=("",) * (1 if e.plural is None else 2), comments=()) for e in file.messages]
    return [po.Entry(None, "", None, (merging.HEADER,)), *entries]


def changed_lines(before: str, after: str) -> list[str]:
    diff = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def pot(entries: list[po.Entry]) -> po.PoFile:
    return po.read_text(po.serialize(entries))


def test_a_catalog_that_is_up_to_date_stays_byte_for_byte() -> None:
    file = po.read(PATH.read_bytes())
    assert po_update.update(file, pot(template_of(file)), FR) == file.text


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_one_changed_message_changes_its_own_lines_only(newline: str) -> None:
    text = PATH.read_text(encoding="utf-8").replace("\n", newline)
    file = po.read(text.encode())
    entries = template_of(file)
    at = next(number for number, entry in enumerate(entries) if entry.id == "Save")
    entries[at] = entries[at]._replace(id="Store")
    after = po_update.update(file, pot(entries), FR)
    lines = changed_lines(text, after)
    assert [line for line in lines if line.startswith("-")] == ['-msgid "Save"', '-msgstr "Enregistrer"']
    assert {'+msgid "Store"', '+#~ msgid "Save"', '+#~ msgstr "Enregistrer"'} <= set(lines)
    assert len(lines) <= 8
    assert after.count("\n") == after.count(newline)


def test_new_references_change_the_comments_only() -> None:
    body = '# mine\n#:   a.py:3\n#: b.py\n#, no-wrap\nmsgid  "Save"\nmsgstr ""\n"Enre"\n"gistrer"\n'
    old = po.read_text(header("fr") + body)
    template = pot([po.Entry(None, "Save", None, ("",), references=("c.py",))])
    after = po_update.update(old, template, FR)
    wanted = '# mine\n#: c.py\n#, no-wrap\nmsgid  "Save"\nmsgstr ""\n"Enre"\n"gistrer"\n'
    assert after.endswith("\n\n" + wanted)


def test_new_messages_are_wrapped_as_the_file_is() -> None:
    long = "A rather long text that gettext's tools break over several lines, because it does not fit one."
    wrapped = (
        'msgid ""\n"A rather long text that gettext\'s tools break over several lines, because it "\n'
        '"does not fit one."\nmsgstr "x"\n'
    )
    old = po.read_text(header("fr") + wrapped)
    template = pot([po.Entry(None, text, None, ("",)) for text in (long, long.upper())])
    after = po_update.update(old, template, FR)
    assert wrapped in after
    assert after.endswith(
        wrapped.upper().replace("MSGID", "msgid").replace('MSGSTR "X"', 'msgstr ""')[0:-1] + "\n"
    )


@given(CATALOGS, CATALOGS, st.sampled_from([LOCALES[code] for code in ("en", "fr", "ja")]), st.booleans())
def test_the_file_says_what_was_merged_and_a_second_update_changes_nothing(
    written: list[po.Entry], wanted: list[po.Entry], locale: Locale, crlf: bool
) -> None:
    text = header(locale.code) + po.serialize(written)
    old = po.read_text(text.replace("\n", "\r\n") if crlf else text)
    entries = [e._replace(strings=("",) if e.plural is None else ("", ""), comments=()) for e in wanted]
    template = pot([po.Entry(None, "", None, (merging.HEADER,)), *entries])
    after = po_update.update(old, template, locale)
    merged = [po.unplaced(entry) for entry in merging.update(old, template, locale)]
    assert [_content(po.unplaced(entry)) for entry in po.read_text(after).entries] == list(
        map(_content, merged)
    )
    assert po_update.update(po.read_text(after), template, locale) == after


def _content(entry: po.Entry) -> po.Entry:
    return entry._replace(flags=tuple(sorted(entry.flags)))
