from datetime import UTC, datetime

import pytest

from service.mail.tokens import KNOWN
from service.mail.values import (
    Ad,
    Recipient,
    ValueRefused,
    examples,
    values_for,
    zone,
)
from tests.mail.letters import values_of


@pytest.mark.parametrize(
    ("locale", "day", "month"),
    [
        ("en", "January 19, 2038", "January 2038"),
        ("fr", "19 janvier 2038", "janvier 2038"),
        ("ja", "2038年1月19日", "2038年1月"),
        ("zh", "2038年1月19日", "2038年1月"),
    ],
)
def test_dates_are_written_as_the_variants_language_writes_them(locale: str, day: str, month: str) -> None:
    """T-10."""
    values = values_of(locale)
    assert (values.get("currentDay"), values.get("currentMonthYear")) == (day, month)
    assert values.get("currentTime") == "19-Jan-2038 03:14:08 UTC"


@pytest.mark.parametrize(
    ("moment", "zone_name", "day"),
    [
        ((2038, 1, 19, 3, 14, 8), "Asia/Tokyo", "January 19, 2038"),
        ((2038, 1, 19, 3, 14, 8), "America/Los_Angeles", "January 18, 2038"),
        ((2026, 1, 1, 0, 0, 0), "Europe/Paris", "January 1, 2026"),
        ((2025, 12, 31, 23, 30, 0), "Europe/Paris", "January 1, 2026"),
        ((2026, 3, 29, 0, 59, 59), "Europe/Paris", "March 29, 2026"),
        ((2026, 3, 29, 1, 0, 0), "Europe/Paris", "March 29, 2026"),
        ((2026, 10, 25, 0, 30, 0), "Europe/Paris", "October 25, 2026"),
        ((2026, 1, 1, 9, 59, 0), "Pacific/Kiritimati", "January 1, 2026"),
        ((2026, 1, 1, 10, 0, 0), "Pacific/Kiritimati", "January 2, 2026"),
        ((2026, 1, 1, 0, 0, 0), "Nowhere/City", "January 1, 2026"),
        ((2026, 1, 1, 0, 0, 0), "../../etc/passwd", "January 1, 2026"),
        ((2026, 1, 1, 0, 0, 0), None, "January 1, 2026"),
    ],
)
def test_the_day_is_the_recipients(moment: tuple[int, ...], zone_name: str | None, day: str) -> None:
    """T-10."""
    at = datetime(*moment, tzinfo=UTC)  # type: ignore[arg-type, misc]
    recipient = Recipient("1", None, None, None, "a@x.example", "en", zone_name)
    values = values_for(
        recipient, locale="en", time_zone="UTC", moment=at, ads={}, unsubscribe_url=None, join_url=None,
        program_name="P", sender_name="S",
    )  # fmt: skip
    assert values.get("currentDay") == day


def test_a_recipient_without_a_zone_has_the_programs() -> None:
    assert str(zone(None, "Asia/Tokyo")) == "Asia/Tokyo"
    assert str(zone("Europe/Paris", "Asia/Tokyo")) == "Europe/Paris"
    assert zone("", None) is UTC


@pytest.mark.parametrize(
    "blank", [None, "", "  ", "\u3000", "\u3164", "\u200b", "\u200b \ufeff", "\u2800", "\t\n", "\xad"]
)
def test_a_value_that_shows_nothing_is_missing(blank: str | None) -> None:
    """T-8."""
    values = values_of(first_name=blank, name=blank)
    assert (values.get("firstName"), values.get("mpname")) == (None, None)
    assert values.get("lastName") == "Carter"


@pytest.mark.parametrize(
    "name",
    [
        "می\u200cخواهم",
        "👩‍👩‍👧‍👦",
        "नि",
        "e\u0301",
        "髙﨑",
        "𠮷野",
        "محمد",
        "a\u0378",
        "O'Neil",
        "=1+1",
        "{lastName}",
        "\u202eabc",
    ],
)
def test_a_name_is_kept_as_it_is(name: str) -> None:
    """T-9."""
    assert values_of(first_name=name).get("firstName") == name


@pytest.mark.parametrize("char", ["\0", "\ud800"])
def test_what_no_mail_can_carry_is_refused_by_name(char: str) -> None:
    """T-9."""
    with pytest.raises(ValueRefused) as refused:
        values_of(last_name=f"a{char}")
    assert refused.value.token == "lastName"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "//x.example", "https://x.example/\r\n", 'https://x"', "x"]
)
def test_the_address_of_a_page_is_one(address: str) -> None:
    """T-7."""
    with pytest.raises(ValueRefused):
        Ad("A", address)
    with pytest.raises(ValueRefused):
        Ad("A", "https://x.example/", address)


@pytest.mark.parametrize("locale", ["en", "fr", "ja", "zh"])
def test_every_token_has_an_example_in_every_language(locale: str) -> None:
    assert examples(locale).keys() == KNOWN.keys()
    assert all(examples(locale).values())
    assert "None" not in examples(locale).values()
