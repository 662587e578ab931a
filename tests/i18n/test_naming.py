"""Who is named in a text: whole words, whole addresses, and names of people who write without spaces."""

import pytest

from service.i18n import naming


@pytest.mark.parametrize(
    ("text", "name", "named"),
    [
        ("Max invites you", "Max", True),
        ("Maximum reach", "Max", False),
        ("Climax_Max.csv", "max", True),
        ("Annapurna Interactive", "Anna", False),
        ("Maison Aurore, IDA MORGAN", "Ida Morgan", True),
        ("Ida_Morgan.csv", "Ida Morgan", True),
        ("Morgan, Ida", "Ida Morgan", False),
        ("Rémi of Aurore", "Remi\u0301", True),
        ("write to max@aurore.example or see https://max.example/", "Max", False),
        ("", "Max", False),
        ("Max", "", False),
        ("Max", "！！", False),
        ("森林", "林", False),
        ("林", "林", True),
        ("林さんより", "林", True),
        ("山田様", "山田", True),
        ("王明的邀请", "王明", True),
        ("小林製薬", "小林", False),
        ("小山田さん", "山田", False),
        ("山田太郎様", "山田太郎", True),
        ("オーロラ山田 太郎より", "山田太郎", True),
        ("山田太郎さん", "山田 太郎", True),
        ("高橋みなみさん", "高橋 みなみ", True),
        ("小林真理子", "林真理子", False),
        ("アンナさん", "アンナ", True),
        ("アンナプルナ", "アンナ", False),
    ],
)
def test_a_name_is_whole_words(text: str, name: str, named: bool) -> None:
    assert naming.names(text, name) is named


@pytest.mark.parametrize(
    ("text", "name", "named"),
    [
        ("Ida at Aurore", "Ida Morgan", True),
        ("Studio Delta", "Ana de Armas", False),
        ("Studio de Paris", "Ana de Armas", False),
        ("Bo at Aurore", "Bo Dahl", True),
        ("Flo", "Florence Dahl", True),
        ("Annapurna Interactive", "Anna Dahl", False),
        ("A", "Anna Dahl", False),
        ("", "Anna Dahl", False),
        ("山田", "山田 花子", True),
        ("花子（オーロラ）", "山田花子", True),
        ("森林", "林 花", False),
    ],
)
def test_a_part_of_a_name(text: str, name: str, named: bool) -> None:
    assert naming.names_in_part(text, name) is named


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("Max", False),
        ("Ida Morgan", True),
        ("", False),
        ("山田", False),
        ("山田花子", True),
        ("マリー", False),
    ],
)
def test_a_name_that_says_who_it_is(name: str, telling: bool) -> None:
    assert naming.is_telling(name) is telling


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<ANN@x.example>", True),
        ("Write to ann@x.example.", True),
        ("連絡はann@x.exampleまで", True),
        ("partners of ann@x.example.csv", True),
        ("joann@x.example", False),
        ("jo.ann@x.example", False),
        ("ann@x.example.org", False),
        ("ann@x.examples", False),
    ],
)
def test_an_address_is_a_whole_one(text: str, found: bool) -> None:
    assert naming.has_address(text, {"Ann@x.example", ""}) is found
