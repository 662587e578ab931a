"""Tag lines of the dialect: over several lines, by older names, of other services; what each block shows."""

import pytest

from service.markdown import html, text
from service.markdown.dialect import parse


def page(source: str) -> str:
    return html.render(parse(source))


def shown(source: str) -> str:
    return text.render(parse(source))


def rules(source: str) -> list[tuple[str, int]]:
    return [(finding.rule, finding.line) for finding in parse(source).findings]


@pytest.mark.parametrize(
    "tag",
    [
        '{% hint style="danger" %}',
        "{% hint style='danger' %}",
        "{% hint style=“danger” %}",
        "{% hint style=danger %}",
        '{%- hint   style = "danger" -%}',
        '{%hint style="danger"%}',
        '{% hint\n   style="danger"\n%}',
        '  {% hint style="danger" %}  ',
    ],
)
def test_a_tag_is_read_however_it_is_written(tag: str) -> None:
    source = f"{tag}\na\n{{% endhint %}}"
    assert page(source) == '<aside class="hint hint-danger" role="note">\n<p>a</p>\n</aside>\n'
    assert rules(source) == []


def test_values_are_unescaped_once_and_escaped_again() -> None:
    source = '{% code title="a &#x26;&amp;amp; 50 % <b> &quot;c&quot;" %}\n```\nx\n```\n{% endcode %}'
    assert page(source).splitlines()[1] == ('<p class="code-title">a &amp;&amp;amp; 50 % &lt;b&gt; "c"</p>')


def test_a_value_over_lines_may_hold_quotes_and_fences() -> None:
    source = '{% @mermaid/diagram content="graph TB\n  A["x"] --> B\n\n```\n  x" %}\n\nafter'
    assert page(source) == (
        '<div class="embed">\n<p>@mermaid/diagram</p>\n'
        '<pre><code>graph TB\n  A["x"] --&gt; B\n\n```\n  x</code></pre>\n</div>\n<p>after</p>\n'
    )
    assert rules(source) == []


def test_a_tag_without_its_end_swallows_nothing() -> None:
    source = '{% hint style="info"\na\n{% endhint %}\n\n{% hint'
    assert shown(source) == '{% hint style="info" a\n\n{% hint\n'
    assert rules(source) == [("unfinished-tag", 1), ("stray-tag", 3), ("unfinished-tag", 5)]


def test_blocks_of_other_services_are_links() -> None:
    assert page('{% @figma/embed fileId="1" url="https://figma.example/f?a&b" %}') == (
        '<div class="embed">\n<p><a href="https://figma.example/f?a&amp;b" rel="noopener noreferrer">'
        "https://figma.example/f?a&amp;b</a></p>\n</div>\n"
    )
    assert page('{% @x/y url="javascript:alert(1)" %}') == (
        '<div class="embed">\n<p>javascript:alert(1)</p>\n</div>\n'
    )
    assert shown("{% @arcade/embed %}") == "@arcade/embed\n"


def test_older_names() -> None:
    older = (
        '{% code-tabs %}\n{% code-tabs-item title="a.js" %}\n```js\nx\n```\n{% endcode-tabs-item %}\n'
        '{% endcode-tabs %}\n\n{% page-ref page="../b.md" %}\n\nafter'
    )
    newer = (
        '{% tabs %}\n{% tab title="a.js" %}\n```js\nx\n```\n{% endtab %}\n{% endtabs %}\n\n'
        '{% content-ref url="../b.md" %}\n[../b.md](../b.md)\n{% endcontent-ref %}\n\nafter'
    )
    assert page(older) == page(newer)
    assert rules(older) == rules(newer) == []


def test_a_reference_without_words_shows_its_address() -> None:
    assert page('{% content-ref url="a [b].md" %}\n{% endcontent-ref %}') == (
        '<div class="content-ref">\n<p><a href="a%20%5Bb%5D.md">a [b].md</a></p>\n</div>\n'
    )


def test_liquid_is_text() -> None:
    source = "{% for x in y %}\n{{ x }}\n{% endfor %}\n{% assign a = 1 %}"
    assert shown(source) == "{% for x in y %} {{ x }} {% endfor %} {% assign a = 1 %}\n"
    assert rules(source) == [("unknown-tag", 1), ("unknown-tag", 3), ("unknown-tag", 4)]


def test_columns_bear_their_share() -> None:
    source = (
        '{% columns %}\n{% column width="66.66666666666666%" %}\na\n{% endcolumn %}\n'
        '{% column width="x" %}\nb\n{% endcolumn %}\n{% endcolumns %}'
    )
    assert page(source) == (
        '<div class="doc-columns">\n<div class="doc-column doc-column-8">\n<p>a</p>\n</div>\n'
        '<div class="doc-column">\n<p>b</p>\n</div>\n</div>\n'
    )


def test_code_has_a_title_and_numbered_lines() -> None:
    source = (
        '{% code title="a.py" lineNumbers="true" %}\n```python\na < b\n\nc\n```\n{% endcode %}\n\n```\nd\n```'
    )
    assert page(source) == (
        '<div class="code">\n<p class="code-title">a.py</p>\n<pre><code class="language-python">'
        '<span class="line">a &lt; b</span>\n<span class="line"></span>\n<span class="line">c</span>\n'
        "</code></pre>\n</div>\n<pre><code>d\n</code></pre>\n"
    )
    assert shown(source) == "a.py\n\n    a < b\n\n    c\n\n    d\n"


def test_a_file_is_called_by_its_name() -> None:
    source = '{% file src="../.gitbook/assets/price%20list.pdf" %}\nThe prices\n{% endfile %}'
    assert page(source) == (
        '<div class="embed">\n<p><a href="../.gitbook/assets/price%20list.pdf">price list.pdf</a></p>\n'
        "<p>The prices</p>\n</div>\n"
    )


def test_changes_say_when() -> None:
    source = (
        '{% updates format="full" %}\n{% update date="2026-01-02" tags="new,api" %}\n## A\n{% endupdate %}\n'
        "{% endupdates %}"
    )
    assert page(source) == (
        '<div class="updates">\n<div class="update">\n<p class="update-title">2026-01-02 · new,api</p>\n'
        '<h2 id="a">A</h2>\n</div>\n</div>\n'
    )
    assert shown(source) == "2026-01-02 · new,api\n\nA\n-\n"


def test_a_prompt_says_what_it_is_for() -> None:
    source = '{% prompt description="Ask it" icon="x" %}\n```\ndo\n```\n{% endprompt %}'
    assert shown(source) == "Ask it\n\n    do\n"


def test_interfaces_show_what_is_said_of_them() -> None:
    source = (
        '{% openapi-operation spec="x" path="/pets" method="get" %}\n[OpenAPI](https://e.example)\n'
        '{% endopenapi-operation %}\n{% swagger-parameter in="path" name="id" %}\nwhich\n'
        "{% endswagger-parameter %}"
    )
    assert shown(source) == "get /pets\n\nOpenAPI <https://e.example>\n\nid path\n\nwhich\n"
    assert rules(source) == []


def test_what_is_said_on_a_condition_is_shown() -> None:
    source = (
        '{% if visitor.claims.beta === "x" %}\na\n{% endif %}\n\n'
        "{% if !visitor.claims.beta %}\nb\n{% endif %}"
    )
    assert page(source) == "<p>a</p>\n<p>b</p>\n"


def test_an_include_that_nothing_resolves_names_its_file() -> None:
    assert page('{% include "../.gitbook/includes/a b.md" %}') == (
        "<p><code>../.gitbook/includes/a b.md</code></p>\n"
    )


def test_tabs_may_have_no_title() -> None:
    source = '{% tabs %}\n{% tab title="" %}\na\n{% endtab %}\n{% endtabs %}'
    assert page(source) == (
        '<div data-tabs>\n<div class="tabs"><a class="tab" href="#tab-1"><span></span></a></div>\n'
        '<section class="tab-panel" id="tab-1">\n<p>a</p>\n</section>\n</div>\n'
    )


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("1. a\n\n   {% hint %}\n   b\n   {% endhint %}", "ol li aside p"),
        ("- a\n  {% hint %}\n  b\n  {% endhint %}", "ul li aside p"),
        ("> {% tabs %}\n> {% tab %}\n> - b\n> {% endtab %}\n> {% endtabs %}", "blockquote div section ul li"),
        (
            "<details>\n\n<summary>s</summary>\n\n{% hint %}\nb\n{% endhint %}\n\n</details>",
            "details aside p",
        ),
        (
            "{% stepper %}\n{% step %}\n{% hint %}\nb\n{% endhint %}\n{% endstep %}\n{% endstepper %}",
            "ol li aside p",
        ),
        ("- a\n  1. c\n\n     {% hint %}\n     > b\n     {% endhint %}", "ul li ol li aside blockquote p"),
    ],
)
def test_tags_stand_where_they_are_written(source: str, path: str) -> None:
    """The elements around the word `b`, from outside in."""
    open_tags: list[str] = []
    before = page(source).partition(">b<")[0] + ">"
    for piece in before.split("<")[1:]:
        name = piece.partition(">")[0].split()[0]
        if name[0] == "/":
            open_tags.remove(name[1:])
        elif name != "br":
            open_tags.append(name)
    assert " ".join(open_tags) == path
    assert rules(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "<!--\n{% endhint %}\n-->",
        "<pre>\n{% hint %}\n</pre>",
        "<div><pre>{% hint %}</pre></div>",
        "* a\n  ```\n  {% hint %}\n  ```",
        "> ```\n> {% endtabs %}\n> ```",
    ],
)
def test_tags_in_code_and_comments_close_nothing(source: str) -> None:
    """GitBook's own pages about steps and columns lost their samples so."""
    around = f"{{% hint %}}\n{source}\n\nlast\n{{% endhint %}}\nout"
    assert page(around).endswith("<p>last</p>\n</aside>\n<p>out</p>\n")
    assert [rule for rule, _ in rules(around) if rule != "unknown-tag"] == []


def test_a_step_in_a_list_of_its_steps_is_a_block() -> None:
    source = "{% stepper %}\n- {% step %}\n  a\n  {% endstep %}\n{% endstepper %}"
    assert '<div class="step">\n<p>a</p>\n</div>' in page(source)
