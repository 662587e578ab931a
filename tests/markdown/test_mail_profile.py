"""The dialect as mails use it: what is formatted, what stays text, what it costs."""

import pytest

from service.markdown import html, text
from service.markdown.dialect import Document, Profile, parse


def mail(source: str) -> Document:
    return parse(source, Profile.MAIL)


def body(source: str) -> str:
    return html.render(mail(source)).strip()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("これは**「重要」**です", "これは<strong>「重要」</strong>です"),
        ("这是**“重要”**的", "这是<strong>“重要”</strong>的"),
        ("これは**重要。**次", "これは<strong>重要。</strong>次"),
        ("**注意：**内容", "<strong>注意：</strong>内容"),
        ("~~「旧」~~です", "<s>「旧」</s>です"),
        ("a ** not** bold", "a ** not** bold"),
        ("snake_case_name", "snake_case_name"),
        ("***x***", "<em><strong>x</strong></em>"),
        ("Voici **« l’essentiel »**.", "Voici <strong>« l’essentiel »</strong>."),
    ],
)
def test_emphasis_stands_beside_east_asian_marks(source: str, expected: str) -> None:
    """MK006."""
    assert body(source) == f"<p>{expected}</p>"


@pytest.mark.parametrize(
    "source",
    ["<script>alert(1)</script>", "<b onclick=x>hi</b>", "<!-- note -->", "a <img src=x onerror=y> b"],
)
def test_raw_html_is_shown_not_obeyed(source: str) -> None:
    """X-2."""
    shown = source.replace("<", "&lt;").replace(">", "&gt;")
    assert body(source) == f"<p>{shown}</p>"
    assert text.render(mail(source)) == source + "\n"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "java&#9;script:alert(1)",
        "java&Tab;script:alert(1)",
        "vbscript:x",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example",
        "&#x2f;/evil.example",
        "http:evil",
        "x:y",
    ],
)
def test_unsafe_addresses_leave_only_their_label(address: str) -> None:
    """X-5."""
    document = mail(f"[label](<{address}>) ![picture](<{address}>)")
    assert html.render(document) == "<p>label picture</p>\n"
    assert {finding.rule for finding in document.findings} == {"unsafe-link", "unsafe-image"}


@pytest.mark.parametrize("address", ["\\\\evil.example", "/\\evil.example", "\\/evil.example"])
def test_a_backslash_never_becomes_a_slash(address: str) -> None:
    """X-5."""
    shown = html.render(mail(f"[label](<{address}>)"))
    assert "\\" not in shown
    assert 'href="//' not in shown


def test_links_of_other_sites_say_so() -> None:
    """X-5."""
    assert body("[a](https://e.example/?x&y) [b](/fr/help) [c](mailto:a@b.example)") == (
        '<p><a href="https://e.example/?x&amp;y" rel="noopener noreferrer">a</a>'
        ' <a href="/fr/help">b</a> <a href="mailto:a@b.example">c</a></p>'
    )


def test_a_finding_names_line_and_column() -> None:
    (finding,) = mail("one\n\ntwo\nsee [x](javascript:y)").findings
    assert (finding.rule, finding.line, finding.column) == ("unsafe-link", 4, 9)
    assert finding.values == {"address": "javascript:y"}


def test_the_text_face_of_a_whole_mail() -> None:
    source = (
        "## 招待\n\nHello **Mika**,\nsee [our program](https://e.example/p) or <https://e.example>.\n\n"
        "- one\n- two\n  1. inner\n\n> quoted\n> again\n\n| 列 | b |\n|---|---|\n| 1 | x |\n\n---\n\n"
        "```\n{code}\n```\n[Leave](mailto:a@b.example)"
    )
    assert text.render(mail(source)) == (
        "招待\n----\n\nHello Mika,\nsee our program <https://e.example/p> or https://e.example.\n\n"
        "- one\n- two\n  1. inner\n\n> quoted\n> again\n\n列 | b\n---+--\n1  | x\n\n"
        f"{'-' * 40}\n\n    {{code}}\n\nLeave <a@b.example>\n"
    )


def test_a_wide_table_becomes_records() -> None:
    long = "x" * 75
    assert text.render(mail(f"| a | b |\n|---|---|\n| 1 | {long} |\n| 2 | {long} |")) == (
        f"a: 1\nb: {long}\n\na: 2\nb: {long}\n"
    )


def test_deep_nesting_keeps_every_word() -> None:
    """X-3."""
    for source in (">" * 500 + " word", "- " * 500 + "word", "".join("  " * i + "- w\n" for i in range(150))):
        document = mail(source)
        shown = html.render(document)
        assert "w" in text.render(document)
        assert shown.count("<blockquote>") + shown.count("<ul>") <= 100
    deep = html.render(mail("**a " * 3000 + "b**" * 3000))
    assert deep.count("a") == 3000 or "a" in deep
    assert deep.count("<strong>") <= 3000


def test_a_source_over_the_limit_is_plain_text_and_an_error() -> None:
    """X-4."""
    document = mail("[" * (64 * 1024 + 1))
    assert [finding.rule for finding in document.findings] == ["too-large"]
    assert html.render(document) == "<pre>" + "[" * (64 * 1024 + 1) + "</pre>\n"


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "[[]",
        "![",
        "![[]()",
        "[a](",
        "[a]: b\n",
        "http://a.b ",
        "*a",
        "**a",
        "_a_",
        "*_",
        "~~a",
        "`",
        "a`b``c",
        "<",
        "<a ",
        "<x@",
        "<!--",
        "<![CDATA[",
        "&",
        "&#x",
        "((",
        "\\",
        "{",
        "{%",
        "a\n",
        "> ",
        "- ",
        "- a\n",
        "1.",
        "|a",
        "|a|b\n|-|-\n",
    ],
)
def test_hostile_mails_end(piece: str) -> None:
    """X-4: 64 KB of anything is read through; the cost is measured by the bench, linear in size."""
    document = mail(piece * (64 * 1024 // len(piece)))
    html.render(document)
    text.render(document)
    assert {finding.rule for finding in document.findings} <= {"too-deep"}
