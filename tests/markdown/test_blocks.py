"""Pages cut into blocks: form, words, places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.markdown.blocks import Block, Part, Places, cut
from service.markdown.dialect import parse


def outline(source: str) -> list[str]:
    return [
        "  " * block.depth
        + " ".join(filter(None, (block.kind, block.mark, block.said or block.code.strip())))
        for block in cut(parse(source))
    ]


PAGE = """\
# Title {#top}

Some *words* and `code`,
on two lines.

1. One
   * Inner
2. Two

{% hint style="warning" %}
Careful
{% endhint %}

{% tabs %}
{% tab title="First" %}
Inside
{% endtab %}
{% endtabs %}

| a | b |
| --- | --- |
| c | `d` |

```python
print()
```

<details>

<summary>More</summary>

{% generated "tokens" %}

</details>
"""


def test_a_page_is_cut_into_blocks() -> None:
    assert outline(PAGE) == [
        "heading h1 Title",
        "paragraph Some words and code, on two lines.",
        "ordered_list",
        "  list_item",
        "    paragraph One",
        "    bullet_list",
        "      list_item",
        "        paragraph Inner",
        "  list_item",
        "    paragraph Two",
        "hint warning",
        "  paragraph Careful",
        "tabs",
        "  tab First",
        "    paragraph Inside",
        "table 2",
        "  tr",
        "    th a",
        "    th b",
        "  tr",
        "    td c",
        "    td d",
        "fence python print()",
        "details",
        "  summary More",
        "  generated tokens",
    ]


def test_blocks_know_their_lines() -> None:
    lines = {block.said or block.code.strip(): (block.line, block.end) for block in cut(parse(PAGE))}
    assert lines["Some words and code, on two lines."] == (3, 4)
    assert lines["Inner"] == (7, 7)
    assert lines["Careful"] == (11, 11)
    assert lines["First"][0] == 15
    assert lines["d"] == (22, 22)
    assert lines["print()"] == (24, 26)
    assert next(block for block in cut(parse(PAGE)) if block.kind == "details").line == 30


def test_parts_of_words_are_named() -> None:
    source = "See {label:Send}, {fact:import rows}, [**here**](x.md) and ![](y.png) `z`."
    (block,) = cut(parse(source))
    assert [(span.part, span.value) for span in block.spans] == [
        (Part.LABEL, "Send"),
        (Part.FACT, "import rows"),
        (Part.EMPHASIS, "here"),
        (Part.LINK, "x.md"),
        (Part.IMAGE, "y.png"),
        (Part.CODE, "z"),
    ]
    assert block.words[block.spans[0].start : block.spans[0].end] == "{label:Send}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a b\nc", "a  b c"),
        ("*a* __b__", "_a_ **b**"),
        ("A\n=\n\nb", "# A\n\nb"),
        ("* a\n* b", "- a\n\n- b"),
        ("| a | b |\n|---|---|\n| c | d |", "|a|b|\n|:-|-:|\n|c|d|"),
        ("cafe\u0301", "café"),
        ("これは\n文です", "これは文です"),
        ("a\\\nb", "a  \nb"),
    ],
)
def test_marks_and_line_breaks_change_no_digest(one: str, other: str) -> None:
    digests = [[block.digest for block in cut(parse(source))] for source in (one, other)]
    assert digests[0] == digests[1]


@pytest.mark.parametrize("other", ["a c", "a b.", "a `b`", "A b", "a {label:b}"])
def test_another_word_is_another_digest(other: str) -> None:
    ours, theirs = (cut(parse(source))[0].digest for source in ("a b", other))
    assert (ours == theirs) == (other == "a `b`")


def test_what_a_server_put_around_a_page_is_not_of_the_page() -> None:
    source = (
        "> See [llms.txt](https://e.example/llms.txt).\n\n# A\n\nb\n\n---\n\n# Agent Instructions\n\nAsk."
    )
    assert outline(source) == ["heading h1 A", "paragraph b"]


def placed(source: str, words: str) -> tuple[int, int]:
    for block in cut(parse(source)):
        if words in block.words:
            return Places(source).find(block, block.words.index(words))
    raise AssertionError(words)


@pytest.mark.parametrize(
    ("source", "words", "place"),
    [
        ("# A\n\nb c.", "c", (3, 3)),
        ("a\nb b", "b", (2, 1)),
        ("[a](https://b.example/) b", " b", (1, 24)),
        ("![b](c.png) b.", "b.", (1, 13)),
        ("* **\\[More]** → *b*.", "[More]", (1, 6)),
        ("* **\\[More]** → *b*.", ".", (1, 20)),
        ("| a. | b |\n|---|---|\n| `x \\| y` | z. |", "z.", (3, 14)),
        ("a <b>c</b> d", "d", (1, 12)),
        ("a &amp; b", "b", (1, 9)),
    ],
)
def test_words_have_a_place_in_the_source(source: str, words: str, place: tuple[int, int]) -> None:
    assert placed(source, words) == place


pieces = st.sampled_from(
    [
        *("# A\n", "a *b* ", "\n\n", "* x\n", "| a | b |\n|---|---|\n| c | d |\n", "{% hint %}\n"),
        *(
            "{% endhint %}\n",
            "<details>\n",
            "</details>\n",
            "`c` ",
            "[d](e.md)",
            "![f](g.png)",
            "> q\n",
            "を",
        ),
        *("{label:Send}", "```\ncode\n```\n", "&amp;", "<p>p</p>", "{% tab title='t' %}\n", "    code\n"),
        *("\\[", "1. n\n", "   "),
    ]
)


@given(st.lists(pieces, max_size=30).map("".join))
def test_every_block_and_character_has_a_place_in_the_source(source: str) -> None:
    document, places = parse(source), Places(source)
    blocks = cut(document)
    for block in blocks:
        assert 1 <= block.line <= len(places.lines)
        for at in range(len(block.words)):
            line, column = places.find(block, at)
            assert 1 <= line <= len(places.lines)
            assert 1 <= column <= len(places.lines[line - 1]) + 1
    assert [block.position for block in blocks] == sorted(block.position for block in blocks)
    assert all(isinstance(block, Block) for block in blocks)
