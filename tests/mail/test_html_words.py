"""HTML mails as plain text, in time that grows with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.html_words import words


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        ("<p>many\n   spaces&nbsp;and  &lt;b&gt;</p>", "many spaces and <b>"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<style>x</style><script>y</script>seen<!-- not --><title>z</title>", "seen"),
        ("<a href='https://example.com/a?b=1&amp;c'>here</a>", "here <https://example.com/a?b=1&c>"),
        ("<a href='https://example.com/'>https://example.com</a>", "https://example.com"),
        ("<a href='javascript:alert(1)'>here</a>", "here"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n>>\n>> b\n\nc"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<b", "<b"),
        ("", ""),
    ],
)
def test_what_a_reader_sees(html: str, text: str) -> None:
    assert words(html) == text


PIECES = ["<", ">", "</", "<p>", "<!--", "-->", "<a ", "href='", "'", "<pre>", "<style>", "x", "&", "&amp;"]


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_anything_has_words(html: str) -> None:
    words(html)


@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", "<style>", "<blockquote>", "<pre>\n", "&", "<p>", " "])
def test_nothing_makes_it_slow(piece: str) -> None:
    """T-2, X-3: unclosed and nested without end; a quotation has at most ten marks."""
    found = words(piece * 50_000)
    assert len(found) < 2_000_000
