"""What people write for a language or a time zone, in any of our languages, as the code it stands for."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from zoneinfo import available_timezones

import babel
from babel.core import get_global

from service.i18n.folding import fold
from service.i18n.locales import LOCALES

# Longer than any name.
_LONGEST = 120


@lru_cache(maxsize=4096)
def language(text: str) -> str | None:
    """The code of a language from its code or its name, in our languages or its own; None if unknown.

    `Japonais`, `日本語`, `japanese` and `ja-JP` all are `ja`. Script and region of a code are dropped, except
    those of traditional Chinese: `zh-Hant`.
    """
    if len(text) > _LONGEST:
        return None
    known = _languages().get(_key(text)) or _languages().get(_key(_IN_BRACKETS.sub("", text)))
    if known is not None:
        return known
    parts = unicodedata.normalize("NFKC", text).strip().replace("_", "-").casefold().split("-")
    if parts[0] in {"zh", "zho", "chi"}:
        return "zh-Hant" if {"hant", "tw", "hk", "mo"} & set(parts[1:]) else "zh"
    if not all(part.isascii() and part.isalnum() and len(part) <= 8 for part in parts):
        return None
    return _codes().get(parts[0])


# `English (US)`, `日本語（日本）`: a place, which makes no other language.
_IN_BRACKETS = re.compile(r"[(（\[].*[)）\]]\s*$")


def _key(text: str) -> str:
    return "".join(fold(text).split())


@cache
def _codes() -> Mapping[str, str]:
    names = (str(code) for code in babel.Locale.parse("en").languages)
    return {code: code for code in names if "_" not in code and len(code) <= 3} | _OTHER_CODES


_OTHER_CODES = {
    "jpn": "ja", "jp": "ja", "cn": "zh", "spa": "es",
    "fra": "fr", "fre": "fr", "eng": "en", "deu": "de", "ger": "de",
}  # fmt: skip


@cache
def _languages() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for locale in LOCALES.values():
        for code, name in babel.Locale.parse(locale.cldr).languages.items():
            base, _, place = str(code).partition("_")
            # A language of a place is the language, a script is not always.
            if not place or len(place) < 4:
                found.setdefault(_key(str(name)), base)
    for name, code in _OWN_NAMES.items():
        found.setdefault(_key(name), code)
    for name, code in _CHINESE.items():
        found[_key(name)] = code
    return found


# Languages by their own name; asking CLDR for all of them would take seconds.
_OWN_NAMES = {
    "Deutsch": "de", "Español": "es", "Italiano": "it", "Português": "pt", "Nederlands": "nl",
    "Svenska": "sv", "Dansk": "da", "Norsk": "no", "Suomi": "fi", "Polski": "pl", "Čeština": "cs",
    "Magyar": "hu", "Română": "ro", "Türkçe": "tr", "Ελληνικά": "el", "Русский": "ru", "Українська": "uk",
    "Български": "bg", "עברית": "he", "العربية": "ar", "فارسی": "fa", "हिन्दी": "hi", "বাংলা": "bn",
    "ไทย": "th", "한국어": "ko", "Tiếng Việt": "vi", "Bahasa Indonesia": "id", "Bahasa Melayu": "ms",
    "Català": "ca", "日文": "ja", "英文": "en", "法文": "fr", "德文": "de", "仏語": "fr", "独語": "de",
    "西語": "es", "韓文": "ko", "韩文": "ko",
    "Hrvatski": "hr", "Slovenčina": "sk",
}  # fmt: skip
_CHINESE = {
    "简体中文": "zh", "简中": "zh", "简体": "zh", "汉语": "zh", "普通话": "zh",
    "中文（简体）": "zh", "中文（繁體）": "zh-Hant", "中文（繁体）": "zh-Hant", "華語": "zh-Hant",
    "中国語（簡体字）": "zh", "中国語（繁体字）": "zh-Hant", "chinois (traditionnel)": "zh-Hant",
    "中国語": "zh", "簡体字": "zh", "簡体字中国語": "zh",
    "Simplified Chinese": "zh", "Chinese (Simplified)": "zh", "chinois simplifié": "zh", "Mandarin": "zh",
    "繁體中文": "zh-Hant", "繁体中文": "zh-Hant", "繁體": "zh-Hant",
    "繁体字": "zh-Hant", "繁体字中国語": "zh-Hant",
    "Traditional Chinese": "zh-Hant", "Chinese (Traditional)": "zh-Hant", "chinois traditionnel": "zh-Hant",
}  # fmt: skip


@lru_cache(maxsize=4096)
def time_zone(text: str) -> str | None:
    """The IANA name of a zone, or None if unknown or if it may be several.

    Known are that name, a city, a country of one zone, their names in our languages with or without the word
    for time, what Windows calls it, usual abbreviations, and whole hours from UTC.
    """
    if len(text) > _LONGEST:
        return None
    names = (text, text.replace(" ", "_"), _WORD_TIME.sub("", text))
    zone = next(filter(None, map(_zones().get, map(_key, names))), None) or _from_utc(text)
    return get_global("zone_aliases").get(zone, zone) if zone else None


# `heure de Paris`, `東京時間`, `北京时间`.
_WORD_TIME = re.compile(r"^\s*heure\s*(?::|de |du |d['’])\s*|\s+time\s*$|(?:時間|时间)\s*$", re.IGNORECASE)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+\-−])\s*(\d{1,2})(?::?00)?", re.IGNORECASE)


def _from_utc(text: str) -> str | None:
    """`UTC+9` and `+09:00`; zones of the IANA database count the other way round."""
    match = _OFFSET.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        return None
    sign, hours = "-" if match[1] == "+" else "+", int(match[2])
    zone = f"Etc/GMT{sign}{hours}" if hours else "Etc/UTC"
    return zone if zone in available_timezones() else None


@cache
def _zones() -> Mapping[str, str]:
    found = {_key(short): zone for short, zone in _SHORT.items()}
    for windows, zone in get_global("windows_zone_mapping").items():
        found.setdefault(_key(str(windows)), str(zone))
    for locale in LOCALES.values():
        for name, zone in _names_in(babel.Locale.parse(locale.cldr)):
            found.setdefault(_key(name), zone)
    for name, zone in _OTHER_NAMES.items():
        found.setdefault(_key(name), zone)
    zones = sorted(available_timezones() - {"localtime", "Factory", "posixrules"})
    for zone in zones:
        if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/", "US/", "Canada/")):
            found.setdefault(_key(zone.rpartition("/")[2].replace("_", " ")), zone)
    for zone in zones:
        if _key(zone) not in {_key(short) for short in _SHORT}:
            found[_key(zone)] = zone
    return found


def _names_in(data: babel.Locale) -> Iterator[tuple[str, str]]:
    """What a language calls cities, countries of one zone, and the zones themselves."""
    places = [
        (zone["city"], code) for code, zone in data.time_zones.items() if "city" in zone and "/" in code
    ]
    for country, codes in get_global("territory_zones").items():
        name = data.territories.get(country)
        if name is not None and (len(codes) == 1 or country in _MAIN):
            places.append((name, _MAIN.get(country, codes[0])))
    yield from places
    for meta, zone in _META.items():
        for name in data.meta_zones.get(meta, {}).get("long", {}).values():
            yield name, zone


# Of a country with several zones, the one that nearly all its people use.
_MAIN = {"CN": "Asia/Shanghai", "DE": "Europe/Berlin", "ES": "Europe/Madrid", "NZ": "Pacific/Auckland"}
# Abbreviations that mean one zone to readers of ours. CST and IST mean several, and are asked for.
_SHORT = {
    "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "HKT": "Asia/Hong_Kong", "SGT": "Asia/Singapore",
    "Z": "Etc/UTC", "BST": "Europe/London", "WET": "Europe/Lisbon",
    "CET": "Europe/Paris", "CEST": "Europe/Paris", "MEZ": "Europe/Berlin", "EET": "Europe/Athens",
    "MSK": "Europe/Moscow", "EST": "America/New_York", "EDT": "America/New_York", "ET": "America/New_York",
    "CDT": "America/Chicago", "MST": "America/Denver", "MDT": "America/Denver", "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles", "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney", "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
}  # fmt: skip
_OTHER_NAMES = {
    "北京": "Asia/Shanghai", "Beijing": "Asia/Shanghai", "Pékin": "Asia/Shanghai", "広州": "Asia/Shanghai",
    "深圳": "Asia/Shanghai", "广州": "Asia/Shanghai", "Shenzhen": "Asia/Shanghai", "台北": "Asia/Taipei",
    "臺北": "Asia/Taipei", "大阪": "Asia/Tokyo", "Osaka": "Asia/Tokyo", "京都": "Asia/Tokyo",
    "Londres": "Europe/London", "Lyon": "Europe/Paris", "Marseille": "Europe/Paris",
    "Deutschland": "Europe/Berlin",
}  # fmt: skip


# Zones by the CLDR name people write out, where one city can stand for it.
_META = {
    "Japan": "Asia/Tokyo",
    "China": "Asia/Shanghai",
    "Taipei": "Asia/Taipei",
    "Hong_Kong": "Asia/Hong_Kong",
    "Korea": "Asia/Seoul",
    "Singapore": "Asia/Singapore",
    "India": "Asia/Kolkata",
    "GMT": "Europe/London",
    "Europe_Central": "Europe/Paris",
    "Europe_Eastern": "Europe/Athens",
    "America_Eastern": "America/New_York",
    "America_Central": "America/Chicago",
    "America_Mountain": "America/Denver",
    "America_Pacific": "America/Los_Angeles",
    "Brasilia": "America/Sao_Paulo",
    "Australia_Eastern": "Australia/Sydney",
    "New_Zealand": "Pacific/Auckland",
}
