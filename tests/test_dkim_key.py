"""The key that signs mails: what is made can be read, and what cannot sign is refused in words."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from service import dkim_key
from service.dkim_key import KeyRefused

# As `openssl genrsa -traditional 768` writes it: nothing here makes such keys any more.
SHORT = b"""\
-----BEGIN RSA PRIVATE KEY-----
MIIBzAIBAAJhALqfZDe4tlXTxwCmsUB6/K4o9r5EUaXCGO2Ll99WrMhKF23rOUlC
mZIMxbtisb332qtYU5dJM4HQZyoQR529QqYExCQ6fmSOLpcMQ/Ga0LikE6fQmdlQ
1jvUnooOMmbUOwIDAQABAmEAg3krBz5v5gMuXT0R/pUmUiO1wNEsnBQjr6X6NnM/
glMAMoXWc9AhlIy++IZNJcHn65zDx3S6BYViOcWeXwHEF0unsTB7O1YMyraHU8/W
QTsP9VYTcDy9N0LNCli1DhsBAjEA8/gWDi5Rw3+3r51lnNGbVlYCFzAh60MdYY47
B4vpU5TJMqBpaTNC+8zmSSSv/4zBAjEAw9NaLatvivlsiTWt6bh7Ec4O3OZzhMkv
1XNJ9o+Hsq24IVc4Q+8ljaJQ7UE1RZP7AjEAoGhTiAtocxP8YBkrAErIyaFPSpO5
GYhNPyFXKoURaoT/LKxP4n1z4z87gof+uBWBAjBRNVLOYavuLCWweQxYQmL3LUbI
oOEDDhPCJv9jOn6BwLz9RphUw9YE+G0rFsGqywUCMQCmqRvV36Nx4ighm8g9lJHQ
LwxiijPaLoofwRtwn6faU+6j5skT5u8szOG2sB/YM/0=
-----END RSA PRIVATE KEY-----
"""


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes = b"") -> bytes:
    secret = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@pytest.mark.parametrize(("ed25519_key", "kind", "characters"), [(False, "rsa", 392), (True, "ed25519", 44)])
def test_a_made_key_can_be_read_and_published(ed25519_key: bool, kind: str, characters: int) -> None:
    key = dkim_key.read(dkim_key.make(ed25519_key=ed25519_key))
    assert (key.kind, key.algorithm, key.is_weak) == (kind, f"{kind}-sha256", False)
    assert len(key.public) == characters
    assert key.record == f"v=DKIM1; k={kind}; p={key.public}"


def test_a_short_key_is_advised_against_and_a_shorter_one_refused() -> None:
    """RFC 8301: below 1024 bits nobody verifies, below 2048 a longer one is advised."""
    assert dkim_key.read(pem(rsa_key(1024))).is_weak
    with pytest.raises(KeyRefused) as refused:
        dkim_key.read(SHORT)
    assert str(refused.value) == (
        "holds an RSA key of 768 bits; verifiers accept 1024 to 4096, and 2048 are advised"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not hold a private key in PEM form"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
         "does not hold a private key in PEM form"),
        (pem(rsa_key(1024), b"secret"), "is protected by a passphrase; remove it"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "holds a key that is neither RSA nor Ed25519"),
    ],
    ids=["nothing", "broken", "passphrase", "elliptic curve"],
)  # fmt: skip
def test_what_cannot_sign_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(KeyRefused) as refused:
        dkim_key.read(content)
    assert str(refused.value) == words
