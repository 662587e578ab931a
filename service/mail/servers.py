"""Mail servers that users name themselves: how they are told, and which of them may be reached at all.

A name typed by a user must not lead into the networks behind this machine. Python's own `is_global` knows
neither what is wrapped in an IPv6 address nor every range, so the rule is written out here.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import idna

from service.config import IPNetwork
from service.facts.mail_checks import MailCheck

START, FIRST = "start", "first"
# Port 465 is encrypted from the first byte (RFC 8314 section 3.3), the others by STARTTLS.
PORTS: Mapping[int, str] = {587: START, 465: FIRST, 25: START}
_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
# What resolvers read as a number, the last label deciding (WHATWG URL, "ends in a number"): 127.1, 0x7f.1.
_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
# IANA's special-purpose address registries, whatever is not the public internet.
_SPECIAL_V4 = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    ipaddress.ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")
)
_MAPPED, _NAT64, _6TO4 = (
    ipaddress.IPv6Network(text) for text in ("::ffff:0:0/96", "64:ff9b::/96", "2002::/16")
)
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class HostRefused(ValueError):
    """A text that names no mail server; nothing was looked up for it."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """A user's own mail server and how to sign in to it; `address` is whom it sends for."""

    address: str
    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at a mail server came to, with the reply code (RFC 5321) where one decided."""

    result: MailCheck
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What users' mail servers may be: the ports with their encryption, and private networks to be let in."""

    networks: tuple[IPNetwork, ...] = ()
    ports: Mapping[int, str] = field(default_factory=lambda: PORTS)

    def allows(self, address: str) -> bool:
        """Whether a connection to this very address may be opened."""
        try:
            told = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(told, ipaddress.IPv6Address) and told.scope_id is not None:
            return False
        meant = _unwrapped(told)
        let_in = any(meant in network for network in self.networks if network.version == meant.version)
        return let_in or _is_public(meant)

    def allows_all(self, addresses: Iterable[str]) -> bool:
        """Whether a name may be used: one address that is refused refuses it, as names can be made to lie."""
        return all(self.allows(address) for address in addresses)


def host_name(text: str) -> str:
    """Return the name of a server in lower-case ASCII, or its address in the one usual spelling.

    Raises HostRefused for what is neither, and for the numbers that resolvers take for addresses.
    """
    try:
        name = idna.encode(text.strip().rstrip("."), uts46=True).decode("ascii") if text.strip() else ""
    except idna.IDNAError:
        name = text.strip().lower()
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    if not _NAME.fullmatch(name) or _NUMERIC.fullmatch(name.rpartition(".")[2]):
        raise HostRefused(text)
    return name


def _unwrapped(address: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 one carries to a translator or a tunnel, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    number = int(address)
    if address in _MAPPED or address in _NAT64:
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    if address in _6TO4:
        return ipaddress.IPv4Address((number >> 80) & 0xFFFFFFFF)
    return address


def _is_public(address: IPAddress) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _SPECIAL_V6)
