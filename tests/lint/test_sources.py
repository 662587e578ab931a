"""SR001 to SR009: marked texts that no catalog can have, or that nobody can translate well."""

from pathlib import Path

import pytest

from service.i18n import po
from service.lint.sources import check

CFG = "[python: service/**.py]\n[jinja2: templates/**.html]\n"


def found(tmp_path: Path, *, python: str = "", html: str = "", ids: tuple[str, ...] = ()) -> list[str]:
    (tmp_path / "babel.cfg").write_text(CFG)
    for name, text in (
        ("service/a.py", python),
        ("templates/a.html", html),
        ("templates/said.html", '{% set nav = [_("Home page")] %}'),
        ("templates/macros.html", '{% macro m() %}{{ _("Home page") }}{% endmacro %}'),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    template = po.read_text(
        po.serialize([po.Entry(None, "", None, ("",)), *(po.Entry(None, i, None, ("",)) for i in ids)])
    )
    return [f"{finding.rule}:{finding.line}" for finding in check(tmp_path, template)]


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ('_(f"Hello {name}")', ["SR001:1"]),
        ('\n_("Hello %s" % name)', ["SR001:2"]),
        ('_("Hello {}".format(name))', ["SR001:1"]),
        ('_("Hello")\ngettext(phrase.text)\n_("a" "b")', []),
        ('_("Hello") + name + _("again")', ["SR003:1"]),
        ('x = "a" + name', []),
        ('lazy_gettext("Hello")', ["SR009:1"]),
        ("from x import gettext as tr", ["SR009:1"]),
        ("from x import gettext as _", []),
        ("def broken(", []),
    ],
)
def test_programs(tmp_path: Path, python: str, expected: list[str]) -> None:
    assert found(tmp_path, python=python) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('{{ _("Hello " ~ name) }}', ["SR001:1"]),
        ('{{ _("Hello %s"|format(name)) }}', ["SR001:1"]),
        ('{{ ngettext("a", "b", number|round) }}', []),
        ('\n{{ _("Name") ~ ": " ~ name }}', ["SR003:2"]),
        ('{{ name ~ ": " }}', []),
        ('{% import "said.html" as said %}', ["SR008:1"]),
        ('{% from "said.html" import nav with context %}', []),
        ('{% from "macros.html" import m %}', []),
        ('{{ lazy_gettext("Hello") }}', ["SR009:1"]),
        ("{% if %}", []),
    ],
)
def test_templates(tmp_path: Path, html: str, expected: list[str]) -> None:
    assert found(tmp_path, html=html) == expected


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (("%s of %s",), ["SR002:0"]),
        (("{} of {}",), ["SR002:0"]),
        (("%s files", "%(a)s of %(b)s"), []),
        (("Save it", "Save it."), ["SR004:0"]),
        (("Save it", "save it"), ["SR004:0"]),
        (("Save it", "Saved it"), []),
        (("Sending...",), ["SR005:0"]),
        (("Open",), ["SR006:0"]),
        (("Open the file",), []),
    ],
)
def test_texts(tmp_path: Path, ids: tuple[str, ...], expected: list[str]) -> None:
    assert found(tmp_path, ids=ids) == expected
