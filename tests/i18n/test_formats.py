"""Dates, numbers and lists against CLDR as Babel reads it."""

import datetime as dt
import zoneinfo
from decimal import Decimal

import pytest
from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from hypothesis import given
from hypothesis import strategies as st

from service.i18n.formats import fixed_moment, formats
from service.i18n.locales import LOCALES

MOMENT = dt.datetime(2038, 1, 19, 3, 14, 8, tzinfo=dt.UTC)
MOMENTS = st.datetimes(timezones=st.just(dt.UTC))
CODES = list(LOCALES)


def spaceless(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("code", "long_date", "month_year"),
    [
        ("en", "January 19, 2038", "January 2038"),
        ("fr", "19 janvier 2038", "janvier 2038"),
        ("ja", "2038年1月19日", "2038年1月"),
        ("zh", "2038年1月19日", "2038年1月"),
    ],
)
def test_the_promised_dates(code: str, long_date: str, month_year: str) -> None:
    """T-10: long date and skeleton yMMMM, byte for byte."""
    assert formats(code).long_date(MOMENT) == formats(code).long_date(MOMENT.date()) == long_date
    assert formats(code).month_year(MOMENT) == month_year


@pytest.mark.parametrize("code", CODES)
@given(moment=MOMENTS)
def test_dates_and_times_equal_babels(code: str, moment: dt.datetime) -> None:
    ours, locale = formats(code), Locale.parse(LOCALES[code].cldr)
    assert ours.long_date(moment) == format_date(moment, "long", locale)
    assert ours.short_date(moment) == format_date(moment, "medium", locale)
    assert ours.month_year(moment) == format_skeleton("yMMMM", moment, locale=locale, fuzzy=False)
    assert ours.time(moment) == format_time(moment, "short", locale=locale)
    joined = format_datetime(moment, "medium", locale=locale)
    parts = format_date(moment, "medium", locale), format_time(moment, "medium", locale=locale)
    assert ours.date_time(moment) == joined.replace(parts[1], ours.time(moment))


@pytest.mark.parametrize("code", CODES)
@given(number=st.one_of(st.integers(-(10**15), 10**15), st.decimals(-(10**9), 10**9, places=4)))
def test_numbers_equal_babels(code: str, number: int | Decimal) -> None:
    locale = LOCALES[code].cldr
    assert formats(code).number(number) == format_decimal(number, locale=locale)
    assert formats(code).percent(number) == format_percent(number, locale=locale)


@pytest.mark.parametrize("code", CODES)
@given(seconds=st.integers(-(10**9), 10**9))
def test_relative_times_are_babels_but_for_the_houses_spaces(code: str, seconds: int) -> None:
    delta = dt.timedelta(seconds=seconds)
    expected = format_timedelta(delta, add_direction=True, locale=LOCALES[code].cldr)
    assert spaceless(formats(code).relative(delta)) == spaceless(expected)


@pytest.mark.parametrize("code", CODES)
@given(items=st.lists(st.text(), max_size=5))
def test_lists_equal_babels(code: str, items: list[str]) -> None:
    assert formats(code).listing(items) == format_list(items, locale=LOCALES[code].cldr)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", "3_hours ago|in 2_days|0_bytes|1_byte|1,000_bytes|64_KB|1.5_KB|10_MB|2_GB"),
        ("fr", "il y a 3_heures|dans 2_jours|0_octet|1_octet|1\u202f000_octets|64_ko|1,5_ko|10_Mo|2_Go"),
        ("ja", "3時間前|2日後|0バイト|1バイト|1,000バイト|64_KB|1.5_KB|10_MB|2_GB"),
        ("zh", "3_小时前|2_天后|0_字节|1_字节|1,000_字节|64_KB|1.5_KB|10_MB|2_GB"),
    ],
)  # fmt: skip
def test_relative_times_and_sizes(code: str, expected: str) -> None:
    """Between a number and its unit is no place to break, in any language."""
    f = formats(code)
    sizes = [f.file_size(n) for n in (0, 1, 1000, 64 * 1024, 1536, 10 * 1024**2, 2 * 1024**3)]
    times = [f.relative(dt.timedelta(hours=-3)), f.relative(dt.timedelta(days=2))]
    assert "|".join([*times, *sizes]) == expected.replace("_", "\u00a0")


@pytest.mark.parametrize("code", CODES)
def test_a_size_never_shows_a_thousand_of_a_unit(code: str) -> None:
    assert formats(code).file_size(1024**2 - 1) == formats(code).file_size(1024**2)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (
            "en",
            ["Simplified Chinese", "French", "xx-unknown", "Japan", "ZZZ", "Japan Time", "UTC", "Mars/Base"],
        ),
        (
            "fr",
            [
                "chinois simplifié",
                "français",
                "xx-unknown",
                "Japon",
                "ZZZ",
                "Japon",
                "UTC",
                "Mars/Base",
            ],
        ),
        ("ja", ["簡体中国語", "フランス語", "xx-unknown", "日本", "ZZZ", "日本時間", "UTC", "Mars/Base"]),
        ("zh", ["简体中文", "法语", "xx-unknown", "日本", "ZZZ", "日本时间", "UTC", "Mars/Base"]),
    ],
)
def test_names(code: str, names: list[str]) -> None:
    f = formats(code)
    assert [
        f.language_name("zh-Hans"), f.language_name("fr"), f.language_name("xx-unknown"),
        f.country_name("jp"), f.country_name("ZZZ"),
        f.zone_name("Asia/Tokyo"), f.zone_name("UTC"), f.zone_name("Mars/Base"),
    ] == names  # fmt: skip


@pytest.mark.parametrize("code", ["en", "fr", "ja", "zh"])
def test_no_zone_is_in_an_unknown_region(code: str) -> None:
    """Zones come with the system's own table, countries with Babel: one may be the younger."""
    unknown = formats(code).country_name("ZZ")
    zones = [
        zone for zone in zoneinfo.available_timezones() if zone.startswith(("America/", "Asia/", "Europe/"))
    ]
    assert [zone for zone in zones if unknown in formats(code).zone_name(zone)] == []


def test_the_fixed_moment_is_the_same_for_everybody() -> None:
    """T-10: one form in every language and zone."""
    assert fixed_moment(MOMENT) == "19-Jan-2038 03:14:08 UTC"
    assert fixed_moment(MOMENT.astimezone(dt.timezone(dt.timedelta(hours=9)))) == "19-Jan-2038 03:14:08 UTC"
    with pytest.raises(ValueError, match="zone"):
        fixed_moment(dt.datetime(2038, 1, 19))  # noqa: DTZ001 - the very mistake it refuses


def test_formats_are_made_once_and_only_for_our_locales() -> None:
    assert formats("ja") is formats("ja")
    with pytest.raises(KeyError):
        formats("../../x")
