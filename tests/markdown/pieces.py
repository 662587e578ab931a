"""Pieces that sources are put together from: marks of every construct, and words around them."""

from hypothesis import strategies as st

# fmt: off
PIECES = st.sampled_from([
    '{% hint style="info" %}', "{% endhint %}", "{% tabs %}", '{% tab title="T" %}', "{% endtab %}",
    "{% endtabs %}", "{% stepper %}", "{% step %}", "{% endstepper %}", "{% foo %}", '{% generated "x" %}',
    "<details>", "</details>", "<summary>", "</summary>", "<div>", "</div>", "<table>", "<tr><td>",
    "</table>", "<figure>", "<figcaption>", "</figure>", "<p>", "</p>", "<b>", "</b>",
    '<a href="javascript:x">', "</a>", "<a href='/x' onclick=alert(1)>", "<img src=x onerror=y>",
    "<script>", "</script>", "<svg/onload=x>", "<!--", "-->", "<ul>", "<li>", "</ul>", "<pre>", "</pre>",
    "<style>", "<adid>", "<br>", "</br>", "<h2>", "</h2>", "# ", "- ", "1. ", "> ", "    ", "  ", "```",
    "~~~", "`", "**", "*", "_", "~~", "[", "](x)", "](javascript:x)", "![", "|", "|-|-|", "\\", "{", "}",
    "{label:Send}", "{fact:rows}", "&lt;", "&#0;", "---", "***", "===", "\n", "\n\n", "\n\n", "\n", " ",
    "word", "言葉", "« mot »", "「語」", "\x00", "\t", "{#id}", "<https://e.example>",
    "[^1]", "[^1]: ", "$$", "$$a$$", ":bulb:", "- [x] ", "* ", "+ ", "1) ", "<br>\n", "<kbd>", "</kbd>",
    '<div data-gb-custom-block data-tag="hint">', '<i class="fa-x">', "</i>", '<table data-view="cards">',
    "<th data-hidden>", '<mark style="color:red">', "</mark>", "<picture>", '<source srcset="a.png">',
    "<button>", "</button>", "<iframe src=https://e.example>", "</iframe>", "<select>", "<option value=x>",
    '{% include "a" %}', '{% embed url="https://e" %}', "{% endembed %}", "{% if x %}", "{% endif %}",
    '{% content-ref url="a.md" %}', "{% endcontent-ref %}", '{% @a/b url="x" %}', "{% updates %}",
    '{% update date="x" %}', "** ", "__", "a_b", "\\*", "\\[", "&#x20;", "&nbsp;", "&#10;", "<code>",
    "</code>", '[p](p.md "mention")', "<td>", "<th>", "</td>", "</tr>", "<tr>", "|a|\n|-|\n|b|",
    "|a|b|\n|:-|-:|\n", "=", "-", "+", "#", "##", "1.", "2. ", "!", "[a]: b\n", "]", "(", ")", ":", "`a`",
    "``", " a `b` ", "\n\n    ", "\n  ", "\n   ", "<details open>",
    '{% code title="x" lineNumbers="true" %}', "{% endcode %}", "```js\nx\n```", "\n> ", "\n- ", "<hr>",
    "<h1>", "</h1>", "\u00a0", "\u3000", '{% hint\n style="info"',
])
# fmt: on
SOURCES = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200)
