"""Rules on catalogs of any project: what each finds, and the traps that other checkers fall into."""

import pytest

from service.i18n import po
from service.lint import languages, recovery
from service.lint.report import Manner, judge

FORMS = {"fr": 2, "en": 2, "ja": 1, "zh_Hans": 1, "zh_Hant": 1, "fa": 2, "km": 1, "pt": 2, "tr": 2, "de": 2}


def found(code: str, source: str, target: str | tuple[str, ...], plural: str | None = None,
          flags: tuple[str, ...] = (), where: tuple[str, ...] = ()) -> list[str]:  # fmt: skip
    """`RULE@offset` for findings of all rules but typography's and those on words."""
    strings = (target,) if isinstance(target, str) else target
    forms = "nplurals=1; plural=0;" if FORMS[code] == 1 else "nplurals=2; plural=(n > 1);"
    if code in ("en", "de"):
        forms = "nplurals=2; plural=(n != 1);"
    head = f"Content-Type: text/plain; charset=UTF-8\nLanguage: {code}\nPlural-Forms: {forms}\n"
    entry = po.Entry(None, source, plural, strings, flags=flags, references=where)
    text = po.serialize([po.Entry(None, "", None, (head,)), entry])
    read = recovery.read(text.encode())
    assert read.file is not None
    locale = languages.of_catalog(read.file, code)
    (message,) = read.file.messages
    places = {read.file.place(message, form, at): at for form in reversed(range(len(strings)))
              for at in range(len(strings[form]) + 1)}  # fmt: skip
    return [
        f"{one.rule}@{places.get((one.line, one.column), '-')}"
        for one in judge(read, locale, Manner(ours=False, code=code))
        if not one.rule.startswith(("FR", "JA", "ZH", "CJK", "EN", "CO"))
    ]


PYTHON = ("python-format",)
PAGE = ("templates/a.html:3",)

CASES = [
    # placeholders
    ("fr", "%(a)s in %(b)s", "%(a)s dans %(b)", PYTHON, ["PH003@11"]),
    ("fr", "%(a)s is here", "%(a) est ici", PYTHON, ["PH003@0"]),
    ("fr", "%(n)d files", "%(n)i fichiers", PYTHON, []),
    ("de", "%(name)s", "%(name)ste", PYTHON, []),
    ("fr", "%s of %s", "%1$s sur %2$s", ("c-format",), []),
    ("fr", "%d%% of %s", "%d %% sur", ("c-format",), ["PH004@0"]),
    ("fr", "50% off", "50 % de moins", (), []),
    ("fr", "It is 100%% sure", "C’est sûr à 100 %", PYTHON, ["PH007@16"]),
    ("ja", "Hello {name}", "こんにちは{ name", ("python-brace-format",), ["PH005@0", "PH005@5"]),
    ("fr", "Hi ((name??friend))", "Salut ((name??ami))", (), []),
    ("fr", "Hi ((name??friend))", "Salut ((nom??ami))", (), ["PH006@0", "PH006@6"]),
    ("ja", "Hi ((name))", "（（name））様", (), ["PH006@0"]),
    ("ja", "Hi ((name))", "((name))様、((name))", (), ["PH006@10"]),
    ("fr", '<a href="%(url)s">x</a> %(n)s', '<a href="%(n)s">x</a> %(url)s', PYTHON,
     ["MK001@0", "PH008@9", "PH008@22"]),
    ("fr", "with import_export", "avec import-export", (), []),
    ("fr", "with import_export", "avec importexport", (), ["MK004@0"]),
    # markup
    ("fr", "the 1st", "le 1<sup>er</sup>", (), []),
    ("fr", "the <b>1st</b>", "le <b>1<sup>er</sup></b>", (), []),
    ("ja", "<b>x</b> kanji", "<b>x</b><ruby>漢<rt>かん</rt></ruby>", (), []),
    ("fr", "a < b", "a < b et b > c", (), []),
    ("fr", "Save", "Enregistrer <img src=x onerror=y ", (), ["SEC002@12", "WS001@32"]),
    ("fr", '<a href="/en/help" title="Help">x</a>', '<a title="Aide" href="/fr/help">x</a>', (), []),
    ("fr", '<a href="/x">x</a>', '<a href="&#106;avascript:y">x</a>', (), ["SEC001@0"]),
    ("fr", "See [x](/y)", "Voir [x](javascript:y)", (), ["MK005@5", "SEC001@9"]),
    ("fr", "R&amp;D", "R&D", (), ["MK002@1"]),
    ("fr", "R&D", "R&D", (), []),
    ("fr", "<b>a</b>&nbsp;b", "<b>a</b>&nbps;b", (), ["MK002@8"]),
    ("ja", "Save", "保存\u200b", (), ["SEC003@2"]),
    ("ja", "Saves all of it", "すべてを\u200b保存", (), []),
    ("fa", "Book", "کتاب\u200cها", (), []),
    ("km", "Book here", "សៀវភៅ\u200bនៅ", (), []),
    ("fr", "Family", "Famille 👨\u200d👩\u200d👧", (), []),
    ("fr", "Pride", "Fierté 🏳\ufe0f\u200d🌈 👩🏽\u200d💻", (), []),
    ("ja", "Saved.", "保存しました。\u200d", (), ["SEC003@7"]),
    ("fr", "See https://a.example/en/help", "Voir https://a.example/fr/help", (), []),
    ("ja", "See https://a.example/help.", "https://a.example/help。", (), []),
    ("fr", "See https://a.example/help", "Voir a.example/help", (), ["MK003@5"]),
    ("fr", "See https://a.example/help", "Voir https://b.example/help", (), ["MK003@5"]),
    ("fr", "Upload prospects.csv", "Envoyez prospects.fichier", (), ["MK004@0"]),
    ("fr", "Press Ctrl+S", "Appuyez sur Maj + S", (), []),
    ("fr", "Read [the guide](/help)", "Lisez [le guide] (/help)", (), ["MK005@6"]),
    ("ja", "It is **important** here", "これは**「重要」**です", (), ["MK006@3"]),
    ("ja", "It is **important** here", "これは **「重要」** です", (), []),
    ("fr", "a * b * c", "a * b", (), []),
    # state
    ("fr", "Date", "Date", (), ["ST003@0"]),
    ("fr", "CSV, UTF-8", "CSV, UTF-8", (), []),
    ("ja", "Save", "Save", (), ["ST004@0"]),
    ("ja", "Prospectus", "Prospectus", (), []),
    ("ja", "Settings", "设定", (), ["ST005@0"]),
    ("zh_Hans", "Material for a user", "资料：用户", (), []),
    ("zh_Hans", "In the other language", "繁体“設置”", (), []),
    ("zh_Hant", "Settings", "設定", (), []),
    ("zh_Hant", "Settings", "设置", (), ["ST005@0"]),
    ("zh_Hans", "User", "ユーザー", (), ["ST005@0", "ST005@2"]),
    ("fr", "Name", "Nom de famille", ("max-length:8",), ["ST006@8"]),
    ("ja", "Label: ", "ラベル：", (), []),
    ("fr", "a b", "c  d", (), ["WS002@1"]),
    ("fr", "a  b", "c  d", (), []),
    # numbers
    ("zh_Hans", "It takes 3 days", "需要 2 天", (), ["NU001@3"]),
    ("ja", "one file", "1個のファイル", (), []),
    ("fr", "1,204.50 rows", "1\u202f204,50 lignes", (), []),
    ("ja", "100,000 rows", "10万行", (), []),
    ("fr", "At most 90 days", "Au plus trois mois", (), ["NU001@0"]),
    ("fa", "12 rows", "۱۲ سطر", (), []),
    # syntax
    ("pt", "Apple", "MAÇÃ", (), []),
    ("zh_Hans", "Slow", "ç¼", (), ["PO009@0"]),
    ("ja", "Transfer in half-width kana", "ｶﾅ", (), []),
    ("fr", "x", "y", ("fuzy",), ["PO007@-"]),
    ("fr", "x", "y", ("no-wrap", "range: 0..3", "javascript-format"), []),
]  # fmt: skip


@pytest.mark.parametrize(("code", "source", "target", "flags", "expected"), CASES)
def test_one_message(
    code: str, source: str, target: str, flags: tuple[str, ...], expected: list[str]
) -> None:
    assert found(code, source, target, flags=flags) == expected


def test_a_percent_sign_is_judged_by_where_the_text_is_used() -> None:
    """Jinja's new-style gettext formats every text, Python's none without values."""
    assert found("fr", "100 percent", "100 %", where=PAGE) == ["PH007@4"]
    assert found("fr", "100 percent", "100 %", where=("a.py:1",)) == []


@pytest.mark.parametrize(
    ("code", "strings", "expected"),
    [
        ("fr", ("1 fichier", "%(n)d fichiers"), ["PL004@0"]),
        ("fr", ("Un fichier", "%(n)d fichiers"), ["PL004@0"]),
        ("de", ("Eine Datei", "%(n)d Dateien"), []),
        ("de", ("1 Datei", "%(n)d Dateien"), []),
        ("fr", ("%(n)d accès", "%(n)d accès"), []),
        ("fr", ("%(n)d fichier", "%(n)d fichier"), ["PL003@0"]),
        ("tr", ("%(n)d dosya", "%(n)d dosya"), []),
        ("ja", ("ファイル",), ["PL005@0"]),
        ("fr", ("%(n)d fichier",), ["PL001@0"]),
        ("fr", ("", "%(n)d fichiers"), ["PL002@0"]),
    ],
)
def test_plural_forms(code: str, strings: tuple[str, ...], expected: list[str]) -> None:
    assert found(code, "%(n)d file", strings, plural="%(n)d files", flags=PYTHON) == expected


def test_a_form_without_its_count_may_be_right_where_the_source_has_none() -> None:
    strings = ("Supprimer le fichier", "Supprimer les %(n)d fichiers")
    assert found("fr", "Delete the file", strings, plural="Delete %(n)d files", flags=PYTHON) == []
