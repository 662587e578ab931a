"""`prospectus catalog`: the command group on a small tree of sources."""

import gettext
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.catalog import group
from service.i18n import po
from service.i18n.locales import LOCALES
from service.paths import PACKAGE


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "babel.cfg").write_text((PACKAGE.parent / "babel.cfg").read_text(), encoding="utf-8")
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "pages.py").write_text(
        'N_("Page")\nNP_("stage", "New")\nNN_("%(num)s row", "%(num)s rows")\n', encoding="utf-8"
    )
    return tmp_path


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(group, [*arguments, "--root", str(root)], catch_exceptions=False)


def catalog(root: Path, code: str) -> Path:
    return root / "locales" / code / "LC_MESSAGES" / "messages.po"


def translate(root: Path, code: str, old: str, new: str) -> None:
    path = catalog(root, code)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_from_sources_to_compiled_catalogs(root: Path) -> None:
    assert run(root, "extract", "--check").exit_code == 1
    extracted = run(root, "extract")
    assert (extracted.exit_code, extracted.output) == (0, "3 messages\n")
    assert run(root, "extract", "--check").exit_code == 0
    updated = run(root, "update")
    assert updated.output.splitlines() == [
        "en: 100% translated (3 of 3), fuzzy: 0, obsolete: 0",
        "fr: 0% translated (0 of 3), fuzzy: 0, obsolete: 0",
        "ja: 0% translated (0 of 3), fuzzy: 0, obsolete: 0",
        "zh: 0% translated (0 of 3), fuzzy: 0, obsolete: 0",
    ]
    translate(root, "fr", 'msgid "New"\nmsgstr ""', 'msgid "New"\nmsgstr "Nouveau"')
    assert (
        run(root, "stats").output.splitlines()[1]
        == "███████░░░░░░░░░░░░░ fr: 33% translated (1 of 3), fuzzy: 0, obsolete: 0"
    )
    assert run(root, "compile").exit_code == 0
    with catalog(root, "fr").with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert (compiled.pgettext("stage", "New"), compiled.gettext("Page")) == ("Nouveau", "Page")


def test_a_stale_template_fails_the_check(root: Path) -> None:
    run(root, "extract")
    (root / "service" / "more.py").write_text('N_("More")\n', encoding="utf-8")
    stale = run(root, "extract", "--check")
    assert stale.exit_code == 1
    assert "is not up to date" in stale.output
    assert "More" not in (root / "locales" / "messages.pot").read_text(encoding="utf-8")


def test_update_of_one_locale(root: Path) -> None:
    run(root, "extract")
    assert (
        run(root, "update", "--locale", "ja").output == "ja: 0% translated (0 of 3), fuzzy: 0, obsolete: 0\n"
    )
    assert not catalog(root, "fr").exists()


def test_check_names_place_rule_and_reason(root: Path) -> None:
    run(root, "extract")
    run(root, "update")
    for code, page, new, rows in (
        ("fr", "Feuille", "Nouveau", ("%(num)s ligne", "%(num)s lignes")),
        ("ja", "ページ", "新規", ("%(num)s行",)),
        ("zh", "页面", "待联系", ("%(num)s 行",)),
    ):
        translate(root, code, 'msgid "Page"\nmsgstr ""', f'msgid "Page"\nmsgstr "{page}"')
        translate(root, code, 'msgid "New"\nmsgstr ""', f'msgid "New"\nmsgstr "{new}"')
        for form, text in enumerate(rows):
            translate(root, code, f'msgstr[{form}] ""', f'msgstr[{form}] "{text}"')
    clean = run(root, "check")
    assert (clean.exit_code, clean.output) == (0, "0 findings\n")
    translate(root, "fr", "Nouveau", "Quoi ?")
    found = run(root, "check", "--strict")
    line = next(e.line for e in po.read(catalog(root, "fr").read_bytes()).messages if e.id == "New") + 1
    where = f"{catalog(root, 'fr')}:{line}:14"
    assert found.exit_code == 1
    assert found.output == f"{where}: Warning FR001 A no-break space (U+202F) stands before “?”.\n1 finding\n"
    (document,) = json.loads(run(root, "check", "--json", str(catalog(root, "fr"))).output)
    assert (document["rule"], document["line"], document["msgid"]) == ("FR001", line, "New")


def test_untranslated_messages_are_counted_in_one_line(root: Path) -> None:
    run(root, "extract")
    run(root, "update")
    assert run(root, "check").exit_code == 0
    found = run(root, "check", "--strict")
    assert found.exit_code == 1
    assert found.output.splitlines() == [
        *(f"{catalog(root, c)}: Warning ST001 3 messages are not translated." for c in ("fr", "ja", "zh")),
        "9 findings",
    ]


@pytest.mark.parametrize("command", ["stats", "compile", "update"])
def test_a_broken_catalog_is_named_and_left_as_it_is(root: Path, command: str) -> None:
    """F-16: file, line and reason."""
    run(root, "extract")
    run(root, "update")
    translate(root, "fr", 'msgid "Page"\nmsgstr ""', 'msgid "Page"\nmsgstr "')
    before = catalog(root, "fr").read_bytes()
    broken = run(root, command)
    assert broken.exit_code == 2
    assert f"{catalog(root, 'fr')}:12:8: The closing quotation mark is missing on this line." in broken.output
    assert catalog(root, "fr").read_bytes() == before


def test_a_template_that_does_not_parse_is_named(root: Path) -> None:
    (root / "templates").mkdir()
    (root / "templates" / "page.html").write_text("\n{% nonsense %}", encoding="utf-8")
    failed = run(root, "extract")
    assert failed.exit_code == 2
    assert failed.output.startswith("templates/page.html:2: The template does not parse:")


def test_a_broken_glossary_is_named(root: Path) -> None:
    run(root, "extract")
    run(root, "update")
    (root / "locales" / "glossary.toml").write_text("[[row]\n", encoding="utf-8")
    assert run(root, "check").exit_code == 2


def test_the_group_starts_without_the_heavy_parts_and_without_catalogs() -> None:
    heavy = ("flask", "sqlalchemy", "dbos", "jinja2", "polib")
    code = f"import sys, service.cli.catalog; print([m for m in {heavy!r} if m in sys.modules])"
    for name in LOCALES:
        environ = {**os.environ, "LC_ALL": f"{name}.UTF-8"}
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
        )
        assert ran.stdout == "[]\n"
