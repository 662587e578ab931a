"""The key that signs mails (DKIM): made, read from its PEM file, judged, and shown as its public record."""

import base64
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

LEAST_BITS, ADVISED_BITS, MOST_BITS = 1024, 2048, 4096
DEFAULT_SELECTOR = "prospectus"


class KeyRefused(ValueError):
    """A file that holds no key mails can be signed with; the text goes on after the name of the file."""


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key of one of the two kinds that verifiers know (RFC 8301, RFC 8463)."""

    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

    @property
    def kind(self) -> str:
        """The value of the tag `k` in the published record."""
        return "rsa" if isinstance(self.private, rsa.RSAPrivateKey) else "ed25519"

    @property
    def algorithm(self) -> str:
        """The value of the tag `a` in a signature."""
        return f"{self.kind}-sha256"

    @property
    def is_weak(self) -> bool:
        """Whether verifiers accept the key but a longer one is advised (RFC 8301 section 3.2)."""
        return isinstance(self.private, rsa.RSAPrivateKey) and self.private.key_size < ADVISED_BITS

    @property
    def public(self) -> str:
        """The public half as the record's tag `p` holds it: base64 of DER, or of the 32 octets of Ed25519."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            octets = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            octets = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(octets).decode("ascii")

    @property
    def record(self) -> str:
        """The text of the TXT record that verifiers look for (RFC 6376 section 3.6.1)."""
        return f"v=DKIM1; k={self.kind}; p={self.public}"


def read(pem: bytes) -> DkimKey:
    """Read a private key without a passphrase; raises KeyRefused."""
    try:
        private = load_pem_private_key(pem, password=None)
    except TypeError:
        raise KeyRefused("is protected by a passphrase; remove it") from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("does not hold a private key in PEM form") from None
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return DkimKey(private)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise KeyRefused("holds a key that is neither RSA nor Ed25519")
    if not LEAST_BITS <= private.key_size <= MOST_BITS:
        raise KeyRefused(
            f"holds an RSA key of {private.key_size} bits; verifiers accept {LEAST_BITS} to {MOST_BITS}, "
            f"and {ADVISED_BITS} are advised"
        )
    return DkimKey(private)


def make(*, ed25519_key: bool = False) -> bytes:
    """Make a key and return it as PEM."""
    private = (
        ed25519.Ed25519PrivateKey.generate()
        if ed25519_key
        else rsa.generate_private_key(public_exponent=65537, key_size=ADVISED_BITS)
    )
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
