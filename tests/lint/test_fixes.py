"""Fixes change their own characters only, as the file writes them, and leave nothing to fix."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.findings import Finding, Fix, Severity
from service.facts.words import N_
from service.i18n import po
from service.i18n.locales import LOCALES
from service.lint import fixes
from service.lint.catalog_files import Frame, check_file, mended
from tests.lint.catalogs import entries
from tests.lint.mutations import MUTATIONS

HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: fr\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
)
FIXED = ("MK002", "PH003", "PH005", "PH006", "PH007", "PO009", "PO010", "SEC003", "WS001", "WS002")


def mend(path: Path, text: str) -> str:
    path.write_bytes(text.encode())
    data = mended(path, Frame(path.parent / "none"))
    return text if data is None else data.decode()


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ('msgid "a b"\nmsgstr "c  d"\n', 'msgid "a b"\nmsgstr "c d"\n'),
        ('#, python-format\nmsgid "%(n)d\\t\\\\x\\\\"\nmsgstr ""\n"\\t\\\\%(n)\\\\ "\n"y"\n',
         '#, python-format\nmsgid "%(n)d\\t\\\\x\\\\"\nmsgstr ""\n"\\\\%(n)d\\\\ "\n"y"\n'),
        ('msgid "a"\nmsgstr "e\u0301"\n', 'msgid "a"\nmsgstr "é"\n'),
        ('msgid "a"\nmsgstr " b \\n"\n', 'msgid "a"\nmsgstr "b"\n'),
        # the two spaces stand in two strings
        ('msgid "a b"\nmsgstr ""\n"c "\n" d"\n', 'msgid "a b"\nmsgstr ""\n"c "\n" d"\n'),
        # what somebody allowed stays
        ('#. i18n-allow: WS002 a table\nmsgid "a b"\nmsgstr "c  d"\n',
         '#. i18n-allow: WS002 a table\nmsgid "a b"\nmsgstr "c  d"\n'),
        ('msgid "a b"\r\nmsgstr "c  d"\r\n', 'msgid "a b"\r\nmsgstr "c d"\r\n'),
    ],
)  # fmt: skip
def test_what_is_mended(tmp_path: Path, bad: str, good: str) -> None:
    assert mend(tmp_path / "fr.po", HEAD + bad) == HEAD + good


def test_of_fixes_that_overlap_the_first_is_applied() -> None:
    def found(start: int, end: int, text: str) -> Finding:
        return Finding("X", Severity.ADVICE, N_("Error"), fix=Fix(start, end, text))

    assert fixes.apply("abcdef", [found(2, 4, "X"), found(0, 3, "Y"), found(5, 6, "")]) == "Ydef"[:-1]
    assert fixes.apply("abc", [found(1, 1, "-"), found(1, 1, "-")]) == "a-bc"


def test_a_file_in_another_charset_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    data = (HEAD.replace("UTF-8", "ISO-8859-1") + 'msgid "a b"\nmsgstr "é  d"\n').encode("latin-1")
    path.write_bytes(data)
    assert mended(path, Frame(tmp_path / "none")) is None


def rounds(path: Path, frame: Frame) -> set[str]:
    """Mend a file as `mended` does, and return whose texts; some are odd only once others are mended."""
    whose: set[str] = set()
    while found := [finding for finding in check_file(path, frame) if finding.fix]:
        whose |= {str(finding.values["msgid"]) for finding in found}
        path.write_text(fixes.apply(path.read_text(encoding="utf-8"), found), encoding="utf-8")
    return whose


@pytest.mark.parametrize("rule", FIXED)
@pytest.mark.parametrize("code", ["fr", "ja"])
def test_defects_of_real_catalogs_are_mended(tmp_path: Path, rule: str, code: str) -> None:
    """Outside of the mended texts every byte stays; the finding is gone; mending again changes nothing."""
    random = Random(rule + code)
    real = random.sample(list(entries(code)), 300)
    real = [one for one in real if len(one.strings) == 1]
    chosen = {}
    for entry in real:
        spoiled = MUTATIONS[rule](entry, LOCALES[code], random)
        chosen[entry.key] = entry if spoiled is None else spoiled
    locale = LOCALES[code]
    head = "Content-Type: text/plain; charset=UTF-8\n"
    head += f"Language: {code}\nPlural-Forms: {locale.plural_forms}\n"
    path = tmp_path / f"{code}.po"
    text = po.serialize([po.Entry(None, "", None, (head,)), *{e.key: e for e in chosen.values()}.values()])
    path.write_text(text, encoding="utf-8")
    frame = Frame(tmp_path / "none")
    before = po.read_text(text)
    after = mend(path, text)
    path.write_text(text, encoding="utf-8")
    to_mend = rounds(path, frame)
    assert to_mend
    assert path.read_text(encoding="utf-8") == after
    assert mended(path, frame) is None
    assert not [finding for finding in check_file(path, frame) if finding.fix]
    file = po.read_text(after)
    assert len(file.entries) == len(before.entries)
    for old, new in zip(before.entries, file.entries, strict=True):
        if old.id not in to_mend:
            assert before.text[slice(*old.span)] == file.text[slice(*new.span)]
        else:
            assert outside(before, old) == outside(file, new)


def outside(file: po.PoFile, entry: po.Entry) -> tuple[str, str]:
    (start, end), (first, last) = entry.span, (entry.spans[0][0], entry.spans[-1][1])
    return file.text[start:first], file.text[last:end]


@given(
    st.lists(st.text(alphabet='ab"\\\n\té 、\u0301', max_size=6), min_size=1, max_size=4),
    st.integers(0, 20),
    st.integers(0, 4),
    st.text(alphabet='x"\\\n\t', max_size=3),
)
def test_a_fix_is_exact_in_its_file(pieces: list[str], start: int, length: int, new: str) -> None:
    """The text read back is the old one with that very replacement, or the fix is refused."""
    body = "\n".join(f'"{po.quote(piece)[1:-1]}"' if "\n" not in piece[:-1] else '"z"' for piece in pieces)
    file = po.read_text(f'{HEAD}msgid "q"\nmsgstr {body}\n')
    (entry,) = file.messages
    text = entry.strings[0]
    fix = Fix(min(start, len(text)), min(start + length, len(text)), new)
    placed = fixes.in_file(file, entry, 0, fix)
    if placed is None:
        return
    mended_text = file.text[: placed.start] + placed.text + file.text[placed.end :]
    (again,) = po.read_text(mended_text).messages
    assert again.strings[0] == text[: fix.start] + new + text[fix.end :]
