"""Every rule on one message: what it finds, and what it leaves alone."""

from functools import cache

import pytest

from service.i18n import po
from service.i18n.locales import LOCALES
from service.lint import house
from service.lint.report import check_catalog
from service.paths import PACKAGE


@cache
def pins() -> house.Pins:
    return house.pins(PACKAGE.parent)


def found(code: str, source: str, target: str | tuple[str, ...], **fields: object) -> list[str]:
    """`RULE@offset` for each finding on one message, the offset counted in the text."""
    strings = (target,) if isinstance(target, str) else target
    locale = LOCALES[code]
    head = f"Content-Type: text/plain; charset=UTF-8\nLanguage: {code}\nPlural-Forms: {locale.plural_forms}\n"
    plural = str(fields["plural"]) if "plural" in fields else None
    flags = ("python-format",) if "%(" in source else ()
    entry = po.Entry(None, source, plural, strings, flags=flags)
    text = po.serialize([po.Entry(None, "", None, (head,)), entry])
    findings = check_catalog(text.encode(), locale, pinned=house.pinned_for(pins(), locale))
    file = po.read_text(text)
    places = {file.place(file.messages[0], form, at): at for form in (1, 0) for at in range(400)
              if form < len(strings) and at <= len(strings[form])}  # fmt: skip
    return [f"{finding.rule}@{places[finding.line, finding.column]}" for finding in findings]


BAD = [
    # syntax.py
    ("fr", "Close", "Fermer\n<<<<<<< HEAD\n", ["WS001@19", "PO005@7"]),
    ("fr", "Close", "#-#-#-#-#  fr.po  #-#-#-#-#", ["PO005@0", "WS002@9", "WS002@16"]),
    ("fr", "Student", "Ã‰lève", ["PO009@0"]),
    ("fr", "Student", "\ufffdlève", ["PO009@0"]),
    ("zh", "Save", "ä¿\x9då\xad˜", ["PO009@0", "SEC003@4"]),
    ("fr", "Close", "Fer\x07mer", ["PO009@3"]),
    ("fr", "Student", "e\u0301lève", ["PO010@0"]),
    ("ja", "Character", "⽂字", ["PO010@0"]),
    # placeholders.py
    ("fr", "Hello %(name)s", "Salut %(nom)s", ["PH002@0", "PH001@6"]),
    ("ja", "Delete %(name)s", "ファイルを削除", ["PH002@0"]),
    ("ja", "%(n)d items", "%(n)", ["PH003@0"]),
    ("fr", "%(n)s items", "%(n)d articles", ["PH003@0"]),
    ("fr", "%(n)d items", "%(n)s articles", ["PH003@0"]),
    ("zh", "%s of %d", "%d 中的 %s", ["PH004@0"]),
    ("ja", "Hello {firstName}", "{名前}様", ["PH005@0", "PH005@0"]),
    ("ja", "Hello {firstName}", "｛firstName｝様", ["PH005@0"]),
    ("fr", "Hello {firstName|there}", "Bonjour {prenom|vous}", ["PH005@0", "PH005@8"]),
    ("fr", "%(name)s is 100%% sure", "%(name)s est sûr à 100\u00a0%", ["PH007@23"]),
    # markup.py
    ("fr", "<b>Save</b>", "<b>Enregistrer", ["MK001@0", "MK002@0"]),
    ("fr", "<b>Save</b>", "<i>Enregistrer</i>", ["MK001@0", "MK001@14"]),
    ("fr", "<b>Save</b>", "</b>Enregistrer<b>", ["MK002@0"]),
    ("fr", "<b>Save</b>", "<b>Enregistrer</b", ["MK001@0", "MK002@0", "MK002@14"]),
    ("fr", "Save <b>now</b>", "Enregistrer <b>R&amp;D</b>", ["MK002@16"]),
    ("fr", '<a href="/x">Help</a>', '<a href="/y">Aide</a>', ["MK001@0"]),
    ("fr", "<b>Save</b>", "<b>A</b><img src=x onerror=y>", ["SEC001@8"]),
    ("fr", "Save", "<script>x</script>", ["SEC001@0", "SEC001@9"]),
    ("fr", "<b>A</b>", '<b style="x">A</b>', ["SEC001@0"]),
    ("fr", "Save", "<b>Enregistrer</b>", ["SEC002@0", "SEC002@14"]),
    ("fr", "the 1st", "le 1<sup>er</sup>", ["SEC002@4", "SEC002@11"]),
    ("ja", "Save", "保存\u200b", ["SEC003@2"]),
    ("fr", "Save", "Enre\u00adgistrer", ["SEC003@4"]),
    # state.py
    ("fr", "Save", "", ["ST001@0"]),
    ("ja", "Save changes", "Save changes", ["ST004@0"]),
    ("ja", "Settings", "设定", ["ST005@0"]),
    ("zh", "User", "ユーザー", ["ST005@0", "ST005@2"]),
    ("zh", "Settings", "設置", ["ST005@0"]),
    ("fr", "Save", "Enregistrer ", ["WS001@11"]),
    ("fr", "Name: ", "Nom\u00a0:", ["WS001@4"]),
    ("fr", ":", "\u00a0:", []),
    ("ja", "Save", "保存 ", ["WS001@2"]),
    ("fr", "Hello\n", "Bonjour", ["WS001@6"]),
    ("fr", "One.\n\nTwo.", "Un. Deux.", ["WS003@0"]),
    # typography_fr.py
    ("fr", "Continue?", "Continuer ?", ["FR001@10"]),
    ("fr", "Continue?", "Continuer?", ["FR001@9"]),
    ("fr", "Continue?", "Continuer\u00a0?", ["FR001@10"]),
    ("fr", "Group: %(name)s", "Groupe : %(name)s", ["FR001@7"]),
    ("fr", "Group: %(name)s", "Groupe: %(name)s", ["FR001@6"]),
    ("fr", "A; b", "A ; b", ["FR001@2"]),
    ("fr", "The “Name”", "Le \"Nom\"", ["FR002@3"]),
    ("fr", "The “Name”", "Le “Nom”", ["FR002@3"]),
    ("fr", "The “Name”", "Le « Nom »", ["FR002@3", "FR002@9"]),
    ("fr", "The “Name”", "Le «Nom»", ["FR002@3", "FR002@7"]),
    ("fr", "The team", "L'équipe", ["FR003@1"]),
    ("fr", "15% done", "15% terminé", ["FR004@2"]),
    ("fr", "15% done", "15 % terminé", ["FR004@3"]),
    ("fr", "10 MB", "10 Mo", ["FR004@3"]),
    ("fr", "10 MB", "10\u00a0MB", ["FR004@3"]),
    ("fr", "1,204 rows", "1,204 lignes", ["FR004@0"]),
    ("fr", "1,204 rows", "1 204 lignes", ["FR004@0"]),
    ("fr", "Sending…", "Envoi...", ["FR006@5"]),
    ("fr", "Sending…", "Envoi …", ["FR006@5"]),
    # typography_ja.py
    ("ja", "Saved.", "保存しました.", ["JA001@6"]),
    ("ja", "Delete?", "削除しますか?", ["JA001@6"]),
    ("ja", "Name: x", "名前: x", ["JA001@2"]),
    ("ja", "File (CSV)", "ファイル(CSV)", ["JA001@4"]),
    ("ja", "A URL", "URL を開く", ["JA002@3"]),
    ("ja", "CSV file", "この CSV", ["JA002@2"]),
    ("ja", "Hello %(name)s", "%(name)s 様", ["JA002@8"]),
    ("ja", "Save it", "保存 する", ["JA003@2"]),
    ("ja", "Delete it? Others go too.", "削除しますか？ 他のものも消えます。", []),
    ("ja", "Sa-ba", "サ-バー", ["JA006@1"]),
    ("ja", "Custom role", "カスタム ロール", ["JA003@4"]),
    ("ja", "User", "ﾕｰｻﾞｰ", ["JA004@0"]),
    ("ja", "URL", "ＵＲＬ", ["JA004@0"]),
    ("ja", "“Save”", "\"保存\"", ["JA007@0"]),
    ("ja", "“Save”", "「保存", ["JA007@0"]),
    # typography_zh.py
    ("zh", "Saved.", "保存成功.", ["ZH001@4"]),
    ("zh", "A, b", "名称, 邮箱", ["ZH001@2"]),
    ("zh", "yes,no,maybe", "是,否,也许", []),
    ("zh", "File (CSV)", "文件(CSV)", ["ZH001@2"]),
    ("zh", "Use the API", "使用API", ["ZH002@2"]),
    ("zh", "12 rows", "共12行", ["ZH002@1", "ZH002@3"]),
    ("zh", "A file, saved", "CSV ，已保存", ["ZH002@3"]),
    ("zh", "“Name”", "\"名称\"", ["ZH004@0"]),
    ("zh", "“Name”", "「名称」", ["ZH004@0"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "source", "target", "expected"), BAD)
def test_found(code: str, source: str, target: str, expected: list[str]) -> None:
    assert sorted(found(code, source, target)) == sorted(expected)


GOOD = [
    ("fr", "Continue?", "Continuer\u202f?"),
    ("fr", "Really?!", "Vraiment\u202f?!"),
    ("fr", "At 10:30", "À 10:30"),
    ("fr", "Ratio 3:1; see https://example.org/a?b=c", "Rapport 3:1\u202f; voir https://example.org/a?b=c"),
    ("fr", "Group: %(name)s", "Groupe\u00a0: %(name)s"),
    ("fr", "%(name)s: %(value)s", "%(name)s\u00a0: %(value)s"),
    ("fr", "The “Name” column", "La colonne «\u00a0Nom\u00a0»"),
    ("fr", "“A “b” c”", "«\u00a0A “b” c\u00a0»"),
    ("fr", "**Save**: do it", "**Enregistrer**\u00a0: faites-le"),
    ("fr", 'Use `it\'s "x" ; y?`', 'Utilisez `it\'s "x" ; y?`'),
    ("fr", "15% of 1,204", "15\u00a0% de 1\u202f204"),
    ("fr", "The team", "L’équipe"),
    ("fr", "%(share)s%% done", "%(share)s\u00a0%% terminé"),
    ("fr", "Version 1.2.345 or 192.168.100.200", "Version 1.2.345 ou 192.168.100.200"),
    ("fr", "Year 2038", "Année 2038"),
    ("fr", "Sending…", "Envoi en cours…"),
    ("fr", "CSV", "CSV"),
    ("fr", "Café “X”", "Café «\u00a0X\u00a0»"),
    ("fr", "SOUP «»", "POTAGE ÉTÉ"),
    ("fr", "Not A | B", "Pas A | B"),
    ("fr", "Hello {firstName|there},", "Bonjour {firstName|à vous},"),
    ("fr", "See [the help](/fr/help?a=b).", "Voir [l’aide](/fr/help?a=b)."),
    ("fr", "A < b and b > c", "A < b et b > c"),
    ("fr", 'Read <a href="%(url)s">this</a>!', 'Lisez <a href="%(url)s">ceci</a>\u202f!'),
    ("fr", "It is “100%” sure", "C’est «\u00a0100\u00a0%\u00a0» sûr"),
    ("ja", "Saved.", "保存しました。"),
    ("ja", "CSV file (UTF-8)", "CSVファイル（UTF-8）"),
    ("ja", "At 10:30, 15%", "10:30に15%"),
    ("ja", "Open https://example.org/ now", "https://example.org/ を開きます"),
    ("ja", "Hello %(name)s", "%(name)s様"),
    ("ja", "Use `a b`", "`a b` を使います"),
    ("ja", "“Save”", "「保存」"),
    ("ja", 'Marks are “ and ”, " is not', '引用符は“と”で、「"」ではありません'),
    ("ja", "Prospectus", "Prospectus"),
    ("ja", "UTF-8, Windows-1252", "UTF-8, Windows-1252"),
    ("ja", "“A: b.c”", "「A: b.c」"),
    ("ja", "Name: ", "名前："),
    ("ja", "Yamada's place 々", "山田様々髙﨑𠮷野"),
    ("ja", "Sending…", "送信中…"),
    ("zh", "Saved.", "保存成功。"),
    ("zh", "Import a CSV file", "导入 CSV 文件"),
    ("zh", "12 rows", "共 12 行"),
    ("zh", "On 2038-01-19", "2038年1月19日，15%"),
    ("zh", "“Name”", "“名称”"),
    ("zh", "Material", "资料、镕、啰"),
    ("zh", "%(name)s is here", "%(name)s已到"),
    ("zh", "File prospects.csv (UTF-8)", "文件 prospects.csv（UTF-8）"),
    ("zh", "At 10:30", "10:30 开始"),
    ("zh", "Sending…", "正在发送…"),
    ("en", "Anything “at” all?", "Anything “at” all?"),
    ("en", "Send", "Dispatch"),
]


@pytest.mark.parametrize(("code", "source", "target"), GOOD)
def test_left_alone(code: str, source: str, target: str) -> None:
    assert found(code, source, target) == []


ONE, MANY = "%(num)s file of %(name)s", "%(num)s files of %(name)s"


@pytest.mark.parametrize(
    ("code", "strings", "expected"),
    [
        ("fr", ("%(num)s fichier de %(name)s", "%(num)s fichiers de %(name)s"), []),
        ("fr", ("Un fichier de %(name)s", "%(num)s fichiers de %(name)s"), ["PL004@0"]),
        ("fr", ("1 fichier de %(name)s", "%(num)s fichiers de %(name)s"), ["PL004@0"]),
        ("fr", ("%(num)s fichier de %(name)s", "des fichiers de %(name)s"), ["PL004@0"]),
        ("fr", ("%(num)s fichier de %(name)s", "%(num)s fichiers"), ["PH002@0"]),
        ("fr", ("%(num)s fichier de %(name)s",), ["PL001@0"]),
        ("fr", ("%(num)s fichier de %(name)s", ""), ["PL002@0"]),
        ("fr", ("%(num)s fichier de %(name)s", "%(num)s fichier de %(name)s"), ["PL003@0"]),
        ("fr", ("%(num)s mois de %(name)s", "%(num)s mois de %(name)s"), []),
        ("en", ("One file of %(name)s", "%(num)s files of %(name)s"), []),
        ("ja", ("%(name)sの%(num)sファイル",), []),
        ("ja", ("%(name)sのファイル",), ["PL005@0"]),
        ("zh", ("%(name)s的 %(num)s 个文件",), []),
        ("zh", ("%(name)s的%(num)s个文件",), ["ZH002@9", "ZH002@16"]),
        ("ja", ("%(name)sの%(num)sファイル", "%(num)sファイル%(name)s"), ["PL001@0"]),
    ],
)
def test_plurals(code: str, strings: tuple[str, ...], expected: list[str]) -> None:
    assert found(code, ONE, strings, plural=MANY) == expected
