"""Checks that several nouns share: names, web addresses, languages and zones a user typed."""

import unicodedata
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit
from zoneinfo import available_timezones

from service.domain.errors import DomainError
from service.facts.limits import NAME_CHARACTERS
from service.facts.refusals import Refusal
from service.i18n.locales import LOCALES
from service.mail import addresses

ZONES = frozenset(available_timezones())
_INVISIBLE = {"Cc", "Cs", "Zl", "Zp"}
_KEPT_IN_LINKS = "!#$%&'()*+,/:;=?@[]~-._"


def line(text: str, *, field: str) -> str:
    """Return one line of text without outer spaces; refuses controls, surrogates and line breaks."""
    kept = text.strip()
    for character in kept:
        if unicodedata.category(character) in _INVISIBLE:
            raise DomainError(Refusal.TEXT_UNPRINTABLE, field=field, character=f"U+{ord(character):04X}")
    return kept


def paragraphs(text: str, *, field: str) -> str:
    """Return text of several lines without outer spaces; refuses the controls that no text holds."""
    kept = text.strip().replace("\r\n", "\n")
    line("".join(character for character in kept if character not in "\n\t"), field=field)
    return kept


def is_line(text: str) -> bool:
    """Whether a text holds neither controls nor surrogates nor line breaks; spaces of any width are fine."""
    return all(unicodedata.category(character) not in _INVISIBLE for character in text)


def name(text: str, *, field: str = "name") -> str:
    """Return a name as it is to be kept: written as given, not empty, not too long."""
    kept = line(text, field=field)
    if not kept:
        raise DomainError(Refusal.NAME_MISSING, field=field)
    if len(kept) > NAME_CHARACTERS:
        raise DomainError(Refusal.NAME_TOO_LONG, field=field, num=NAME_CHARACTERS)
    return kept


def web_address(text: str, *, field: str) -> str:
    """Return an http or https address as given."""
    kept = line(text, field=field)
    _parts(kept, field)
    return kept


def link(text: str, *, field: str) -> str:
    """Return a web address that a mail can carry: host by IDNA, the rest percent-encoded (RFC 3986)."""
    kept = line(text, field=field)
    parts = _parts(kept, field)
    try:
        host = addresses.domain_key(parts.hostname or "")
        netloc = host if parts.port is None else f"{host}:{parts.port}"
    except ValueError as error:
        raise DomainError(Refusal.URL_INVALID, field=field, url=kept) from error
    rest = (quote(part, safe=_KEPT_IN_LINKS) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, netloc, *rest))


def _parts(kept: str, field: str) -> SplitResult:
    try:
        parts = urlsplit(kept)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in kept
    except ValueError:
        usable = False
    if not usable or parts.username is not None:
        raise DomainError(Refusal.URL_INVALID, field=field, url=kept)
    return parts


def locale(code: str, *, field: str = "locale") -> str:
    """Return the code of a locale the product speaks."""
    if code not in LOCALES:
        raise DomainError(Refusal.LOCALE_UNKNOWN, field=field, language=code)
    return code


def zone(text: str) -> str:
    """Return the name of a time zone of the IANA database."""
    if text not in ZONES:
        raise DomainError(Refusal.ZONE_UNKNOWN, field="time_zone", text=text)
    return text
