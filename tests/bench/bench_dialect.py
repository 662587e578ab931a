"""The parse of help pages with every rule on, against plain markdown-it-py on the same pages."""

from markdown_it import MarkdownIt

from service.markdown import html
from service.markdown.dialect import parse
from service.paths import data_dir
from tests.bench.figures import compare, seconds

ROUNDS = 3


def _pages() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(data_dir("content").glob("*/*.md"))]


def test_parse_pages() -> None:
    pages = _pages() * ROUNDS
    plain = MarkdownIt("commonmark").enable("table")
    # Each peer sees a page as its caller does: ours with front matter, tags, references, findings.
    ours = seconds(lambda: [parse(page) for page in pages])
    peer = seconds(lambda: [plain.parse(page) for page in pages])
    compare("help pages parsed", ours, "markdown-it-py", peer, times=len(pages), target="≥ 0.80")
    shown = seconds(lambda: [html.render(parse(page)) for page in pages])
    peer = seconds(lambda: [plain.render(page) for page in pages])
    compare("help pages rendered", shown, "markdown-it-py", peer, times=len(pages))


def test_growth() -> None:
    longest = max(_pages(), key=len)
    once = seconds(lambda: parse(longest * 4))
    twice = seconds(lambda: parse(longest * 8))
    more = seconds(lambda: parse(longest * 16))
    print(
        f"\na help page of 1×, 2×, 4×: {twice / once:.2f}, {more / twice:.2f} times the work (target ≤ 2.3)"
    )
