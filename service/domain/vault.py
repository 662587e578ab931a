"""The vault: secrets that must be read again are sealed with a key that is not in the database."""

import base64
import binascii
import json
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = "v1"
_KEY_BYTES = 32
_KEY_ID_BYTES = 6
# 96 random bits: the size that GCM is made for (NIST SP 800-38D section 8.2.2).
_NONCE_BYTES = 12


class SecretUnreadable(Exception):
    """A sealed secret cannot be opened; the text says why and shows nothing of it."""


class Vault:
    """Seals texts with AES-256-GCM; `keys` are the current one and then those before it, which still open.

    A sealed text is bound to its place, such as (table, row): put anywhere else it does not open.
    """

    def __init__(self, *keys: str) -> None:
        self._ciphers = {_key_id(key): AESGCM(_derived(key, b"encryption", _KEY_BYTES)) for key in keys}
        self._current = _key_id(keys[0])

    def __repr__(self) -> str:
        return f"Vault({', '.join(self._ciphers)})"

    def seal(self, secret: str, *place: str | int) -> str:
        """Return a secret sealed for one place with the current key: ASCII, another text each time."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        bound = _bound(self._current, place)
        box = nonce + self._ciphers[self._current].encrypt(nonce, secret.encode(), bound)
        return f"{_VERSION}.{self._current}.{base64.urlsafe_b64encode(box).decode('ascii')}"

    def open(self, sealed: str, *place: str | int) -> str:
        """Return the secret; raises SecretUnreadable for an unknown key, another place, or a changed text."""
        version, _, rest = sealed.partition(".")
        key_id, _, text = rest.partition(".")
        if version != _VERSION:
            raise SecretUnreadable("this is not a sealed secret")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            known = ", ".join(self._ciphers)
            raise SecretUnreadable(f"sealed with the key {key_id}, and only these are known: {known}")
        try:
            box = base64.b64decode(text, altchars=b"-_", validate=True)
            opened = cipher.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], _bound(key_id, place))
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise SecretUnreadable("it was changed, or it belongs to another place") from error
        return opened.decode()

    def is_current(self, sealed: str) -> bool:
        """Whether a sealed text needs no rotation."""
        return sealed.startswith(f"{_VERSION}.{self._current}.")


def is_sealed(text: str) -> bool:
    """Whether a stored text is a sealed one, and not a secret in clear from before there was a vault."""
    return text.startswith(f"{_VERSION}.")


def _bound(key_id: str, place: tuple[str | int, ...]) -> bytes:
    return json.dumps([_VERSION, key_id, *place]).encode()


def _key_id(key: str) -> str:
    return _derived(key, b"key id", _KEY_ID_BYTES).hex()


def _derived(key: str, use: bytes, length: int) -> bytes:
    """Return key material for one use (HKDF, RFC 5869); the settings ask for keys with entropy enough."""
    derivation = HKDF(algorithm=SHA256(), length=length, salt=None, info=b"prospectus vault, " + use)
    return derivation.derive(key.encode())
