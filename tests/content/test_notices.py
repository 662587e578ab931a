"""What readers are told where a translation is behind its source."""

import re
from pathlib import Path

import pytest

from service.content import lock
from service.content.pages import Page, Pages
from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.markdown.dialect import parse

CHANGED = "This part has changed in %(language)s since it was translated. It now says:"
ADDED = "This part is not translated yet. In %(language)s it says:"
TEXTS = {CHANGED: "Modifié en %(language)s :", ADDED: "Non traduit. En %(language)s :", "Send": "Envoyer"}

EN = """\
# Boats

One word.

1. First
2. Second

{% tabs %}
{% tab title="By phone" %}
Call.
{% endtab %}
{% endtabs %}

| a | b |
| --- | --- |
| c | d |

<details>

<summary>More</summary>

Inside.

</details>
"""
FR = """\
# Bateaux {#boats}

Un mot.

1. Un
2. Deux

{% tabs %}
{% tab title="Par téléphone" %}
Appelez.
{% endtab %}
{% endtabs %}

| a | b |
| --- | --- |
| c | d |

<details>

<summary>Plus</summary>

Dedans.

</details>
"""


def catalog(code: str) -> Catalog:
    return Catalog(LOCALES[code], TEXTS if code == "fr" else {}, {})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for code, text in (("en", EN), ("fr", FR)):
        (tmp_path / code).mkdir()
        (tmp_path / code / "a.md").write_text(text, encoding="utf-8")
    (tmp_path / "ja").mkdir()
    locked = lock.recorded(lock.pairs(parse(EN), parse(FR)), ())
    (tmp_path / "fr" / "a.lock").write_text(lock.write(locked), encoding="utf-8")
    return tmp_path


def shown(tree: Path, source: str, code: str = "fr") -> Page:
    (tree / "en" / "a.md").write_text(source, encoding="utf-8")
    page = Pages(tree, catalog).find(code, "a")
    assert page is not None
    return page


def notice(title: str, words: str) -> str:
    return (
        f'<aside class="hint hint-info" role="note">\n<p class="hint-title">{title}</p>\n'
        f'<div lang="en">\n{words}</div>\n</aside>\n'
    )


def test_a_page_that_is_up_to_date_says_nothing(tree: Path) -> None:
    page = shown(tree, EN)
    assert (page.behind, page.html.count("<aside")) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "words", "before"),
    [
        ("One word.", "Two *words* {label:Send}.",
         'Two <em>words</em> <strong class="label">Send</strong>.', "<p>Un mot.</p>\n"),
        ("# Boats", "# Ships", "Ships", '<h1 id="boats">Bateaux</h1>\n'),
        ("1. First", "1. Now", "Now", "<li>Un"),
        ("By phone", "By mail", "By mail", '<h2 class="tab-heading" id="tab-1-heading">Par téléphone</h2>\n'),
        ("| c | d |", "| e | d |", "e", "<td>c"),
        ("<summary>More", "<summary>Less", "Less", "<summary>Plus</summary>\n"),
        ("Inside.", "Outside.", "Outside.", "<p>Dedans.</p>\n"),
    ],
)  # fmt: skip
def test_a_changed_block_has_a_notice_right_behind_it(
    tree: Path, old: str, new: str, words: str, before: str
) -> None:
    """The words of the source stand in their own lang, its labels as the source's screen has them."""
    page = shown(tree, EN.replace(old, new))
    assert page.behind == 1
    assert page.html.count("<aside") == 1
    assert before + notice("Modifié en anglais :", words) in page.html


def test_a_new_block_stands_where_it_belongs(tree: Path) -> None:
    page = shown(tree, EN.replace("One word.\n", "One word.\n\nOne more.\n"))
    assert page.behind == 1
    assert "<p>Un mot.</p>\n" + notice("Non traduit. En anglais :", "One more.") in page.html


def test_a_new_block_before_all_others(tree: Path) -> None:
    page = shown(tree, f"Before.\n\n{EN}")
    assert page.html.startswith(notice("Non traduit. En anglais :", "Before."))


def test_the_page_as_markdown_says_it_too(tree: Path) -> None:
    page = shown(tree, EN.replace("One word.", "Two *words*."))
    assert page.markdown.startswith("# Bateaux")
    assert page.markdown.endswith("</details>\n\n> Modifié en anglais :\n>\n> Two words.\n")


def test_a_page_that_is_missing_in_a_language_is_the_sources_without_notices(tree: Path) -> None:
    page = shown(tree, EN.replace("One", "Two"), "ja")
    assert (page.fallback, page.language, page.behind) == (True, "en", 0)


def test_a_translation_without_a_lock_or_with_a_broken_one_is_shown_as_it_is(tree: Path) -> None:
    for text in ("broken", None):
        path = tree / "fr" / "a.lock"
        path.unlink() if text is None else path.write_text(text)
        page = shown(tree, EN.replace("One", "Two"))
        assert (page.behind, page.html.count("<aside")) == (0, 0)


def test_a_notice_goes_when_the_review_is_recorded(tree: Path) -> None:
    source = EN.replace("One word.", "Two words.")
    (tree / "en" / "a.md").write_text(source, encoding="utf-8")
    pages = Pages(tree, catalog)
    page = pages.find("fr", "a")
    assert page is not None
    assert page.behind == 1
    locked = lock.recorded(lock.pairs(parse(source), parse(FR)), ())
    (tree / "fr" / "a.lock").write_text(lock.write(locked) + "\n", encoding="utf-8")
    page = pages.find("fr", "a")
    assert page is not None
    assert page.behind == 0


def test_words_of_a_notice_are_data(tree: Path) -> None:
    """X-2: a source block brings no more markup into a translation than into its own page."""
    page = shown(tree, EN.replace("One word.", "<script>x</script> [a](javascript:b)"))
    assert "<script" not in page.html
    assert not re.search(r"href=\"javascript", page.html)
