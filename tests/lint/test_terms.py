"""The glossary's rules: terms, banned forms, and what is never written."""

from pathlib import Path

import pytest

from service.facts.findings import Severity
from service.i18n import po
from service.i18n.glossary import read
from service.i18n.locales import LOCALES
from service.lint.pairs import pairs
from service.lint.terms import Terms
from service.paths import data_dir


@pytest.fixture(scope="module")
def terms() -> Terms:
    return Terms(read(data_dir("locales") / "glossary.toml"))


def said(terms: Terms, code: str, source: str, target: str, context: str | None = None) -> list[str]:
    entry = po.Entry(context, source, None, (target,))
    (pair,) = pairs(entry, LOCALES[code])
    marks = []
    for mark in terms.check(pair):
        values = mark.values
        word = values.get("found") or values.get("source")
        meant = values.get("term") or values.get("write")
        marks.append(f"{mark.rule} {mark.at} {word} → {meant}")
    return marks


@pytest.mark.parametrize(
    ("code", "context", "source", "target", "expected"),
    [
        ("ja", None, "Add a user", "ユーザを追加", ["CO003 0 ユーザ → ユーザー"]),
        ("zh", None, "Your account", "您的帐户", ["CO003 2 帐户 → 账户", "CO004 2 帐户 → 账户"]),
        ("ja", None, "3 prospects", "3件のリード", ["CO003 3 リード → 見込み先"]),
        ("fr", None, "3 prospects", "3 leads", ["CO003 2 leads → prospect"]),
        ("fr", None, "Prospects are here", "Les voici", ["CO003 0 prospect → prospect"]),
        ("ja", None, "Send", "発送", ["CO003 0 Send → 送信"]),
        ("ja", None, "Submit", "送信", ["CO003 0 送信 → 実行"]),
        ("ja", "stage", "Declined", "拒否", ["CO003 0 拒否 → 辞退"]),
        ("fr", "campaign", "Cancel", "Interrompre", ["CO003 0 Cancel → Annuler"]),
        ("ja", "campaign", "Cancel", "キャンセル", ["CO003 0 キャンセル → 中止"]),
        ("ja", None, "Select “Send”.", "「発送」を選択します。", ["CO003 0 Send → 送信"]),
        ("zh", None, "Write an email", "写电邮", ["CO003 1 电邮 → 电子邮件"]),
        ("fr", None, "Your email address", "Votre adresse mail", ["CO003 6 adresse mail → adresse e-mail"]),
        ("fr", None, "Come", "Viens, toi", ["CO004 7 toi → vous"]),
        ("fr", None, "Dear partner", "Cher·e partenaire", ["CO004 3 r·e → une autre tournure"]),
        ("ja", None, "You can save", "保存することができます", ["CO004 2 することができ → でき"]),
        ("zh", None, "You", "你", ["CO004 0 你 → 您, or no pronoun"]),
    ],
)
def test_found(
    terms: Terms, code: str, context: str | None, source: str, target: str, expected: list[str]
) -> None:
    assert sorted(said(terms, code, source, target, context)) == sorted(expected)


@pytest.mark.parametrize(
    ("code", "context", "source", "target"),
    [
        ("ja", None, "Add a user", "ユーザーを追加"),
        ("zh", None, "Send a bulk email", "发送群发邮件"),
        ("zh", None, "Email templates", "邮件模板"),
        ("zh", None, "A potential partner is a prospect", "潜在合作伙伴是潜在客户"),
        ("ja", None, "Open the partner marketplace", "パートナーマーケットプレイスを開く"),
        ("fr", None, "The partners accepted", "Les partenaires ont accepté"),
        ("fr", None, "They joined the program", "Ils ont rejoint le programme"),
        ("fr", None, "Two creators declined", "Deux créatrices ont décliné"),
        ("fr", None, "Bulk emails", "E-mails groupés"),
        ("fr", None, "Unsubscribe from the program", "Vous désabonner du programme"),
        ("fr", None, "Time zones", "Fuseaux horaires"),
        ("fr", None, "Passwords", "Mots de passe"),
        ("fr", None, "Follow-up templates", "Modèles de relance"),
        ("fr", None, "Suppression lists", "Listes d'exclusion"),
        ("fr", "stage", "Outreach", "Contacté"),
        ("ja", "dialog", "Cancel", "キャンセル"),
        ("ja", None, "Sending the form again", "フォームを再度送ります"),
        ("fr", None, "Add", "Ajouter"),
        ("fr", None, "The state of %(email)s", "Le statut de %(email)s"),
        ("zh", None, "Messages and personal data", "消息和个人信息"),
        ("en", None, "Add a user", "Add a person"),
        ("ja", None, "Run “prospectus catalog extract”", "「prospectus catalog extract」を実行"),
    ],
)
def test_left_alone(terms: Terms, code: str, context: str | None, source: str, target: str) -> None:
    assert said(terms, code, source, target, context) == []


def test_every_term_of_our_glossary_says_itself(terms: Terms) -> None:
    """Each term is found where it stands, and no banned form in it."""
    glossary = read(data_dir("locales") / "glossary.toml")
    for row in glossary.rows:
        for term in row.terms:
            for code in ("fr", "ja", "zh"):
                context = term.contexts[0] if term.contexts else None
                assert said(terms, code, term.source, term.words[code], context) == []


@pytest.mark.parametrize(
    ("source", "severity"),
    [("Your language", Severity.WARNING), ("Ask us for it in your language.", Severity.ADVICE)],
)
def test_a_sentence_may_do_without_the_term(terms: Terms, source: str, severity: Severity) -> None:
    (pair,) = pairs(po.Entry(None, source, None, ("日本語",)), LOCALES["ja"])
    assert [mark.severity for mark in terms.check(pair)] == [severity]


def test_never_forms_hold_without_a_term(tmp_path: Path) -> None:
    path = tmp_path / "glossary.toml"
    path.write_text('[[never]]\nlocale = "zh"\nforms = ["软体"]\nwrite = "软件"\n', encoding="utf-8")
    assert said(Terms(read(path)), "zh", "App", "软体") == ["CO004 0 软体 → 软件"]


def test_a_term_of_two_letters_is_found(tmp_path: Path) -> None:
    path = tmp_path / "glossary.toml"
    path.write_text(
        '[[row]]\nterms = [{ en = "ad", fr = "annonce", ja = "広告", zh = "广告" }]\n', encoding="utf-8"
    )
    assert said(Terms(read(path)), "ja", "Two ads here", "ここに二つ") != []
    assert said(Terms(read(path)), "ja", "Add it here", "ここに足す") == []
