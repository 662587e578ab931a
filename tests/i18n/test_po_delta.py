"""Reading only what changed gives what reading the whole file gives, or nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.i18n import po, po_delta

ENTRIES = [
    'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"',
    '#: a.py\nmsgid "One"\nmsgstr "Un"',
    '#, fuzzy\nmsgid "Two"\nmsgstr "Deux"',
    'msgctxt "menu"\nmsgid "Two"\nmsgstr ""\n"Deux "\n"lignes"',
    'msgid "%(num)s day"\nmsgid_plural "%(num)s days"\nmsgstr[0] "jour"\nmsgstr[1] "jours"',
    '# a comment\nmsgid "Three"\nmsgstr "Trois"',
    'msgid "Four"\nmsgstr "Quatre"',
    '#~ msgid "Old"\n#~ msgstr "Vieux"',
]
TEXT = "\n\n".join(ENTRIES) + "\n"
PIECES = st.sampled_from(
    [
        "",
        "x",
        '"',
        "\n",
        "\n\n",
        "#",
        "#~ ",
        "#, fuzzy\n",
        '"more"\n',
        'msgid "New"\nmsgstr "Neuf"\n\n',
        *ENTRIES,
    ]
)


def test_one_changed_text_is_read_with_its_neighbours() -> None:
    found = po_delta.delta(po_delta.index(po.read_text(TEXT)), TEXT.replace("jours", "journées"))
    assert found is not None
    assert [entry.strings for entry in found.entries] == [
        ("Deux lignes",),
        ("jour", "journées"),
        ("Trois",),
    ]
    assert found.index == po_delta.index(po.read_text(TEXT.replace("jours", "journées")))


def test_a_changed_header_is_read_whole() -> None:
    known = po_delta.index(po.read_text(TEXT))
    assert po_delta.delta(known, TEXT.replace("text/plain", "text/html")) is None


def test_a_message_put_in_twice_is_read_whole() -> None:
    known = po_delta.index(po.read_text(TEXT))
    assert po_delta.delta(known, TEXT.replace('"Trois"', '"Trois"\n\n' + ENTRIES[1])) is None


@settings(max_examples=1500, deadline=None)
@given(st.integers(0, len(TEXT)), st.integers(0, 60), PIECES)
def test_any_change_gives_what_the_whole_file_gives(start: int, length: int, piece: str) -> None:
    """A change anywhere: entries and places are those of the whole file, or it cannot tell."""
    known = po_delta.index(po.read_text(TEXT))
    changed = TEXT[:start] + piece + TEXT[start + length :]
    found = po_delta.delta(known, changed)
    if found is None:
        return
    whole = po.read_text(changed)
    assert found.index == po_delta.index(whole)
    kept = {one.key: one for one in po.read_text(TEXT).messages if one.key not in found.gone}
    amended = kept | {one.key: one for one in found.entries}
    assert {key: (one.strings, one.fuzzy) for key, one in amended.items()} == {
        one.key: (one.strings, one.fuzzy) for one in whole.messages
    }
