"""The Markdown face: a page written again reads as the same page, whatever it held."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.markdown import html, source
from service.markdown.dialect import parse
from service.paths import data_dir
from tests.markdown.pieces import SOURCES

PAGES = sorted(data_dir("content").glob("*/*.md"))


def again(written: str) -> str:
    return source.render(parse(written))


def page(written: str) -> str:
    return html.render(parse(written))


TYPED = st.text(alphabet="*_`[]()<>!\\-+#\n .1|~:&;a重「\u00a0", max_size=25)


@given(SOURCES | TYPED)
@settings(max_examples=500, deadline=None)
@example("<br>")
@example("* * + ")
@example("`a`<details>`a`")
@example("- [x] <details>")
@example("<pre><h1>x<details>[^1]: ")
@example("言葉<details>\n  言葉")
@example("[^1]: </code>[^1]: ")
@example("[^1]: <br>\n<h1>")
@example("\n- <br><details>")
@example("<select><option value=x><br>\n</kbd>")
@example("<details></kbd>\u00a0")
def test_a_page_written_again_is_the_same_page(written: str) -> None:
    """`.md` → tokens → `.md` renders to the same HTML, and writing it twice changes nothing more."""
    shown = page(written)
    once = again(written)
    assert page(once) == shown
    assert page(again(once)) == shown


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_our_pages_are_written_again_as_they_are_read(path: Path) -> None:
    written = path.read_text(encoding="utf-8")
    once = again(written)
    assert page(once) == page(written)
    assert again(once) == once


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("* a\n* b\n    * c", "- a\n- b\n  - c\n"),
        ("* a\n\n* b", "- a\n\n- b\n"),
        ("* a\n\n+ b", "- a\n\n+ b\n"),
        ("1) a\n2) b", "1. a\n2. b\n"),
        ("Title\n===\n\nT\n-", "# Title\n\n## T\n"),
        ("## A {#x}\n## A", "## A {#x}\n\n## A\n"),
        ("## A\n## A", "## A\n\n## A {#a-1}\n"),
        ("    code", "```\ncode\n```\n"),
        ("````\n```\n````", "````\n```\n````\n"),
        ("a_b _c_ __d__ ~~e~~", "a_b *c* **d** ~~e~~\n"),
        ("これは**重要**です", "これは**重要**です\n"),
        ("a<em>b</em>", "a<em>b</em>\n"),
        ("1. 2) #x > -", "1. 2. #x > -\n"),
        ("\\# a\n\\- b\n1\\. c", "\\# a\n\\- b\n1\\. c\n"),
        ("{% foo %}", "\\{% foo %}\n"),
        ('{% hint style="info" %}\na\n{% endhint %}', '{% hint style="info" %}\na\n{% endhint %}\n'),
        ("{label:Send} \\{label:Send}", "{label:Send} \\{label:Send}\n"),
        ("|a|b|\n|:-|-|\n|`x\\|y`|\\||", "| a | b |\n| :--- | --- |\n| `x\\|y` | \\| |\n"),
        ('[a](<b c> "t") <https://e.example>', '[a](b%20c "t") [https://e.example](https://e.example)\n'),
        ('[p](p.md "mention")', '[p](p.md "mention")\n'),
        ("- [x] a", "- [x] a\n"),
        ("a[^n]\n\n[^n]: b\n\n    c", "a[^n]\n\n[^n]: b\n\n    c\n"),
        ("$$ a $$\n\n$$\nb\n$$", "$$a$$\n\n$$\nb\n$$\n"),
        (
            "<details>\n<summary>s</summary>\n\n**a**\n\n</details>",
            "<details>\n<summary>s</summary>\n\n**a**\n\n</details>\n",
        ),
        ("a <!-- note --> b", "a  b\n"),
        ('<b onclick="x" class="y">b</b>', '<b class="y">b</b>\n'),
    ],
)
def test_how_it_is_written(written: str, expected: str) -> None:
    assert again(written) == expected


def test_nothing_unsafe_is_written_again() -> None:
    """X-5."""
    written = again('[a](javascript:x) <a href="javascript:x">b</a> <img src="data:x" alt="c">')
    assert written == "a <a>b</a> c\n"
