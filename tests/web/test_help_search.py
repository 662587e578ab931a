"""Questions to the help and searches in it: answered with quotations, in any language, or not at all."""

import re

import pytest

from service.i18n.locales import LOCALES
from tests.web.browser import Browser
from tests.web.pages import check_page, words


@pytest.mark.parametrize("locale", LOCALES)
def test_questions_are_answered_with_quotations(browser: Browser, locale: str) -> None:
    """X-6: an answer is headings, links and lines of the pages, nothing else."""
    question = {"en": "dry run", "fr": "simulation", "ja": "ドライラン", "zh": "试运行"}[locale]
    answer = browser.get(f"/{locale}/help/index.md", query_string={"ask": question})
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.headers["Content-Language"] == LOCALES[locale].tag
    lines = answer.text.splitlines()
    assert lines[0] == f"# {question}"
    heads = re.findall(rf"^## \[.+\]\(http://[^)]+/{locale}/help/([a-z-]+)#\w+\)$", answer.text, re.MULTILINE)
    assert set(heads) == {"bulk-import-prospects", "import-faq"}
    pages = [browser.get(f"/{locale}/help/{slug}.md").text for slug in set(heads)]
    quoted = [line[2:].strip() for line in lines if line.startswith("> ")]
    assert quoted
    assert set(quoted) <= {line.strip() for page in pages for line in page.splitlines()}
    sources = {line.rpartition("/")[2] for line in lines if line.endswith(".md)")}
    assert sources == {f"{slug}.md)" for slug in set(heads)}


def test_an_answer_may_come_from_another_language(browser: Browser) -> None:
    answer = browser.get("/ja/help/index.md", query_string={"ask": "How do I send a test email?"})
    assert "/ja/help/contact-a-prospect#test" in answer.text
    assert "テストメール" in answer.text


@pytest.mark.parametrize("locale", LOCALES)
def test_what_the_pages_do_not_say_is_not_answered(browser: Browser, locale: str) -> None:
    question = {
        "en": "How do I cook rice?",
        "fr": "Comment dresser un chiot ?",
        "ja": "おすすめの映画は？",
        "zh": "怎么做红烧肉？",
    }
    answer = browser.get(f"/{locale}/help/index.md", query_string={"ask": question[locale]})
    assert answer.status_code == 200
    assert ">" not in answer.text.replace("<http", "").replace("llms.txt>", "")
    assert f"/{locale}/llms.txt" in answer.text


def test_an_empty_question_says_how_to_ask(browser: Browser) -> None:
    assert "?ask=" in browser.get("/en/help/index.md?ask=").text
    assert "?ask=" in browser.get("/en/help/index.md?ask=%00%20").text


@pytest.mark.parametrize(
    "question",
    [
        "<svg onload=alert(1)>",
        "\x00\x07",
        "\u202eabc",
        "email " * 300,
        "' OR '1'='1",
        ".*+[(",
        "NEAR(a b, 3)",
        '"unclosed',
    ],
)
def test_hostile_questions(browser: Browser, question: str) -> None:
    """X-6: escaped in both faces, answered as words."""
    for path, name in (("/en/help/index.md", "ask"), ("/en/help/", "q")):
        answer = browser.get(path, query_string={name: question, "goal": question})
        assert answer.status_code == 200
        assert not re.search(r"(?<!\\)<svg onload", answer.text)
        assert not re.search("[\x00\x07\u202e]", answer.text)


@pytest.mark.parametrize("name", ["ask", "goal"])
def test_a_question_has_a_longest_length(browser: Browser, name: str) -> None:
    """X-6: 400 beyond 2,000 characters."""
    fine = {"ask": "email", "goal": "", name: "x" * 2000}
    assert browser.get("/en/help/index.md", query_string=fine).status_code == 200
    assert browser.get("/en/help/index.md", query_string={**fine, name: "x" * 2001}).status_code == 400
    assert browser.get("/en/help/", query_string={"q": "x" * 100_000}).status_code == 400


@pytest.mark.parametrize("locale", LOCALES)
def test_people_search_and_are_led_to_the_block(browser: Browser, locale: str) -> None:
    question = {"en": "dry run", "fr": "simulation", "ja": "ドライラン", "zh": "试运行"}[locale]
    page = check_page(browser.get(f"/{locale}/help/", query_string={"q": question}), locale)
    field = page.find("input", attrs={"name": "q"})
    assert field is not None
    assert field["value"] == question
    links = [str(link["href"]) for link in page.select(".help-path a")]
    assert f"/{locale}/help/bulk-import-prospects#plan" in links
    assert [words(mark) for mark in page.select("mark")]
    quotation = page.select_one(".help-answer blockquote")
    assert quotation is not None


def test_a_search_for_nothing_known_says_so(browser: Browser) -> None:
    page = check_page(browser.get("/en/help/", query_string={"q": "xyzzy"}), "en")
    assert page.select_one(".empty")
    assert not page.select(".help-path")


def test_a_question_to_a_page_opens_the_search(browser: Browser) -> None:
    moved = browser.get("/ja/help/email-tokens?ask=%E9%80%81%E4%BF%A1")
    assert (moved.status_code, moved.headers["Location"]) == (302, "/ja/help/?q=%E9%80%81%E4%BF%A1")
