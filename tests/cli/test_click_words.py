"""Click's own words: all of ours are still Click's, and a user reads them in the terminal's language."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from service.cli import click_words
from service.cli.words import WORDS

SOURCES = "".join(path.read_text(encoding="utf-8") for path in Path(click.__file__).parent.glob("*.py"))


def run(locale: str, *arguments: str) -> tuple[int, str, str]:
    environment = {**os.environ, "LANG": f"{locale}.UTF-8", "LC_ALL": f"{locale}.UTF-8", "LANGUAGE": ""}
    done = subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_every_phrase_is_one_of_clicks() -> None:
    joined = re.sub(r'"\s*\n\s*"', "", SOURCES).replace("\\n", "\n").replace("\\t", "\t")
    texts = [text for phrase in click_words.PHRASES for text in (phrase.text, phrase.plural) if text]
    assert [text for text in texts if text not in joined] == []


@pytest.mark.parametrize(
    ("locale", "arguments", "told"),
    [
        ("fr_FR", ("csv", "read"), "Erreur\u00a0: Argument manquant 'FILE...'."),
        ("ja_JP", ("csv", "red"), "エラー：コマンド'red'はありません。"),
        ("zh_CN", ("csv", "read", "--jsn"), "错误：没有选项 '--jsn'。"),
        ("en_US", ("csv", "read", "--jsn"), "Error: No such option '--jsn'."),
    ],
)
def test_a_mistake_is_told_in_the_language_of_the_terminal(
    locale: str, arguments: tuple[str, ...], told: str
) -> None:
    code, _, errors = run(locale, *arguments)
    assert code == 2
    assert told in errors


@pytest.mark.parametrize("text", ["{nonsense}", "{", "{value!r} }", "{0}"])
def test_a_translation_that_click_could_not_fill_gives_way(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(WORDS), "gettext", lambda _self, _text: text)
    assert click_words.gettext("Error: {message}") == "Error: {message}"
