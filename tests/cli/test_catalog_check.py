"""`prospectus catalog check` on any files: what it prints, how it ends, what it mends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.cli.catalog import group
from service.i18n.locales import LOCALES
from service.lint.catalog_files import Frame, check_file, mended

FR = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: fr\\n"\n'
    '"Plural-Forms: nplurals=3; plural=(n == 0 || n == 1) ? 0 : n != 0 && n % 1000000 == 0 ? 1 : 2;\\n"\n\n'
)
WRONG = '#, python-format\nmsgid "Hello, %(name)s: 100%%"\nmsgstr "Bonjour %(nom)s\\u00a0: 100\\u00a0%%"\n'
WRONG = WRONG.replace("\\u00a0", "\u00a0")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(group, ["check", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "other, project" / "fr" / "LC_MESSAGES" / "x.po"
    path.parent.mkdir(parents=True)
    path.write_text(FR + WRONG, encoding="utf-8")
    return path


def test_json_is_one_list_of_the_objects_of_content_check(bad: Path) -> None:
    ran = run(bad, "--json")
    assert ran.exit_code == 1
    found = json.loads(ran.output)
    assert [(one["rule"], one["line"], one["column"]) for one in found] == [
        ("PH002", 9, 9), ("PH001", 9, 17),
    ]  # fmt: skip
    assert found[1] == {
        "rule": "PH001",
        "severity": "error",
        "path": str(bad),
        "line": 9,
        "column": 17,
        "message": "The placeholder “%(nom)s” is not in the source text.",
        "msgid": "Hello, %(name)s: 100%%",
    }
    assert run(bad.parents[2], "--json").output == ran.output


def test_nothing_found_is_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "fr.po").write_text(FR, encoding="utf-8")
    clean = run(tmp_path, "--json")
    assert (clean.exit_code, json.loads(clean.output)) == (0, [])


def test_sarif_has_what_its_schema_requires(bad: Path) -> None:
    ran = run(bad, "--sarif")
    log = json.loads(ran.output)
    assert (ran.exit_code, log["version"]) == (1, "2.1.0")
    (one,) = log["runs"]
    driver = one["tool"]["driver"]
    assert driver["name"] == "prospectus"
    assert [rule["id"] for rule in driver["rules"]] == ["PH001", "PH002"]
    for result in one["results"]:
        assert result["message"]["text"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert place["region"]["startColumn"] >= 1
        assert "other%2C%20project/fr/LC_MESSAGES/x.po" in place["artifactLocation"]["uri"]


def test_sarif_carries_fixes(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    path.write_text(FR + 'msgid "a b"\nmsgstr "c  d"\n', encoding="utf-8")
    (result,) = json.loads(run(path, "--sarif").output)["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    assert replacement["insertedContent"] == {"text": " "}
    assert replacement["deletedRegion"]["charLength"] == 2


def test_commands_of_github_are_escaped(bad: Path) -> None:
    lines = run(bad, "--github").output.splitlines()
    where = str(bad).replace(",", "%2C")
    assert lines[1] == (
        f"::error file={where},line=9,col=17::PH001 The placeholder “%25(nom)s” is not in the source text."
    )


def test_only_errors_fail_unless_strict(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    path.write_text(FR + 'msgid "Name"\nmsgstr "Nom "\n', encoding="utf-8")
    assert (run(path).exit_code, run(path, "--strict").exit_code) == (0, 1)


def test_what_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (found,) = json.loads(run(tmp_path / "none.po", "--json").output)
    assert (found["rule"], found["severity"]) == ("PO001", "error")
    path = tmp_path / "fr.po"
    path.write_text(FR + 'msgid "a"\nmsgstr "b\n\n' + WRONG, encoding="utf-8")
    broken = run(path, "--json")
    assert broken.exit_code == 1
    assert [one["rule"] for one in json.loads(broken.output)] == ["PO001", "PH002", "PH001"]


def test_fix_mends_and_prints_what_is_left(bad: Path) -> None:
    text = FR + 'msgid "a b"\nmsgstr "c  d"\n\n' + WRONG
    bad.write_text(text, encoding="utf-8")
    ran = run(bad, "--fix")
    assert ran.exit_code == 1
    assert ran.output.splitlines()[-1] == "1 file mended"
    assert bad.read_text(encoding="utf-8") == text.replace("c  d", "c d")
    assert run(bad, "--fix").output.splitlines()[-1] == "0 files mended"
    assert [path.name for path in bad.parent.iterdir()] == ["x.po"]


def rules(path: Path, *options: str) -> list[str]:
    return [one["rule"] for one in json.loads(run(path, "--json", *options).output)]


@pytest.mark.parametrize(
    ("name", "header", "plural", "expected"),
    [
        ("fr/LC_MESSAGES/x.po", "fr", "nplurals=2; plural=(n > 1);", []),
        ("fr.po", "fr_FR", "nplurals=2; plural=n!=1;", []),
        ("zh_Hans/x.po", "zh_CN", "nplurals=1; plural=0;", []),
        ("pt_BR.po", "pt_BR", "nplurals=2; plural=(n > 1);", []),
        ("ja.po", "ja", "nplurals=2; plural=(n != 1);", ["PO004"]),
        ("fr.po", "fr", "nplurals=2; plural=n/0;", ["PO004"]),
        ("fr.po", "fr", "nplurals=2; plural=import;", ["PO004"]),
        ("de/x.po", "fr", "nplurals=2; plural=(n > 1);", ["PO003"]),
        ("zh_Hans/x.po", "zh", "nplurals=1; plural=0;", ["PO003"]),
        ("tlh.po", "tlh", "nplurals=1; plural=0;", []),
    ],
)
def test_headers_of_others(tmp_path: Path, name: str, header: str, plural: str, expected: list[str]) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: {header}\\n"\n'
    path.write_text(f'{head}"Plural-Forms: {plural}\\n"\n', encoding="utf-8")
    assert rules(path) == expected


def test_plural_forms_are_counted_by_the_header_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    forms = ("%(n)d mur", "%(n)d de murs", "%(n)d murs")
    strings = "".join(f'msgstr[{form}] "{text}"\n' for form, text in enumerate(forms))
    path.write_text(FR + f'msgid "%(n)d wall"\nmsgid_plural "%(n)d walls"\n{strings}', encoding="utf-8")
    assert rules(path) == []
    two = FR.replace("nplurals=3", "nplurals=2").replace("n != 0 && n % 1000000 == 0 ? 1 : 2", "1")
    path.write_text(path.read_text(encoding="utf-8").replace(FR, two), encoding="utf-8")
    assert rules(path) == ["PL001"]


def test_the_language_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "messages.po"
    path.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Why?"\n'
                    'msgstr "Pourquoi ?"\n', encoding="utf-8")  # fmt: skip
    assert rules(path) == ["PO003"]
    assert rules(path, "--locale", "fr") == ["PO003", "FR001"]


def test_a_glossary_holds_where_it_lies_or_is_named(tmp_path: Path) -> None:
    path = tmp_path / "project" / "fr" / "LC_MESSAGES" / "x.po"
    path.parent.mkdir(parents=True)
    path.write_text(FR + 'msgid "user"\nmsgstr "usager"\n', encoding="utf-8")
    text = '[[row]]\nterms = [{ en = "user", fr = "utilisateur", ja = "ユーザー", zh = "用户" }]\n'
    assert rules(path) == []
    other = tmp_path / "terms.toml"
    other.write_text(text, encoding="utf-8")
    assert rules(path, "--glossary", str(other)) == ["CO003"]
    (tmp_path / "project" / "glossary.toml").write_text(text, encoding="utf-8")
    assert rules(path) == ["CO003"]


def test_our_own_catalogs_are_pinned_to_our_table(tmp_path: Path) -> None:
    path = tmp_path / "locales" / "fr" / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(FR, encoding="utf-8")
    assert rules(path) == []
    assert rules(path, "--root", str(tmp_path)) == ["PO004"]
    missing = json.loads(run("--json", "--root", tmp_path).output)
    assert sorted(one["rule"] for one in missing) == ["PO001"] * (len(LOCALES) - 1) + ["PO004"]


PIECES = [
    *(
        FR,
        WRONG,
        "msgid ",
        "msgstr ",
        'msgstr[0] "a"\n',
        'msgid_plural "b"\n',
        '"',
        "\n",
        "\n\n",
        "#~ ",
        "#| ",
    ),
    *(
        "#, ",
        "\ufeff",
        "\x00",
        "%(",
        "%",
        "{",
        "}",
        "<a",
        "<b>",
        "&amp;",
        "](",
        "**",
        "`",
        "((a",
        "\\",
        "\\x9",
    ),
    *("\\777", "nplurals=2; plural=n%0;", "Language: \n", "charset=koi8-r", "<<<<<<< a\n", ">>>>>>> b\n"),
    *(
        "\u0301",
        "ｱ",
        "é",
        "msgstr[99999999999]",
        "max-length:3",
        "i18n-allow: X",
        "https://",
        "Ctrl+",
        "１２",
    ),
]


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.one_of(st.binary(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map("".join)))
def test_no_bytes_break_the_checker(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "fr.po"
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(data)
    path.with_suffix(".mo").write_bytes(b"\xde\x12\x04\x95" + data)
    frame = Frame(tmp_path / "none")
    for finding in check_file(path, frame):
        assert finding.line >= 1
        assert finding.column >= 1
    mended(path, frame)
