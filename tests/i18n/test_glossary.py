"""The glossary file and its reader."""

from pathlib import Path

import pytest

from service.i18n.glossary import GlossaryError, Term, read
from service.i18n.locales import LOCALES
from service.paths import data_dir

ROW = '[[row]]\nterms = [{ en = "user", fr = "utilisateur", ja = "ユーザー", zh = "用户" }]\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "glossary.toml"


def test_a_row(path: Path) -> None:
    path.write_text(ROW + 'banned.ja = ["ユーザ"]\nnote = "A person"\n', encoding="utf-8")
    (row,) = read(path).rows
    words = {"en": "user", "fr": "utilisateur", "ja": "ユーザー", "zh": "用户"}
    assert row.terms == (Term("user", words),)
    assert (row.banned, row.note, row.terms[0].is_label) == ({"ja": ("ユーザ",)}, "A person", False)


@pytest.mark.parametrize(
    ("locale", "forms", "text", "found"),
    [
        ("fr", '"tu", "tes"', "As-tu tes", ["tu", "tes"]),
        ("fr", '"tu"', "statut", []),
        ("ja", '"彼", "彼女"', "彼女は", ["彼女"]),
    ],
)
def test_never(path: Path, locale: str, forms: str, text: str, found: list[str]) -> None:
    path.write_text(f'[[never]]\nlocale = "{locale}"\nforms = [{forms}]\nwrite = "x"\n', encoding="utf-8")
    (never,) = read(path).never
    assert never.pattern.findall(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "[[row]\n",
        "[[term]]\n",
        "[[row]]\n",
        '[[row]]\nterms = "user"\n',
        '[[row]]\nterms = [{ en = "user" }]\n',
        ROW.replace('"用户"', '""'),
        ROW + "band.ja = []\n",
        ROW + 'banned.de = ["x"]\n',
        ROW + "banned.ja = [1]\n",
        '[[never]]\nlocale = "de"\nforms = ["du"]\nwrite = "Sie"\n',
    ],
)
def test_a_glossary_with_a_mistake_is_refused(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GlossaryError, match=r"glossary\.toml"):
        read(path)


def test_our_glossary_is_sound() -> None:
    glossary = read(data_dir("locales") / "glossary.toml")
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for row in glossary.rows:
        for term in row.terms:
            assert (term.source, term.contexts) not in seen
            seen.add((term.source, term.contexts))
            for code in LOCALES:
                assert term.words[code] not in row.banned.get(code, ())
    assert ("prospect", ()) in seen
    assert ("New", ("stage",)) in seen
    assert {never.locale for never in glossary.never} == set(LOCALES)
