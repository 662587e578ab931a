"""A catalog's own style, what is pinned of it, and rules across messages."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.i18n import po
from service.i18n.any_locale import locale_for
from service.i18n.locales import LOCALES
from service.lint import consistency, house, styles
from service.lint.report import check_catalog, check_run
from service.paths import PACKAGE

Texts = list[tuple[str, str]]


def catalog(code: str, texts: Texts) -> bytes:
    locale = locale_for(code)
    head = f"Content-Type: text/plain; charset=UTF-8\nLanguage: {code}\nPlural-Forms: {locale.plural_forms}\n"
    entries = [po.Entry(None, source, None, (target,)) for source, target in texts]
    return po.serialize([po.Entry(None, "", None, (head,)), *entries]).encode()


def found(code: str, texts: Texts, rule: str) -> list[str]:
    findings = check_catalog(catalog(code, texts), locale_for(code))
    return [f"{f.values['msgid']}:{f.severity[0]}" for f in findings if f.rule == rule]


def many(target: str, count: int = 10) -> Texts:
    return [(f"Text {number}", f"{target}{number}") for number in range(count)]


@pytest.mark.parametrize(
    ("code", "usual", "odd", "rule", "expected"),
    [
        ("fr", "Vrai\u00a0? ", "Faux\u202f?", "FR001", ["Odd:a"]),
        ("fr", "Vrai ? ", "Faux ?", "FR001", [f"Text {n}:a" for n in range(10)] + ["Odd:a"]),
        ("fr", "L'eau ", "L’air", "FR003", ["Odd:a"]),
        ("fr", "Tu peux ", "Vous pouvez", "CO004", ["Odd:w"]),
        ("fr_CA", "Rien ", "Vraiment?", "FR001", ["Odd:w"]),
        ("ja", "名前: あ", "名前：", "JA001", ["Odd:a"]),
        ("ja", "URL を開く。", "URLを", "JA002", ["Odd:a"]),
        ("ja", "サーバー", "サーバ", "JA005", ["Odd:w"]),
        ("ja", "タイマ、", "タイマー", "JA005", ["Odd:w"]),
        ("ja", "保存する。", "保存します。", "CO004", ["Odd:w"]),
        ("ja", "保存します。", "保存した。", "CO004", ["Odd:w"]),
        ("zh", "使用API", "使用 API", "ZH002", ["Odd:a"]),
        ("zh", "你好", "您好", "CO004", ["Odd:w"]),
        ("zh_TW", "「名稱」", "“名稱”", "ZH004", ["Odd:a"]),
        ("zh_TW", "名稱", '"名稱"', "ZH004", ["Odd:a"]),
    ],
)
def test_who_differs_from_the_majority_is_told(
    code: str, usual: str, odd: str, rule: str, expected: list[str]
) -> None:
    if code == "fr_CA":  # no majority here: in Canada none is wrong, in France it is
        assert found("fr", [("Odd", odd)], rule) == expected
        assert found(code, [("Odd", odd)], rule) == []
    else:
        assert found(code, [*many(usual), ("Odd", odd)], rule) == expected


def test_without_a_majority_nobody_is_told() -> None:
    texts = [*many("L'eau ", 5), *[(f"Other {n}", f"L’air {n}") for n in range(5)]]
    assert found("fr", texts, "FR003") == []


def test_a_pinned_style_goes_before_the_majority() -> None:
    data = catalog("fr", many("L'eau "))
    findings = check_catalog(data, LOCALES["fr"], pinned={"apostrophe": "curly"})
    assert [f.rule for f in findings].count("FR003") == 10


def test_what_the_project_pins(tmp_path: Path) -> None:
    assert house.pins(tmp_path) == {}
    path = tmp_path / "pyproject.toml"
    path.write_text(
        '[tool.prospectus.lint.fr]\ncolon = "narrow"\n[tool.prospectus.lint.fr_CA]\ncolon = "none"\n'
    )
    assert house.pinned_for(house.pins(tmp_path), LOCALES["fr"]) == {"colon": "narrow"}
    path.write_text('[tool.prospectus.lint.fr]\ncolon = "wide"\n')
    with pytest.raises(house.StyleError, match="colon = 'wide'"):
        house.pins(tmp_path)


def test_ours_are_the_customary_ones() -> None:
    """A help page and a catalog of ours are held to one style."""
    pins = house.pins(PACKAGE.parent)
    for code, locale in LOCALES.items():
        pinned = house.pinned_for(pins, locale)
        assert {**pinned, **house.customary(locale).choices} == pinned, code


@pytest.mark.parametrize(
    ("counts", "style"),
    [({"a": 8, "b": 2}, "a"), ({"a": 7, "b": 3}, None), ({"a": 5, "b": 0}, "a"), ({"a": 5, "b": 1}, None),
     ({"a": 4}, None), ({}, None)],
)  # fmt: skip
def test_a_clear_majority(counts: dict[str, int], style: str | None) -> None:
    assert styles.majority(counts) == style


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([("Delete", "削除"), ("Remove", "削除")], ["Remove:a"]),
        ([("Delete", "削除"), ("Deleted.", "削除"), ("delete", "削除")], []),
        ([("File", "ファイル"), ("Files", "ファイル")], []),
    ],
)
def test_two_texts_with_one_translation(texts: Texts, expected: list[str]) -> None:
    assert found("ja", texts, "CO002") == expected


@pytest.mark.parametrize(
    ("code", "source", "target", "expected"),
    [
        ("ja", "Open “Settings”.", "「設定」を開きます。", ["Open “Settings”.:e"]),
        ("ja", "Open “Settings”.", "「環境設定」を開きます。", []),
        ("ja", "Open the settings.", "「設定」を開きます。", []),
        ("ja", "Say “hello”.", "「やあ」と言います。", []),
        ("fr", "Those “Settings”", "Ces «\u00a0paramètre\u00a0»", []),
        ("fr", "Those “Settings”", "Ces «\u00a0réglages\u00a0»", ["Those “Settings”:e"]),
    ],
)
def test_quoted_labels(code: str, source: str, target: str, expected: list[str]) -> None:
    label = {"ja": "環境設定", "fr": "Paramètres"}[code]
    assert found(code, [("Settings", label), (source, target)], "CO005") == expected


def test_one_text_translated_two_ways() -> None:
    run = consistency.Run()
    for path, target in (("a.po", "Fermer"), ("b.po", "Clore"), ("c.po", "fermer")):
        check_catalog(catalog("fr", [("Close", target)]), LOCALES["fr"], path=path, run=run)
    assert [(f.rule, f.path, f.values["other"]) for f in check_run(run)] == [("CO001", "b.po", "Fermer")]


@given(
    st.text(
        alphabet="a1 .\u33ff\u3400\u4dbf\u4dc0\u4e00\u9fff\ua000ァーぁ々가힣\ud7a4\U00020000\ue000",
        max_size=20,
    )
)
def test_a_shape_keeps_every_place(text: str) -> None:
    """What a pattern with one Chinese character or Korean syllable finds in a shape, all of them are."""
    shape = styles.shape(text)
    for stands, meant in ((styles.HAN, "[\u3400-\u4dbf\u4e00-\u9fff]"), (styles.HANGUL, "[\uac00-\ud7a3]")):
        places = [found.start() for found in re.finditer(meant, text)]
        assert [at for at, sign in enumerate(shape) if sign == stands] == places
    assert len(shape) == len(text)
    assert all(one in (other, styles.HAN, styles.HANGUL) for one, other in zip(shape, text, strict=True))
