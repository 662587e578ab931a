"""The HTML that GitBook writes into pages: figures, pictures, cards, typed columns, icons, hints in cells."""

import pytest

from service.markdown import html, text
from service.markdown.dialect import parse


def page(source: str) -> str:
    return html.render(parse(source))


def shown(source: str) -> str:
    return text.render(parse(source))


def test_a_picture_has_one_image_for_each_scheme() -> None:
    source = (
        '<picture><source srcset="dark.png" media="(prefers-color-scheme: dark)">'
        '<img src="light.png" alt="A" data-size="line"></picture>'
    )
    assert page(source) == (
        '<p><picture><source srcset="dark.png" media="(prefers-color-scheme: dark)">'
        '<img src="light.png" alt="A" class="line-image"></picture></p>\n'
    )


@pytest.mark.parametrize("address", ["javascript:x", "a.png 1x, b.png 2x", "//e.example/a.png", ""])
def test_a_picture_takes_one_safe_address(address: str) -> None:
    """X-5."""
    assert page(f'<picture><source srcset="{address}"><img src="a.png" alt=""></picture>') == (
        '<p><picture><img src="a.png" alt=""></picture></p>\n'
    )


def test_boxes_keep_their_side_and_their_width() -> None:
    source = (
        '<div align="center" data-full-width="true"><figure><img src="a.png" alt=""><figcaption></figcaption>'
        "</figure></div>"
    )
    assert page(source).startswith('<div class="align-center doc-wide">\n<figure>\n<img src="a.png" alt="">')


def test_an_empty_caption_is_no_word() -> None:
    assert shown('<figure><img src="a.png" alt="Alt"><figcaption></figcaption></figure>') == "Alt\n"


def test_a_figure_stands_in_its_item() -> None:
    source = '1. a\n\n   <figure><img src="a.png" alt="A"><figcaption><p>C</p></figcaption></figure>\n2. b'
    assert page(source) == (
        '<ol>\n<li><p>a</p>\n<figure>\n<img src="a.png" alt="A"><figcaption><p>C</p>\n</figcaption>\n'
        "</figure>\n</li>\n<li><p>b</p>\n</li>\n</ol>\n"
    )


def test_details_are_open_if_they_say_so() -> None:
    assert page("<details open>\n\n<summary>s</summary>\n\na\n\n</details>") == (
        '<details open="">\n<summary>s</summary>\n<p>a</p>\n</details>\n'
    )


CARDS = (
    '<table data-view="cards" data-card-size="large"><thead><tr><th></th><th></th>'
    '<th data-hidden data-card-target data-type="content-ref"></th>'
    '<th data-hidden data-card-cover data-type="files"></th></tr></thead><tbody>'
    '<tr><td><strong>One</strong></td><td>words</td><td><a href="one.md">one.md</a></td>'
    '<td><a href="one.png">one.png</a></td></tr>'
    '<tr><td><a href="two.md">Two</a></td><td></td><td></td><td></td></tr></tbody></table>'
)


def test_cards_are_a_list_of_links() -> None:
    assert page(CARDS) == (
        '<ul class="cards cards-large">\n<li>\n<img src="one.png" alt="">'
        '<div class="card-line"><a href="one.md"><strong>One</strong></a></div>\n'
        '<div class="card-line">words</div>\n</li>\n'
        '<li>\n<div class="card-line"><a href="two.md">Two</a></div>\n</li>\n</ul>\n'
    )
    assert shown(CARDS) == "- One <one.md>\n  words\n- Two <two.md>\n"


def test_a_card_without_words_shows_where_it_leads() -> None:
    source = CARDS.replace("<strong>One</strong>", "").replace("<td>words</td>", "<td></td>")
    assert '<div class="card-line"><a href="one.md">one.md</a></div>' in page(source)


def test_the_cover_of_a_card_is_a_safe_image() -> None:
    """X-5."""
    assert "<img" not in page(CARDS.replace('href="one.png"', 'href="data:image/svg+xml,x"'))


TABLE = (
    '<table data-header-hidden><thead><tr><th>a</th><th data-hidden>b</th><th data-type="checkbox">c</th>'
    '<th data-type="select">d<select><option value="k" label="Late" color="red"></option></select></th></tr>'
    '</thead><tbody><tr><td>x</td><td>hidden</td><td>true</td><td><span data-option="k">Late</span></td></tr>'
    '<tr><td>y</td><td>data</td><td>false</td><td><span data-option="k"></span></td></tr></tbody></table>'
)


def test_columns_show_their_types_and_hide_what_is_data() -> None:
    assert page(TABLE) == (
        '<table class="headless">\n<thead>\n<tr>\n<th>a</th>\n<th>c</th>\n<th>d</th>\n</tr>\n</thead>\n'
        '<tbody>\n<tr>\n<td>x</td>\n<td><span class="task-box">☑</span> </td>\n'
        '<td><span class="tag tag-red">Late</span></td>\n</tr>\n'
        '<tr>\n<td>y</td>\n<td><span class="task-box">☐</span> </td>\n'
        '<td><span class="tag tag-red">Late</span></td>\n</tr>\n</tbody>\n</table>\n'
    )
    assert shown(TABLE) == "a | c | d\n--+---+-----\nx | ☑ | Late\ny | ☐ | Late\n"


def test_hints_in_items_and_cells() -> None:
    hint = (
        '<div data-gb-custom-block data-tag="hint" data-style="danger" class="hint hint-danger">'
        "hot <b>x</b></div>"
    )
    expected = '<aside class="hint hint-danger" role="note">\nhot <b>x</b></aside>\n'
    assert page(hint) == expected
    assert page(f"- a\n\n  {hint}") == f"<ul>\n<li><p>a</p>\n{expected}</li>\n</ul>\n"
    assert f"<td>{expected}</td>" in page(f"|a|\n|-|\n|{hint}|")
    older = '<div data-gb-custom-block data-tag="hint" data-style="info">\n\n**b**\n\n</div>'
    assert page(older) == '<aside class="hint hint-info" role="note">\n<p><strong>b</strong></p>\n</aside>\n'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            '<i class="fa-circle-check">:circle-check:</i> a',
            '<span class="icon-name" role="img" aria-label="circle check"></span> a',
        ),
        ('<span data-gb-custom-inline data-tag="emoji" data-code="274c">❌</span>', "❌"),
        ('<span data-gb-custom-inline data-tag="emoji" data-code="1f468-200d-1f4bb">x</span>', "👨\u200d💻"),
        ('<span data-tag="emoji" data-code="zz">x</span>', "<span>x</span>"),
        ('<span data-tag="emoji" data-code="FFFFFFFFF">x</span>', "<span>x</span>"),
        ('<mark style="color:red;background-color:#fff;">x</mark>', '<mark class="ink-red">x</mark>'),
        ('<mark style="background-color:$primary">x</mark>', '<mark class="fill-blue">x</mark>'),
        ('<mark style="color:expression(alert(1))">x</mark>', "<mark>x</mark>"),
        ("<kbd>⌘</kbd>", "<kbd>⌘</kbd>"),
        (
            '<a href="/x" class="button primary" data-icon="rocket">Go</a>',
            '<a href="/x" class="button button-primary">Go</a>',
        ),
        (
            '<button class="button secondary" data-action="ask" data-query="How &#x26; why?">Ask</button>',
            '<a href="?ask=How%20%26%20why%3F" class="button">Ask</a>',
        ),
        (
            '<button data-action="search" data-query="送信">x</button>',
            '<a href="?q=%E9%80%81%E4%BF%A1" class="button">x</a>',
        ),
        ('<button onclick="x">y</button>', '<a class="button">y</a>'),
        ('<code class="expression">space.vars.x</code>', "<code>space.vars.x</code>"),
        (
            '<iframe src="https://e.example/v"></iframe>',
            '<a href="https://e.example/v" rel="noopener noreferrer">https://e.example/v</a>',
        ),
        ('<iframe src="javascript:x"></iframe>', "javascript:x"),
        ("{adcode_<adid>}", "{adcode_&lt;adid&gt;}"),
    ],
)
def test_small_elements(source: str, expected: str) -> None:
    """X-2."""
    assert page(f"a {source}") == f"<p>a {expected}</p>\n"


def test_raw_code_keeps_lines_marks_and_tags() -> None:
    source = (
        '<pre class="language-js" data-title="t.js" data-overflow="wrap"><code>if (a &#x3C; b) {\n'
        "<strong>  {% hint %}\n</strong>\n}\n</code></pre>"
    )
    assert page(source) == (
        '<div class="code">\n<p class="code-title">t.js</p>\n<pre class="language-js"><code>if (a &lt; b) {\n'
        "<strong>  {% hint %}\n</strong>\n}\n</code></pre>\n</div>\n"
    )
    assert parse(source).findings == ()


@pytest.mark.parametrize("address", ["broken-reference", f"/pages/{'a0' * 20}", f"pages/{'0' * 40}#x"])
def test_pages_lost_in_an_export_leave_their_words(address: str) -> None:
    document = parse(f'[a]({address}) <a href="{address}">b</a>')
    assert html.render(document) == "<p>a <a>b</a></p>\n"
    assert [finding.rule for finding in document.findings] == ["lost-page", "lost-page"]


def test_a_no_break_space_in_raw_words_stays() -> None:
    assert page("<p>Prix :\u00a05\u00a0€  \n x</p>") == "<p>Prix :\u00a05\u00a0€ x</p>\n"


def test_raw_headings_have_ids() -> None:
    assert page('<h2 align="center">Two words</h2>') == '<h2 id="two-words">Two words</h2>\n'
