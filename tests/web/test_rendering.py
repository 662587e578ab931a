"""Templates show and call the same as by Jinja's own ways."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, pass_context, pass_environment, pass_eval_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from service.facts.stages import Stage
from service.web import rendering

TEMPLATES = {
    "parts.html": """
        {%- macro box(text, kind="soft") -%}
        <p class="{{ kind }}">{{ text }}{{ caller() if caller is defined }}</p>
        {%- endmacro -%}
        {%- macro each(items) %}{% for item in items %}{{ box(item) }}{% endfor %}{% endmacro -%}
    """,
    "page.html": """
        {%- from "parts.html" import box, each -%}
        {%- import "parts.html" as parts with context -%}
        {% for value in values %}{{ value }}|{{ box(value, kind=value) }}|{% endfor %}
        {{ each(values) }}{{ parts.box(1) }}{% call box("a") %}<i>{{ values|first }}</i>{% endcall %}
        {% for value in values %}{% set own = loop.index %}{{ plain(value) }}{{ evaluated(value) }}
        {{ placed("own") }}{{ housed() }}{{ "x".upper() }}{{ made(value).name }}{% endfor %}
        {{ values|join(", ") }}{{ "<b>" ~ values[0] }}{% set block %}{{ values[0] }}{% endset %}{{ block }}
    """,
    "page.txt": "{{ values[0] }}{{ 1 }}",
    "layout.html": """
        <{% block head %}{% block title %}?{% endblock %}{% endblock %}>{% set own = "layout" %}
        {% block body scoped %}{{ own }}{% endblock %}{% for value in values %}
        {%- block each scoped %}{{ value }}{{ loop.index }}{% include "piece.html" %}{% endblock %}
        {%- endfor %}
    """,
    "piece.html": "{{ value }}{% for one in values %}{{ one }},{% endfor %}",
    "lone.html": "{{ value is defined }}",
    "child.html": """
        {%- extends "layout.html" -%}{% block title %}{{ super() }}{{ values[0] }}{% endblock %}
        {% block body %}{% set value = values[2] %}{% include "piece.html" %}
        {%- include "lone.html" without context %}
        {%- set held %}{% include "piece.html" %}{% endset %}{{ held }}
        {%- include ["none.html", "piece.html"] %}{% include "none.html" ignore missing %}{% endblock %}
    """,
    "grandchild.html": """
        {%- extends "child.html" -%}{% block each %}{{ super() }}{% filter upper %}
        {%- block inner %}{{ values[2] }}{% include "piece.html" %}{% endblock %}{% endfilter %}{% endblock %}
    """,
}


class Made:
    """An object that a template makes by calling its class."""

    def __init__(self, name: object) -> None:
        self.name = name


@pass_eval_context
def evaluated(context: object, value: object) -> str:
    """Return what was given, and whether values are escaped here."""
    return f"{value}{context.autoescape}"  # type: ignore[attr-defined]


@pass_context
def placed(context: Context, name: str) -> object:
    """Return a value of the template's, be it one of the loop."""
    return context.resolve(name)


@pass_environment
def housed(environment: Environment) -> str:
    """Return the name of a class that all environments have."""
    return environment.template_class.__name__


def application() -> Flask:
    app = Flask("rendering")
    app.jinja_loader = DictLoader(TEMPLATES)
    app.jinja_env.globals.update(
        plain=lambda value: f"<{value}>", evaluated=evaluated, placed=placed, housed=housed, made=Made
    )
    return app


VALUES = ["<b>&\"'", "", "東京 & co", Markup("<i>&amp;</i>"), 7, True, None, 1.5, Stage.NEW, ("<",)]


@pytest.mark.parametrize("name", ["page.html", "page.txt", "layout.html", "child.html", "grandchild.html"])
def test_a_page_is_the_same(name: str) -> None:
    ours, plain = application(), application()
    rendering.install(ours)
    made = [app.jinja_env.get_template(name).render(values=VALUES) for app in (ours, plain)]
    assert made[0] == made[1]


@given(st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.text().map(Markup)))
def test_what_is_shown_is_escaped(value: object) -> None:
    """T-9."""
    assert rendering.shown(value) == escape(value)


def test_a_macro_that_is_called_wrongly_says_so() -> None:
    app = application()
    rendering.install(app)
    template = app.jinja_env.from_string('{% from "parts.html" import box %}{{ box() }}{{ box(1, 2, 3) }}')
    with pytest.raises(TypeError, match="box"):
        template.render()
