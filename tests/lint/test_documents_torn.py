"""What machine translation leaves of a page, in small: each kind of damage is found, and stands out."""

from collections import Counter

import pytest

from service.facts.findings import Finding, Severity
from service.i18n.locales import LOCALES
from service.lint import documents
from service.markdown.dialect import parse

Told = list[tuple[str, int, str, int]]


def judged(code: str, source: str) -> list[Finding]:
    return list(documents.judge(documents.page(source, parse(source), LOCALES[code])))


def told(code: str, source: str) -> Told:
    """Return rule, line, severity and count of each finding."""
    return [(one.rule, one.line, one.severity.value, one.times) for one in judged(code, source)]


SLID = """# 商品の登録

1. 一覧から商品を選びます。
2. を選択して、内容を確かめます。 **次へ**。

   * 保存

```text
を押します。結果はメールで届きます。
```

{% hint style="info" %}
**商品名、価格、在庫** 注：
{% endhint %}

## 商品を登録するには、名前と価格が必要です。

登録した商品を表示して編集する

1. 登録した商品を表示して編集するには、次の手順に従います。 **商品**。
"""


def test_segments_that_slid_into_the_next_slot_are_found_in_each_of_them() -> None:
    """X-3, defect A: every slot holds what belongs into the one before it."""
    assert [one for one in told("ja", SLID) if one[0].startswith("DO")] == [
        ("DO016", 4, "warning", 1),
        ("DO021", 4, "warning", 1),
        ("DO022", 6, "warning", 1),
        ("DO016", 8, "warning", 1),
        ("DO022", 8, "warning", 1),
        ("DO022", 13, "warning", 1),
        ("DO022", 16, "warning", 1),
        ("DO022", 18, "warning", 1),
        ("DO021", 20, "warning", 1),
    ]


@pytest.mark.parametrize(
    ("code", "source", "expected"),
    [
        # E: words in the order of the source, around a label
        ("ja", "1. 商品にカーソルを合わせ、**編集**。", ("DO021", 1)),
        ("ja", "1. 選択 **保存** 終わったら。", ("DO021", 1)),
        ("ja", "1. 次を見てください *色の一覧* を選び、色を決めます。", ("DO021", 1)),
        ("zh", "1. 选择 **保存** 完成后。", ("DO021", 1)),
        ("zh", "1. 请选择 **全部** 在列表顶部。", ("DO021", 1)),
        ("zh", "1. 如果您有商店，**[商品]**。", ("DO021", 1)),
        ("fr", "1. Ouvrez l’onglet **Couleurs** onglet.", ("DO021", 1)),
        # F: a title that lost its noun, or everything
        ("ja", '{% tabs %}\n{% tab title="を使って" %}\nあ。\n{% endtab %}\n{% endtabs %}', ("DO017", 2)),
        ("zh", '{% tabs %}\n{% tab title="通过" %}\n好。\n{% endtab %}\n{% endtabs %}', ("DO017", 2)),
        ("fr", '{% tabs %}\n{% tab title="" %}\nOui.\n{% endtab %}\n{% endtabs %}', ("DO017", 2)),
        # G: dates of another language, and escapes that are printed
        ("zh", "例如：March 3, 2041。", ("DO018", 1)),
        ("zh", "例如：March, 2041。", ("DO018", 1)),
        ("ja", "例：March 3, 2041。", ("DO018", 1)),
        ("ja", "ISO 形式です（例：03-Mar-2041）。", ("DO018", 1)),
        ("fr", "Par exemple : March 3, 2041.", ("DO018", 1)),
        ("ja", "| 印 |\n| --- |\n| <code>{shop\\_\\<id>}</code> |", ("DO019", 3)),
        ("zh", "`shop\\_name`", ("DO019", 1)),
        # I: labels that the reader's screen does not show
        ("ja", "メニューから **\\[Products]** を選びます。", ("DO020", 1)),
        ("zh", "打开**商品 Warehouse**。", ("DO020", 1)),
        # J: marks of another script
        ("ja", "1. メニューから **商品**.", ("JA001", 1)),
        ("zh", "1. 打开 **商品**.", ("ZH001", 1)),
        ("zh", "1. 打开 **商品 Pro**.", ("ZH001", 1)),
        ("ja", "色を選びます（例: `red`).", ("JA001", 1)),
        ("zh", "选择颜色（例如 `red`).", ("ZH001", 1)),
        ("ja", "**注意:** 色は後で変えられません。", ("JA001", 1)),
    ],
)
def test_each_kind_of_damage_is_an_error_or_a_warning(
    code: str, source: str, expected: tuple[str, int]
) -> None:
    """X-3, defects E, F, G, I and J."""
    serious = [one for one in judged(code, source) if one.severity is not Severity.ADVICE]
    assert expected in [(one.rule, one.line) for one in serious]


SPACED = "色名 **赤色** を選び、 **保存** を押します。"


def test_spaces_are_told_once_for_each_block() -> None:
    """A slip here and there, on a page that writes most labels without them."""
    source = f"{SPACED}\n\n" + "\n\n".join(["青い**線**と**点**を引きます。"] * 4)
    assert told("ja", source) == [("JA003", 1, "advice", 4)]


def test_a_page_with_a_style_of_its_own_is_told_so_once() -> None:
    source = "\n\n".join([SPACED] * 9)
    assert told("ja", source) == [("JA003", 1, "advice", 36)]


def test_colons_are_counted_but_full_stops_are_not() -> None:
    """A stop of another script after a label is damage in every place; colons may be a habit."""
    source = "\n\n".join(["色は次の通り: 赤です。例: 青です。"] * 3 + ["**保存**."] * 3)
    found = Counter(told("ja", source))
    assert [one for one in found.elements() if one[0] == "JA001"] == [
        ("JA001", 1, "advice", 6),
        ("JA001", 7, "warning", 1),
        ("JA001", 9, "warning", 1),
        ("JA001", 11, "warning", 1),
    ]


def test_spaces_beside_latin_letters_in_chinese_are_the_pages_choice() -> None:
    assert told("zh", "打开CSV文件。\n\n保存CSV文件。") == [("ZH002", 1, "advice", 4)]
    mixed = "打开CSV文件。" + "\n\n保存 CSV 文件。" * 3
    assert told("zh", mixed) == [("ZH002", 1, "advice", 2)]
