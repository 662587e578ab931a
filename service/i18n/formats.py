"""Dates, numbers and lists as each language writes them, from CLDR patterns prepared once per locale."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from operator import attrgetter

import babel
from babel.core import get_global
from babel.dates import DateTimeFormat, get_timezone_location, tokenize_pattern
from babel.numbers import NumberPattern
from babel.units import format_unit

from service.i18n import pseudo
from service.i18n.locales import ALL_LOCALES, PSEUDO

Day = dt.date | dt.datetime
Moment = dt.datetime | dt.time
Number = int | float | Decimal
_Value = dt.date | dt.datetime | dt.time

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = (
    ("year", 3600 * 24 * 365),
    ("month", 3600 * 24 * 30),
    ("week", 3600 * 24 * 7),
    ("day", 3600 * 24),
    ("hour", 3600),
    ("minute", 60),
    ("second", 1),
)
_THRESHOLD = 0.85
_SIZES = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte")
NO_BREAK_SPACE = "\u00a0"
_CJK = "[\u3040-\u30ff\u4e00-\u9fff]"


def fixed_moment(moment: dt.datetime) -> str:
    """The moment in the one form that is the same in every language: `19-Jan-2038 03:14:08 UTC`.

    ValueError for a moment without a zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    utc = moment.astimezone(dt.UTC)
    return f"{utc.day:02}-{_MONTHS[utc.month - 1]}-{utc.year:04} {utc:%H:%M:%S} UTC"


@cache
def formats(code: str) -> "Formats":
    """The formats of one of our locales or a pseudo-locale; KeyError for any other code."""
    if code in PSEUDO:
        return _Pretended(code)
    return Formats(ALL_LOCALES[code].cldr)


class Formats:
    """How one language writes values. Datetimes are already in the reader's zone; results are plain text."""

    def __init__(self, cldr: str) -> None:
        locale = babel.Locale.parse(cldr)
        self._locale = locale
        self._long_date = _prepare(locale.date_formats["long"].pattern, locale)
        self._short_date = _prepare(locale.date_formats["medium"].pattern, locale)
        self._month_year = _prepare(locale.datetime_skeletons["yMMMM"].pattern, locale)
        self._time = _prepare(locale.time_formats["short"].pattern, locale)
        self._date_time = str(locale.datetime_formats["medium"]).replace("'", "")
        self._decimal: NumberPattern = locale.decimal_formats[None]
        self._percent: NumberPattern = locale.percent_formats[None]
        symbols = locale.number_symbols["latn"]
        self._group: str = symbols["group"]
        self._minus: str = symbols["minusSign"]
        self._by_thousands = self._decimal.grouping == (3, 3)
        self._lists = {name: str(pattern) for name, pattern in locale.list_patterns["standard"].items()}
        self._relative = {unit: _relative_patterns(locale, unit) for unit, _ in _UNITS}
        self._sizes = [_size_pattern(name, locale) for name in _SIZES]
        self.zone_name = lru_cache(maxsize=1024)(self._zone_name)

    def long_date(self, day: Day) -> str:
        """`January 19, 2038`, `19 janvier 2038`, `2038年1月19日` (CLDR long)."""
        return self._long_date(day)

    def short_date(self, day: Day) -> str:
        """`Jan 19, 2038`, `19 janv. 2038`, `2038/01/19`, `2038年1月19日` (CLDR medium: four-digit year)."""
        return self._short_date(day)

    def month_year(self, day: Day) -> str:
        """`January 2038`, `janvier 2038`, `2038年1月` (CLDR skeleton yMMMM)."""
        return self._month_year(day)

    def time(self, moment: Moment) -> str:
        """`3:14 AM`, `03:14`, `3:14`, `03:14` (CLDR short; the English one holds U+202F)."""
        return self._time(moment)

    def date_time(self, moment: dt.datetime) -> str:
        """A short date and a time, joined as the language joins them."""
        return self._date_time.replace("{0}", self._time(moment)).replace("{1}", self._short_date(moment))

    def number(self, number: Number) -> str:
        """`1,204`, `1 204` with U+202F in French; at most three decimals."""
        if self._by_thousands and isinstance(number, int):
            return f"{number:,}".replace(",", self._group).replace("-", self._minus)
        return str(self._decimal.apply(number, self._locale))

    def percent(self, share: Number) -> str:
        """A share of one as a percentage without decimals: 0.15 is `15%`, in French `15 %` with U+00A0."""
        return str(self._percent.apply(share, self._locale))

    def relative(self, delta: dt.timedelta) -> str:
        """`3 hours ago`, `in 2 days`, with U+00A0 before the unit: a negative delta is past.

        The largest fitting unit alone is named.
        """
        seconds = delta.days * 86400 + delta.seconds
        for unit, length in _UNITS:
            value = abs(seconds) / length
            if value >= _THRESHOLD or unit == "second":
                count = round(max(1, value) if unit == "second" and value > 0 else value)
                patterns = self._relative[unit][seconds >= 0]
                pattern = patterns.get(self._locale.plural_form(count)) or patterns["other"]
                return pattern.replace("{0}", self.number(count))
        raise AssertionError("seconds end the table")

    def listing(self, items: Sequence[str]) -> str:
        """`A, B, and C`, `A, B et C`, `A、B、C`, `A、B和C`."""
        if len(items) < 2:
            return "".join(items)
        if len(items) == 2:
            return _join(self._lists["2"], items[0], items[1])
        text = _join(self._lists["start"], items[0], items[1])
        for item in items[2:-1]:
            text = _join(self._lists["middle"], text, item)
        return _join(self._lists["end"], text, items[-1])

    def file_size(self, size: int) -> str:
        """Bytes as `512 bytes`, `64 KB`, `10 MB`, in French `10 Mo`, with U+00A0; 1 KB is 1,024 bytes."""
        step, value = 0, float(size)
        while round(value, 1) >= 1024 and step < len(_SIZES) - 1:
            step, value = step + 1, value / 1024
        shown: Number = round(value) if step == 0 or value >= 10 or value == int(value) else round(value, 1)
        pattern = self._sizes[step]
        return (pattern if step else _bytes_pattern(self._locale, size)).replace("{0}", self.number(shown))

    def language_name(self, tag: str) -> str:
        """The language's name in this language, `Simplified Chinese` for `zh-Hans`; any other as it is."""
        names = self._locale.languages
        parts = tag.replace("-", "_")
        return str(names.get(parts) or names.get(parts.partition("_")[0].lower()) or tag)

    def country_name(self, code: str) -> str:
        """The country or region's name in this language; an unknown code as it is."""
        return str(self._locale.territories.get(code.upper(), code))

    def _zone_name(self, zone: str) -> str:
        """`Japan Time`, `Japon`, `日本時間` for `Asia/Tokyo`; an unknown zone as it is."""
        if zone.upper() in ("UTC", "ETC/UTC"):
            return "UTC"
        # A zone younger than Babel's data is in an “unknown region” there: its city alone says more.
        is_young = get_global("zone_aliases").get(zone, zone) not in get_global("zone_territories")
        try:
            place = get_timezone_location(zone, locale=self._locale, return_city=is_young)
        except LookupError:
            return zone
        pattern = self._locale.zone_formats["region"]
        words = str(pattern % place if is_young else place)
        # The word that French puts before each place would hide its first letter in a list.
        return words.removeprefix(pattern.partition("%s")[0])


class _Pretended(Formats):
    """The source's formats with their words changed as the texts of a pseudo-locale are."""

    def __init__(self, code: str) -> None:
        super().__init__(PSEUDO[code].cldr)
        change = pseudo.MAKERS[code]
        for name in _WORDED:
            setattr(self, name, _changed(getattr(self, name), change))


_WORDED = (
    "long_date", "short_date", "month_year", "date_time", "time", "relative", "file_size", "listing",
    "language_name", "country_name", "zone_name",
)  # fmt: skip


def _changed(function: Callable[..., str], change: Callable[[str], str]) -> Callable[..., str]:
    return lambda *values: change(function(*values))


def _join(pattern: str, first: str, second: str) -> str:
    head, _, tail = pattern.partition("{0}")
    middle, _, end = tail.partition("{1}")
    return head + first + middle + second + end


def _relative_patterns(locale: babel.Locale, unit: str) -> tuple[dict[str, str], dict[str, str]]:
    fields = locale._data["date_fields"][unit]
    past, future = (
        {form: _spaced(str(pattern), locale.language) for form, pattern in fields[name].items()}
        for name in ("past", "future")
    )
    return past, future


def _size_pattern(unit: str, locale: babel.Locale) -> str:
    sample = format_unit(5, f"digital-{unit}", "short", locale=locale)
    return _spaced(sample.replace("5", "{0}").replace("kB", "KB"), locale.language)


def _bytes_pattern(locale: babel.Locale, size: int) -> str:
    sample = format_unit(size, "digital-byte", "long", locale=locale)
    return _spaced(re.sub(r"\d[\d\s.,]*\d|\d", "{0}", sample, count=1), locale.language)


def _spaced(pattern: str, language: str) -> str:
    """CLDR's words with the house's spaces around the number (glossary): none beside Japanese, one beside
    Chinese. A number and its unit stay on one line in every language."""
    if language == "ja":
        pattern = re.sub(rf"(?<=\{{0\}})\s+(?={_CJK})|(?<={_CJK})\s+(?=\{{0\}})", "", pattern)
    if language == "zh":
        pattern = re.sub(rf"(?<=\{{0\}})(?={_CJK})|(?<={_CJK})(?=\{{0\}})", " ", pattern)
    return re.sub(r"\{0\}\s+", "{0}" + NO_BREAK_SPACE, pattern)


def _prepare(pattern: str, locale: babel.Locale) -> Callable[[_Value], str]:
    """Turn a CLDR pattern into a function that joins its parts; rare fields go through Babel."""
    tokens = tokenize_pattern(pattern)
    if quick := _by_month(tokens, locale):
        return quick
    parts = [_part(kind, value, locale) for kind, value in tokens]

    def apply(value: _Value) -> str:
        return "".join([part if isinstance(part, str) else part(value) for part in parts])

    return apply


def _by_month(tokens: Sequence[tuple[str, object]], locale: babel.Locale) -> Callable[[_Value], str] | None:
    """A pattern of days as a template for each month, the quickest way to join numbers; None for others."""
    names: list[str] = []
    templates = [""] * 13
    for kind, value in tokens:
        if kind == "chars" or not isinstance(value, tuple):
            pieces = [str(value).replace("%", "%%")] * 13
        elif value in _MONTH_NAMES:
            months = locale.months["format"][_MONTH_NAMES[value]]
            pieces = ["", *(months[number].replace("%", "%%") for number in range(1, 13))]
        elif value in _DAY_FIELDS:
            name, piece = _DAY_FIELDS[value]
            names.append(name)
            pieces = [piece] * 13
        else:
            return None
        templates = [made + piece for made, piece in zip(templates, pieces, strict=True)]
    if not names:
        return None
    values = attrgetter(*names)
    return lambda day: templates[day.month] % values(day)  # type: ignore[union-attr]


_MONTH_NAMES = {("M", 3): "abbreviated", ("M", 4): "wide"}
_DAY_FIELDS = {
    ("y", 1): ("year", "%d"), ("M", 1): ("month", "%d"), ("M", 2): ("month", "%02d"),
    ("d", 1): ("day", "%d"), ("d", 2): ("day", "%02d"),
}  # fmt: skip


def _part(kind: str, value: object, locale: babel.Locale) -> str | Callable[[_Value], str]:
    if kind == "chars" or not isinstance(value, tuple):
        return str(value)
    letter, width = value
    if letter == "M" and width in (3, 4):
        names = locale.months["format"][{3: "abbreviated", 4: "wide"}[width]]
        return lambda day: names[day.month]  # type: ignore[union-attr]
    if letter in _NUMBERS and width in (1, 2) and not (letter == "y" and width == 2):
        read = _NUMBERS[letter]
        return lambda day: str(read(day)).zfill(width)
    field = letter * width
    return lambda day: str(DateTimeFormat(day, locale)[field])


_NUMBERS: dict[str, Callable[..., int]] = {
    "y": lambda day: day.year,
    "M": lambda day: day.month,
    "d": lambda day: day.day,
    "H": lambda time: time.hour,
    "h": lambda time: time.hour % 12 or 12,
    "m": lambda time: time.minute,
}
