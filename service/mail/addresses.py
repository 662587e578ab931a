"""Email addresses: one addr-spec in, what is sent, compared and shown out; look-alike domains flagged.

Domains follow IDNA 2008 with UTS 46 mapping, non-transitional, so that `faß.de` stays its own domain.
"""

import functools
import re
import unicodedata
from dataclasses import dataclass

import idna

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase

MOST_OCTETS = 254
MOST_LOCAL_OCTETS = 64

NO_ADDRESS = N_("There is no email address here. Write one such as %(example)s.")
NOT_ONE = N_("“%(address)s” is not a single email address. Write one such as %(example)s.")
BAD_CHARACTER = N_(
    "The email address “%(address)s” contains a character that cannot stand there: %(character)s"
)
BAD_START = N_("The email address “%(address)s” begins with a hyphen, which mail servers refuse.")
TOO_LONG = N_("The email address is longer than mail servers accept: “%(address)s”")
BAD_DOMAIN = N_("The part after the @ is not a domain that can exist: “%(domain)s”")
NO_DOT = N_("The domain “%(domain)s” is not complete. It needs an ending such as .com.")
LOOKALIKE = N_("The domain “%(domain)s” looks like “%(lookalike)s” but is another one: %(punycode)s")
MIXED_SCRIPTS = N_("The domain “%(domain)s” mixes letters of different scripts: %(punycode)s")

EXAMPLE = "name@example.com"


class AddressError(ValueError):
    """An address that cannot be used; `phrase` with `values` says why, a log tells the phrase alone."""

    def __init__(self, phrase: Phrase, **values: str) -> None:
        super().__init__(phrase.text)
        self.phrase = phrase
        self.values = values


@dataclass(frozen=True, slots=True)
class Address:
    """One address: the local part as written, the domain as lower-case A-labels.

    `as_written` is the text without surrounding space. `key` is what addresses are compared by: NFC,
    case-folded local part, A-label domain. Dots and `+tag` count.
    """

    local: str
    domain: str
    as_written: str
    key: str

    @property
    def needs_smtputf8(self) -> bool:
        """Tell whether only a server that offers SMTPUTF8 (RFC 6531) can take this address."""
        return not self.local.isascii()

    @property
    def spec(self) -> str:
        """The addr-spec of envelope and header; a local part with stray dots is quoted (RFC 5321)."""
        local = self.local if _DOT_ATOM.fullmatch(self.local) else f'"{self.local}"'
        return f"{local}@{self.domain}"

    @property
    def shown(self) -> str:
        """The address as people read it, the domain in its own script."""
        return f"{self.local}@{display_domain(self.domain)}"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with the name shown beside it, empty for none."""

    name: str
    address: Address


# RFC 5321 atext, and for internationalised addresses everything RFC 6531 adds that can be seen.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u00a1-\ud7ff\uf900-\ufffc\U00010000-\U0010fffd-]+")
# What most addresses are: in all limits, nothing to refuse, nothing to read as something else.
_USUAL = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.+-]{0,63})@([A-Za-z0-9.-]{1,180})")
# A domain that is its own key, as most are: letters, digits, hyphens, in all limits.
_PLAIN_DOMAIN = r"(?>(?:(?!-|..--)[a-z0-9-]{1,44}+(?<!-)\.){1,3})[a-z]{2,44}+"
_is_plain_domain = re.compile(_PLAIN_DOMAIN).fullmatch
# An address that is its own key, too, and has nothing to refuse or to warn about.
PLAIN_ADDRESS = rf"[a-z0-9_+][a-z0-9_.+-]{{0,63}}+@{_PLAIN_DOMAIN}"
_DOT_ATOM = re.compile(r"[^.]+(?:\.[^.]+)*")
_FULL_STOPS = "。．｡"
# U+FF01 to U+FF5E stand for U+0021 to U+007E (Unicode, Halfwidth and Fullwidth Forms).
_PLAIN = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}


def parse(text: str) -> Address:
    """Read exactly one address, nothing around it; raises AddressError.

    Full-width letters, digits and signs are what a CJK keyboard writes for plain ones, and are read as these;
    so are ideographic full stops in the domain. Groups, comments, routes, quoted strings and address literals
    are refused.
    """
    if usual := _USUAL.fullmatch(text):
        local, domain = usual[1], domain_key(usual[2])
        return Address(local, domain, text, f"{local.lower()}@{domain}")
    written = text.strip().translate(_PLAIN)
    if not written:
        raise AddressError(NO_ADDRESS, example=EXAMPLE)
    if len(written) > MOST_OCTETS or len(written.encode("utf-8", "replace")) > MOST_OCTETS:
        raise AddressError(TOO_LONG, address=written[:64] + "…")
    local, at, domain = written.partition("@")
    if not at or not local or not domain or "@" in domain:
        raise AddressError(NOT_ONE, address=_printable(written), example=EXAMPLE)
    _check_local(local, written)
    ascii_domain = domain_key(domain)
    if len(f"{local}@{ascii_domain}".encode()) > MOST_OCTETS:
        raise AddressError(TOO_LONG, address=written[:64] + "…")
    folded = local.lower() if local.isascii() else _folded(local)
    return Address(local, ascii_domain, written, f"{folded}@{ascii_domain}")


def _folded(local: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).casefold())


def _check_local(local: str, written: str) -> None:
    whole = _LOCAL.match(local)
    end = whole.end() if whole else 0
    bad = local[end : end + 1]
    if not local.isascii():
        bad = next((char for char in local[:end] if not char.isascii() and not _can_stand(char)), bad)
    if bad:
        raise AddressError(BAD_CHARACTER, address=_printable(written), character=_named(bad))
    if "=?" in local:
        # Where RFC 2047 words are looked for by their beginning, another address would be read.
        raise AddressError(BAD_CHARACTER, address=written, character="=?")
    if local.startswith("-"):
        raise AddressError(BAD_START, address=written)
    if not local.strip("."):
        raise AddressError(NOT_ONE, address=written, example=EXAMPLE)
    if len(local.encode()) > MOST_LOCAL_OCTETS:
        raise AddressError(TOO_LONG, address=written[:64] + "…")


def _can_stand(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMNSP"


# Few domains hold most people, and IDNA costs more than all else that is done with an address.
@functools.lru_cache(maxsize=4096)
def domain_key(domain: str) -> str:
    """Return a domain as lower-case A-labels; raises AddressError for one that cannot exist."""
    return domain if _is_plain_domain(domain) else _by_idna(domain)


def _by_idna(domain: str) -> str:
    shown = _printable(domain)
    name = domain[:-1] if domain.endswith((".", *_FULL_STOPS)) else domain
    try:
        encoded = idna.encode(name, uts46=True, std3_rules=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise AddressError(BAD_DOMAIN, domain=shown) from None
    labels = encoded.split(".")
    if len(labels) < 2:
        raise AddressError(NO_DOT, domain=shown)
    if not all(labels) or labels[-1].isdigit():
        raise AddressError(BAD_DOMAIN, domain=shown)
    return encoded


def display_domain(domain: str) -> str:
    """Return an A-label domain in its own script."""
    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain


def warnings(address: Address) -> tuple[Finding, ...]:
    """Return a warning for a domain that passes for another (check H-8), with its punycode."""
    if "xn--" not in address.domain:
        return ()
    domain = display_domain(address.domain)
    if domain.isascii():
        return ()
    values = {"domain": domain, "punycode": address.domain}
    labels = domain.split(".")
    skeletons = [_skeleton(label) for label in labels]
    if any(skeletons):
        lookalike = ".".join(skeleton or label for skeleton, label in zip(skeletons, labels, strict=True))
        values["lookalike"] = lookalike
        return (Finding("address-lookalike", Severity.WARNING, LOOKALIKE, values),)
    if any(_mixed(label) for label in labels):
        return (Finding("address-scripts", Severity.WARNING, MIXED_SCRIPTS, values),)
    return ()


# Letters that are drawn like a Latin one (a part of the UTS 39 confusables, lower case only: IDNA 2008).
_DRAWN_ALIKE = {
    char: latin
    for latin, alike in {
        "a": "аɑα",
        "c": "сϲ",
        "d": "ԁ",
        "e": "е",
        "g": "ɡց",
        "h": "һ",
        "i": "іıι",
        "j": "ј",
        "k": "κ",
        "l": "ӏ",
        "n": "ո",
        "o": "оοօ",
        "p": "рρ",
        "q": "ԛ",
        "s": "ѕ",
        "t": "τ",
        "u": "υս",
        "v": "νѵ",
        "w": "ԝω",
        "x": "хχ",
        "y": "уγ",
    }.items()
    for char in alike
}


def _skeleton(label: str) -> str | None:
    """The Latin word a label is drawn like, or None when some letter gives it away."""
    if label.isascii():
        return None
    drawn = [_DRAWN_ALIKE.get(char, char) for char in label]
    return "".join(drawn) if all(char.isascii() for char in drawn) else None


# UTS 39, "highly restrictive": these scripts are written together.
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)


def _mixed(label: str) -> bool:
    scripts = {_script(char) for char in label if char.isalpha()} - {""}
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)


def _script(char: str) -> str:
    # The first word of a character's name is its script for every script that domains use;
    # the prolonged sound mark and the iteration mark belong to all of Japanese.
    return "" if char in "ー々〆〇" else unicodedata.name(char, "").partition(" ")[0].partition("-")[0]


def _printable(text: str) -> str:
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text[:80])
    return shown if len(text) <= 80 else f"{shown}…"


def _named(char: str) -> str:
    return char if char.isprintable() and not char.isspace() else f"U+{ord(char):04X}"
