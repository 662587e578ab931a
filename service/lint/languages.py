"""The language of a catalog: what its header or its path say, and the locale that rules judge it by."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePath

from service.i18n import po
from service.i18n.any_locale import UnknownLanguage, locale_for
from service.i18n.locales import Locale
from service.lint import plurals

MESSAGES = "LC_MESSAGES"
_CODE = re.compile(
    r"(?P<language>[A-Za-z]{2,3})(?:[_-](?P<script>[A-Z][A-Za-z]{3}))?(?:[_-](?P<territory>[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:[_.@-].*)?",
    re.ASCII | re.DOTALL,
)
_SCRIPTS = {"CN": "Hans", "SG": "Hans", "MY": "Hans", "TW": "Hant", "HK": "Hant", "MO": "Hant"}
_MODIFIERS = {"latin": "Latn", "cyrillic": "Cyrl"}
UNKNOWN = Locale("und", "und", "und", "", "ltr", "nplurals=1; plural=0;")
"""For a catalog of which nobody says the language: only rules for every language hold."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A language code taken apart; the script of Chinese follows from its territory."""

    language: str
    script: str = ""
    territory: str = ""


def parts(code: str) -> Parts | None:
    """Take a code apart, however it is written; None where it is no code."""
    found = _CODE.fullmatch(code.strip())
    if found is None:
        return None
    language, script, territory = found["language"].lower(), found["script"] or "", found["territory"] or ""
    script, territory = (
        script.title() or _MODIFIERS.get(code.partition("@")[2].lower(), ""),
        territory.upper(),
    )
    if language == "zh" and not script:
        script = _SCRIPTS.get(territory, "")
    return Parts(language, script, territory)


def of_path(path: PurePath) -> str | None:
    """The code a path names: `fr/LC_MESSAGES/x.po`, `fr.po`, `x.fr.po`, `fr/x.po`."""
    folder = path.parent.parent.name if path.parent.name == MESSAGES else path.parent.name
    names = (
        (folder,) if path.parent.name == MESSAGES else (path.stem, re.split(r"[.-]", path.stem)[-1], folder)
    )
    return next((name for name in names if judged(name) is not None), None)


@cache
def judged(code: str) -> Locale | None:
    """The locale of a code, with the code that rules go by: `fr` for fr_CA, `zh` for zh_CN, `zh_Hant`."""
    found = parts(code)
    if found is None:
        return None
    try:
        locale = locale_for(code)
    except UnknownLanguage:
        try:
            locale = locale_for("_".join(filter(None, (found.language, found.script))))
        except UnknownLanguage:
            return None
    traditional = found.language == "zh" and found.script == "Hant"
    return replace(locale, code="zh_Hant" if traditional else found.language)


def of_catalog(file: po.PoFile, code: str | None) -> Locale:
    """The locale to judge a catalog by that is not ours: its own plural forms, as far as they can be used."""
    locale = (judged(code) if code else None) or UNKNOWN
    own = file.header.get("Plural-Forms", "")
    if plurals.usable(own):
        return replace(locale, plural_forms=own)
    if locale is UNKNOWN:
        counts = Counter(len(entry.strings) for entry in file.messages if entry.plural is not None)
        usual = counts.most_common(1)[0][0] if counts else 1
        return replace(UNKNOWN, plural_forms=f"nplurals={usual}; plural=n;")
    return locale
