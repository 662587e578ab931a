"""Which of our languages a reader gets: Accept-Language by preference, likely script and script safety."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from babel.core import get_global

from service.i18n.locales import LOCALES, SOURCE

_HEADER_LIMIT = 8192
_RANGE_LIMIT = 100
"""Ranges beyond these are not read: no browser sends a tenth of them."""
_TAG_LIMIT = 64
_QUALITY = re.compile(r"q\s*=\s*(0(?:\.[0-9]{0,9})?|1(?:\.0{0,9})?)", re.IGNORECASE)
_SUBTAG = re.compile(r"[A-Za-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class _Tag:
    """A language tag made whole: `zh-TW` is zh, Hant, TW. `written` are its own subtags, lower case."""

    language: str
    script: str
    written: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Range:
    tag: _Tag | None  # None for `*`
    quality: float


def negotiate(accept_language: str | None, available: Sequence[str], default: str) -> str:
    """The best of `available` locale codes for an Accept-Language header (RFC 9110 section 12.5.4).

    The reader's order decides, not the exactness of a match. A language in another script than the reader's
    is only given when nothing else they accept is there: `zh-TW, en;q=0.5` is English here. Malformed
    ranges are passed over; never raises; time is bounded whatever the header.
    """
    ranges = _ranges(accept_language or "")
    wanted = _one_script_each(sorted((r for r in ranges if r.quality > 0), key=lambda r: -r.quality))
    refused = [r.tag for r in ranges if r.quality == 0 and r.tag]
    welcome = [r.tag for r in wanted if r.tag]
    offered = [
        (code, tag)
        for code in available
        if (tag := _ours(code)) and _named(tag, refused) <= _named(tag, welcome)
    ]
    found = _first(wanted, offered, default)
    if found is None:
        found = next((code for r in wanted if r.tag for code, tag in offered if _kin(r.tag, tag)), None)
    return default if found is None else found


def _first(wanted: Sequence[_Range], offered: Sequence[tuple[str, _Tag]], default: str) -> str | None:
    """The first offer in the reader's own script; `*` takes the default, unless a language came with it."""
    anything = False
    for r in wanted:
        if r.tag is None:
            anything = True
            continue
        for code, tag in offered:
            if _kin(r.tag, tag) and r.tag.script == tag.script:
                return code
    if anything and not any(_kin(r.tag, tag) for r in wanted if r.tag for _, tag in offered):
        codes = [code for code, _ in offered]
        return default if default in codes or not codes else codes[0]
    return None


def closest(tag: str | None, available: Sequence[str]) -> str | None:
    """The locale code that serves one language tag, `ja` for `ja-JP`; None when the script would differ."""
    wanted = _tag(tag or "")
    if wanted is None:
        return None
    for code in available:
        ours = _ours(code)
        if ours and _kin(wanted, ours) and wanted.script == ours.script:
            return code
    return None


def is_language(tag: str) -> bool:
    """Whether a tag names a language that there is, ours or not: `pt_BR` does, `jp` does not."""
    found = _tag(tag)
    return found is not None and bool(found.script)


def terminal_locale(environ: Mapping[str, str]) -> str:
    """The locale code of a terminal's user, by LC_ALL, LC_MESSAGES, LANG (POSIX 8.2); else the source's.

    Where these name a language, LANGUAGE may list others in order of preference (GNU gettext).
    """
    value = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    value = value.partition(".")[0].partition("@")[0]
    listed = environ.get("LANGUAGE", "") if value not in ("", "C", "POSIX") else ""
    found = (closest(tag.partition(".")[0], tuple(LOCALES)) for tag in (*listed.split(":"), value))
    return next(filter(None, found), SOURCE)


def _kin(one: _Tag, other: _Tag) -> bool:
    return one.language == other.language


def _named(tag: _Tag, ranges: Sequence[_Tag]) -> int:
    """How closely a list of ranges names this very language: `zh` names zh-Hans, `zh-TW` does not."""
    return max((len(r.written) for r in ranges if tag.written[: len(r.written)] == r.written), default=0)


def _one_script_each(ranges: Sequence[_Range]) -> list[_Range]:
    """Browsers add a bare `zh` behind `zh-TW`; it stands for the script of the more preferred range."""
    scripts: dict[str, str] = {}
    found: list[_Range] = []
    for r in ranges:
        if r.tag is not None:
            script = scripts.setdefault(r.tag.language, r.tag.script)
            if len(r.tag.written) == 1:
                found.append(replace(r, tag=replace(r.tag, script=script)))
                continue
        found.append(r)
    return found


def _ranges(header: str) -> list[_Range]:
    parts = header[:_HEADER_LIMIT].split(",", _RANGE_LIMIT)[:_RANGE_LIMIT]
    return [found for part in parts if (found := _range(part)) is not None]


def _range(part: str) -> _Range | None:
    name, *parameters = part.split(";", 3)
    quality = 1.0
    for parameter in parameters:
        if not (found := _QUALITY.fullmatch(parameter.strip())):
            return None
        quality = float(found[1])
    if name.strip() == "*":
        return _Range(None, quality)
    tag = _tag(name.strip())
    return _Range(tag, quality) if tag else None


def _ours(code: str) -> _Tag | None:
    return _tag(LOCALES[code].tag if code in LOCALES else code)


def _tag(text: str) -> _Tag | None:
    """Read a BCP 47 tag up to its first extension and add its likely script; None if it is not a tag."""
    if len(text) > _TAG_LIMIT:
        return None
    subtags = text.replace("_", "-").split("-")
    if not all(_SUBTAG.fullmatch(subtag) for subtag in subtags) or len(subtags[0]) not in (2, 3):
        return None
    language, script, region = subtags[0].lower(), "", ""
    for subtag in subtags[1:]:
        if len(subtag) == 1:
            break
        if len(subtag) == 4 and subtag.isalpha() and not script:
            script = subtag.title()
        elif (len(subtag) == 2 and subtag.isalpha()) or (len(subtag) == 3 and subtag.isdigit()):
            region = region or subtag.upper()
    written = tuple(part.lower() for part in (language, script, region) if part)
    language = str(get_global("language_aliases").get(language, language)).partition("_")[0]
    return _Tag(language, script or _likely_script(language, region), written)


def _likely_script(language: str, region: str) -> str:
    likely = get_global("likely_subtags")
    whole = likely.get(f"{language}_{region}") or likely.get(language) or ""
    parts = str(whole).split("_")
    return parts[1] if len(parts) > 1 and len(parts[1]) == 4 else ""
