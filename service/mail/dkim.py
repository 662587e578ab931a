"""DKIM: signs finished bytes so that a receiver can tell who answers for them (RFC 6376, RFC 8463).

Both canonicalizations are *relaxed*, the only ones that outlive the relays on the way. A signature is as
deterministic as the mail it stands on, so an attempt that is repeated sends the same bytes.
"""

import binascii
import functools
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from service.dkim_key import DkimKey

# What a receiver shows or acts on. RFC 8058 wants both List-Unsubscribe headers among them.
SIGNED = (
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Auto-Submitted",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)
# Named once more than they stand there: one that somebody adds later breaks the signature (section 8.15).
# Those of a list are guarded only where they are, because a mailing list may rightly add its own.
GUARDED = frozenset(SIGNED) - {"Auto-Submitted", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"}
GUARDED_WHERE_PRESENT = frozenset({"List-Unsubscribe", "List-Unsubscribe-Post"})
LINE_AIM = 78
STRING_MOST = 255

_KEYS = tuple((name, name.lower().encode()) for name in SIGNED)
_WANTED = frozenset(key for _, key in _KEYS)


class DkimSigner:
    """Signs for one domain with one key; shared by threads."""

    def __init__(self, key: DkimKey, *, domain: str, selector: str) -> None:
        self.key = key
        self.domain = domain
        self.selector = selector
        self._who = ("v=1;", f"a={key.algorithm};", "c=relaxed/relaxed;", f"d={domain};", f"s={selector};")
        self._sign = _signing(key)

    @property
    def record_name(self) -> str:
        """The name of the TXT record under which verifiers look for the public key."""
        return record_name(self.selector, self.domain)

    def covers(self, domain: str) -> bool:
        """Tell whether a signature speaks for mails from this domain: the signer's own, or one below it."""
        return domain == self.domain or domain.endswith(f".{self.domain}")

    def sign(self, raw: bytes, *, moment: datetime) -> bytes:
        """Return a message with its signature on top; `raw` has CRLF lines, `moment` becomes the tag `t`."""
        head, _, body = raw.partition(b"\r\n\r\n")
        fields = _fields(head)
        begin, keys = _plan(self._who, tuple((key, len(values)) for key, values in fields.items()))
        body_hash = binascii.b2a_base64(hashlib.sha256(relaxed_body(body)).digest(), newline=False)
        header = begin + b"\r\n t=%d; bh=%s;\r\n b=" % (int(moment.timestamp()), body_hash)
        # Of several headers of one name the lowest is meant first; a name too many stands for none.
        lines = [fields[key].pop() for key in keys if fields.get(key)]
        signature = self._sign(b"\r\n".join([*lines, _relaxed_header(header)]))
        return b"".join((header, _folded_base64(signature), b"\r\n", raw))


def _signing(key: DkimKey) -> Callable[[bytes], bytes]:
    private = key.private
    if isinstance(private, Ed25519PrivateKey):
        return lambda data: private.sign(hashlib.sha256(data).digest())
    padding, algorithm = PKCS1v15(), SHA256()
    return lambda data: private.sign(data, padding, algorithm)


# Canonical forms


def relaxed_body(body: bytes) -> bytes:
    """Return a body of CRLF lines as section 3.4.4 has it; what lacks the final CRLF gets it on its way."""
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    body = _with_single_blanks(body).replace(b" \r\n", b"\r\n")
    if body.endswith(b"\r\n\r\n") or body == b"\r\n":
        body = body.rstrip(b"\r\n")
        return body + b"\r\n" if body else b""
    return body


def _with_single_blanks(text: bytes) -> bytes:
    """Each run of spaces and tabs as one space; each turn halves the runs, which a pattern is slower at."""
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _fields(head: bytes) -> dict[bytes, list[bytes]]:
    """The headers to sign, relaxed (section 3.4.2), by lower-case name in their order."""
    head = _with_single_blanks(head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" "))
    found: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        key = name.rstrip().lower()
        if key in _WANTED:
            found.setdefault(key, []).append(b"%s:%s" % (key, value.strip(b" ")))
    return found


def _relaxed_header(header: bytes) -> bytes:
    name, _, value = header.partition(b":")
    return b"%s:%s" % (name.lower(), _with_single_blanks(value.replace(b"\r\n", b"")).strip(b" "))


# What all mails of a kind share


@functools.lru_cache(maxsize=256)
def _plan(who: tuple[str, ...], counts: tuple[tuple[bytes, int], ...]) -> tuple[bytes, tuple[bytes, ...]]:
    """The signature up to its tag `h`, and the headers that tag names, for a message with so many of each."""
    there: Mapping[bytes, int] = dict(counts)
    names: list[str] = []
    for name, key in _KEYS:
        times = there.get(key, 0)
        guarded = name in GUARDED or (times and name in GUARDED_WHERE_PRESENT)
        names += [name] * (times + 1 if guarded else times)
    listed = [*(f"{name}:" for name in names[:-1]), f"{names[-1]};"]
    lines = _filled("DKIM-Signature:", [f" {tag}" for tag in who]) + _filled(" h=", listed)
    return "\r\n".join(lines).encode(), tuple(name.lower().encode() for name in names)


def _filled(begin: str, pieces: list[str]) -> list[str]:
    """Lines as long as is customary; each after the first begins with one space."""
    lines = [begin]
    for piece in pieces:
        if len(lines[-1]) + len(piece) > LINE_AIM:
            lines.append(" ")
        lines[-1] += piece if lines[-1] != " " else piece.lstrip(" ")
    return lines


def _folded_base64(octets: bytes) -> bytes:
    text = binascii.b2a_base64(octets, newline=False)
    return b"\r\n ".join(text[start : start + 72] for start in range(0, len(text), 72))


# The record


def record_name(selector: str, domain: str) -> str:
    """Return the name of the record of a selector (section 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def quoted_strings(record: str) -> str:
    """Return a record's text as a zone file holds it: quoted strings of at most 255 octets (RFC 1035)."""
    parts = (record[start : start + STRING_MOST] for start in range(0, len(record), STRING_MOST))
    return " ".join(f'"{part}"' for part in parts)
