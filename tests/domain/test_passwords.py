"""Checks what passwords are accepted and how they are kept."""

import inspect
import re
import unicodedata

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain import passwords
from service.domain.errors import DomainError
from service.domain.passwords import Passwords
from service.facts.refusals import Refusal

COMMON = """
password Password1 P@ssw0rd P@$$w0rd123! passw0rd2024 12345678 123456789 1234567890 87654321
11111111 00000000 qwertyuiop qwerty123 Qwerty12345 1q2w3e4r 1qaz2wsx zaq12wsx asdfghjkl
asdf1234 abcd1234 abc12345 abcdefgh iloveyou iloveyou2 sunshine1 princess superman baseball
football1 letmein123 welcome1 Welcome2025! admin123 trustno1 starwars michelle jennifer
computer internet whatever dragon123 monkey12 shadow99 master2000 azertyuiop motdepasse
Motdepasse1 bonjour123 soleil2023 sakura0404 パスワード1234 ｐａｓｓｗｏｒｄ 5201314! woaini1314 changeme
changeme! secret123 passpass testtest test1234 aaaaaaaa abababab abcabcabc 12121212 19900412
31121999 1999-12-31 qazwsxedc q1w2e3r4t5 !@#$%^&* 112233445566 prospectus1 summer2024
hallo123 passwort1 contraseña1 football! liverpool1 pokemon123 naruto99 freedom1 87654321!
1234qwer qwer1234 !QAZ2wsx password.1 love1234
"""
FAST = Passwords(memory_kib=8, passes=1)


def refusal(text: str, personal: tuple[str, ...] = ()) -> Refusal | None:
    try:
        passwords.check(text, personal=personal)
    except DomainError as error:
        return error.refusal if error.field == "password" else None
    return None


def test_the_default_cost_is_argon2id_with_19_mib_and_two_passes() -> None:
    """A-6: argon2id."""
    cost = extract_parameters(Passwords().hash("correct horse battery"))
    assert (cost.type, cost.memory_cost, cost.time_cost, cost.parallelism) == (Type.ID, 19456, 2, 1)


@settings(deadline=None, max_examples=60)
@given(st.text(min_size=1, max_size=200))
def test_what_was_hashed_fits_and_its_neighbour_does_not(text: str) -> None:
    kept = FAST.hash(text)
    assert FAST.verify(kept, text)
    assert not FAST.verify(kept, text + "x")


@pytest.mark.parametrize("character", ["a", "é", "語", "😀", "\x00", "\u200b"])
def test_nothing_is_cut_off(character: str) -> None:
    """A-6: no truncation at 72 bytes, at NUL, or anywhere else up to 1,000 characters."""
    long = "correct horse " + character * 985
    assert len(long) <= 1000
    kept = FAST.hash(long + "1")
    assert FAST.verify(kept, long + "1")
    assert not FAST.verify(kept, long + "2")
    assert not FAST.verify(kept, long)


def test_the_same_keys_give_the_same_password_on_every_system() -> None:
    """A-6: any Unicode, in NFC with plain spaces (RFC 8265 OpaqueString)."""
    composed = "Crème brûlée\u00a0à la carte 東京が"
    decomposed = unicodedata.normalize("NFD", composed).replace("\u00a0", "\u3000")
    assert decomposed != composed
    assert FAST.verify(FAST.hash(composed), decomposed)
    assert not FAST.verify(FAST.hash("ｐａｓｓ phrase"), "pass phrase")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a7!kQ2z", Refusal.PASSWORD_TOO_SHORT),
        ("e\u0301" * 7, Refusal.PASSWORD_TOO_SHORT),
        ("ねこ大好き富士", Refusal.PASSWORD_TOO_SHORT),
        ("東京の夜景が好きです", None),
        ("почта и мёд", None),
        ("😀🐴🔋📎🍜🗻🚲🌧", None),
        ("correct horse battery staple", None),
        ("kR7pQx2m", None),
        ("my password manager chose this", None),
        ("dragonfly over the pond", None),
        ("z" * 3 + "kq9" * 333, Refusal.PASSWORD_TOO_LONG),
        ("vorfk " * 166 + "4dcb", None),
    ],
)
def test_length_is_8_to_1000_characters_of_any_script(text: str, expected: Refusal | None) -> None:
    """A-6: at least 8, at most 1,000 characters."""
    assert refusal(text) is expected


@pytest.mark.parametrize("text", COMMON.split())
def test_common_passwords_are_refused_however_they_are_dressed_up(text: str) -> None:
    """A-6: a list of common passwords, and what people make of its words."""
    expected = Refusal.PASSWORD_COMMON if len(text) >= 8 else Refusal.PASSWORD_TOO_SHORT
    assert refusal(text) is expected


def test_more_than_three_thousand_common_passwords_are_known() -> None:
    """A-6: what the list and its usual endings refuse is longer than a list of 3,000."""
    endings = ("", "1", "12", "123", "1234", "!", "2024", "01", "007", "69")
    refused = {
        word + ending
        for word in passwords.common_words()
        for ending in endings
        if len(word + ending) >= 8 and passwords.is_common(word + ending)
    }
    assert len(refused) > 3000
    assert {word for word in passwords.common_words() if not passwords.is_common(word)} == set()


def test_a_password_made_of_the_persons_own_names_is_refused() -> None:
    mine = ("hanako.yamaguchi@example.test", "Hanako Yamaguchi")
    assert refusal("Yamaguchi123", mine) is Refusal.PASSWORD_PERSONAL
    assert refusal("hanakoyamaguchi", mine) is Refusal.PASSWORD_PERSONAL
    assert refusal("hanako.yamaguchi@example.test", mine) is Refusal.PASSWORD_PERSONAL
    assert refusal("hanako rides a bicycle", mine) is None


def test_nobody_is_verified_with_the_work_of_somebody() -> None:
    """A-5: an unknown account costs the same parameters as a known one, and nothing fits it."""
    hasher = Passwords()
    decoy = hasher._decoy
    assert extract_parameters(decoy) == extract_parameters(hasher.hash("correct horse battery"))
    assert len(decoy) == len(hasher.hash("correct horse battery"))
    assert [hasher.verify(None, text) for text in ("", "password", "x" * 5000)] == [False, False, False]


def test_a_hash_of_another_cost_is_outdated_and_still_fits() -> None:
    kept = FAST.hash("correct horse battery")
    assert not FAST.is_outdated(kept)
    assert Passwords().is_outdated(kept)
    assert Passwords().verify(kept, "correct horse battery")


def test_a_broken_hash_fits_nothing() -> None:
    assert [FAST.verify(kept, "x") for kept in ("", "x", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv")] == [
        False
    ] * 4


@given(st.text(max_size=60))
def test_judging_any_text_ends_in_an_answer(text: str) -> None:
    assert refusal(text) in {
        None,
        Refusal.PASSWORD_TOO_SHORT,
        Refusal.PASSWORD_COMMON,
    }


@given(st.text(max_size=60))
def test_preparing_twice_changes_nothing_more(text: str) -> None:
    once = passwords.prepared(text)
    assert passwords.prepared(once) == once


def test_no_password_is_compared_by_hand() -> None:
    assert re.search(r"password_hash\s*==", inspect.getsource(passwords)) is None
