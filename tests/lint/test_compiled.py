"""What lies beside a catalog: compiled files (PO011) and templates (PO012)."""

from pathlib import Path

import polib
import pytest

from service.lint.catalog_files import Frame, check_file

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: fr\\n"\n\n'
BODY = 'msgid "a"\nmsgstr "b"\n\nmsgctxt "c"\nmsgid "d"\nmsgstr "e"\n\nmsgid "f"\nmsgstr ""\n'


def rules(path: Path) -> list[str]:
    found = [f"{one.line} {one.rule}" for one in check_file(path, Frame(path.parent / "none"))]
    return [one for one in found if "ST00" not in one]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (BODY, []),
        (BODY.replace('"b"', '"B"'), ["6 PO011"]),
        (BODY.replace('msgctxt "c"', '#, fuzzy\nmsgctxt "c"'), ["11 PO011"]),
        (BODY.replace('msgstr ""', 'msgstr "g"'), ["13 PO011"]),
        ('msgid "a"\nmsgstr "b"\n', ["1 PO011"]),
    ],
)
def test_a_compiled_file_says_what_its_catalog_says(tmp_path: Path, now: str, expected: list[str]) -> None:
    """PO011: by what is in it; a checkout gives files any time."""
    path = tmp_path / "fr.po"
    path.write_text(HEAD + BODY, encoding="utf-8")
    polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
    path.write_text(HEAD + now, encoding="utf-8")
    assert rules(path) == expected


def test_a_broken_compiled_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    path.write_text(HEAD + BODY, encoding="utf-8")
    path.with_suffix(".mo").write_bytes(b"\xde\x12\x04\x95" + bytes(3))
    assert rules(path) == ["1 PO011"]


def test_a_template_of_others_is_compared_too(tmp_path: Path) -> None:
    """PO012; texts that no extraction finds may be listed."""
    path = tmp_path / "fr" / "LC_MESSAGES" / "x.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD + BODY, encoding="utf-8")
    template = tmp_path / "x.pot"
    template.write_text(HEAD + BODY, encoding="utf-8")
    assert rules(path) == []
    template.write_text(
        HEAD + 'msgid "a"\nmsgstr ""\n\nmsgctxt "c"\nmsgid "d"\nmsgstr ""\n', encoding="utf-8"
    )
    assert rules(path) == ["1 PO012"]
    allow = '[[allow]]\nrule = "PO012"\nid = "f"\nreason = "made by a program"\n'
    (tmp_path / "lint.toml").write_text(allow, encoding="utf-8")
    assert rules(path) == []
