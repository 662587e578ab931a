"""Which language a message is written in, by its script and its commonest words."""

import pytest

from service.i18n.written import language_of

SAID = {
    "en": (
        "Hello, thanks for your invitation.",
        "Can we talk about the rates?",
        "See https://exemple.fr/le-produit and tell me what you think",
        "Sounds great! I will send the numbers to you",
    ),
    "fr": (
        "Bonjour, merci pour votre invitation.",
        "C’est très intéressant, mais je ne suis pas disponible avant mardi.",
        "Oui, avec plaisir",
        "Voici les chiffres du mois, contact@the-and-of.example",
    ),
    "ja": (
        "ご連絡ありがとうございます。",
        "了解しました",
        "資料をPDFで送ってください。Thank you",
        "承諾済",
        "ﾊﾟｰﾄﾅｰ",
    ),
    "zh": ("您好，感谢您的邀请。", "我们可以谈谈佣金吗？", "已收到，谢谢", "好的 OK", "同意"),
}


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang, said in SAID.items() for text in said])
def test_a_language_is_told(lang: str, text: str) -> None:
    assert language_of(text) == lang


@pytest.mark.parametrize("text", ["", "👍", "12:30", "OK", "Привет, как дела", "https://example.com/le/la"])
def test_what_does_not_tell_is_not_guessed(text: str) -> None:
    assert language_of(text) is None
