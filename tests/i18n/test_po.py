"""The strict catalog reader and its writer, against polib and, where it is installed, msgfmt."""

import shutil
import subprocess
from pathlib import Path

import polib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.i18n import po

HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=n>1;\\n"

"""
MSGFMT, MSGCAT = shutil.which("msgfmt"), shutil.which("msgcat")

SAMPLE = """# A translator’s word
#. What the programmer says
#: a.py b.html
#, fuzzy, python-format
#| msgid "Old"
msgctxt "menu"
msgid "Open %(x)s"
msgstr ""
"Öffne "
"%(x)s\\n"

msgid "file"
msgid_plural "files"
msgstr[0] "fichier"
msgstr[1] "fich\\"iers\\t"

#~ msgctxt "old"
#~ msgid "Gone"
#~ msgstr ""
#~ "Parti"
"""


def test_every_part_of_an_entry_is_read() -> None:
    file = po.read_text(HEADER + SAMPLE)
    first, second, third = (po.unplaced(entry) for entry in file.entries[1:])
    assert first == po.Entry(
        "menu",
        "Open %(x)s",
        None,
        ("Öffne %(x)s\n",),
        ("A translator’s word",),
        ("What the programmer says",),
        ("a.py", "b.html"),
        ("fuzzy", "python-format"),
        ('msgid "Old"',),
    )
    assert second == po.Entry(None, "file", "files", ("fichier", 'fich"iers\t'))
    assert third == po.Entry("old", "Gone", None, ("Parti",), obsolete=True)
    assert [entry.line for entry in file.entries] == [1, 12, 17, 23]
    assert [entry.key for entry in file.messages] == [("menu", "Open %(x)s"), (None, "file")]
    assert (file.messages[0].fuzzy, file.messages[0].translated) == (True, False)
    assert file.header["Plural-Forms"] == "nplurals=2; plural=n>1;"


def test_spans_and_places_point_into_the_file() -> None:
    file = po.read_text(HEADER + SAMPLE)
    menu, plural, _ = file.entries[1:]
    assert file.text[slice(*menu.id_span)] == '"Open %(x)s"'
    assert file.text[slice(*menu.spans[0])] == '""\n"Öffne "\n"%(x)s\\n"'
    assert file.text[slice(*menu.span)].startswith("# A translator")
    assert [file.text[slice(*span)] for span in plural.spans] == ['"fichier"', '"fich\\"iers\\t"']
    assert file.place(menu, 0, 0) == (14, 2)
    assert file.place(menu, 0, 6) == (15, 2)
    assert file.place(menu, 0, 11) == (15, 7)
    assert file.place(menu, 0, 99) == (15, 9)
    assert file.place(plural, 1, 5) == (20, 18)
    assert file.place(menu, 7, 0) == (12, 1)


def test_replacing_a_span_leaves_every_other_byte() -> None:
    data = (HEADER + SAMPLE).replace("\n", "\r\n").encode()
    file = po.read(data)
    start, end = file.messages[1].spans[0]
    edited = (file.text[:start] + po.quote("dossier") + file.text[end:]).encode()
    assert edited == data.replace(b'"fichier"', b'"dossier"')


ESCAPE = "“%(escape)s” is not an escape. A backslash itself is written twice."
DOUBLE = "This message is already in the file, on line %(first)s."
CONFLICT = "A conflict marker of the version control is left in the file."
JUNK = "This line is neither a comment nor part of a message."


@pytest.mark.parametrize(
    ("body", "line", "column", "reason"),
    [
        ('msgid "a"\nmsgstr "b\n', 7, 8, "The closing quotation mark is missing on this line."),
        ('msgid "a"\nmsgstr "b\\\n', 7, 8, "The closing quotation mark is missing on this line."),
        ('msgid "a"\nmsgstr "b"c"\n', 7, 11, "A quotation mark inside a text is written “\\\"”."),
        ('msgid "a"\nmsgstr "b" c\n', 7, 12, "Nothing may follow the closing quotation mark."),
        ('msgid "a"\nmsgstr "é\\q"\n', 7, 10, ESCAPE),
        ('msgid "a"\nmsgstr "\\303"\n', 7, 8, "These escapes do not make UTF-8 text."),
        ('msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "b"\n', 9, 1, DOUBLE),
        ('msgid "a"\n\nmsgid "b"\nmsgstr "b"\n', 6, 1, "“%(keyword)s” is missing from this message."),
        ('msgid "a"\n# x\nmsgstr "b"\n', 6, 1, "“%(keyword)s” is missing from this message."),
        ('msgid "a"\n', 6, 1, "“%(keyword)s” is missing from this message."),
        ('msgctxt "a"\nmsgstr "b"\n', 6, 1, "“%(keyword)s” is missing from this message."),
        ('msgstr "b"\n', 6, 1, "“%(keyword)s” is out of place here."),
        ('msgid\nmsgstr "b"\n', 7, 1, "A text in quotation marks is expected here."),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "x"\nmsgstr[2] "y"\n', 9, 1,
         "Plural forms are numbered from 0, in order: “msgstr[%(expected)s]” is expected here."),
        ('msgid "a"\nmsgstr[0] "b"\n', 6, 1, "This message mixes singular and plural."),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr "c"\n', 6, 1, "This message mixes singular and plural."),
        ('<<<<<<< HEAD\nmsgid "a"\nmsgstr "b"\n', 6, 1, CONFLICT),
        ('msgid "a"\n=======\nmsgstr "b"\n', 7, 1, CONFLICT),
        ('#~ msgid "a"\nmsgstr "b"\n', 7, 1, "Every line of an obsolete message starts with “#~”."),
        ('hello\n', 6, 1, JUNK),
        ('# c\n"loose"\n', 7, 1, "This text belongs to no “msgid” or “msgstr”."),
        ('domain "x"\nmsgid "a"\nmsgstr "b"\n', 6, 1, JUNK),
    ],
)  # fmt: skip
def test_mistakes_are_refused_with_their_place(body: str, line: int, column: int, reason: str) -> None:
    """F-16: file, line and reason."""
    with pytest.raises(po.PoSyntaxError) as refused:
        po.read_text(HEADER + body)
    error = refused.value
    assert (error.phrase.text, error.line, error.column) == (reason, line, column)


def test_wrong_bytes_are_refused_with_their_place() -> None:
    """F-16: bad charset."""
    with pytest.raises(po.PoSyntaxError) as refused:
        po.read(HEADER.encode() + 'msgid "é'.encode() + b'\xe9"\nmsgstr ""\n')
    assert (refused.value.line, refused.value.column) == (6, 9)
    with pytest.raises(po.PoSyntaxError, match="1:1: The file starts with a byte order mark"):
        po.read(b"\xef\xbb\xbf" + HEADER.encode())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('msgid "a" msgstr "b" msgid "c"\nmsgstr "d"\n', [("a", "b"), ("c", "d")]),
        ('\tmsgid\t"a"\n  msgstr  "b"  "c"\n   "d"\n', [("a", "bcd")]),
        ('msgid "a"\nmsgstr"b""c\\"" "d"\n', [("a", 'bc"d')]),
        ('msgid "a"\r\nmsgstr "b"\r\n', [("a", "b")]),
        ('msgid "a"\nmsgstr "b\\x41\\101\\303\\251 \\a\\b\\f\\v\\\\n"\n', [("a", "bAAé \a\b\f\v\\n")]),
        ('msgid "a"\nmsgstr "b\tc"\n# last word', [("a", "b\tc")]),
        ('msgid "a"\nmsgstr "b" # aside\n', [("a", "b")]),
        ("", []),
    ],
)
def test_unusual_files_that_gettext_accepts_are_read(body: str, expected: list[tuple[str, str]]) -> None:
    file = po.read_text(HEADER + body)
    assert [(entry.id, entry.strings[0]) for entry in file.messages] == expected


def test_an_obsolete_twin_is_read_and_left_to_the_lint() -> None:
    file = po.read_text(HEADER + 'msgid "a"\nmsgstr ""\n\n#~ msgid "a"\n#~ msgstr "b"\n')
    assert [(entry.id, entry.obsolete) for entry in file.entries] == [("", False), ("a", False), ("a", True)]


CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
TEXT = st.text(st.one_of(st.sampled_from('\\"\n\t%()s#~é保 存n'), CHARACTERS), max_size=30)
LINE = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=12
)
WORD = st.text(st.sampled_from("abcé保./-_"), min_size=1, max_size=8)


@st.composite
def entries(draw: st.DrawFn) -> po.Entry:
    plural = draw(st.one_of(st.none(), TEXT))
    count = 1 if plural is None else draw(st.integers(1, 3))
    return po.Entry(
        draw(st.one_of(st.none(), TEXT)),
        draw(TEXT.filter(bool)),
        plural,
        tuple(draw(TEXT) for _ in range(count)),
        tuple(draw(st.lists(LINE.filter(lambda line: line[0] not in "~,:.|"), max_size=2))),
        tuple(draw(st.lists(LINE, max_size=2))),
        tuple(draw(st.lists(WORD, max_size=2))),
        tuple(draw(st.lists(st.sampled_from(["fuzzy", "python-format"]), max_size=2, unique=True))),
    )


CATALOGS = st.lists(entries(), max_size=6, unique_by=lambda entry: entry.key)


@given(CATALOGS)
def test_what_is_written_is_read_back(written: list[po.Entry]) -> None:
    text = po.serialize(written)
    assert [po.unplaced(entry) for entry in po.read_text(text).entries] == written
    assert po.serialize(po.read_text(text).entries) == text


@given(CATALOGS)
def test_obsolete_entries_are_read_back(written: list[po.Entry]) -> None:
    gone = [entry._replace(obsolete=True, references=()) for entry in written]
    assert [po.unplaced(entry) for entry in po.read_text(po.serialize(gone)).entries] == gone


@given(CATALOGS)
def test_polib_reads_what_we_write(written: list[po.Entry]) -> None:
    ours = [
        (e.context, e.id, e.plural or "", e.strings if e.plural is not None else e.strings[:1])
        for e in written
    ]
    theirs = [
        (e.msgctxt, e.msgid, e.msgid_plural, tuple(e.msgstr_plural.values()) or (e.msgstr,))
        for e in polib.pofile(HEADER + po.serialize(written))
    ]
    assert theirs == ours


@given(st.lists(entries().filter(lambda e: e.plural != ""), max_size=6, unique_by=lambda e: e.key))
def test_we_read_what_polib_writes(written: list[po.Entry]) -> None:
    file = polib.POFile()
    file.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    for e in written:
        forms = dict(enumerate(e.strings)) if e.plural else {}
        entry = polib.POEntry(msgctxt=e.context, msgid=e.id, msgid_plural=e.plural or "", flags=list(e.flags))
        entry.msgstr, entry.msgstr_plural = ("", forms) if forms else (e.strings[0], {})
        file.append(entry)
    read = po.read_text(str(file) + "\n").messages
    assert [(e.context, e.id, e.plural, e.strings, e.flags) for e in read] == [
        (e.context, e.id, e.plural, e.strings, e.flags) for e in written
    ]


@given(st.text(alphabet='msgidtrcxplua_[]01"\\\n#~,|: <>=é', max_size=120))
def test_anything_is_read_or_refused(text: str) -> None:
    """F-16: no text makes the reader fail otherwise."""
    try:
        po.read_text(text)
    except po.PoSyntaxError as error:
        place = error.line, error.column
    else:
        place = 1, 1
    assert min(place) >= 1


@given(CATALOGS.filter(bool), st.data())
def test_a_catalog_with_one_character_changed_is_read_or_refused(
    written: list[po.Entry], data: st.DataObject
) -> None:
    """F-16: half-written and damaged files."""
    text = po.serialize(written)
    at = data.draw(st.integers(0, len(text) - 1))
    for damaged in (text[:at], text[:at] + text[at + 1 :], text[:at] + '"' + text[at:]):
        line = 1
        try:
            po.read_text(damaged)
        except po.PoSyntaxError as error:
            line = error.line
        assert 1 <= line <= damaged.count("\n") + 1


ACCEPTED = [
    'msgid "a" msgstr "b" msgid "c"\nmsgstr "d"\n',
    'msgid "a"\nmsgstr "b" # aside\n',
    'msgid "a"\r\nmsgstr "b"\r\n',
    'msgid "a"\nmsgstr "b\\x41\\101\\t"\n',
    'msgid "a"\nmsgstr"b""c"\n# last',
    '#, fuzzy\n#~| msgid "o"\n#~ msgid "a"\n#~ msgstr "b"\n',
    'msgctxt ""\nmsgid "a"\nmsgstr "b"\n',
    'msgid "a"\nmsgid_plural "as"\nmsgstr [ 0 ] "b"\nmsgstr[01] "c"\n',
    "",
]
REFUSED = [
    'msgid "a"\n# between\nmsgstr "b"\n',
    'msgid "a"\nmsgstr "b\n',
    'msgid "a"\nmsgstr "b\\?"\n',
    'msgid "a"\nmsgid_plural "as"\nmsgstr[0] "b"\nmsgstr[2] "c"\n',
    'msgid "a"\n\nmsgid "b"\nmsgstr "c"\n',
    '#~ msgid "a"\nmsgstr "b"\n',
    'msgid "a"\nmsgstr[0] "b"\n',
    'msgid "a"\nmsgid_plural "as"\nmsgstr "b"\n',
    'msgid\nmsgstr "b"\n',
    'msgid "a"\nmsgctxt "x"\nmsgstr "b"\n',
    'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "b"\n',
    'msgid "a"\nmsgstr "b"c"\n',
    '<<<<<<< HEAD\nmsgid "a"\nmsgstr "b"\n',
    "hello\n",
]


@pytest.mark.skipif(MSGFMT is None, reason="msgfmt is not installed")
def test_msgfmt_agrees_on_what_is_a_catalog(tmp_path: Path) -> None:
    path = tmp_path / "messages.po"
    theirs: dict[str, bool] = {}
    ours: dict[str, bool] = {}
    for body in (*ACCEPTED, *REFUSED):
        path.write_bytes((HEADER + body).encode())
        run = subprocess.run([str(MSGFMT), "-o", "/dev/null", path], capture_output=True, check=False)
        theirs[body] = run.returncode == 0
        try:
            po.read(path.read_bytes())
            ours[body] = True
        except po.PoSyntaxError:
            ours[body] = False
    assert ours == theirs == {body: body in ACCEPTED for body in (*ACCEPTED, *REFUSED)}


PIECES = st.sampled_from([
    'msgid "a"', 'msgid "b"', 'msgstr "b"', 'msgstr ""', 'msgstr "b\\q"', 'msgstr "\\x41\\n"', 'msgstr "x',
    'msgctxt "c"', 'msgid_plural "as"', 'msgstr[0] "x"', 'msgstr[1] "y"', 'msgstr[2] "z"', '"more"',
    '"\\t" "x"', "# note", "#, fuzzy", "#: a.py:3", '#| msgid "old"', '#~ msgid "gone"', '#~ msgstr "weg"',
    '#~| msgid "was"', "<<<<<<< HEAD", "=======", "junk", "", 'msgid "é"', "\tmsgstr 'b'", '#~ msgctxt "c"',
    '#| "more"', '#| msgctxt "c"', '#| msgid_plural "olds"',
])  # fmt: skip
ENTRIES = st.sampled_from([
    'msgid "a"\nmsgstr "b"', 'msgctxt "c"\nmsgid "a"\nmsgstr "b"', '#, fuzzy\nmsgid "d"\nmsgstr ""\n"e"',
    'msgid "p"\nmsgid_plural "ps"\nmsgstr[0] "x"\nmsgstr[1] "y"', '#~ msgid "o"\n#~ msgstr "p"',
])  # fmt: skip


@pytest.mark.skipif(MSGCAT is None, reason="msgcat is not installed")
@given(
    st.lists(st.one_of(PIECES, ENTRIES), max_size=9),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["\n", ""]),
)
@settings(max_examples=150)
def test_msgcat_agrees_on_any_file(lines: list[str], newline: str, end: str) -> None:
    """Duplicates, markers, obsolete and previous texts, escapes, comments between, line endings.

    But for obsolete twins, which msgcat refuses: Babel writes them, and the lint offers what they hold.
    """
    data = (HEADER + "\n".join(lines) + end).replace("\n", newline).encode()
    run = subprocess.run([str(MSGCAT), "-o", "/dev/null", "-"], input=data, capture_output=True, check=False)
    try:
        keys = [entry.key for entry in po.read(data).entries]
        ours = len(set(keys)) == len(keys)
    except po.PoSyntaxError:
        ours = False
    assert ours == (run.returncode == 0), run.stderr.decode()
