"""What is found in a page, beside the block it is about."""

import pytest

from service.content import remarks
from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.markdown import html
from service.markdown.dialect import parse
from tests.content import asking

PAGE = """---
order: 1
---
# Title

One
two.

* Item
* Other

| A | B |
| --- | --- |
| x | y |

<details>

<summary>More</summary>

Inside.

</details>

{% hint style="info" %}
A hint.
{% endhint %}
"""


def found(line: int, rule: str = "rule", **values: object) -> Finding:
    return Finding(rule, Severity.WARNING, N_("Error"), values, line, 1)


def beside(line: int) -> str:
    remarked = remarks.beside(parse(PAGE), [found(line)])
    return " ".join(part.html for part in remarked.parts if part.findings) if not remarked.above else "above"


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        *[(0, "above"), (1, "above"), (3, "above"), (4, "<h1"), (6, "<p>One"), (7, "<p>One")],
        *[(9, "<ul>\n<li>Item"), (10, "Other"), (12, "<table>"), (14, "<table>"), (15, "<table>")],
        *[(20, "<p>Inside"), (24, "<aside"), (25, "<p>A hint"), (900, "<p>A hint")],
    ],
)
def test_a_finding_stands_beside_the_block_of_its_line(line: int, begins: str) -> None:
    assert beside(line).startswith(begins)


def test_the_same_said_again_of_a_block_is_one_finding_with_a_number() -> None:
    again = [found(6, name="a"), found(7, name="a"), found(7, name="b"), found(9, name="a")]
    laid = [part.findings for part in remarks.beside(parse(PAGE), again).parts if part.findings]
    assert [[(one.line, one.values["name"], one.times) for one in part] for part in laid] == [
        [(6, "a", 2), (7, "b", 1)],
        [(9, "a", 1)],
    ]


def test_the_parts_joined_are_the_page() -> None:
    """Included and generated blocks too, whose lines are not the page's."""
    pages = asking.searchable().pages
    for code in ("en", "ja"):
        for slug in pages.slugs():
            page, document = pages.find(code, slug), pages.document(code, slug)
            assert page is not None
            assert document is not None
            pieces = list(html.pieces(document))
            assert "".join(written for _, written in pieces) == page.html
            lines = [line for line, _ in pieces]
            assert lines == sorted(set(lines))
    assert pages.document("en", "no-such-page") is None
