"""What keeps a catalog, or one entry of it, out of use: a header that lies, placeholders that do not fit."""

import gettext
import re
from collections.abc import Callable, Mapping

from service.facts.words import N_, Phrase
from service.i18n import po
from service.i18n.fill import named
from service.i18n.locales import Locale

OTHER_LANGUAGE = N_("The header says “%(found)s”, the path “%(expected)s”.")
# How a header says that its Chinese is in traditional characters.
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
# What no mail and no page may carry.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def refuse_header(file: po.PoFile, locale: Locale) -> None:
    """PoSyntaxError for a catalog without a header, or with another encoding, language, or plural rule."""
    entry = file.header_entry
    if entry is None:
        raise po.PoSyntaxError(N_("The file has no header: its first message has an empty “msgid”."), 1, 1)
    where = (entry.line, 1)
    charset = file.header.get("Content-Type", "").partition("charset=")[2].strip()
    if charset.lower() not in ("utf-8", "utf8"):
        raise po.PoSyntaxError(N_("The header must say “charset=UTF-8”."), *where)
    language = file.header.get("Language", "")
    if language and is_other_language(language, locale):
        raise po.PoSyntaxError(OTHER_LANGUAGE, *where, found=language, expected=locale.code)
    plural = file.header.get("Plural-Forms", "")
    if plural and not same_plural(plural, locale):
        raise po.PoSyntaxError(
            N_("The header must say “Plural-Forms: %(plural)s”."), *where, plural=locale.plural_forms
        )


def is_other_language(header: str, locale: Locale) -> bool:
    """Whether a Language header, however it is written, means another language or script than the locale."""
    said = re.split(r"[-_.@]", header.strip().lower())
    if said[0] != locale.tag.lower().partition("-")[0]:
        return True
    return locale.tag == "zh-Hans" and not _TRADITIONAL.isdisjoint(said[1:])


def same_plural(header: str, locale: Locale) -> bool:
    """Whether a Plural-Forms header means the rule of our table, however it is written."""
    try:
        count, rule = _plural_rule(header)
        expected, pinned = locale.plural_count, gettext.c2py(locale.plural_expression)
        return count == expected and all(rule(n) == pinned(n) for n in (*range(1001), 1_000_000))
    except (ValueError, ArithmeticError):
        return False


def _plural_rule(header: str) -> tuple[int, Callable[[int], int]]:
    fields = dict(field.strip().partition("=")[::2] for field in header.split(";") if "=" in field)
    return int(fields.get("nplurals", "0")), gettext.c2py(fields.get("plural", ""))


def entry_problem(entry: po.Entry, locale: Locale) -> tuple[Phrase, Mapping[str, object]] | None:
    """Why an entry cannot be used, as a phrase with its values; None where it can."""
    if entry.plural is not None and len(entry.strings) != locale.plural_count:
        return (
            N_("This message needs %(expected)s plural forms and has %(found)s."),
            {"expected": locale.plural_count, "found": len(entry.strings)},
        )
    source = named(entry.id)
    if entry.plural is not None:
        source = source | named(entry.plural)
    for string in entry.strings:
        # Nearly all are printable, which is told sooner.
        if not string.isprintable() and (control := _CONTROL.search(string)):
            code = f"U+{ord(control[0]):04X}"
            return N_("The translation contains a control character: %(code)s"), {"code": code}
        if "%" not in string and not source:
            continue
        names = named(string)
        for name in sorted(names - source):
            return N_("The placeholder “%(name)s” is not in the source text."), {"name": name}
        for name in sorted(source - names):
            if not (entry.plural is not None and name == "num"):
                return N_("The placeholder “%(name)s” of the source text is missing."), {"name": name}
    return None
