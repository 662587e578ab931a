"""Help: kept pages against a trivial one, a cold start, search among many blocks, questions and answers."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask

from service import bootstrap
from service.cli.db import bring_up_to_date
from service.config import Settings
from service.content.pages import Pages
from service.content.search import Index
from service.content.search_glossary import words_of
from service.content.search_index import Searchable
from service.content.search_passages import cut
from service.i18n import glossary
from service.i18n.catalogs import Catalogs
from service.i18n.locales import LOCALES
from service.paths import data_dir
from service.web.app import create_app
from tests.bench.figures import compare, seconds
from tests.content import asking

REQUESTS = 200
PAGES = 40
BLOCKS = 1000
ASKED = 300


def test_kept_page_against_a_trivial_one(tmp_path: Path) -> None:
    """Both through the whole WSGI stack of a test client, in the same run."""
    settings = Settings(data=tmp_path, secret_key="k" * 40)
    services = bootstrap.build(settings, jobs=False)
    bring_up_to_date(settings, services.db)
    trivial = Flask("trivial")
    trivial.add_url_rule("/", "index", lambda: "Hello")
    plain, client = (
        trivial.test_client(use_cookies=False),
        create_app(services).test_client(use_cookies=False),
    )
    peer = seconds(lambda: [plain.get("/") for _ in range(REQUESTS)])
    for path in ("/ja/help/contact-a-prospect", "/en/help/"):
        assert client.get(path).status_code == 200
        ours = seconds(lambda at=path: [client.get(at) for _ in range(REQUESTS)])  # type: ignore[misc]
        compare(f"help, {path}, kept", ours, "a trivial Flask page", peer, times=REQUESTS, target="≥ 0.60")
    services.db.dispose()


def test_cold_start(tmp_path: Path) -> None:
    """All pages of 4 × 40 rendered, then the index over them, as after a start."""
    _many_pages(tmp_path, PAGES)
    catalogs = Catalogs(data_dir("locales"))
    began = time.process_time()
    pages = Pages(tmp_path, catalogs.catalog)
    found = [pages.find(code, slug) for code in LOCALES for slug in pages.slugs()]
    rendered = time.process_time() - began
    Searchable(pages).index()
    indexed = time.process_time() - began - rendered
    size = sum(len(page.markdown) for page in found if page) // len(found)
    print(f"\nhelp, cold start of {len(found)} pages of {size:,} characters: {rendered:.2f} s (target ≤ 2 s)")
    print(f"help, the first search after it: {indexed:.2f} s")


def _many_pages(folder: Path, count: int) -> None:
    for code in LOCALES:
        (folder / code).mkdir()
        sources = sorted((data_dir("content") / code).glob("*.md"))
        for number in range(count):
            source = sources[number % len(sources)]
            text = source.read_text(encoding="utf-8").replace("# ", f"# {number} ", 1)
            (folder / code / f"page-{number}.md").write_text(text, encoding="utf-8")


def test_search_and_ask_among_many_blocks() -> None:
    """4 × 1,000 blocks; each question of the set asked in its language."""
    pages = asking.searchable().pages
    passages = {}
    for code in LOCALES:
        own = [one for slug in pages.slugs() for one in cut(_page(pages, code, slug))]
        rounds = -(-BLOCKS // len(own))
        many = [
            replace(one, place=(f"{one.slug}-{number}", one.anchor, one.place[2]))
            for number in range(rounds)
            for one in own
        ]
        passages[code] = many[:BLOCKS]
    words = words_of(glossary.read(data_dir("locales") / "glossary.toml"))
    began = time.process_time()
    index = Index(passages, words)
    print(f"\nhelp, index of 4 × {BLOCKS:,} blocks: {time.process_time() - began:.2f} s")
    _times("search", index.search)
    _times("ask", index.ask)


def test_markdown_and_questions_through_the_application(tmp_path: Path) -> None:
    """L-2: pages as Markdown, and questions at their addresses, in every language by turns."""
    settings = Settings(data=tmp_path, secret_key="k" * 40)
    services = bootstrap.build(settings, jobs=False)
    bring_up_to_date(settings, services.db)
    client = create_app(services).test_client(use_cookies=False)
    slugs = [slug for slug in asking.searchable().pages.slugs() if slug != "index"]
    markdown = [f"/{code}/help/{slug}.md" for slug in slugs for code in LOCALES]
    questions = [
        f"/{code}/help/{slugs[0]}.md?" + urlencode({"ask": one[code]})
        for one in asking.QUESTIONS["tuned"]
        for code in LOCALES
    ]
    for what, paths, target in (("pages as .md", markdown, 50), ("?ask=", questions, 300)):
        assert {client.get(path).status_code for path in paths} == {200}
        spent = []
        for number in range(ASKED):
            began = time.perf_counter()
            client.get(paths[number % len(paths)])
            spent.append((time.perf_counter() - began) * 1000)
        spent.sort()
        p50, p99 = spent[len(spent) // 2], spent[int(len(spent) * 0.99)]
        print(f"\nhelp, {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms of wall time (target p99 ≤ {target} ms)")
    services.db.dispose()


def _page(pages: Pages, code: str, slug: str):  # type: ignore[no-untyped-def]
    page = pages.find(code, slug)
    assert page is not None
    return page


def _times(what: str, verb: Callable[[str, str], object]) -> None:
    questions = [
        (code, one[code]) for kind in ("tuned", "held") for one in asking.QUESTIONS[kind] for code in LOCALES
    ]
    spent = []
    for number in range(ASKED):
        code, question = questions[number % len(questions)]
        began = time.process_time()
        verb(code, question)
        spent.append((time.process_time() - began) * 1000)
    spent.sort()
    p50, p99 = spent[len(spent) // 2], spent[int(len(spent) * 0.99)]
    print(f"help, {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms (target p99 ≤ 20 ms)")


def test_questions() -> None:
    """How many are answered by the right block, and how many about something else are refused."""
    index = asking.searchable().index()
    for kind in ("tuned", "held"):
        for code in LOCALES:
            found = asking.score(index, kind, code)
            print(
                f"\nhelp, {len(asking.QUESTIONS[kind])} questions {kind}, {code}: right block first "
                f"{found.first:.0%} (target 80%), among three {found.third:.0%} (target 95%)",
                end="",
            )
    sections = asking.Sections(asking.searchable().pages)
    for kind in ("tuned", "held", "fresh"):
        for code in LOCALES:
            found = asking.readers_score(index, sections, kind, code)
            share, _ = asking.readers_refused(index, kind, code)
            print(
                f"\nhelp, questions of readers {kind}, {code}: right section first {found.first:.0%} "
                f"(target 80%), among three {found.third:.0%} (target 95%), off topic refused {share:.0%} "
                "(target 90%)",
                end="",
            )
    for code in LOCALES:
        share, _ = asking.refused(index, code)
        number = len(asking.QUESTIONS["off"][code])
        print(f"\nhelp, {number} off topic, {code}: refused {share:.0%} (target 90%)", end="")
    print()
