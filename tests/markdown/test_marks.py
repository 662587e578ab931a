"""Footnotes, mathematics, emoji by name, tasks, and what is written beside letters of East Asia."""

import pytest

from service.markdown import html, text
from service.markdown.dialect import Profile, parse


def page(source: str) -> str:
    return html.render(parse(source))


def shown(source: str) -> str:
    return text.render(parse(source))


def rules(source: str) -> list[tuple[str, int]]:
    return [(finding.rule, finding.line) for finding in parse(source).findings]


NOTES = "a[^two] b[^1] c[^two]\n\n[^1]: One\n\n    - more\n[^two]: Two[^3]\nlazy\n\n[^3]: Three\n\nlast"


def test_notes_stand_at_the_end_in_the_order_of_their_references() -> None:
    assert page(NOTES) == (
        '<p>a<sup><a href="#fn-two" id="fnref-two">1</a></sup> b<sup><a href="#fn-1" id="fnref-1">2</a></sup>'
        ' c<sup><a href="#fn-two" id="fnref-two-2">1</a></sup></p>\n<p>last</p>\n'
        '<section class="footnotes">\n'
        '<div class="footnote" id="fn-two">\n<p class="footnote-number"><a href="#fnref-two">1</a></p>\n'
        '<p>Two<sup><a href="#fn-3" id="fnref-3">3</a></sup>\nlazy</p>\n</div>\n'
        '<div class="footnote" id="fn-1">\n<p class="footnote-number"><a href="#fnref-1">2</a></p>\n'
        "<p>One</p>\n<ul>\n<li>more</li>\n</ul>\n</div>\n"
        '<div class="footnote" id="fn-3">\n<p class="footnote-number"><a href="#fnref-3">3</a></p>\n'
        "<p>Three</p>\n</div>\n</section>\n"
    )
    assert shown(NOTES) == "a[1] b[2] c[1]\n\nlast\n\n[1] Two[3] lazy\n\n[2] One\n\n    - more\n\n[3] Three\n"
    assert rules(NOTES) == []


def test_a_note_nobody_refers_to_is_kept() -> None:
    source = "a\n\n[^x]: kept\n[^x]: this too"
    assert shown(source) == "a\n\n[1] kept\n\n[2] this too\n"
    assert 'id="fn-x"' in page(source)
    assert 'id="fn-x-2"' in page(source)
    assert rules(source) == [("unused-footnote", 3), ("unused-footnote", 4)]


def test_a_cell_of_raw_html_refers_to_a_note() -> None:
    source = '<p>a<a data-footnote-ref href="#user-content-fn-1">1</a></p>\n\n[^1]: note'
    assert '<p>a<a href="#fn-1">1</a></p>' in page(source)
    assert 'id="fn-1"' in page(source)


def test_a_reference_without_its_note_is_text() -> None:
    assert page("a[^x] b") == "<p>a[^x] b</p>\n"
    assert rules("\na[^x] b, [^a-z]+") == [("no-footnote", 2)]


def test_a_reference_in_a_link_is_no_link() -> None:
    assert '<a href="/y">x<sup>1</sup></a>' in page('<a href="/y">x[^1]</a>\n\n[^1]: n')


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$$a^2 * b_1 < c$$", '<p><span class="math">a^2 * b_1 &lt; c</span></p>\n'),
        ("x $$a$$ y", '<p>x <span class="math">a</span> y</p>\n'),
        ("$$\na\n\n  b\n$$", '<div class="math">a\n\n  b</div>\n'),
        ("- $$\n  a\n  $$", '<ul>\n<li><div class="math">a</div>\n</li>\n</ul>\n'),
        ("$$\na", "<p>$$\na</p>\n"),
        ("5 $$", "<p>5 $$</p>\n"),
        ("$$ $$", "<p>$$ $$</p>\n"),
        ("a \\$$b$$ c", "<p>a $$b$$ c</p>\n"),
        ("`$$a$$`", "<p><code>$$a$$</code></p>\n"),
    ],
)
def test_mathematics_is_text_with_a_class(source: str, expected: str) -> None:
    assert page(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (":bulb: a", "💡 a"),
        (":no_such_emoji:", ":no_such_emoji:"),
        ("10:30:45", "10:30:45"),
        ("a:x:b", "a:x:b"),
        ("\\:bulb:", ":bulb:"),
        ("`:bulb:`", "<code>:bulb:</code>"),
    ],
)
def test_emoji_by_name(source: str, expected: str) -> None:
    assert page(source) == f"<p>{expected}</p>\n"


def test_tasks() -> None:
    source = "* [x] done *now*\n* [ ] open\n* [x]\n* \\[x] text\n* [x](y)"
    assert page(source) == (
        '<ul>\n<li class="task"><span class="task-box">☑</span> done <em>now</em></li>\n'
        '<li class="task"><span class="task-box">☐</span> open</li>\n'
        '<li class="task"><span class="task-box">☑</span> </li>\n'
        '<li>[x] text</li>\n<li><a href="y">x</a></li>\n</ul>\n'
    )
    assert shown(source) == "- ☑ done now\n- ☐ open\n- ☑\n- [x] text\n- x <y>\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**消息权限**：您需要", "<strong>消息权限</strong>：您需要"),
        ("选择 **发送**.", "选择 <strong>发送</strong>."),
        ("**「送信」**を選択", "<strong>「送信」</strong>を選択"),
        ("これは**注意！**です", "これは<strong>注意！</strong>です"),
        ("*（任意）*の", "<em>（任意）</em>の"),
        ("**\\[更多]**→", "<strong>[更多]</strong>→"),
        ("**« Envoyer »**.", "<strong>« Envoyer »</strong>."),
    ],
)
def test_marks_beside_letters_of_east_asia(source: str, expected: str) -> None:
    assert page(source) == f"<p>{expected}</p>\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("\\[ \\] \\< \\_ \\* \\~ \\> \\{ \\}", "[ ] &lt; _ * ~ &gt; { }"),
        ("a\\\nb", "a<br>\nb"),
        ("a&#x20;", "a "),
        ("[a](<../.gitbook/assets/image (1).png>)", '<a href="../.gitbook/assets/image%20(1).png">a</a>'),
        ("![a](<image (1).png>)", '<img src="image%20(1).png" alt="a">'),
    ],
)
def test_escapes_and_addresses_as_they_are_exported(source: str, expected: str) -> None:
    assert page(source) == f"<p>{expected}</p>\n"


def test_controls_are_no_words() -> None:
    assert page("a\x1f\x7f\x85b\fc") == "<p>a\ufffd\ufffd\ufffdb c</p>\n"


def test_mails_have_none_of_these() -> None:
    source = "- [x] :bulb: $$a$$ [^1]\n\n[^1]: b\n\n{% hint %}"
    assert parse(source, Profile.MAIL).findings == parse("[^x]", Profile.MAIL).findings == ()
    assert html.render(parse(source, Profile.MAIL)) == (
        '<ul>\n<li>[x] :bulb: $$a$$ <a href="b">^1</a></li>\n</ul>\n<p>{% hint %}</p>\n'
    )
