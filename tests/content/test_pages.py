"""Finding, falling back, keeping the last good version, and staying inside the tree."""

import os
from pathlib import Path

import pytest

from service.content.pages import Heading, Pages
from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES


class Words:
    """Catalogs that a test may exchange."""

    def __init__(self) -> None:
        self.texts = {"Send": "Envoyer"}

    def catalog(self, code: str) -> Catalog:
        texts = self.texts if code == "fr" else {}
        return Catalog(LOCALES[code], texts, {}, version=str(sorted(texts.items())))


@pytest.fixture
def words() -> Words:
    return Words()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for code in LOCALES:
        (tmp_path / "content" / code).mkdir(parents=True)
    write(tmp_path / "content", "en", "index", "---\norder: 9\n---\n# Help")
    write(
        tmp_path / "content", "en", "first", "---\norder: 1\ndescription: One\n---\n# First\n\n{label:Send}"
    )
    write(tmp_path / "content", "en", "second", "---\norder: 2\n---\n# Second\n\n## A\n\n### B\n\n#### C")
    write(tmp_path / "content", "fr", "first", "# Premier\n\n{label:Send}\n\n[x](second.md#a) [y](index.md)")
    return tmp_path / "content"


@pytest.fixture
def pages(tree: Path, words: Words, tmp_path: Path) -> Pages:
    return Pages(tree, words.catalog, tmp_path / "copies")


def write(tree: Path, code: str, slug: str, text: str | bytes) -> None:
    path = tree / code / f"{slug}.md"
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(data)
    # Two writes within one tick of the clock are told apart here.
    stamp = path.stat().st_mtime_ns + len(data) * 1_000_000
    os.utime(path, ns=(stamp, stamp))


def test_a_page_in_its_language(pages: Pages) -> None:
    page = pages.find("fr", "first")
    assert page is not None
    assert (page.title, page.language, page.fallback) == ("Premier", "fr", False)
    assert page.html == (
        '<h1 id="premier">Premier</h1>\n<p><strong class="label">Envoyer</strong></p>\n'
        '<p><a href="second#a">x</a> <a href="./">y</a></p>\n'
    )
    assert page.markdown == "# Premier\n\n**Envoyer**\n\n[x](second.md#a) [y](index.md)\n"
    assert page.text.startswith("Premier\n=======\n\n«\u00a0Envoyer\u00a0»\n")


def test_a_missing_page_falls_back_whole_to_the_source_language(pages: Pages) -> None:
    page = pages.find("ja", "first")
    assert page is not None
    assert (page.title, page.locale, page.language, page.fallback) == ("First", "ja", "en", True)
    assert page.description == "One"


def test_the_tree_is_in_order_and_in_the_readers_language(pages: Pages) -> None:
    assert pages.slugs() == ("index", "first", "second")
    assert [(entry.slug, entry.title) for entry in pages.tree("fr")] == [
        ("first", "Premier"),
        ("second", "Second"),
    ]


def test_contents_have_two_levels(pages: Pages) -> None:
    page = pages.find("en", "second")
    assert page is not None
    assert page.headings == (Heading(2, "a", "A"), Heading(3, "b", "B"))


def test_a_page_is_rendered_once_for_each_content(pages: Pages, tree: Path, words: Words) -> None:
    page = pages.find("fr", "first")
    assert pages.find("fr", "first") is page
    write(tree, "fr", "first", "# Autre\n\n{label:Send}")
    changed = pages.find("fr", "first")
    assert changed is not None
    assert changed.title == "Autre"
    words.texts = {"Send": "Expédier"}
    renamed = pages.find("fr", "first")
    assert renamed is not None
    assert "Expédier" in renamed.html
    assert "Expédier" in renamed.markdown


def test_a_reference_to_a_page_shows_its_title_as_it_is(pages: Pages, tree: Path) -> None:
    reference = '# R\n\n{% content-ref url="first.md" %}\n[first.md](first.md)\n{% endcontent-ref %}'
    write(tree, "fr", "third", reference)
    page = pages.find("fr", "third")
    assert page is not None
    assert '<a href="first">Premier</a>' in page.html
    write(tree, "fr", "first", "# Tout premier")
    page = pages.find("fr", "third")
    assert page is not None
    assert '<a href="first">Tout premier</a>' in page.html


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"# \xff", "not-utf8"),
        (b"", "empty-page"),
        (b"---\na: [\n---\n# X", "front-matter"),
        (b"x" * (513 * 1024), "too-large"),
        (b"x" * (3 * 1024 * 1024), "too-large"),
    ],
)
def test_a_broken_file_leaves_its_last_good_version(
    pages: Pages, tree: Path, words: Words, tmp_path: Path, data: bytes, rule: str
) -> None:
    """F-16, for pages: also across a restart, and the mistake is told."""
    good = pages.find("fr", "first")
    write(tree, "fr", "first", data)
    assert pages.find("fr", "first") == good
    assert [(path, finding.rule) for path, finding in pages.problems()] == [(tree / "fr" / "first.md", rule)]
    restarted = Pages(tree, words.catalog, tmp_path / "copies")
    assert restarted.find("fr", "first") == good
    assert [finding.rule for _, finding in restarted.problems()] == [rule]
    write(tree, "fr", "first", "# Réparé")
    mended = pages.find("fr", "first")
    assert mended is not None
    assert (mended.title, pages.problems()) == ("Réparé", ())


def test_a_broken_file_without_a_good_version_falls_back(tree: Path, words: Words) -> None:
    """F-16."""
    write(tree, "fr", "second", b"\xff")
    page = Pages(tree, words.catalog).find("fr", "second")
    assert page is not None
    assert page.fallback


def test_a_deleted_page_is_gone(pages: Pages, tree: Path) -> None:
    assert pages.find("fr", "first")
    (tree / "fr" / "first.md").unlink()
    page = pages.find("fr", "first")
    assert page is not None
    assert page.fallback
    (tree / "en" / "first.md").unlink()
    assert pages.find("fr", "first") is None


@pytest.mark.parametrize(
    "slug",
    ["", ".", "..", "../en/first", "..\\first", "/first", "first/", "first.md", "first\x00", "first\n",
     "first ", "FIRST", "ｆirst", "．", "%2e%2e", "-first", "first-", "fi--rst", "a" * 4000],
)  # fmt: skip
def test_only_names_of_pages_are_looked_up(pages: Pages, slug: str) -> None:
    """X-8."""
    assert pages.find("en", slug) is None
    assert pages.find("../en", "first") is None


def test_links_in_the_tree_are_not_followed(pages: Pages, tree: Path, tmp_path: Path) -> None:
    """X-8."""
    (tmp_path / "secret.md").write_text("# Secret")
    (tree / "en" / "link.md").symlink_to(tmp_path / "secret.md")
    (tree / "en" / "folder.md").mkdir()
    assert pages.find("en", "link") is None
    assert pages.find("en", "folder") is None
    assert pages.slugs() == ("index", "first", "second")


def test_names_of_no_page_leave_nothing_in_memory(pages: Pages) -> None:
    pages.find("en", "first")
    before = len(pages._files)
    for number in range(50):
        pages.find("en", f"page-{number}")
    assert len(pages._files) == before


def served(pages: Pages, slug: str) -> tuple[str, str]:
    page = pages.find("fr", slug)
    assert page is not None
    return page.html, page.markdown


def test_includes_and_expressions_are_filled_in_every_face(pages: Pages, tree: Path) -> None:
    """One path for a page that is served and one that `prospectus content render` prints."""
    parts = tree / "fr" / ".gitbook" / "includes"
    parts.mkdir(parents=True)
    (parts / "note.md").write_text("Avant {label:Send}.", encoding="utf-8")
    (parts.parent / "vars.yaml").write_text("port: 587", encoding="utf-8")
    port = '<code class="expression">space.vars.port</code>'
    write(tree, "fr", "third", f'# T\n\n{{% include ".gitbook/includes/note.md" %}}\n\nPort {port}.')
    assert served(pages, "third") == (
        '<h1 id="t">T</h1>\n<p>Avant <strong class="label">Envoyer</strong>.</p>\n<p>Port 587.</p>\n',
        "# T\n\nAvant **Envoyer**.\n\nPort 587.\n",
    )


def test_a_page_follows_what_it_includes(pages: Pages, tree: Path) -> None:
    """Also where the part comes after the page, or goes, and in the name that caches go by."""
    write(tree, "fr", "third", '# T\n\n{% include "part.txt" %}')
    missing, before = served(pages, "third"), pages.revision("fr")
    pages._watch._pause = 0.0
    (tree / "fr" / "part.txt").write_text("Une partie.", encoding="utf-8")
    assert served(pages, "third")[1] == "# T\n\nUne partie.\n"
    assert pages.revision("fr") != before
    (tree / "fr" / "part.txt").write_text("Une autre partie.", encoding="utf-8")
    assert served(pages, "third")[1] == "# T\n\nUne autre partie.\n"
    (tree / "fr" / "part.txt").unlink()
    assert served(pages, "third") == missing


def test_nothing_outside_a_language_is_included(pages: Pages, tree: Path) -> None:
    """X-8."""
    (tree.parent / "secret.md").write_text("Secret", encoding="utf-8")
    (tree / "fr" / "link.md").symlink_to(tree.parent / "secret.md")
    write(tree, "fr", "third", '# T\n\n{% include "../../secret.md" %}\n\n{% include "link.md" %}')
    assert "Secret" not in "".join(served(pages, "third"))
