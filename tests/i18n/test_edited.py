"""Reading only what an edit touched gives what reading the whole file gives."""

from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from service.i18n import edited, po, po_edit
from service.i18n.catalogs import Catalog, CatalogProblem, read, read_again
from service.i18n.locales import LOCALES
from service.paths import data_dir
from tests.i18n.conftest import header
from tests.i18n.test_po import CATALOGS, TEXT

FR = LOCALES["fr"]
PATH = Path("x.po")
OURS = (data_dir("locales") / "fr" / "LC_MESSAGES" / "messages.po").read_bytes()
MESSAGES = po.read(OURS).messages
Told = (
    tuple[dict[str, str], dict[str, tuple[str, ...]], str, tuple[CatalogProblem, ...]] | tuple[int, int, str]
)


def told(catalog: Catalog, problems: tuple[CatalogProblem, ...]) -> Told:
    return dict(catalog._texts), dict(catalog._forms), catalog.version, problems


def whole(data: bytes, before: Catalog) -> Told:
    try:
        return told(*read(data, FR, PATH, before))
    except po.PoSyntaxError as error:
        return error.line, error.column, error.phrase.text


def again(data: bytes, before: Catalog, known: edited.Layout) -> Told:
    try:
        catalog, problems, layout = read_again(data, PATH, before, known)
    except po.PoSyntaxError as error:
        return error.line, error.column, error.phrase.text
    assert layout == edited.layout(po.read(data))
    return told(catalog, problems)


@cache
def beginning(data: bytes) -> tuple[Catalog, tuple[CatalogProblem, ...], edited.Layout]:
    """What is known of a file before it is edited; of our own catalog, before each of many edits."""
    return *read(data, FR, PATH), edited.layout(po.read(data))


def same(first: bytes, second: bytes) -> None:
    catalog, problems, layout = beginning(first)
    if not problems:
        assert again(second, catalog, layout) == whole(second, catalog)


PIECES = st.sampled_from(
    ['"', "\n", '"more"\n', "#, fuzzy\n", '#~ msgid "x"\n', 'msgid "a"\n', 'msgstr "b"\n', "#~ ", "%(x)s",
     "é", '\n\nmsgid "new"\nmsgstr "neu"\n', '\nmsgid ""\nmsgstr ""\n', "# c\n", " ",
     '#| msgid "x"\n', "\r\n", ""]
)  # fmt: skip


@given(CATALOGS, st.data())
@settings(max_examples=300)
def test_any_change_of_any_catalog(written: list[po.Entry], data: st.DataObject) -> None:
    text = header("fr") + po.serialize(entry for entry in written if entry.id or entry.context)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + data.draw(st.sampled_from([0, 3, 40])))))
    same(text.encode(), (text[:start] + data.draw(PIECES) + text[end:]).encode())


@given(st.data())
def test_edits_of_our_own_catalog(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(MESSAGES))
    after = po_edit.edit(OURS, entry.key, [data.draw(TEXT) for _ in entry.strings])
    same(OURS, after)


def test_one_entry_is_read_and_no_more() -> None:
    file = po.read(OURS)
    entry = file.messages[700]
    after = po_edit.edit(OURS, entry.key, ["Neu"] * len(entry.strings)).decode()
    found = edited.edit(edited.layout(file), after)
    assert found is not None
    assert len(found.new) <= 4
    assert entry.key in {one.key for one in found.new}
