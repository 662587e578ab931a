"""What people write for a language or a time zone, in any of our languages, as the code it stands for."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

import babel
from babel.core import get_global

from service.i18n.folding import fold
from service.i18n.locales import LOCALES


@cache
def language(text: str) -> str | None:
    """The code of a language from its code or its name, in our languages or its own; None if unknown.

    `Japonais`, `日本語`, `japanese` and `ja-JP` all are `ja`. Script and region of a code are dropped, except
    those of traditional Chinese: `zh-Hant`.
    """
    known = _languages().get(_key(text))
    if known is not None:
        return known
    parts = text.strip().replace("_", "-").casefold().split("-")
    if parts[0] in {"zh", "zho", "chi"}:
        return "zh-Hant" if {"hant", "tw", "hk", "mo"} & set(parts[1:]) else "zh"
    if not all(part.isascii() and part.isalnum() and len(part) <= 8 for part in parts):
        return None
    return _codes().get(parts[0])


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
            if "_" not in str(code):
                found.setdefault(_key(str(name)), str(code))
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
    "Català": "ca", "Hrvatski": "hr", "Slovenčina": "sk",
}  # fmt: skip
_CHINESE = {
    "简体中文": "zh", "简中": "zh", "汉语": "zh", "普通话": "zh",
    "中国語": "zh", "簡体字": "zh", "簡体字中国語": "zh",
    "Simplified Chinese": "zh", "Chinese (Simplified)": "zh", "chinois simplifié": "zh", "Mandarin": "zh",
    "繁體中文": "zh-Hant", "繁体中文": "zh-Hant", "繁體": "zh-Hant",
    "繁体字": "zh-Hant", "繁体字中国語": "zh-Hant",
    "Traditional Chinese": "zh-Hant", "Chinese (Traditional)": "zh-Hant", "chinois traditionnel": "zh-Hant",
}  # fmt: skip


@cache
def time_zone(text: str) -> str | None:
    """The IANA name of a zone from that name, a city, its name in our languages, or that of Windows."""
    return _zones().get(_key(text)) or _zones().get(_key(text.replace(" ", "_")))


@cache
def _zones() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for windows, zone in get_global("windows_zone_mapping").items():
        found.setdefault(_key(str(windows)), str(zone))
    for locale in LOCALES.values():
        data = babel.Locale.parse(locale.cldr)
        for zone, names in data.time_zones.items():
            if "city" in names and "/" in zone:
                found.setdefault(_key(names["city"]), zone)
        for meta, zone in _META.items():
            for name in data.meta_zones.get(meta, {}).get("long", {}).values():
                found.setdefault(_key(name), zone)
    zones = sorted(available_timezones())
    for zone in zones:
        if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/", "US/", "Canada/")):
            found.setdefault(_key(zone.rpartition("/")[2].replace("_", " ")), zone)
    for zone in zones:
        found[_key(zone)] = zone
    return found


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
