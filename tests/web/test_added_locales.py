"""`prospectus catalog add-locale` in a copy of the tree: a whole running language from one command."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.paths import PACKAGE

ROOT = PACKAGE.parent
# What is compiled goes along, so that nothing is compiled again, but no file that is just being written.
IGNORED = shutil.ignore_patterns("*.pyc.*", "_data")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of everything, with German and Arabic."""
    root = tmp_path_factory.mktemp("tree")
    for name in ("service", "templates", "locales", "content", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=IGNORED)
    for name in ("babel.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    for code in ("de", "ar"):
        added = run(root, "-m", "service", "catalog", "add-locale", code)
        assert added.returncode == 0, added.stderr
    return root


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root, env=environment, capture_output=True, encoding="utf-8", timeout=250, check=False,
    )  # fmt: skip


def test_every_page_and_mail_works_in_added_languages(tree: Path) -> None:
    done = run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/web/added_locales.py")
    assert done.returncode == 0, done.stdout


def test_only_shipped_languages_must_be_complete(tree: Path) -> None:
    """ST001 is counted for added ones, and no reason to fail."""
    checked = run(tree, "-m", "service", "catalog", "check", "locales")
    assert checked.returncode == 0, checked.stdout
    assert [line for line in checked.stdout.splitlines() if "locales/de" in line and "ST001" in line]
    assert run(tree, "-m", "service", "content", "check", "content").returncode == 0


def test_a_language_is_not_added_twice_or_unknown(tree: Path) -> None:
    for code, reason in (("de", "there already"), ("fr", "there already"), ("tlh-x", "Nobody knows")):
        refused = run(tree, "-m", "service", "catalog", "add-locale", code)
        assert (refused.returncode, reason in refused.stderr) == (2, True), refused.stderr
    stats = run(tree, "-m", "service", "catalog", "stats").stdout.splitlines()
    assert [line.split()[1] for line in stats] == ["en:", "fr:", "ja:", "zh:", "ar:", "de:"]


def test_a_locale_file_that_cannot_be_used_leaves_its_language_out(tree: Path) -> None:
    path = tree / "locales" / "de" / "locale.toml"
    good = path.read_text(encoding="utf-8")
    try:
        path.write_text('name = "Deutsch"\n', encoding="utf-8")
        shown = run(tree, "-m", "service", "catalog", "stats")
        assert (shown.returncode, "locale left out" in shown.stderr, "de:" in shown.stdout) == (
            0,
            True,
            False,
        )
    finally:
        path.write_text(good, encoding="utf-8")
