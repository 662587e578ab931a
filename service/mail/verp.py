"""Addresses of ours that name what they are for: `bounces+<delivery>-<signature>@…` and likewise for replies.

Variable envelope return paths with subaddressing (RFC 5233), and addresses to answer to. The signature is an
HMAC for one purpose; whoever has not received the mail cannot make one. Servers may fold the case of a local
part: base32 has one.
"""

import base64
import binascii
import hashlib
import hmac
import re

from service.mail.addresses import MOST_LOCAL_OCTETS, parse

_BOUNCES = b"prospectus bounce address v1:"
_REPLIES = b"prospectus reply address v1:"
_MAC_OCTETS = 10
_ID_OCTETS = 8
# What is added to the local part at most: "+", an id of 13 characters, "-", a signature of 16.
MOST_BASE = MOST_LOCAL_OCTETS - 31
_TAIL = re.compile(r"([a-z2-7]{2,13})-([a-z2-7]{16})")
# A reply address ends with its conversation's links: the last digits of their version are in it.
_VERSIONS = 1 << 16


class SignedAddresses:
    """Makes and reads the subaddresses of one mailbox for one purpose, each with a number in it.

    `keys` are the current one and those before it, which still verify. Raises ValueError for a mailbox that
    cannot carry the signature.
    """

    def __init__(self, mailbox: str, purpose: bytes, *keys: str) -> None:
        address = parse(mailbox)
        if not address.local.isascii() or len(address.local) > MOST_BASE:
            raise ValueError("the part before the @ is too long or not ASCII")
        if "+" in address.local:
            raise ValueError("the part before the @ already holds a +")
        self._local, self._domain = address.local, address.domain
        self._keys = [hmac.digest(key.encode(), purpose, hashlib.sha256) for key in keys]

    def of(self, number: int) -> str:
        """Return the address that names a number, always the same."""
        return f"{self._local}+{_base32(_octets(number))}-{_sign(self._keys[0], number)}@{self._domain}"

    def read(self, address: str) -> int | None:
        """Return the number that an address of ours names, or None for any other or forged one."""
        local, _, domain = address.strip().lower().rpartition("@")
        start, _, tail = local.partition("+")
        found = _TAIL.fullmatch(tail)
        if found is None or (start, domain) != (self._local.lower(), self._domain):
            return None
        number = _number(found.group(1))
        if number is None:
            return None
        given = found.group(2)
        known = any(hmac.compare_digest(given, _sign(key, number)) for key in self._keys)
        return number if known else None


class ReturnPath:
    """Makes and reads the envelope senders of deliveries.

    `bounce` is the address bounces come to, empty where the operator named none: then `fallback` is the
    sender of every mail and no report can prove which delivery it is about. Raises ValueError as
    SignedAddresses does.
    """

    def __init__(self, fallback: str, bounce: str, *keys: str) -> None:
        self._fallback = fallback
        self._signed = SignedAddresses(bounce, _BOUNCES, *keys) if bounce else None

    def of(self, delivery_id: int) -> str:
        """Return the envelope sender of a delivery, the same at every attempt."""
        return self._signed.of(delivery_id) if self._signed else self._fallback

    def read(self, address: str) -> int | None:
        """Return the delivery that an address of ours names, or None for any other or forged one."""
        return self._signed.read(address) if self._signed else None


class ReplyAddresses:
    """Makes and reads the addresses partners answer to: each names a conversation and its links' version.

    `mailbox` is where such mail comes in, empty where the operator reads none. Raises ValueError as
    SignedAddresses does.
    """

    def __init__(self, mailbox: str, *keys: str) -> None:
        self._signed = SignedAddresses(mailbox, _REPLIES, *keys) if mailbox else None

    def of(self, thread_id: int, link_version: int) -> str | None:
        """Return the address to answer to, or None where answers are not read."""
        return self._signed.of(thread_id * _VERSIONS + link_version % _VERSIONS) if self._signed else None

    def read(self, address: str) -> tuple[int, int] | None:
        """Return the conversation and the version, cut to 16 bits, that an address of ours names, or None."""
        number = self._signed.read(address) if self._signed else None
        return None if number is None else divmod(number, _VERSIONS)


def same_version(link_version: int, cut: int) -> bool:
    """Tell whether a conversation's links still have the version that an address was made with."""
    return link_version % _VERSIONS == cut


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
