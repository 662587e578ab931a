"""What a row says, made usable: addresses parsed, languages and groups recognised, or the reasons why not."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from service.csvfile import recognized
from service.csvfile.headers import Key
from service.domain import checks
from service.domain.errors import DomainError
from service.domain.import_reasons import (
    BLANK,
    MISSING,
    NO_GROUP,
    NO_LANGUAGE,
    NO_WEB_ADDRESS,
    NO_ZONE,
    TOO_LONG,
    UNPRINTABLE,
    Reason,
    error,
)
from service.facts.limits import NAME_CHARACTERS
from service.i18n.folding import name_key
from service.mail import addresses
from service.mail.addresses import AddressError


@dataclass(slots=True)
class Values:
    """What one row says of a partner; `fields` holds only what is not blank, by the names of `Key`."""

    fields: dict[str, str]
    email: str = ""
    email_key: str = ""
    mpid: str | None = None
    group_id: int | None = None
    reasons: list[Reason] = field(default_factory=list)

    @property
    def rejected(self) -> bool:
        """Whether the row cannot be imported."""
        return any(reason.rejects for reason in self.reasons)


_REQUIRED = (Key.NAME, Key.EMAIL, Key.MEDIA)


def read(cells: Mapping[Key, str], groups: Mapping[str, int]) -> Values:
    """Judge the cells of a row; `groups` maps the name keys of the program's groups to their ids."""
    values = Values({})
    given = {key: text for key, cell in cells.items() if (text := cell.strip())}
    if not given:  # spreadsheets like to write rows of delimiters below the last one: said once, not thrice
        values.reasons.append(error("row-blank", BLANK))
        return values
    for key in _REQUIRED:
        if key not in given:
            values.reasons.append(error("value-missing", MISSING, key))
    fields = values.fields
    for key, text in given.items():
        name = _LINES.get(key)
        if name is None:
            _SPECIAL[key](values, text, groups)
        elif text.isprintable() and len(text) <= NAME_CHARACTERS:
            fields[name] = text
        else:
            _line(values, key, text)
    return values


def _line(values: Values, key: Key, text: str) -> None:
    """One line of text, kept as written; reasons where it is none, or too long."""
    if not text.isprintable():
        # Spaces other than the plain one are printable enough: only what `checks` refuses is refused.
        try:
            checks.line(text, field=key)
        except DomainError as refusal:
            values.reasons.append(error("text-unprintable", UNPRINTABLE, key, **refusal.values))
            return
    if len(text) > NAME_CHARACTERS:
        values.reasons.append(error("text-too-long", TOO_LONG, key, num=NAME_CHARACTERS))
        return
    values.fields[key.value] = text


# A description may have several lines; other controls have no place in it.
_UNPRINTABLE = re.compile("[\0-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def _description(values: Values, text: str, _groups: Mapping[str, int]) -> None:
    if text.isprintable():
        values.fields["description"] = text
        return
    kept = text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").replace("\f", "\n")
    bad = _UNPRINTABLE.search(kept)
    if bad is not None:
        code = f"U+{ord(bad.group()):04X}"
        values.reasons.append(error("text-unprintable", UNPRINTABLE, Key.DESCRIPTION, character=code))
        return
    values.fields["description"] = kept


_USUAL_ADDRESS = re.compile(r"([A-Za-z0-9_+][A-Za-z0-9_.+-]{0,63})@([A-Za-z0-9.-]{3,180})")


def _email(values: Values, text: str, _groups: Mapping[str, int]) -> None:
    try:
        plain = _USUAL_ADDRESS.fullmatch(text)
        if plain is not None:
            values.email, values.email_key = (
                text,
                f"{plain[1].lower()}@{addresses.domain_key(plain[2].lower())}",
            )
            return
        address = addresses.parse(text)
    except AddressError as refused:
        values.reasons.append(error("email-invalid", refused.phrase, Key.EMAIL, **refused.values))
        return
    values.email, values.email_key = address.as_written, address.key
    values.reasons += [
        Reason(one.rule, one.severity, one.phrase, one.values, Key.EMAIL)
        for one in addresses.warnings(address)
    ]


_BETWEEN = re.compile(r"[\s\u3000]+|[,;|、，；](?=https?://)", re.IGNORECASE)
_PLAIN_WEB = re.compile(r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?(?:[/?#][!-~]*)?", re.IGNORECASE)
# The same without the signs that may part several.
ONE_WEB = (
    r"(?:https?|HTTPS?)://[A-Za-z0-9-]++(?>(?:\.[A-Za-z0-9-]++)+)(?::[0-9]++)?(?:[/?#][!-+\--:<-{}~]*+)?"
)
_ONE_WEB = re.compile(ONE_WEB)
_BARE_WEB = re.compile(r"[^\s/:@]+(?:\.[^\s/:@.]{2,})+(?:[/?#]\S*)?")


def _media(values: Values, text: str, _groups: Mapping[str, int]) -> None:
    """Several web addresses stand between spaces or line ends; one written without https:// is given it."""
    if _ONE_WEB.fullmatch(text):
        values.fields["media_property"] = text
        return
    kept: list[str] = []
    for part in _BETWEEN.split(text):
        url = part.strip(",;|、，；")
        if not url:
            continue
        found = _web_address(url)
        if found is None:
            values.reasons.append(error("web-address-invalid", NO_WEB_ADDRESS, Key.MEDIA, url=url[:200]))
            return
        if found not in kept:
            kept.append(found)
    if not kept:
        values.reasons.append(error("web-address-invalid", NO_WEB_ADDRESS, Key.MEDIA, url=text[:200]))
        return
    values.fields["media_property"] = "\n".join(kept)


def _web_address(text: str) -> str | None:
    if _PLAIN_WEB.fullmatch(text):
        return text
    whole = text if "://" in text or not _BARE_WEB.fullmatch(text) else f"https://{text}"
    try:
        # A host that can exist, by IDNA; what is kept is what was written.
        checks.link(whole, field=Key.MEDIA)
        return checks.web_address(whole, field=Key.MEDIA)
    except DomainError:
        return None


def _group(values: Values, text: str, groups: Mapping[str, int]) -> None:
    values.group_id = groups.get(group_key(text))
    if values.group_id is None:
        values.reasons.append(error("group-unknown", NO_GROUP, Key.GROUP, name=text[:NAME_CHARACTERS]))


group_key = lru_cache(maxsize=4096)(name_key)
# What recognises the words of a column, and what is said where it cannot.
_CODES = {
    Key.LANGUAGE: (recognized.language, "language-unknown", NO_LANGUAGE),
    Key.TIME_ZONE: (recognized.time_zone, "zone-unknown", NO_ZONE),
}


def _mpid(values: Values, text: str, _groups: Mapping[str, int]) -> None:
    values.mpid = text


def _code(values: Values, key: Key, text: str) -> None:
    recognise, rule, phrase = _CODES[key]
    code = recognise(text)
    if code is None:
        values.reasons.append(error(rule, phrase, key, text=text[:NAME_CHARACTERS]))
    else:
        values.fields[key.value] = code


def _language(values: Values, text: str, _groups: Mapping[str, int]) -> None:
    _code(values, Key.LANGUAGE, text)


def _time_zone(values: Values, text: str, _groups: Mapping[str, int]) -> None:
    _code(values, Key.TIME_ZONE, text)


_LINES = {key: key.value for key in (Key.NAME, Key.FIRST_NAME, Key.LAST_NAME)}
_SPECIAL: Mapping[Key, Callable[[Values, str, Mapping[str, int]], None]] = {
    Key.EMAIL: _email,
    Key.MEDIA: _media,
    Key.GROUP: _group,
    Key.DESCRIPTION: _description,
    Key.MPID: _mpid,
    Key.LANGUAGE: _language,
    Key.TIME_ZONE: _time_zone,
}
