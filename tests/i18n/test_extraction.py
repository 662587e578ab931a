"""Taking marked texts out of sources."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.i18n import extraction, po
from service.i18n.extraction import ExtractionError, template
from service.paths import PACKAGE

CONFIG = (PACKAGE.parent / "babel.cfg").read_text(encoding="utf-8")
PYTHON = """
from service.facts.words import N_, NN_, NP_

PAGE = N_("Page")
# Translators: the stage of a prospect
STAGE = NP_("stage", "New")
ROWS = NN_("%(num)s row", "%(num)s rows")
AGAIN = N_("Page")

def show(catalog, text):
    return catalog.gettext(text) + catalog.gettext("Direct %(x)s") + N_("In " "parts")
"""
HTML = """{% extends "x.html" %}
<p title="{{ _("Title") }}">{{ ngettext("%(num)s row", "%(num)s rows", n) }}</p>
{# Translators: said to the reader #}
{% trans %}
  Two
  lines
{% endtrans %}
{{ pgettext("stage", "New") }} {{ npgettext("c", "%(num)s a", "%(num)s b", 2) }} {{ say(phrase) }}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "babel.cfg").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "service" / "web").mkdir(parents=True)
    (tmp_path / "templates" / "email").mkdir(parents=True)
    (tmp_path / "service" / "web" / "pages.py").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "templates" / "page.html").write_text(HTML, encoding="utf-8")
    (tmp_path / "templates" / "email" / "subject.txt").write_text('{{ _("Subject") }}', encoding="utf-8")
    (tmp_path / "templates" / "email" / "body.md").write_text('{{ _("Body") }}', encoding="utf-8")
    return tmp_path


def test_every_mark_is_found(root: Path) -> None:
    entries = po.read_text(template(root)).messages
    assert {(e.context, e.id, e.plural): e.references for e in entries} == {
        (None, "Page", None): ("service/web/pages.py",),
        ("stage", "New", None): ("service/web/pages.py", "templates/page.html"),
        (None, "%(num)s row", "%(num)s rows"): ("service/web/pages.py", "templates/page.html"),
        (None, "Direct %(x)s", None): ("service/web/pages.py",),
        (None, "In parts", None): ("service/web/pages.py",),
        (None, "Body", None): ("templates/email/body.md",),
        (None, "Subject", None): ("templates/email/subject.txt",),
        (None, "Title", None): ("templates/page.html",),
        (None, "Two lines", None): ("templates/page.html",),
        ("c", "%(num)s a", "%(num)s b"): ("templates/page.html",),
    }
    by_id = {e.id: e for e in entries}
    assert by_id["New"].extracted == ("the stage of a prospect",)
    assert by_id["%(num)s row"].flags == ("python-format",)
    assert by_id["Page"].flags == ()


def test_the_template_changes_only_when_a_text_does(root: Path) -> None:
    before = template(root)
    path = root / "service" / "web" / "pages.py"
    path.write_text("\n\n\n# moved down\n" + PYTHON, encoding="utf-8")
    assert template(root) == before
    assert "Date" not in before


@pytest.mark.parametrize(
    ("file", "text", "line", "reason"),
    [
        ("templates/bad.html", "\n{% nonsense %}", 2, "The template does not parse: %(reason)s"),
        ("service/a.py", 'x = 1\nN_(f"Hello {x}")', 2, "%(mark)s takes a plain string only."),
        ("service/a.py", 'NP_("stage", "a" + "b")', 1, "%(mark)s takes a plain string only."),
        ("service/a.py", 'ngettext("a", f"{b}", n)', 1, "%(mark)s takes a plain string only."),
        ("templates/bad.html", "\n{{ _(name) }}", 2, "%(mark)s takes a plain string only."),
        ("templates/bad.txt", '{{ pgettext("stage", "a" ~ b) }}', 1, "%(mark)s takes a plain string only."),
        (
            "service/a.py",
            'NN_("%(num)s row", "%(num)s lines")',
            1,
            "“%(text)s” is marked with two different plurals.",
        ),
    ],
)
def test_what_would_never_be_translated_is_refused(
    root: Path, file: str, text: str, line: int, reason: str
) -> None:
    (root / file).write_text(text, encoding="utf-8")
    with pytest.raises(ExtractionError) as refused:
        template(root)
    error = refused.value
    if reason.startswith("“"):
        assert error.phrase.text == reason
    else:
        assert (error.path, error.line, error.phrase.text) == (file, line, reason)


def test_our_keywords_are_the_documented_ones() -> None:
    assert " ".join(extraction.KEYWORDS) == "_ gettext ngettext pgettext npgettext N_ NP_ NN_"


def test_texts_are_found_and_shown_with_the_same_trimming(root: Path) -> None:
    """The lookup key of a block equals the extracted one."""
    from jinja2 import DictLoader, Environment

    from service.i18n.jinja import install
    from tests.i18n.conftest import make

    (entry,) = [e for e in po.read_text(template(root)).messages if e.id.startswith("Two")]
    catalog = make("fr", po.entry_text(po.Entry(None, entry.id, None, ("Deux lignes",))))
    page = HTML.partition("\n")[2].partition("{{ pgettext")[0]
    env = Environment(loader=DictLoader({"p.html": page}), autoescape=True)
    install(env, lambda: catalog)
    assert "Deux lignes" in env.get_template("p.html").render(n=1)


def test_reading_catalogs_needs_neither_extractors_nor_templates() -> None:
    """The light command groups start without the heavy parts."""
    names = "'jinja2' in sys.modules, 'polib' in sys.modules"
    code = f"import sys, service.i18n.catalogs, service.lint.report; print({names})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False False\n"
