"""All rules over files: places, order, what is allowed, our own catalogs."""

from pathlib import Path

import pytest

from service.facts.findings import Severity
from service.i18n.locales import LOCALES
from service.lint.catalog_files import Frame, check, check_file
from service.lint.report import Allowed, ConfigError, check_catalog, read_allowed

HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: fr\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
)
FR = LOCALES["fr"]


def rules(body: str, head: str = HEAD, code: str = "fr") -> list[str]:
    findings = check_catalog((head + body).encode(), LOCALES[code])
    return [f"{finding.line}:{finding.column} {finding.rule}" for finding in findings]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('msgid "a"\nmsgstr "b\n', ["8:8 PO001"]),
        ('msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n', ["10:1 PO002"]),
        ('msgid "a"\nmsgstr "b"\n\n#~ msgid "a"\n#~ msgstr "c"\n', ["10:1 PO002"]),
        ('#~ msgid "a"\n#~ msgstr "b"\n\n#~ msgid "a"\n#~ msgstr "c"\n', ["10:1 PO002"]),
        ('msgid "a"\nmsgstr ""\n\n#~ msgid "a"\n#~ msgstr "c"\n', ["8:9 ST001", "10:1 PO006"]),
        ('<<<<<<< HEAD\nmsgid "a"\nmsgstr "b"\n', ["7:1 PO005"]),
        ('#, fuzzy\nmsgid "a"\nmsgstr "b ?"\n', ["9:9 ST002"]),
        ('msgid "Why\\n"\n"now?"\nmsgstr ""\n"Pourquoi\\n"\n"maintenant ?"\n', ["11:13 FR001"]),
        ('msgctxt "c"\nmsgid ""\nmsgstr "b"\n', []),
        ('msgid "One \\"x\\""\nmsgstr "Un \\"xy\\""\n', ["8:12 FR002"]),
        ("", []),
    ],
)
def test_findings_stand_at_their_characters(body: str, expected: list[str]) -> None:
    assert rules(body) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", ["1:1 PO003"]),
        (HEAD.replace("UTF-8", "ISO-8859-1"), ["3:16 PO003"]),
        (HEAD.replace("Language: fr", "Language: de"), ["4:12 PO003"]),
        (HEAD.replace('"Language: fr\\n"\n', ""), ["1:1 PO003"]),
        ("#, fuzzy\n" + HEAD, ["2:1 PO003"]),
        (HEAD.replace("n > 1", "n != 1"), ["5:16 PO004"]),
        (HEAD.replace("nplurals=2", "nplurals=3"), ["5:16 PO004"]),
        (HEAD.replace("(n > 1)", "n>1"), []),
        ("\ufeff" + HEAD, ["1:1 PO009"]),
    ],
)
def test_headers(head: str, expected: list[str]) -> None:
    assert rules("", head) == expected


def test_wrong_bytes() -> None:
    finding, *rest = check_catalog(HEAD.encode() + b'msgid "\xe9"\nmsgstr ""\n', FR)
    assert [one.rule for one in rest] == ["ST001"]
    assert (finding.rule, finding.line, finding.column) == ("PO009", 7, 8)


def test_the_source_text_goes_with_a_finding() -> None:
    (finding,) = check_catalog((HEAD + 'msgid "Why?"\nmsgstr "Quoi ?"\n').encode(), FR, path="x.po")
    assert (finding.severity, finding.path, finding.values["msgid"]) == (Severity.WARNING, "x.po", "Why?")


@pytest.mark.parametrize("mark", ["# i18n-allow: FR001 a quotation", "#. i18n-allow: FR001"])
def test_a_comment_allows_a_finding(mark: str) -> None:
    assert rules(f'{mark}\nmsgid "Why?"\nmsgstr "Quoi ?"\n') == []


def test_a_comment_does_not_allow_code() -> None:
    body = '# i18n-allow: SEC001 SEC002\nmsgid "Why"\nmsgstr "<script>"\n'
    assert rules(body) == ["9:9 SEC001"]


def test_the_list_of_allowed_findings(tmp_path: Path) -> None:
    path = tmp_path / "lint.toml"
    assert read_allowed(path) == ()
    path.write_text('[[allow]]\nrule = "FR001"\nid = "Why?"\nlocale = "fr"\nreason = "as said"\n')
    allowed = read_allowed(path)
    assert allowed == (Allowed("FR001", "as said", "Why?", "fr"),)
    data = (HEAD + 'msgid "Why?"\nmsgstr "Quoi ?"\n\nmsgid "How?"\nmsgstr "Comment ?"\n').encode()
    assert [finding.line for finding in check_catalog(data, FR, allowed=allowed)] == [11]
    for text in ("[[allow]\n", '[[allow]]\nrule = "X"\n', '[[allow]]\nrul = "X"\nreason = "y"\n'):
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"lint\.toml"):
            read_allowed(path)


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    (finding,) = check_file(tmp_path / "none.po", Frame(tmp_path))
    assert (finding.rule, finding.severity, finding.path) == (
        "PO001",
        Severity.ERROR,
        str(tmp_path / "none.po"),
    )


def test_a_directory_is_checked_with_its_own_glossary(tmp_path: Path) -> None:
    for code, locale in LOCALES.items():
        path = tmp_path / code / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        head = HEAD.replace("Language: fr", f"Language: {code}").replace(
            "nplurals=2; plural=(n > 1);", locale.plural_forms
        )
        path.write_text(head + 'msgid "user"\nmsgstr "用"\n', encoding="utf-8")
    (tmp_path / "glossary.toml").write_text(
        '[[row]]\nterms = [{ en = "user", fr = "utilisateur", ja = "ユーザー", zh = "用户" }]\n',
        encoding="utf-8",
    )
    found = [(f.rule, Path(str(f.path)).parts[-3]) for f in check([tmp_path], Frame(tmp_path))]
    assert found == [("CO003", "fr"), ("CO003", "ja"), ("CO003", "zh")]


def test_a_catalog_that_was_not_updated_is_named(tmp_path: Path) -> None:
    for code, locale in LOCALES.items():
        path = tmp_path / code / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        head = HEAD.replace("Language: fr", f"Language: {code}")
        path.write_text(head.replace("nplurals=2; plural=(n > 1);", locale.plural_forms), encoding="utf-8")
    (tmp_path / "messages.pot").write_text(HEAD + 'msgid "CSV"\nmsgstr ""\n', encoding="utf-8")
    found = check([tmp_path], Frame(tmp_path))
    assert [(f.rule, f.values) for f in found] == [("PO012", {"new": 1, "old": 0})] * 4
