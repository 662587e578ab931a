"""The house keeps its order: import contracts, file sizes, names, a reason beside each deferred import."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "service").rglob("*.py"))
MOST_LINES = 420
# A possessive group: Python 3.11.2 (Debian 12) matches it wrongly, unlike an atomic one, `(?>(?:…)*)`.
POSSESSIVE_GROUP = re.compile(r"(?<!\()\)(?:[*+?]|\{[0-9,]+\})\+")
BANNED = {"utils", "helpers", "common", "misc", "core", "manager", "base"}


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_a_module_says_what_it_holds_and_stays_short(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    if "migrations" not in module.parts:  # generated, and never edited again
        assert len(source.splitlines()) <= MOST_LINES
    assert module.stem not in BANNED
    docstring = ast.get_docstring(ast.parse(source)) or ""
    assert docstring, "a module opens with one sentence that says what it holds"


def test_no_pattern_has_a_possessive_group() -> None:
    found = [
        (module.name, node.lineno)
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
        if POSSESSIVE_GROUP.search(
            node.value if isinstance(node.value, str) else node.value.decode("latin-1")
        )
    ]
    assert found == []


def _functions_that_import(tree: ast.Module) -> list[ast.FunctionDef]:
    return [
        function
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        and any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.walk(function))
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_a_deferred_import_has_its_reason_beside_it(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    for function in _functions_that_import(ast.parse(source)):
        body = source.splitlines()[function.lineno - 1 : function.end_lineno]
        assert any("#" in line for line in body), f"{function.name} imports late without a reason"


def test_the_light_commands_start_without_the_heavy_parts() -> None:
    heavy = ("flask", "sqlalchemy", "dbos", "alembic", "werkzeug")
    for group in ("mail", "csv", "content", "catalog"):
        code = f"import sys, service.cli.{group}; print([name for name in {heavy!r} if name in sys.modules])"
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == "[]", group


def test_no_lock_names_a_host() -> None:
    for lock in ROOT.glob("requirements*.txt"):
        assert "://" not in lock.read_text(encoding="utf-8"), lock.name
