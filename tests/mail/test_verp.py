"""Envelope senders that name and prove their delivery, and addresses to answer to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.addresses import parse
from service.mail.verp import MOST_BASE, ReplyAddresses, ReturnPath, same_version

KEY, OLDER = "k" * 40, "o" * 40
BOUNCES = "bounces@mail.example"
PATH = ReturnPath("news@brand.example", BOUNCES, KEY)
DELIVERIES = st.integers(1, 2**63 - 1)


@given(DELIVERIES)
def test_what_is_written_is_read_again(delivery_id: int) -> None:
    """M-14: also after a server folded the case; the address is one that every server takes."""
    address = PATH.of(delivery_id)
    assert (PATH.read(address), PATH.read(address.upper())) == (delivery_id, delivery_id)
    assert PATH.of(delivery_id) == address
    assert parse(address).spec == address == address.lower()
    assert len(address.partition("@")[0]) <= 64


def test_the_longest_local_part_still_fits() -> None:
    path = ReturnPath("a@b.example", f"{'x' * MOST_BASE}@mail.example", KEY)
    assert len(path.of(2**63 - 1).partition("@")[0]) == 64


@given(DELIVERIES, st.integers(0, 200), st.characters(codec="ascii", categories=["Ll", "Nd"]))
def test_a_changed_address_names_nothing(delivery_id: int, place: int, letter: str) -> None:
    """M-14: neither another delivery nor another signature, whichever character is changed."""
    local = PATH.of(delivery_id).partition("@")[0]
    at = len("bounces+") + place % (len(local) - len("bounces+"))
    changed = f"{local[:at]}{letter}{local[at + 1 :]}@mail.example"
    assert PATH.read(changed) == (delivery_id if changed == PATH.of(delivery_id) else None)


@given(st.text())
def test_any_text_is_read_without_harm(text: str) -> None:
    assert PATH.read(text) is None
    assert PATH.read(f"bounces+{text}@mail.example") is None


@pytest.mark.parametrize(
    "address",
    [
        BOUNCES,
        "bounces+@mail.example",
        "bounces+ae-@mail.example",
        "bounces+-aaaaaaaaaaaaaaaa@mail.example",
        "bounces+aaaaaaaaaaaaa-aaaaaaaaaaaaaaaa@mail.example",
        "bounces+7777777777777-aaaaaaaaaaaaaaaa@mail.example",
    ],
)
def test_what_looks_alike_is_not_ours(address: str) -> None:
    """M-14."""
    assert PATH.read(address) is None


def test_an_address_of_another_installation_is_not_ours() -> None:
    """M-14: another key, another host, another mailbox."""
    assert ReturnPath("a@b.example", BOUNCES, OLDER).read(PATH.of(7)) is None
    assert PATH.read(PATH.of(7).replace("mail.example", "evil.example")) is None
    assert PATH.read(PATH.of(7).replace("bounces+", "bounce+")) is None


def test_bounces_outlive_a_change_of_key() -> None:
    """M-14: what an earlier key signed is still believed; new ones are signed with the new key."""
    rotated = ReturnPath("a@b.example", BOUNCES, KEY, OLDER)
    assert rotated.read(ReturnPath("a@b.example", BOUNCES, OLDER).of(7)) == 7
    assert rotated.of(7) == PATH.of(7)


def test_a_spelling_with_zeros_before_it_is_not_ours() -> None:
    """One address for each delivery."""
    local, _, mac = PATH.of(1).partition("@")[0].partition("-")
    assert local == "bounces+ae"
    assert PATH.read(f"bounces+aaaq-{mac}@mail.example") is None


def test_without_an_address_for_bounces_the_sender_is_the_same_for_all() -> None:
    path = ReturnPath("news@brand.example", "", KEY)
    assert (path.of(1), path.of(2)) == ("news@brand.example", "news@brand.example")
    assert path.read(PATH.of(1)) is None


@pytest.mark.parametrize(
    "address",
    [
        "bounces",
        "bounces+x@mail.example",
        f"{'x' * (MOST_BASE + 1)}@mail.example",
        "撥ね@mail.example",
        "a@b@c",
    ],
)
def test_an_address_that_cannot_carry_a_signature_is_refused(address: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any of them says what is wrong)
        ReturnPath("news@brand.example", address, KEY)


REPLIES = ReplyAddresses(BOUNCES, KEY)
THREADS, VERSIONS = st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1)


@given(THREADS, VERSIONS)
def test_an_address_to_answer_to_names_its_conversation_and_version(thread_id: int, version: int) -> None:
    """D-7: the same mailbox takes bounces and answers, and neither passes for the other."""
    address = REPLIES.of(thread_id, version)
    assert address is not None
    found = REPLIES.read(address.upper())
    assert found is not None
    assert found[0] == thread_id
    assert same_version(version, found[1])
    assert not same_version(version + 1, found[1])
    assert parse(address).spec == address
    assert len(address.partition("@")[0]) <= 64
    assert PATH.read(address) is None
    assert REPLIES.read(PATH.of(thread_id)) is None
    assert ReplyAddresses(BOUNCES, OLDER).read(address) is None
    assert ReplyAddresses(BOUNCES, OLDER, KEY).read(address) == found


def test_without_a_mailbox_nothing_is_read() -> None:
    assert ReplyAddresses("", KEY).of(1, 1) is None
    assert ReplyAddresses("", KEY).read(str(REPLIES.of(1, 1))) is None
    with pytest.raises(ValueError, match="already holds"):
        ReplyAddresses("a+b@mail.example", KEY)
