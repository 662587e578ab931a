"""What the byte-level check says about a DKIM-Signature: whether it is written as RFC 6376 demands.

Whether it is true needs the key that the domain publishes, and is not looked up here.
"""

import re
from collections.abc import Iterator, Mapping

from service.facts.words import N_
from service.mail.check_headers import Header, Note

TAGS = N_("DKIM-Signature is not a list of tags such as v=1 (RFC 6376): %(value)s")
TAG = N_("The tag %(tag)s of DKIM-Signature is missing or cannot be read.")
FROM = N_("DKIM-Signature does not cover the header From.")
LISTS = N_("DKIM-Signature does not cover the header %(name)s (RFC 8058).")

_TAG = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*=([!-:<-~ \t]*)")
_BASE64 = r"[A-Za-z0-9+/]+={0,2}"
_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_NEEDED = {
    "v": "1",
    "a": "rsa-sha256|ed25519-sha256",
    "b": _BASE64,
    "bh": _BASE64,
    "d": rf"{_NAME}(?:\.{_NAME})+",
    "h": r"[!-9;-~]+(?::[!-9;-~]+)*",
    "s": rf"{_NAME}(?:\.{_NAME})*",
}
_POSSIBLE = {"c": r"(?:simple|relaxed)(?:/(?:simple|relaxed))?", "t": "[0-9]{1,12}", "x": "[0-9]{1,12}"}


def judge(header: Header, headers: Mapping[str, Header]) -> Iterator[Note]:
    """Yield what is wrong with one signature; `headers` are those of the message, by lower-case name."""
    tags = _read(header.value.decode("ascii", "replace"))
    if tags is None:
        yield Note("dkim-tags", TAGS, header.line, {"value": header.shown})
        return
    for tag, pattern in (_NEEDED | _POSSIBLE).items():
        if not re.fullmatch(pattern, tags[tag]) if tag in tags else tag in _NEEDED:
            yield Note("dkim-tag", TAG, header.line, {"tag": tag})
    covered = tags.get("h", "").lower().split(":")
    if "h" in tags and "from" not in covered:
        yield Note("dkim-from", FROM, header.line)
    for key in ("list-unsubscribe", "list-unsubscribe-post"):
        if "h" in tags and key in headers and key not in covered:
            yield Note("dkim-list", LISTS, header.line, {"name": headers[key].name})


def _read(value: str) -> dict[str, str] | None:
    """The tags by name, without the white space that may stand in their values; None for no such list."""
    tags: dict[str, str] = {}
    for part in value.rstrip(" \t").removesuffix(";").split(";"):
        match = _TAG.fullmatch(part)
        if not match or match[1] in tags:
            return None
        tags[match[1]] = re.sub(r"[ \t]", "", match[2])
    return tags
