import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from service.domain.signing import Signer

KEYS = ("current-" * 5, "before-" * 5)
NUMBERS = st.integers(-(10**12), 10**12) | st.integers(0, 10**9) | st.sampled_from([0, 10**8, 10**8 + 1])


@given(NUMBERS, st.sampled_from(["unsubscribe", "join", "招待"]))
def test_a_number_is_signed_as_the_library_signs_it(number: int, purpose: str) -> None:
    """M-6: links from before and after are of one form, so those of old mails keep working."""
    token = Signer(*KEYS).sign(purpose, number)
    assert token == URLSafeSerializer([*reversed(KEYS)], salt=purpose).dumps(number)
    assert Signer(*KEYS).read(purpose, token) == number


@pytest.mark.parametrize("payload", [True, None, "7", [7], {"a": "b" * 50}])
def test_any_payload_is_read_back(payload: object) -> None:
    signer = Signer(*KEYS)
    assert signer.read("x", signer.sign("x", payload)) == payload


def test_a_token_is_bound_to_its_purpose_and_a_key() -> None:
    """M-6: works after the key was changed, for nothing but what it was made for."""
    token = Signer(KEYS[1]).sign("unsubscribe", 7)
    assert Signer(*KEYS).read("unsubscribe", token) == 7
    assert Signer(KEYS[0]).read("unsubscribe", token) is None
    assert Signer(*KEYS).read("join", token) is None
    assert Signer(*KEYS).read("unsubscribe", f"{token[:-1]}") is None
