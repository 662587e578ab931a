"""Folding for search and the key of unique names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.i18n.folding import fold, name_key, runs


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Émilie", "emilie"),
        ("Éric", "Éric"),
        ("STRASSE", "straße"),
        ("Łódź", "lodz"),
        ("Søren", "soren"),
        ("Ｐａｒｔｎｅｒ", "partner"),
        ("ﾊﾟｰﾄﾅｰ", "パートナー"),
        ("パートナー", "ぱーとなー"),
        ("髙﨑", "高崎"),
        ("l’équipe", "l'equipe"),
        ("①㈱", "1(株)"),
        ("co\u00adop\u200b", "coop"),
    ],
)
def test_these_are_found_by_one_another(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("か", "が"), ("は", "ぱ"), ("नि", "न"), ("山田", "山口")])
def test_these_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("パートナーを探す CSV", ["ぱーとなーを探す", "csv"]),
        ("群组 A-1", ["群组", "a", "1"]),
        ("名", ["名"]),
        ("CSVファイル", ["csv", "ふぁいる"]),
        ("", []),
    ],
)
def test_runs(text: str, expected: list[str]) -> None:
    assert runs(text) == expected


@given(st.text())
def test_runs_of_any_text_are_words(text: str) -> None:
    assert [run for run in runs(text) if not run or " " in run] == []


def test_name_keys() -> None:
    assert name_key("  Top\u3000 １０\n") == name_key("top 10") == "top 10"
    assert name_key("Équipe") != name_key("Equipe")


@given(st.text())
def test_a_name_key_is_its_own_key(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)
