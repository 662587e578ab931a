"""Whatever the source, the parse ends, the HTML is well formed and harmless, and no word is lost."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.markdown import html, text
from service.markdown.dialect import Profile, parse
from tests.markdown.pieces import PIECES, SOURCES

TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr aside b blockquote br code del details div em figcaption figure h1 h2 h3 h4 h5 h6 hr i "
        "img ins kbd li mark ol p picture pre rp rt ruby s section small source span strong sub summary sup "
        "table tbody td th thead tr u ul wbr",
    )
)
ATTRIBUTES = {
    "align",
    "alt",
    "class",
    "colspan",
    "height",
    "href",
    "id",
    "lang",
    "open",
    "rel",
    "role",
    "rowspan",
}
ATTRIBUTES |= {
    "aria-label",
    "aria-labelledby",
    "data-tabs",
    "media",
    "src",
    "srcset",
    "start",
    "title",
    "width",
}


class Reader(HTMLParser):
    """Reads elements in order; a closing tag must close the innermost open one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in ATTRIBUTES
            if name in ("href", "src", "srcset"):
                assert value is not None
                assert re.match(r"(https?://|mailto:)", value) or ":" not in re.split("[/?#]", value)[0]
                assert not value.startswith("//")
        if tag not in ("br", "hr", "img", "source", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def read(page: str) -> str:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return "".join(reader.words)


@given(SOURCES, st.sampled_from(Profile))
@settings(max_examples=400, deadline=None)
@example("<p>a<p>b", Profile.HELP)
@example("<b>*x</b>*", Profile.HELP)
@example("[a <a href=x>b</a>](y)", Profile.HELP)
def test_html_is_well_formed_and_of_known_elements(source: str, profile: Profile) -> None:
    """X-1, X-2, X-3, X-5."""
    read(html.render(parse(source, profile)))


@given(SOURCES)
@settings(max_examples=300, deadline=None)
def test_a_browser_builds_the_tree_that_is_written(source: str) -> None:
    """X-3: html5ever, reading by the HTML standard, moves nothing and closes nothing itself."""
    page = html.render(parse(source))
    names = dict.fromkeys(TAGS, ATTRIBUTES)
    cleaned = nh3.clean(page, tags=TAGS, attributes=names, link_rel=None, strip_comments=False)
    assert list(tags(cleaned)) == list(tags(page))


def tags(page: str) -> Iterator[str]:
    # The standard puts a tbody around bare rows; that moves nothing.
    yield from (tag for tag in re.findall(r"</?[a-z0-9]+", page) if not tag.endswith("tbody"))


MARKED = st.lists(PIECES | st.just("@@"), max_size=40)


@example(pieces=["|a|\n|-|\n|b|", '{% hint style="info" %}', "@@"], profile=Profile.MAIL)
@given(MARKED, st.sampled_from(Profile))
@settings(max_examples=300, deadline=None)
def test_no_word_is_lost(pieces: list[str], profile: Profile) -> None:
    """X-3: numbered words between any marks all come out, in both faces."""
    count = 0
    parts = []
    for piece in pieces:
        if piece == "@@":
            count += 1
            # Behind a cell of a table it may be a cell too many, which the dialect (GFM) leaves out.
            row = "|" in "".join(parts).rpartition("\n")[2]
            parts.append(f"\n\nw{count}w " if row else f" w{count}w ")
        elif piece not in ("<!--", "-->"):
            parts.append(piece)
    source = "".join(parts)
    if "```" in source or "~~~" in source or "](" in source:
        # The words after a fence are its language, those in a link's address are an address.
        return
    if profile is Profile.MAIL and "]:" in source:
        # What a mail's author puts there is the address of links by name.
        return
    document = parse(source, profile)
    shown, plain = read(html.render(document)), text.render(document)
    titles = re.findall(r'alt="([^"]*)"', html.render(document))
    for number in range(1, count + 1):
        assert f"w{number}w" in shown + "".join(titles)
        assert f"w{number}w" in plain


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("depth", [60, 500])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("{% hint %}\n", "{% endhint %}\n"),
        ('{% tabs %}\n{% tab title="t" %}\n', "{% endtab %}\n{% endtabs %}\n"),
        ("<details>\n\n", "</details>\n\n"),
        ("<div>", "</div>"),
        ("<b>", "</b>"),
        ("> ", ""),
        ("<table><tr><td>", "</td></tr></table>"),
        ("<ul><li>", "</li></ul>"),
    ],
)
def test_nesting_is_bounded(opening: str, closing: str, depth: int, profile: Profile) -> None:
    """X-3: 500 deep, with and without closings; the words stay."""
    for source in (opening * depth + "word\n" + closing * depth, opening * depth + "word"):
        page = html.render(parse(source, profile))
        assert "word" in read(page)
        deepest = depth_of(page)
        assert deepest <= 250


def depth_of(page: str) -> int:
    depth = deepest = 0
    for match in re.finditer(r"<(/?)([a-z0-9]+)", page):
        if match[2] not in ("br", "hr", "img", "source", "wbr"):
            depth += -1 if match[1] else 1
            deepest = max(deepest, depth)
    return deepest
