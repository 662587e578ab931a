"""Envelope senders that name their delivery: `bounces+<delivery>-<signature>@…`, so that a bounce finds it.

Variable envelope return paths with subaddressing (RFC 5233). The signature is an HMAC for this one purpose;
whoever has not received the mail cannot make one. Servers may fold the case of a local part: base32 has one.
"""

import base64
import binascii
import hashlib
import hmac
import re

from service.mail.addresses import MOST_LOCAL_OCTETS, parse

_PURPOSE = b"prospectus bounce address v1:"
_MAC_OCTETS = 10
_ID_OCTETS = 8
# What is added to the local part at most: "+", an id of 13 characters, "-", a signature of 16.
MOST_BASE = MOST_LOCAL_OCTETS - 31
_TAIL = re.compile(r"([a-z2-7]{2,13})-([a-z2-7]{16})")


class ReturnPath:
    """Makes and reads the envelope senders of deliveries.

    `bounce` is the address bounces come to, empty where the operator named none: then `fallback` is the
    sender of every mail and no report can prove which delivery it is about. `keys` are the current one and
    those before it, which still verify. Raises ValueError for an address that cannot carry the signature.
    """

    def __init__(self, fallback: str, bounce: str, *keys: str) -> None:
        self._fallback = fallback
        self._local = self._domain = ""
        self._keys = [hmac.digest(key.encode(), _PURPOSE, hashlib.sha256) for key in keys]
        if bounce:
            address = parse(bounce)
            if not address.local.isascii() or len(address.local) > MOST_BASE:
                raise ValueError("the part before the @ is too long or not ASCII")
            if "+" in address.local:
                raise ValueError("the part before the @ already holds a +")
            self._local, self._domain = address.local, address.domain

    def of(self, delivery_id: int) -> str:
        """Return the envelope sender of a delivery, the same at every attempt."""
        if not self._local:
            return self._fallback
        named = f"{_base32(_octets(delivery_id))}-{_sign(self._keys[0], delivery_id)}"
        return f"{self._local}+{named}@{self._domain}"

    def read(self, address: str) -> int | None:
        """Return the delivery that an address of ours names, or None for any other or forged one."""
        local, _, domain = address.strip().lower().rpartition("@")
        start, _, tail = local.partition("+")
        found = _TAIL.fullmatch(tail)
        if not self._local or found is None or (start, domain) != (self._local.lower(), self._domain):
            return None
        delivery_id = _number(found.group(1))
        if delivery_id is None:
            return None
        given = found.group(2)
        known = any(hmac.compare_digest(given, _sign(key, delivery_id)) for key in self._keys)
        return delivery_id if known else None


def _sign(key: bytes, delivery_id: int) -> str:
    return _base32(hmac.digest(key, _octets(delivery_id), hashlib.sha256)[:_MAC_OCTETS])


def _octets(number: int) -> bytes:
    return number.to_bytes(_ID_OCTETS, "big").lstrip(b"\0") or b"\0"


def _base32(octets: bytes) -> str:
    return base64.b32encode(octets).decode("ascii").rstrip("=").lower()


def _number(text: str) -> int | None:
    try:
        octets = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except binascii.Error:
        return None
    if len(octets) > _ID_OCTETS:
        return None
    number = int.from_bytes(octets, "big")
    # One spelling for each delivery: what we would not have written ourselves is not ours.
    return number if _base32(_octets(number)) == text else None
