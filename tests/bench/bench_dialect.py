"""The parse of help pages with every rule on, against plain markdown-it-py on the same pages."""

from markdown_it import MarkdownIt

from service.markdown import html
from service.markdown.dialect import parse
from service.paths import data_dir
from tests.bench.figures import by_turns, compare


def _pages() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(data_dir("content").glob("*/*.md"))]


def test_parse_pages() -> None:
    pages = _pages()
    plain = MarkdownIt("commonmark").enable("table")
    # Each peer sees a page as its caller does: ours with front matter, tags, references, findings.
    ours, peer = by_turns(
        lambda: [parse(page) for page in pages], lambda: [plain.parse(page) for page in pages]
    )
    compare("help pages parsed", ours, "markdown-it-py", peer, times=len(pages), target="≥ 0.80")
    ours, peer = by_turns(
        lambda: [html.render(parse(page)) for page in pages], lambda: [plain.render(page) for page in pages]
    )
    compare("help pages rendered", ours, "markdown-it-py", peer, times=len(pages))


def test_growth() -> None:
    longest = max(_pages(), key=len)
    sizes = (longest * times for times in (4, 8, 16))
    once, twice, more = by_turns(*(lambda text=text: parse(text) for text in sizes))  # type: ignore[misc]
    print(
        f"\na help page of 1×, 2×, 4×: {twice / once:.2f}, {more / twice:.2f} times the work (target ≤ 2.3)"
    )
