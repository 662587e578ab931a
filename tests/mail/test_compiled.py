import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.mail.compiled import CompiledVariant, ContentRefused, ValueMissing, compile_variant
from service.mail.layout import Frame
from service.mail.mime import MailRefused
from service.mail.pieces import Marks, cut_html, isolated
from service.mail.tokens import Use
from tests.mail.letters import posted, values_of

FRAME = Frame(program_name="Northwind & Sons", sender_name="Emma <b>Reed</b>")
PLAIN = {code: Catalog(locale, {}, {}) for code, locale in LOCALES.items()}


def compiled(content: str, subject: str = "Hello", locale: str = "en", **frame: object) -> CompiledVariant:
    around = Frame(**{"program_name": "Northwind", **frame}) if frame else FRAME  # type: ignore[arg-type]
    return compile_variant(subject, content, locale=locale, catalog=PLAIN[locale], frame=around)


def findings(content: str, subject: str = "Hello") -> list[tuple[str, str | None, int, int]]:
    with pytest.raises(ContentRefused) as refused:
        compiled(content, subject)
    return [(found.rule, found.path, found.line, found.column) for found in refused.value.findings]


class Shape(HTMLParser):
    """The elements and attribute names of a page, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str | None] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "bdi":
            self.elements.append((tag, tuple(name for name, _ in attrs)))
            self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_mail_is_filled_in_all_its_parts() -> None:
    """M-9."""
    variant = compiled("# Hi {firstName}\n\n**{mpname}** and [join]({joinUrl})", "For {firstName|you}", "ja")
    filled = variant.fill(values_of("ja", first_name="花子", name="花と暮らし"))
    assert filled.subject == "For 花子"
    assert filled.text.startswith("Hi 花子\n")
    assert "花と暮らし and join <https://prospectus.example/ja/join/abc>" in filled.text
    assert '<html lang="ja" dir="ltr">' in filled.html
    assert "花子</h1>" in filled.html
    assert variant.tokens == {"firstName", "mpname", "joinUrl", "unsubscribeUrl"}
    posted(filled, "ja")


HOSTILE = [
    "[click](https://evil.example)", "![](https://evil.example/p.png)", "# H", "```\ncode", "`a`",
    "<b>bold</b>", "<script>alert(1)</script>", "https://evil.example", "<https://evil.example>",
    "{lastName}", "{unsubscribeUrl}", '"><img src=x onerror=alert(1)>', "'", "&amp;", "&#x3c;b&#x3e;",
    "a\nb\n\n# c", "tk0q0tz", "tk0q0uz", "*a* _b_", "| a | b |", "\u202eevil\u2066", "\u2069\u2069x",
    "محمد", "a\U000e0041", "{{7*7}}", "%(x)s", "\\", "</body></html>", "--=_boundary", ".",
    "=?utf-8?b?YQ==?=", "javascript:alert(1)", "<!-- x", "-->", "]]>", "\u0378", "👩‍👩‍👧‍👦",
]  # fmt: skip

EVERYWHERE = """# {firstName}

{firstName} *{firstName}* `{firstName}` [{firstName}](https://x.example/?q={firstName} "{firstName}")

- {firstName}
- ![{firstName}](https://x.example/{firstName}.png)

> {firstName}

| {firstName} | b |
|---|---|
| a | {firstName} |

    {firstName}

<https://x.example/{firstName}>
"""


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_only_words_wherever_it_stands(value: str) -> None:
    """T-3, T-6, T-7, T-9, P3: the same page but for the words."""
    variant = compiled(EVERYWHERE, "Hi {firstName}")
    plain = Shape(variant.fill(values_of(first_name="Anna")).html)
    filled = variant.fill(values_of(first_name=value))
    shape = Shape(filled.html)
    assert shape.elements == plain.elements
    assert [re.sub(r"/[^/]*$", "", link or "") for link in shape.links] == [
        re.sub(r"/[^/]*$", "", link or "") for link in plain.links
    ]
    if "\n" not in value and "\u2069" not in value:
        assert value in shape.words
        assert value in filled.text
        posted(filled, "en")


def test_filling_does_not_read_what_it_filled() -> None:
    """T-3."""
    filled = compiled("{firstName} {lastName}").fill(
        values_of(first_name="{lastName}", last_name="{firstName}")
    )
    assert filled.text.startswith("{lastName} {firstName}\n")


def test_a_value_in_a_link_is_encoded_for_an_address() -> None:
    """T-7."""
    variant = compiled("[a](https://x.example/{firstName}?q={mpname}#{lastName}) <https://x.example/{mpid}>")
    values = values_of(first_name="a/b?c&d", name="é=1&b=2", last_name="../x y", mpid="%41")
    filled = variant.fill(values)
    address = "https://x.example/a%2Fb%3Fc%26d?q=%C3%A9%3D1%26b%3D2#..%2Fx%20y"
    assert f'href="{address}"' in filled.html
    assert f"a <{address}> https://x.example/%2541\n" in filled.text
    assert ">https://x.example/%2541</a>" in filled.html


def test_addresses_of_pages_stand_whole_and_become_links() -> None:
    variant = compiled("Go: {joinUrl} [{joinUrl}]({joinUrl}) `{joinUrl}` [stop]({unsubscribeUrl})")
    filled = variant.fill(values_of())
    join, stop = (
        "https://prospectus.example/en/join/abc",
        "https://prospectus.example/en/unsubscribe/abc?a=1&b=2",
    )
    assert f"Go: {join} {join} {join} stop <{stop}>\n" in filled.text
    assert Shape(filled.html).links == [join, join, stop, stop]
    assert filled.html.count(f'href="{join}"') == 2


def test_an_ad_is_a_linked_picture_or_name_and_in_text_name_and_link() -> None:
    variant = compiled("{adcode_12} {adcode_13} [in {adcode_13}](https://x.example/)", "About {adcode_12}")
    filled = variant.fill(values_of())
    assert filled.subject == "About Spring <sale>"
    assert filled.text.startswith(
        "Spring <sale> <https://ads.example/x?a=1&b=2> Plain ad <https://ads.example/> "
        "in Plain ad <https://ads.example/> <https://x.example/>\n"
    )
    assert '<a href="https://ads.example/x?a=1&amp;b=2"' in filled.html
    assert 'alt="Spring &lt;sale&gt;"' in filled.html
    assert Shape(filled.html).links[:4] == [
        "https://ads.example/x?a=1&b=2",
        "https://ads.example/i.png",
        "https://ads.example/",
        "https://x.example/",
    ]
    assert variant.tokens == {"adcode_12", "adcode_13", "unsubscribeUrl"}
    posted(filled, "en")


@pytest.mark.parametrize(
    ("content", "rule", "column"),
    [
        ('a <a href="{joinUrl}">x</a>', "token-in-tag", 12),
        ("a <img src={firstName}>", "token-in-tag", 12),
        ('a <p style="{firstName}">', "token-in-tag", 13),
        ("a <!-- {firstName} -->", "token-in-tag", 8),
        ("```{firstName|a`b}", "token-in-fence", 4),
        ("``` x <firstName|`>", "token-in-fence", 7),
        ("[x](javascript:{firstName})", "unsafe-link", 5),
        ("[x](data:text/html,{firstName})", "unsafe-link", 5),
        ("![x](data:{firstName})", "unsafe-image", 6),
        ("[x]({firstName})", "token-address", 5),
        ("[x](https://{mpname}/)", "token-address", 13),
        ("[x](https://x.example{mpname}/)", "token-address", 22),
        ("[x](https://x.example:{mpid}/)", "token-address", 23),
        ("[x](mailto:{firstName}@x.example)", "token-address", 12),
        ("[x]({joinUrl|foo})", "token-address", 5),
        ("[x]({joinUrl}/more)", "token-address", 5),
        ("[x]({adcode_12})", "token-address", 5),
        ("{firstName} [x](/relative)", "address-relative", 17),
        ("![x](http://x.example/i.png)", "address-relative", 6),
    ],
)
def test_a_place_where_no_value_may_stand_is_refused_at_save(content: str, rule: str, column: int) -> None:
    """T-7, X-9."""
    assert findings(f"First\n\n{content}")[0] == (rule, "content", 3, column)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("<!-- a\n\n{firstName}\n\n-->", 3),
        ("x <!--\n\n- a\n- {firstName}\n\nb --> c", 4),
        ("<!-- a --> <!-- b\n\n{firstName} -->", 3),
    ],
)
def test_a_comment_goes_on_over_empty_lines(content: str, line: int) -> None:
    """T-7: it is no comment in this dialect, but its author means one."""
    assert [(rule, at) for rule, _, at, _ in findings(content)] == [("token-in-tag", line)]


@pytest.mark.parametrize(
    "content", ["<!-- a\n\n{firstName}", "<!-- a -->\n\n{firstName}\n\n<!-- b -->", "a --> {firstName}"]
)
def test_what_is_outside_a_comment_is_content(content: str) -> None:
    """T-7."""
    assert "Anna" in compiled(content).fill(values_of(first_name="Anna")).text


def test_names_in_the_frame_are_isolated_too() -> None:
    """T-9: bidi controls in the name of a program or sender end with the name."""
    made = compiled("Hi", program_name="\u202eevil", sender_name="a\u2067b", preheader="x\ny")
    filled = made.fill(values_of())
    assert "\u2068\u202eevil\u2069" in filled.text
    assert "\u2068a\u2067b\u2069\u2069" in filled.text
    assert "\u2068\u202eevil\u2069" in filled.html
    assert "x y" in filled.html


def test_every_finding_of_both_fields_is_told_at_once() -> None:
    """T-5."""
    assert findings("{foo}\n{FirstName}", "{bar}") == [
        ("token-unknown", "subject", 1, 1),
        ("token-unknown", "content", 1, 1),
        ("token-case", "content", 2, 1),
    ]
    assert findings(" ", "") == [("empty", "subject", 1, 1), ("empty", "content", 1, 1)]


def test_an_unsafe_link_is_told_in_the_authors_own_words() -> None:
    with pytest.raises(ContentRefused) as refused:
        compiled("{firstName} [x](javascript:{lastName})")
    assert dict(refused.value.findings[0].values) == {"address": "javascript:{lastName}"}


def test_a_missing_value_is_named_and_nobody_gets_dear_comma() -> None:
    """T-8."""
    variant = compiled("{firstName}, {lastName|dear reader}, {mpname|}", "{firstName}")
    nobody = values_of(first_name="\u200b", last_name=None, name=" ")
    assert variant.missing(nobody) == ("firstName",)
    with pytest.raises(ValueMissing) as missing:
        variant.fill(nobody)
    assert missing.value.names == ("firstName",)
    assert variant.fill(values_of(last_name=None, name=None)).text.startswith("Olivia, dear reader, \n")


def test_a_value_that_no_header_can_hold_is_named_before_it_is_sent() -> None:
    """H-1."""
    variant = compiled("{firstName} {lastName}", "{firstName}")
    assert variant.unsendable(values_of(first_name="a\nb", last_name="c\nd")) == ("firstName",)
    assert variant.unsendable(values_of(first_name="ab\u202e", last_name="c\nd")) == ()
    with pytest.raises(MailRefused):
        posted(variant.fill(values_of(first_name="a\nb")), "en")


def test_fenced_code_and_escapes_print_braces() -> None:
    filled = compiled("```\n{firstName}\n```\n\n\\{firstName} `\\{x}`", r"\{x}").fill(values_of())
    assert filled.subject == "{x}"
    assert filled.text.startswith("    {firstName}\n\n{firstName} {x}\n")


def test_the_frame_says_who_why_and_how_to_stop() -> None:
    filled = compiled("Hi").fill(values_of())
    assert "From Emma &lt;b&gt;Reed&lt;/b&gt;, for the program Northwind &amp; Sons" in filled.html
    assert "Unsubscribe: https://prospectus.example/en/unsubscribe/abc?a=1&b=2\n" in filled.text
    without = compiled("Hi", has_unsubscribe=False, preheader="Psst <b>").fill(values_of())
    assert "nsubscribe" not in without.html + without.text
    assert "Psst &lt;b&gt;" in without.html


def test_styles_are_inline_and_only_dark_mode_is_kept() -> None:
    """X-9."""
    html = compiled("Hi [x](https://x.example)").fill(values_of()).html
    assert re.findall(r"<style[^>]*>\s*(@media \([a-z-]+: dark\))", html) == [
        "@media (prefers-color-scheme: dark)"
    ]
    assert html.count("<style") == 1
    assert 'style="color: #0b57d0;"' in html


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        ("a", "\u2068a\u2069"),
        ("\u202ea", "\u2068\u202ea\u2069"),
        ("a\u2069b", "\u2068ab\u2069"),
        ("\u2066a", "\u2068\u2066a\u2069\u2069"),
        ("\u2067a\u2069\u2069b", "\u2068\u2067a\u2069b\u2069"),
    ],
)
def test_bidi_controls_end_inside_their_value(value: str, whole: str) -> None:
    """T-9."""
    assert isolated(value) == whole


def test_bidi_controls_are_isolated_in_bodies_and_gone_from_headers() -> None:
    """T-9."""
    filled = compiled("{firstName}!", "{firstName}").fill(values_of(first_name="a\u202eb"))
    assert filled.subject == "ab"
    assert filled.text.startswith("\u2068a\u202eb\u2069!\n")
    assert "<bdi>\u2068a\u202eb\u2069</bdi>!" in filled.html
    assert "<bdi>محمد</bdi>" in compiled("{firstName}").fill(values_of(first_name="محمد")).html


def test_marks_avoid_what_the_author_wrote() -> None:
    filled = compiled("tk0q0tz TK1Q {firstName}").fill(values_of())
    assert filled.text.startswith("tk0q0tz TK1Q Olivia\n")
    assert Marks.avoiding(("a tk0q b",), ()).prefix == "tk1q"


@pytest.mark.parametrize(
    "html",
    [
        "<!-- tk0q0tz -->",
        "<p class='tk0q0tz'>",
        "<style>tk0q0tz</style>",
        "<tk0q0tz>",
        '<a href="x/tk0q0tz">',
    ],
)
def test_a_mark_where_no_value_may_stand_is_an_error_of_ours(html: str) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        cut_html(html, Marks("tk0q", (Use("firstName", None, 0, 0),)))


PIECES = st.lists(
    st.sampled_from(
        ["{firstName}", "{joinUrl}", "[a](", "https://x.example/", ")", "*", "`", "\n", "> ", "- ", "|", "<",
         ">", "!", "a ", "]", "[", "<a href=", '"', "&", "\\", "{adcode_12}", "```\n", "招"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(content=PIECES, value=st.sampled_from(HOSTILE))
@settings(max_examples=300, deadline=None)
def test_any_content_is_refused_or_safe_with_any_value(content: str, value: str) -> None:
    """T-3, T-6, T-7."""
    try:
        variant = compiled(f"a {content}")
    except ContentRefused:
        return
    plain = Shape(variant.fill(values_of(first_name="Anna")).html)
    filled = variant.fill(values_of(first_name=value))
    assert Shape(filled.html).elements == plain.elements
    assert "tk0q" not in filled.html.replace(value, "")
    posted(filled, "en")
