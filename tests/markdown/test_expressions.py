"""Expressions of pages: what they are worth, and what has no value here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.markdown import html
from service.markdown.dialect import Document, parse
from service.markdown.expressions import Unknown, evaluate, fill

VARIABLES = {"space": {"vars": {"version": "2.1", "n": 3}}, "page": {"vars": {"beta": True}}}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("space.vars.version", "2.1"),
        ("'a'", "a"),
        ("1.5", 1.5),
        ("space.vars.n === 3", True),
        ("space.vars.n !== 3", False),
        ("page.vars.beta ? 'new' : 'old'", "new"),
        ("!page.vars.beta ? 'a' : !!page.vars.beta ? 'b' : 'c'", "b"),
        ("(false || page.vars.beta) && space.vars.version", "2.1"),
        ("visitor.claims.x && false", False),
        ("true || visitor.claims.x", True),
    ],
)
def test_values(source: str, value: object) -> None:
    assert evaluate(source, VARIABLES) == value


@pytest.mark.parametrize(
    "source",
    [
        "",
        "space.vars.none",
        "visitor.claims.x",
        "!visitor.claims.x",
        "visitor.claims.x === 'a'",
        "visitor.claims.x ? 1 : 2",
        "a.b.c(1)",
        "1 +",
        "(1",
        "1 1",
        "__import__('os')",
        "(" * 100 + "1" + ")" * 100,
        "!" * 400,
    ],
)
def test_what_has_no_value(source: str) -> None:
    with pytest.raises(Unknown):
        evaluate(source, VARIABLES)


@given(st.text(alphabet="!()?:&|='ab.1 ", max_size=60) | st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_has_a_value_or_none(source: str) -> None:
    try:
        evaluate(source, VARIABLES)
    except Unknown:
        return


def filled(source: str) -> str:
    document = parse(source)
    return html.render(Document(tuple(fill(document.tokens, VARIABLES))))


def test_code_of_an_expression_becomes_its_value() -> None:
    source = (
        'Version <code class="expression">space.vars.version</code>, <code class="expression">x.y</code> `z`'
    )
    assert filled(source) == "<p>Version 2.1, <code>x.y</code> <code>z</code></p>\n"


def test_a_value_is_data() -> None:
    """X-2."""
    document = parse('<code class="expression">space.vars.v</code>')
    tokens = fill(document.tokens, {"space": {"vars": {"v": "<b>**x**"}}})
    assert html.render(Document(tuple(tokens))) == "<p>&lt;b&gt;**x**</p>\n"


def test_a_block_whose_condition_fails_is_left_out() -> None:
    source = (
        "{% if !page.vars.beta %}\n\n{% hint %}\nold\n{% endhint %}\n\n{% endif %}\n\n"
        "{% if page.vars.beta %}\nnew\n{% endif %}\n\n{% if visitor.claims.x %}\nwho knows\n{% endif %}"
    )
    assert filled(source) == "<p>new</p>\n<p>who knows</p>\n"
