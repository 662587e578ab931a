"""The addresses among the settings: each as programs take it, or what is wrong with it."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import idna

_PORTS = {"http": 80, "https": 443}
_PORT = re.compile(r":[0-9]+\Z")
# What a resolver takes of plain ASCII; the underscore stands in the names of many private networks.
ASCII_HOST = re.compile(r"(?=.{1,253}\.?\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")


def base_url(text: str, problems: list[str]) -> str:
    try:
        return _origin(text)
    except ValueError:
        problems.append(f"BASE_URL must be an http or https address without a path, not {text!r}")
        return text


def download_url(text: str, base_url: str, problems: list[str]) -> str:
    """Return the origin that hands out attachments; empty where that is the one of all pages.

    Our cookies name no domain: browsers send them to the very host that set them (RFC 6265 section 5.1.3),
    but to all of its ports (section 8.5). With https no other host can put cookies in their place either.
    """
    if not text:
        return ""
    try:
        origin = _origin(text)
        if not origin.startswith("https://"):
            raise ValueError("not https")
    except ValueError:
        problems.append(f"DOWNLOAD_URL must be an https address without a path, not {text!r}")
        return text
    if _PORT.sub("", origin.partition("://")[2]) == _PORT.sub("", base_url.partition("://")[2]):
        problems.append("DOWNLOAD_URL must be on another host than BASE_URL; cookies do not stop at ports")
    elif not base_url.startswith("https://"):
        problems.append("DOWNLOAD_URL needs a BASE_URL with https")
    return origin


def _origin(text: str) -> str:
    """Return the origin that browsers make of an address: they compare it letter by letter.

    Raises ValueError for what is no origin, or more than one.
    """
    parts = urlsplit(text.strip())
    host, port = _host(parts), parts.port
    beyond = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _PORTS or beyond:
        raise ValueError("there is more or less to it")
    shown = "" if port is None or port == _PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{host.rstrip('.')}{shown}"


def mail_url(text: str, problems: list[str]) -> str:
    """Return the address of the relay with its host in ASCII; what is wrong never shows the password."""
    try:
        parts = urlsplit(text)
        if parts.scheme == "capture":
            return text
        if parts.scheme not in {"smtp", "smtps"}:
            problems.append("MAIL_URL must start with capture:, smtp:// or smtps://")
            return text
        user, at, _ = parts.netloc.rpartition("@")
        port = "" if parts.port is None else f":{parts.port}"
        return parts._replace(netloc=f"{user}{at}{_host(parts)}{port}").geturl()
    except ValueError:
        problems.append(
            "MAIL_URL does not name a mail server that can exist: it must look like smtp://host:port or "
            "smtps://user:password@host:port, with special characters of a password written as %XX"
        )
        return text


def scanner_url(text: str, problems: list[str]) -> str:
    """Return the address of the scanner, a host or an absolute path; empty for none."""
    try:
        parts = urlsplit(text)
        is_path = parts.scheme == "clamd+unix" and not parts.netloc and parts.path.startswith("/")
        # Asked for, so that a port that is none is noticed.
        is_host = (
            parts.scheme == "clamd" and bool(_host(parts)) and parts.port != 0 and parts.path in {"", "/"}
        )
    except ValueError:
        is_path = is_host = False
    if text and not is_path and not is_host:
        problems.append(f"SCANNER_URL must look like clamd://host:3310 or clamd+unix:///path, not {text!r}")
    return text


def _host(parts: SplitResult) -> str:
    """Return the host as it stands in addresses, in lower-case ASCII; ValueError for none that can exist."""
    name = parts.hostname or ""
    if "[" in parts.netloc.rpartition("@")[2]:
        return f"[{ipaddress.IPv6Address(name)}]"
    if not name.isascii():
        name = idna.encode(name, uts46=True).decode("ascii")
    if not ASCII_HOST.fullmatch(name):
        raise ValueError("not a host name")
    return name


def ascii_domain(text: str) -> str | None:
    """Return a domain in lower-case ASCII, or None for one that cannot exist."""
    try:
        name = text.strip().lower().rstrip(".")
        name = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    return name if ASCII_HOST.fullmatch(name) and "." in name else None
