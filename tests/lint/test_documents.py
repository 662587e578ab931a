"""What is wrong with a page by itself, and what is not."""

from pathlib import Path

import pytest

from service.i18n import glossary
from service.i18n.locales import LOCALES
from service.lint import documents
from service.lint.terms import Terms
from service.markdown.dialect import parse


def page(source: str, code: str | None) -> documents.Page:
    return documents.page(source, parse(source), LOCALES[code] if code else None)


def found(code: str | None, source: str) -> list[str]:
    """`RULE@line:column` of each finding."""
    findings = documents.judge(page(source, code))
    return [f"{one.rule}@{one.line}:{one.column}" for one in findings]


BAD = [
    # DO016: a block that lost its beginning
    ("ja", "1. を押します。", ["DO016@1:4"]),
    ("ja", "を選んでから保存します。", ["DO016@1:1"]),
    ("ja", "は一覧に表示されます。", ["DO016@1:1"]),
    ("ja", "に保存します。", ["DO016@1:1"]),
    ("ja", "```\nを押すとファイルが保存されます。\n```", ["DO016@1:1", "DO022@1:1"]),
    ("zh", "，然后保存。", ["DO016@1:1"]),
    ("en", ". Then save.", ["DO016@1:1"]),
    # DO017: titles
    ("en", '{% tabs %}\n{% tab title="" %}\na\n{% endtab %}\n{% endtabs %}', ["DO017@2:1"]),
    ("en", '{% tabs %}\n{% tab title="Via" %}\na\n{% endtab %}\n{% endtabs %}', ["DO017@2:15"]),
    ("fr", '{% tabs %}\n{% tab title="Depuis" %}\na\n{% endtab %}\n{% endtabs %}', ["DO017@2:15"]),
    (
        "ja",
        '{% tabs %}\n{% tab title="を使って" %}\na\n{% endtab %}\n{% endtabs %}',
        ["DO016@2:15", "DO017@2:15"],
    ),
    ("zh", '{% tabs %}\n{% tab title="通过" %}\n好\n{% endtab %}\n{% endtabs %}', ["DO017@2:15"]),
    ("en", "## {#a}", ["DO017@1:1"]),
    # DO018: dates
    ("zh", "例如：March 3, 2031。", ["DO018@1:4"]),
    ("ja", "例：March 2031。", ["DO018@1:3"]),
    ("fr", "Le 3 March 2031.", ["DO018@1:4"]),
    ("en", "On 3 mars 2031.", ["DO018@1:4"]),
    ("en", "On 2031年3月3日.", ["DO018@1:4"]),
    ("zh", "ISO 格式（例如 03-Mar-2031）。", ["DO018@1:11"]),
    # DO019: escapes that were meant for prose
    (None, "`{ad\\_<id>}`", ["DO019@1:5"]),
    (None, "a <code>{ad\\_\\<id>}</code>", ["DO019@1:9"]),
    (None, "| a |\n|---|\n| <code>{ad\\_1}</code> |", ["DO019@3:9"]),
    # DO020: labels of another language
    ("ja", "**\\[Settings]** を開きます。", ["DO020@1:5"]),
    ("ja", "*Processed By*を選びます。", ["DO020@1:2"]),
    ("zh", "打开**合作伙伴 Marketplace**。", ["DO020@1:10"]),
    ("zh", "## 通过 Directory 添加\n\n打开 **Directory**。", ["DO020@1:7", "DO020@3:6"]),
    # DO021: sentences torn at their labels
    ("ja", "1. 左のメニューから、**設定**。", ["DO021@1:15"]),
    ("ja", "1. 下にある*保存*.", ["DO021@1:9", "JA001@1:12"]),
    ("ja", "選択 **送信** 完了したら。", ["JA003@1:5", "DO021@1:6"]),
    ("ja", "次を参照してください *一覧* を開きます。", ["JA003@1:12", "DO021@1:13"]),
    ("zh", "1. 如果您有权限，**设置**。", ["DO021@1:13"]),
    ("ja", "行に合わせ、 **確認欄** 対象の横を選びます。", ["JA003@1:9", "DO021@1:10"]),
    ("zh", "选择**发送**完成后。", ["DO021@1:5"]),
    ("zh", "选择**全选**在表格上方。", ["DO021@1:5"]),
    ("fr", "Ouvrez l’onglet **Tous** onglet.", ["DO021@1:10"]),
    ("ja", "保存が終わったら。", ["DO021@1:7"]),
    # DO022: what stands in the wrong place
    ("ja", "## ファイルには名前が必要です。", ["DO022@1:4"]),
    ("en", "## You have to give a name to the file.", ["DO022@1:4"]),
    ("ja", "{% hint %}\n**名前、住所** 注：\n{% endhint %}", ["JA003@2:10", "DO022@2:12"]),
    ("en", "The parts are:\n\n## Next", ["DO022@1:14"]),
    ("ja", "## あ\n\n追加した人を表示して連絡する\n\n1. い。", ["DO022@3:1"]),
    ("ja", "1. 保存します。\n\n   * 送信", ["DO022@3:4"]),
    # typography, script and register
    ("ja", "保存します.", ["JA001@1:6"]),
    ("ja", "**CSV**を使う Excel.", ["JA002@1:11", "JA001@1:17"]),
    ("zh", "保存,然后发送。", ["ZH001@1:3"]),
    ("zh", "打开（例如 `a`).", ["ZH004@1:3", "ZH001@1:11"]),
    ("fr", "Envoyer : oui", ["FR001@1:9"]),
    ("fr", "l'équipe", ["FR003@1:2"]),
    ("ja", "Nobody has translated this sentence.", ["ST004@1:1"]),
    ("ja", "सुनिश्चितする。", ["ST005@1:1"]),
    ("ja", "设置を開きます。", ["ST005@1:1"]),
    ("zh", "打开ユーザー。", ["ST005@1:3", "ST005@1:5"]),
    ("fr", "これは日本語の文です。", ["ST005@1:1"]),
    ("zh", "您好。您可以保存。你可以发送。", ["CO004@1:10"]),
    ("fr", "Vous ouvrez. Vous voyez. Tu enregistres.", ["CO004@1:26"]),
    ("ja", "開きます。保存します。送信します。確認する。", ["CO004@1:20"]),
]


@pytest.mark.parametrize(("code", "source", "expected"), BAD)
def test_each_mistake_is_found_at_its_place(code: str | None, source: str, expected: list[str]) -> None:
    assert sorted(found(code, source)) == sorted(expected)


CLEAN = [
    ("ja", "1. ナビゲーションで{label:Discover} → {label:Prospects}を選択します。"),
    ("ja", "4. キャンペーンの{label:Source language}"),
    ("ja", "はい、いいえのどちらかを選びます。もう一度お試しください。"),
    ("ja", "![](a.png) から選びます。"),
    ("ja", "Prospectus Inc., London"),
    ("ja", "からし色のボタンを押します。"),
    ("ja", "* 送信\n* 保存"),
    ("ja", "| 状態 | 意味 |\n| --- | --- |\n| 待機 | 順番を待っている。 |"),
    ("ja", "次の形式に対応しています：\n\n* CSV"),
    ("ja", "「保存する。」と表示されます。開きます。閉じます。選びます。"),
    ("ja", "**Markdown**で書きます。"),
    ("ja", "`{firstName|ご担当者}`と書きます。波括弧は`\\{`です。"),
    ("ja", "```\nname,email\n```"),
    ("zh", "日语用姓氏加“様”称呼。"),
    ("zh", "示例取自一封 2038-01-19 03:14:08 UTC 发送的邮件，即 2038年1月19日。"),
    ("zh", "请在打开后选择{label:Send}。"),
    ("fr", "Le 19 janvier 2038, l’heure est 03:14:08\u00a0: tout va bien."),
    ("fr", '{% tabs %}\n{% tab title="Depuis un fichier" %}\na\n{% endtab %}\n{% endtabs %}'),
    ("en", "Japanese greets with 様 and 御中. It may be March."),
    ("en", "## What is refused, and why\n\nThree things:\n\n* a"),
    (None, "`C:\\dir` and `\\d+` and ``<code>a\\_b</code>``"),
    (None, "```\n<code>a\\_b</code>\n```"),
    (None, "を押します。"),
]


@pytest.mark.parametrize(("code", "source"), CLEAN)
def test_what_is_right_is_left_alone(code: str | None, source: str) -> None:
    assert found(code, source) == []


TOML = """
[[row]]
terms = [{ en = "folder", fr = "dossier", ja = "フォルダー", zh = "文件夹" }]
banned.ja = ["ディレクトリ"]
[[never]]
locale = "ja"
forms = ["下さい"]
write = "ください"
"""


@pytest.fixture(scope="module")
def terms(tmp_path_factory: pytest.TempPathFactory) -> Terms:
    path = Path(tmp_path_factory.mktemp("glossary")) / "glossary.toml"
    path.write_text(TOML, encoding="utf-8")
    return Terms(glossary.read(path))


def test_forms_nobody_may_write_are_found(terms: Terms) -> None:
    findings = list(documents.judge(page("開いて下さい。", "ja"), terms))
    assert [(one.rule, one.column) for one in findings] == [("CO004", 4)]


def test_a_term_is_the_glossarys(terms: Terms) -> None:
    """10.2 H: one concept, one term."""
    source = page("Open the folder.\n\nClose the folder.\n\nMove the folder.", "en")
    banned = page("フォルダーを開きます。\n\nディレクトリを閉じます。\n\nフォルダーを移します。", "ja")
    assert [(one.rule, one.line) for one in documents.compare(source, banned, terms)] == [("CO003", 3)]
    unsaid = page("これを開きます。\n\nこれを閉じます。\n\nこれを移します。", "ja")
    assert [(one.rule, one.line) for one in documents.compare(source, unsaid, terms)] == [("CO003", 1)]
    once = page("フォルダーを開きます。\n\n閉じます。\n\n移します。", "ja")
    assert list(documents.compare(source, once, terms)) == []
