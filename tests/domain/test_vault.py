"""The vault opens what it sealed, in its place and with its keys, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.vault import SecretUnreadable, Vault, is_sealed

OLD, NEW = "the old key of the vault, long enough", "the new key of the vault, long enough"
PLACES = st.lists(st.integers() | st.text(), max_size=4)


@given(st.text(st.characters(exclude_categories=["Cs"])), PLACES)
def test_what_is_sealed_opens_in_its_place(secret: str, place: list[str | int]) -> None:
    """D-1: any text, any place; sealed twice it looks different each time, and is ASCII."""
    vault = Vault(NEW, OLD)
    sealed = vault.seal(secret, *place)
    assert vault.open(sealed, *place) == secret
    assert sealed != vault.seal(secret, *place)
    assert sealed.isascii()
    assert is_sealed(sealed)


@given(PLACES, PLACES)
def test_no_other_place_opens_it(place: list[str | int], other: list[str | int]) -> None:
    """D-1: a sealed text moved to another row or purpose is refused; parts of a place do not run together."""
    sealed = Vault(NEW).seal("secret", *place)
    if place != other:
        with pytest.raises(SecretUnreadable, match="another place"):
            Vault(NEW).open(sealed, *other)


def test_a_changed_text_does_not_open() -> None:
    """D-1: whatever character is changed, cut or added, there is a refusal and never garbage."""
    vault = Vault(NEW, OLD)
    sealed = vault.seal("secret", "row", 7)
    changed = [
        sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :] for at in range(len(sealed))
    ]
    padding = len(sealed) - len(sealed.rstrip("="))
    # The last character before the padding has bits that say nothing.
    silent = len(sealed) - padding - 1
    for at, text in enumerate([*changed, sealed[:-1], sealed[:20], sealed + "A", "", "v1", "v1.", "v1.x.y"]):
        if at != silent:
            with pytest.raises(SecretUnreadable):
                vault.open(text, "row", 7)


def test_an_unknown_key_is_named_by_its_id_only() -> None:
    """D-1, D-2: the refusal tells which key is missing; neither it nor the vault shows a key or a secret."""
    sealed = Vault(OLD).seal("canary-secret", "row", 7)
    with pytest.raises(SecretUnreadable) as refused:
        Vault(NEW).open(sealed, "row", 7)
    assert sealed.split(".")[1] in str(refused.value)
    shown = f"{refused.value!r} {Vault(NEW, OLD)!r} {Vault(NEW, OLD)}"
    assert [word for word in (OLD, NEW, "canary") if word in shown] == []


def test_earlier_keys_open_and_the_current_one_seals() -> None:
    """D-1: rotation with two keys."""
    before = Vault(OLD).seal("secret", "row", 7)
    both = Vault(NEW, OLD)
    assert both.open(before, "row", 7) == "secret"
    assert not both.is_current(before)
    after = both.seal("secret", "row", 7)
    assert both.is_current(after)
    assert Vault(NEW).open(after, "row", 7) == "secret"
    with pytest.raises(SecretUnreadable):
        Vault(OLD).open(after, "row", 7)
