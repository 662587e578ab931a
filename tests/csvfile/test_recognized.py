"""Languages and time zones in the words people use, in four languages."""

from zoneinfo import available_timezones

import pytest
from babel import Locale

from service.csvfile import recognized
from service.i18n.locales import LOCALES


@pytest.mark.parametrize(
    ("code", "texts"),
    {
        "ja": "ja JA ja-JP ja_JP jpn jp Japanese Japonais JAPONAIS 日本語 日语 日文 ｊａ 日本語（日本）",
        "fr": "fr fr-CA fra French français Francais フランス語 仏語 法语 法文",
        "en": "en en_GB eng English anglais 英語 英语 英文 English(US)",
        "zh": "zh zh-CN zh-Hans Chinese chinois 中国語 中文 汉语 简体中文 簡体字 中文（简体）",
        "zh-Hant": "zh-TW zh_Hant_HK 繁體中文 繁体字 中文（繁體） Chinese(Traditional)",
        "ko": "ko Korean coréen 韓国語 韩语 한국어",
        "pt": "pt-BR ポルトガル語（ブラジル） Português",
    }.items(),
)
def test_a_language_by_code_and_name(code: str, texts: str) -> None:
    assert {text: recognized.language(text) for text in texts.split()} == dict.fromkeys(texts.split(), code)


def test_every_language_of_cldr_by_its_name_in_our_languages() -> None:
    for locale in LOCALES.values():
        names = Locale.parse(locale.cldr).languages
        known = {code: recognized.language(name) for code, name in names.items() if "_" not in code}
        # A few names stand for two codes.
        assert sum(found == code for code, found in known.items()) > 0.97 * len(known)
        assert None not in known.values()


@pytest.mark.parametrize("text", ["", "?", "xx", "日", "not a language", "ja;q=1", "-"])
def test_what_is_no_language(text: str) -> None:
    assert recognized.language(text) is None


@pytest.mark.parametrize(
    ("zone", "texts"),
    {
        "Asia/Tokyo": "Asia/Tokyo|asia/tokyo|ASIA / TOKYO|JST|jst|ＪＳＴ|東京|Tokyo|东京|日本|"
        "Japan|Japon|日本標準時|東京時間|heure de Tokyo|大阪|"
        "Japan Standard Time|heure normale du Japon|日本标准时间|Tokyo Standard Time",
        "Europe/Paris": "Europe/Paris|Paris|パリ|巴黎|CET|France|フランス|法国|heure de Paris|Paris time",
        "Asia/Shanghai": "Asia/Shanghai|PRC|上海|Shanghai|北京时间|Beijing|中国|Chine|China Standard Time",
        "America/New_York": "New York|America/New York|ニューヨーク|纽约|EST|Eastern Time",
        "Asia/Kolkata": "Asia/Calcutta|Kolkata|India|インド|Inde",
        "Etc/GMT-9": "UTC+9|GMT+09:00|+09:00|UTC +0900|ＵＴＣ＋９",
        "Etc/GMT+3": "UTC-3|UTC−03:00",
    }.items(),
)
def test_a_time_zone_by_its_names(zone: str, texts: str) -> None:
    names = texts.split("|")
    assert {text: recognized.time_zone(text) for text in names} == dict.fromkeys(names, zone)


@pytest.mark.parametrize(
    "text",
    ["", "CST", "IST", "United States", "アメリカ合衆国", "UTC+5:30", "+25", "9", "localtime", "Nowhere"],
)
def test_what_is_no_zone_or_may_be_several(text: str) -> None:
    assert recognized.time_zone(text) is None


def test_every_zone_is_itself_or_the_one_it_is_another_name_of() -> None:
    for zone in available_timezones() - {"localtime", "Factory"}:
        found = recognized.time_zone(zone)
        assert found is not None
        assert found in available_timezones()


@pytest.mark.parametrize(
    "text", ["(" * 60_000, " " * 60_000 + "x", "heure de " + "x" * 60_000, "ja" * 30_000]
)
def test_a_long_cell_is_no_name_and_costs_nothing(text: str) -> None:
    """C-6."""
    assert (recognized.language(text), recognized.time_zone(text)) == (None, None)
