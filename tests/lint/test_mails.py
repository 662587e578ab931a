"""EM001 to EM005: what is wrong with a mail as it is sent, and that ours are right."""

from dataclasses import replace

import pytest

from service.cli.catalog_mails import shipped_mails
from service.i18n.catalogs import Catalogs
from service.i18n.locales import LOCALES
from service.lint.mails import Mail, check, check_all, columns
from service.paths import data_dir

HTML = '<html lang="fr"><body><p>Bonjour, 3 ans : <a href="https://a.example/x?a=1&amp;b=2">ici</a></p></body></html>'
GOOD = Mail("welcome", "Bienvenue", HTML, "Bonjour, 3 ans : https://a.example/x?a=1&b=2\n")
SOURCE = Mail("welcome", "Welcome", HTML, "Hello, 3 years: https://a.example/x?a=1&b=2\n")


def rules(mail: Mail) -> list[str]:
    return [finding.rule for finding in check(mail, LOCALES["fr"], SOURCE)]


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (GOOD, []),
        (replace(GOOD, subject=" "), ["EM001"]),
        (replace(GOOD, subject="a\nb"), ["EM001"]),
        (replace(GOOD, subject="a" * 60), []),
        (replace(GOOD, subject="a" * 61), ["EM001"]),
        (replace(GOOD, subject="歓" * 31), ["EM001"]),
        (replace(GOOD, text="Bonjour, 3 ans\n"), ["EM002"]),
        (replace(GOOD, text=GOOD.text.replace("3", "4")), ["EM002", "EM002"]),
        (replace(GOOD, text=GOOD.text + "1. Un\n2. Deux\n"), []),
        (replace(GOOD, html=HTML.replace('"fr"', '"en"')), ["EM003"]),
        (replace(GOOD, html=HTML.replace(' lang="fr"', "")), ["EM003"]),
        (replace(GOOD, subject="Bienvenue, %{name}"), ["EM004"]),
        (replace(GOOD, text=GOOD.text + "{{ name }}"), ["EM004"]),
        (replace(GOOD, text=GOOD.text + "{firstName|vous} %(name)s"), ["EM004", "EM004"]),
        (replace(GOOD, subject="Welcome"), ["EM005"]),
    ],
)
def test_each_rule(mail: Mail, expected: list[str]) -> None:
    assert rules(mail) == expected


def test_wide_characters_take_two_columns() -> None:
    assert [columns(text) for text in ("abc", "歓迎", "ｱ", "e\u0301")] == [3, 4, 1, 1]


def test_nothing_is_wrong_with_ours() -> None:
    catalogs = Catalogs(data_dir("locales"))
    made = {locale: shipped_mails(catalogs.catalog(code)) for code, locale in LOCALES.items()}
    assert [len(mails) for mails in made.values()] == [12] * 4
    assert [(locale.code, finding.rule, finding.values) for locale, finding in check_all(made)] == []
