from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.tokens import KNOWN
from service.mail.values import (
    Ad,
    Recipient,
    ValueRefused,
    examples,
    full_name,
    greeting_name,
    is_blank,
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


GREETINGS = [
    ("ja", "花子", "山田", "花の店", "ja", "山田様"),
    ("ja", None, "山田", None, "ja", "山田様"),
    ("ja", "花子", None, "花の店", "ja", "花子様"),
    ("ja", None, None, "株式会社花の店", "ja", "株式会社花の店御中"),
    ("ja", None, None, "花の店御中", "ja", "花の店御中"),
    ("ja", None, "山田様", None, "ja", "山田様"),
    ("ja", "Marie", "Dupont", None, "fr", "Dupont様"),
    ("ja", None, None, None, "ja", None),
    ("zh", "秀英", "王", None, "zh", "王秀英"),
    ("zh", "Xiuying", "Wang", None, "zh", "Wang Xiuying"),
    ("zh", "Marie", "Dupont", None, "fr", "Marie Dupont"),
    ("zh", "秀英", None, None, "zh", "秀英"),
    ("zh", None, None, "秀英的厨房", "zh", None),
    ("en", "Olivia", "Carter", "X", "en", "Olivia"),
    ("en", None, "Carter", "X", "en", None),
    ("fr", "Jean Pierre", "Martin", None, "fr", "Jean Pierre"),
    ("fr", "\u3164", "Martin", None, "fr", None),
    ("en", "𠮷野", None, None, "ja", "𠮷野"),
]


@pytest.mark.parametrize(("variant", "first", "last", "company", "own", "greeting"), GREETINGS)
def test_the_greeting_is_a_whole_name_as_the_language_greets(
    variant: str, first: str | None, last: str | None, company: str | None, own: str, greeting: str | None
) -> None:
    recipient = Recipient(None, company, first, last, "a@x.example", own)
    assert greeting_name(recipient, variant) == greeting


@given(st.text(max_size=12), st.text(max_size=12), st.sampled_from(["ja", "zh", "fr", "en"]))
def test_a_greeting_never_cuts_a_name(first: str, last: str, locale: str) -> None:
    recipient = Recipient(None, None, first, last, "a@x.example", locale)
    try:
        greeting = greeting_name(recipient, locale)
    except ValueRefused:
        return
    names = [name.strip() for name in (first, last) if not is_blank(name)]
    assert greeting is None or any(name in greeting for name in names)


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


@pytest.mark.parametrize(
    ("first", "last", "locale", "whole"),
    [
        ("花子", "山田", "fr", "山田花子"),
        ("Ken", "Sato", "ja", "Sato Ken"),
        ("Ken", "Sato", "en-US", "Ken Sato"),
        (None, "Sato", "en", "Sato"),
        (None, None, "en", None),
    ],
)
def test_the_order_of_names_is_their_own(
    first: str | None, last: str | None, locale: str, whole: str | None
) -> None:
    assert full_name(first, last, locale) == whole


@pytest.mark.parametrize("locale", ["en", "fr", "ja", "zh"])
def test_every_token_has_an_example_in_every_language(locale: str) -> None:
    assert examples(locale).keys() == KNOWN.keys()
    assert all(examples(locale).values())
    assert "None" not in examples(locale).values()
