"""Which link and image addresses a document may carry; everything else is shown as text."""

import re
from urllib.parse import urlsplit

LINK_SCHEMES = frozenset({"http", "https", "mailto"})
IMAGE_SCHEMES = frozenset({"http", "https"})

# Browsers strip tab and newlines anywhere and leading controls, and read a backslash as a slash
# (WHATWG URL, "basic URL parser"); an address that needs such mending is refused, not mended.
_UNUSUAL = re.compile(r"[\x00-\x20\x7f-\xa0\\\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_FIRST_SEGMENT = re.compile(r"[^/?#]*")


def safe(address: str, schemes: frozenset[str] = LINK_SCHEMES) -> bool:
    """Tell whether an address (entities and escapes already decoded) is relative or has an allowed scheme.

    Refused: other schemes, scheme-relative `//host`, backslashes, control and invisible characters,
    a colon in the first segment of a relative path.
    """
    if _UNUSUAL.search(address.replace(" ", "%20")) or address.startswith("//"):
        return False
    first = _FIRST_SEGMENT.match(address)
    scheme, colon, rest = (first.group() if first else "").partition(":")
    if not colon:
        return True
    if scheme.lower() not in schemes:
        return False
    if scheme.lower() == "mailto":
        return bool(rest)
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def external(address: str) -> bool:
    """Tell whether an address leaves the site: it names a host."""
    return address.lower().startswith(("http:", "https:"))
