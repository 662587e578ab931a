"""The reader's language out of Accept-Language."""

import gc
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.i18n.locales import LOCALES
from service.i18n.negotiation import closest, negotiate, terminal_locale

CODES = tuple(LOCALES)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("ja", "ja"),
        ("fr-CA,en;q=0.5", "fr"),
        ("en-GB,ja;q=0.9", "en"),
        ("ja;q=0.5,fr;q=0.8", "fr"),
        ("de,fr;q=0.1", "fr"),
        ("de", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-SG,en;q=0.5", "zh"),
        ("zh_CN", "zh"),
        ("cmn-Hans-CN", "zh"),
        ("zh-cmn-Hans", "zh"),
        ("ZH-hans", "zh"),
        ("ja-JP-u-ca-japanese", "ja"),
        ("ja-JP-x-anything,fr;q=0.5", "ja"),
        ("*", "en"),
        ("de,*;q=0.1", "en"),
        ("*;q=0.1,ja;q=0.5", "ja"),
        ("en;q=0,*", "fr"),
        ("en;q=0", "en"),
        ("ja;q=0,ja-JP,fr;q=0.3", "fr"),
        ("zh;q=0,zh-Hans", "zh"),
        ("zh-TW;q=0,zh", "zh"),
        (" fr ; q = 0.5 , ja ; Q=0.4", "fr"),
    ],
)
def test_the_readers_order_decides(header: str | None, expected: str) -> None:
    assert negotiate(header, CODES, "en") == expected


@pytest.mark.parametrize("tag", ["zh-TW", "zh-HK", "zh-MO", "zh-Hant", "zh-Hant-CN", "zh-Hant-TW"])
def test_simplified_chinese_only_when_nothing_else_is_accepted(tag: str) -> None:
    assert negotiate(tag, CODES, "en") == "zh"
    assert negotiate(f"{tag},en;q=0.5", CODES, "fr") == "en"
    assert negotiate(f"{tag},zh;q=0.9,en-US;q=0.8,en;q=0.7", CODES, "fr") == "en"
    assert negotiate(f"{tag},zh-HK;q=0.9,ja;q=0.1", CODES, "en") == "ja"
    assert negotiate(f"{tag},zh-CN;q=0.2,de;q=0.1", CODES, "en") == "zh"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("ja;q=NaN,fr;q=0.1", "fr"),
        ("ja;q=inf,fr", "fr"),
        ("ja;q=-1,fr", "fr"),
        ("ja;q=1.5,fr;q=0.2", "fr"),
        ("ja;q=,fr", "fr"),
        ("ja;q=٠.٥,fr", "fr"),
        ("a" * 500 + ",fr", "fr"),
        ("fr," * 10_000, "fr"),
        (",".join(f"x{n:04}" for n in range(1_600)), "en"),
        ("," * 8192, "en"),
        (";" * 8192, "en"),
        ("-" * 8192, "en"),
        ("../../x,ja", "ja"),
        ("\x00,ｊａ,ja", "ja"),
        ("i-klingon,x-private,fr", "fr"),
    ],
)
def test_hostile_headers_are_passed_over(header: str, expected: str) -> None:
    """W-8, W-9: malformed ranges count for nothing."""
    assert negotiate(header, CODES, "en") == expected


@given(st.one_of(st.text(), st.text(alphabet="enfrjazhTWHans-_,;=q01. *", max_size=200)))
def test_the_answer_is_always_one_of_ours(header: str) -> None:
    """W-8, W-9: only an allowed code comes out, whatever came in."""
    assert negotiate(header, CODES, "en") in CODES


def test_nothing_is_kept_of_what_was_asked() -> None:
    """W-8: thousands of different headers leave no more behind than one."""

    def ask(numbers: range) -> None:
        for number in numbers:
            negotiate(f"x{number:06},ja-{number:06};q=0.5,fr;q=0.{number:06}", CODES, "en")

    ask(range(100))
    gc.collect()
    tracemalloc.start()
    try:
        ask(range(100, 3_100))
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 64 * 1024


def test_no_language_at_all_is_the_default() -> None:
    assert negotiate("ja", (), "en") == "en"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("ja-JP", "ja"),
        ("fr_CA", "fr"),
        ("zh-Hans", "zh"),
        ("zh-TW", None),
        ("de", None),
        (None, None),
        ("", None),
    ],
)
def test_closest(tag: str | None, expected: str | None) -> None:
    assert closest(tag, CODES) == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ca_ES.UTF-8@valencia"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "ja_JP:en"}, "ja"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:zh_CN:en"}, "zh"),
        ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "de:::"}, "fr"),
        ({"LC_ALL": "C", "LANG": "fr_FR.UTF-8", "LANGUAGE": "ja"}, "en"),
        ({"LC_ALL": "C.UTF-8", "LANGUAGE": "ja"}, "en"),
        ({"LANGUAGE": "ja"}, "en"),
    ],
)
def test_the_language_of_a_terminal(environ: dict[str, str], expected: str) -> None:
    assert terminal_locale(environ) == expected
