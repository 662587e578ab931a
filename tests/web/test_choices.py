"""The order in which a preview offers its recipients."""

from dataclasses import replace

from service.domain.recipients import Recipient
from service.web.choices import RISKIEST, riskiest

ANN = Recipient(1, "a@x.example", "a@x.example", "en", "UTC", "100", "Harbour", "Ann", "Lee")


def person(number: int, **facts: object) -> Recipient:
    return replace(ANN, prospect_id=number, **facts)  # type: ignore[arg-type]


def test_nobody() -> None:
    assert riskiest([], []) == []


def test_missing_values_then_the_longest_name_then_each_language() -> None:
    long = person(2, name="株式会社ホライズン・デジタル", locale="ja")
    french = person(3, locale="fr")
    missing = person(4, first_name=None, locale="fr")
    without_account = person(5, mpid=None)
    unknown = person(6, locale=None)
    everybody = [ANN, long, french, missing, without_account, unknown]
    assert riskiest(everybody, [missing]) == [missing, long, ANN, french, unknown, without_account]


def test_at_most_eight_and_half_of_them_for_one_reason() -> None:
    many = [person(number, first_name=None, locale=f"x-{number}") for number in range(100)]
    found = riskiest(many, many)
    assert [item.prospect_id for item in found] == list(range(RISKIEST))
    assert len({item.prospect_id for item in found}) == RISKIEST
