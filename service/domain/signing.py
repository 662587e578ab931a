"""Signed tokens for links: bound to one purpose, with nothing readable of the person in them."""

import hashlib
import hmac
from binascii import b2a_base64

from itsdangerous import BadData, URLSafeSerializer


class Signer:
    """Signs small payloads; `keys` are the current one and then those before it, which still verify."""

    def __init__(self, *keys: str) -> None:
        # itsdangerous signs with the last of its keys.
        self._keys = list(reversed(keys))
        self._derived: dict[str, bytes] = {}

    def sign(self, purpose: str, payload: object) -> str:
        """Return a token without an end, for links in mails that must work for years."""
        if type(payload) is int and abs(payload) <= _PLAIN_MOST:
            return self._sign_number(purpose, payload)
        return _text(URLSafeSerializer(self._keys, salt=purpose).dumps(payload))

    def read(self, purpose: str, token: str) -> object | None:
        """Return what was signed for this purpose, or None."""
        try:
            payload: object = URLSafeSerializer(self._keys, salt=purpose).loads(token)
        except BadData:
            return None
        return payload

    def _sign_number(self, purpose: str, number: int) -> str:
        """The same token as the library's, a tenth of its time: each mail of a campaign has two of them."""
        key = self._derived.get(purpose)
        if key is None:
            key = hashlib.sha1(f"{purpose}signer{self._keys[-1]}".encode()).digest()  # noqa: S324 - the library's derivation
            self._derived[purpose] = key
        value = _unpadded(b"%d" % number)
        return f"{value}.{_unpadded(hmac.digest(key, value.encode(), 'sha1'))}"


class AddressMarks:
    """Keyed hashes by which an address is recognized without being kept; `keys` as those of `Signer`."""

    def __init__(self, *keys: str) -> None:
        self._keys = [hashlib.sha256(f"erased address:{key}".encode()).digest() for key in keys]

    def mark(self, address_key: str) -> str:
        """Return the mark to keep of an address in its comparison form."""
        return self.marks(address_key)[0]

    def marks(self, address_key: str) -> tuple[str, ...]:
        """Return every mark under which an address may be kept, that of the current key first."""
        return tuple(_unpadded(hmac.digest(key, address_key.encode(), "sha256")) for key in self._keys)


# A number so short that the library does not try to make it shorter.
_PLAIN_MOST = 10**8
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _unpadded(data: bytes) -> str:
    return b2a_base64(data, newline=False).translate(_URL_SAFE).rstrip(b"=").decode()


def _text(token: str | bytes) -> str:
    return token if isinstance(token, str) else token.decode("ascii")
