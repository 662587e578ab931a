"""A locale for any language CLDR knows, made on demand: for catalogs that are not ours, and for new ones."""

from functools import cache
from typing import Literal

from service.i18n.locales import LOCALES, Locale


class UnknownLanguage(Exception):
    """A code that CLDR does not know."""


@cache
def locale_for(code: str) -> Locale:
    """The locale of a code as `de`, `pt_BR`, `zh-Hant`; ours where it is one of ours. UnknownLanguage.

    Plural forms are those customary in gettext catalogs; the name is the language's own.
    """
    if code in LOCALES:
        return LOCALES[code]
    # Babel costs a fifth of a second, and the languages of the product do not need it.
    from babel import Locale as Cldr
    from babel import UnknownLocaleError
    from babel.messages.plurals import get_plural

    try:
        cldr = Cldr.parse(code.replace("-", "_").partition("@")[0])
    except (UnknownLocaleError, ValueError) as error:
        raise UnknownLanguage(code) from error
    direction: Literal["ltr", "rtl"] = "rtl" if cldr.text_direction == "rtl" else "ltr"
    name = cldr.get_display_name(cldr) or code
    tag = str(cldr).replace("_", "-")
    return Locale(code, tag, str(cldr), name, direction, get_plural(cldr).plural_forms)
