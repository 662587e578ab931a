"""Whatever a page holds, judging it ends, finds places that exist, and finds a page equal to itself."""

from hypothesis import given
from hypothesis import strategies as st

from service.i18n.locales import LOCALES
from service.lint import documents
from service.markdown.dialect import parse

pieces = st.sampled_from(
    [
        *(
            "# A\n",
            "## B {#b}\n",
            "a *b* 12 ",
            "\n\n",
            "* x\n",
            "1. n\n",
            "| a | b |\n|---|---|\n| c | d |\n",
        ),
        *(
            "{% hint %}\n",
            "{% endhint %}\n",
            "{% tabs %}\n",
            "{% tab title='を通じて' %}\n",
            "{% endtab %}\n",
        ),
        *("`c\\_d` ", "[d](e.md#b)", "![f](g.png)", "{label:Send}", "{fact:x}", "```\nこれは文です。\n```\n"),
        *(
            "を選択",
            "**\\[More]** → ",
            "。",
            "：",
            "（",
            ")",
            "January 19, 2038",
            "選択 **送信** 完了したら。",
            "你",
            "您",
        ),
        *(
            "<details>\n\n",
            "</details>\n\n",
            "<p lang='fr'>p</p>",
            "   ",
            "\u202e",
            "सु",
            "l'a : b",
            "1,000万",
            "\t",
        ),
        *("---\norder: 1\n---\n", "<code>a\\_b</code>", "&#x20;", "> q\n", "１２", "\n    code\n"),
    ]
)
sources = st.lists(pieces, max_size=25).map("".join)
codes = st.sampled_from([*LOCALES, None])


def page(source: str, code: str | None) -> documents.Page:
    return documents.page(source, parse(source), LOCALES[code] if code else None)


@given(sources, sources, codes)
def test_every_finding_has_a_place_in_the_page(one: str, other: str, code: str | None) -> None:
    target = page(one, code)
    lines = one.split("\n")
    for finding in (*documents.judge(target), *documents.compare(page(other, "en"), target)):
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1
        assert finding.phrase.text % finding.values


@given(sources, codes)
def test_a_page_is_of_the_same_form_as_itself(source: str, code: str | None) -> None:
    one = page(source, code)
    assert [finding.rule for finding in documents.compare(one, one) if finding.rule != "DO013"] == []
