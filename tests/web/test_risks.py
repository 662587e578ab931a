"""The order in which a preview offers its recipients, and why."""

from dataclasses import replace

import pytest

from service.domain.recipients import Recipient
from service.web.risks import RISKIEST, Risk, riskiest

ANN = Recipient(1, "a@x.example", "a@x.example", "en", "UTC", "100", "Harbour", "Ann", "Lee")


def person(number: int, **facts: object) -> Recipient:
    return replace(ANN, prospect_id=number, **facts)  # type: ignore[arg-type]


def found_risks(*people: Recipient, missing: tuple[Recipient, ...] = ()) -> dict[int, list[Risk]]:
    return {item.recipient.prospect_id: list(item.risks) for item in riskiest(people, missing)}


def test_nobody() -> None:
    assert riskiest([], []) == []


def test_missing_values_then_the_longest_name_then_each_language() -> None:
    long = person(2, name="株式会社ホライズン・デジタル", locale="ja")
    french = person(3, locale="fr")
    missing = person(4, first_name=None, locale="fr")
    without_account = person(5, mpid=None)
    unknown = person(6, locale=None)
    everybody = (ANN, long, french, missing, without_account, unknown)
    assert found_risks(*everybody, missing=(missing,)) == {
        4: [Risk.MISSING, Risk.NO_FIRST_NAME],
        2: [Risk.LONGEST, Risk.LANGUAGE],
        1: [Risk.LANGUAGE],
        3: [Risk.LANGUAGE],
        6: [Risk.NO_LANGUAGE],
        5: [Risk.NO_ACCOUNT],
    }


@pytest.mark.parametrize(
    ("facts", "risk"),
    [
        ({"name": "Wohnungseigentümergemeinschaft"}, Risk.UNBROKEN),
        ({"last_name": "A" * 20}, Risk.UNBROKEN),
        ({"name": "متجر النخيل"}, Risk.RIGHT_TO_LEFT),
        ({"first_name": "נועה"}, Risk.RIGHT_TO_LEFT),
        ({"name": "Sunny ☀️ Shop"}, Risk.EMOJI),
        ({"name": "🦊 Studio"}, Risk.EMOJI),
        ({"zone_known": False}, Risk.NO_ZONE),
        ({"first_name": None}, Risk.NO_FIRST_NAME),
        ({"mpid": None}, Risk.NO_ACCOUNT),
        ({"locale": None}, Risk.NO_LANGUAGE),
    ],
)
def test_each_risk_is_found(facts: dict[str, object], risk: Risk) -> None:
    assert risk in found_risks(ANN, person(2, **facts))[2]


@pytest.mark.parametrize(
    "name",
    [
        "株式会社ホライズン・デジタル・マーケティング・ジャパン",
        "A-very-long-name-with-hyphens-in-it",
        "Café №1 ®",
    ],
)
def test_what_only_looks_like_a_risk_is_none(name: str) -> None:
    """Han and kana break anywhere, hyphens do, and a number sign is no emoji."""
    assert {Risk.UNBROKEN, Risk.EMOJI} & set(found_risks(person(1, name=name))[1]) == set()


def test_at_most_ten_and_half_of_them_for_one_reason() -> None:
    many = [person(number, first_name=None, locale=f"x-{number}") for number in range(100)]
    found = riskiest(many, many)
    assert [item.recipient.prospect_id for item in found] == list(range(RISKIEST))
    assert [Risk.MISSING in item.risks for item in found] == [True] * 5 + [False] * 5


def test_no_language_is_left_out_for_those_who_lack_a_value() -> None:
    lacking = [person(number, first_name=None) for number in range(10, 20)]
    shown = [
        person(20, name="A very long name of some company, Inc."),
        person(21, name="Wohnungseigentümergemeinschaft"),
        person(22, name="متجر النخيل"),
        person(23, name="🦊 Studio"),
    ]
    languages = [person(30, locale="fr"), person(31, locale="ja"), person(32, locale="zh")]
    risks = found_risks(*lacking, *shown, *languages, missing=tuple(lacking))
    assert {30: [Risk.LANGUAGE], 31: [Risk.LANGUAGE], 32: [Risk.LANGUAGE]}.items() <= risks.items()
    assert [number for number, held in risks.items() if Risk.MISSING in held] == [10, 11]
    assert len(risks) == RISKIEST - 1


def test_the_longest_name_may_be_a_contact() -> None:
    contact = person(2, first_name="Maria Fernanda", last_name="de la Concepción")
    assert found_risks(ANN, person(3, name="Harbour Lane"), contact)[2] == [Risk.LONGEST]
