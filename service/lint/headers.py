"""Rules on a catalog's header (PO003, PO004): charset, language and plural forms."""

from collections.abc import Iterator

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.i18n import po
from service.i18n.catalogs import same_plural
from service.i18n.locales import LOCALES, Locale
from service.lint import plurals
from service.lint.languages import Parts, parts

NO_HEADER = N_("The file has no header: its first message has an empty “msgid”.")
CHARSET = N_("The header must say “charset=UTF-8”.")
LANGUAGE = N_("The header must say “Language: %(language)s”.")
NO_LANGUAGE = N_("The header does not say in which language the file is.")
OTHER_LANGUAGE = N_("The header says “%(found)s”, the path “%(expected)s”.")
FUZZY = N_("The header is marked fuzzy.")
PLURAL = N_("The header must say “Plural-Forms: %(plural)s”.")
NO_PLURAL = N_("The header does not say which plural forms there are.")
BAD_PLURAL = N_("The plural rule of the header does not give every count one of its forms.")
UNUSUAL_PLURAL = N_(
    "The number of plural forms is unusual for this language: %(found)s instead of %(expected)s."
)


class _Header:
    """The header of one file, and where its fields stand."""

    def __init__(self, file: po.PoFile, entry: po.Entry) -> None:
        self.file, self.entry, self.fields = file, entry, file.header

    def value(self, name: str) -> str:
        return self.fields.get(name, "")

    def say(self, severity: Severity, phrase: Phrase, name: str = "", **values: object) -> Finding:
        """A finding at the value of a field, or at the header where the field is missing."""
        rule = "PO004" if name == "Plural-Forms" else "PO003"
        line, column = self.entry.line, 1
        if name in self.fields:
            text = self.entry.strings[0]
            at = 0 if text.startswith(name) else text.find("\n" + name) + 1
            line, column = self.file.place(self.entry, 0, text.find(self.value(name), at + len(name)))
        return Finding(rule, severity, phrase, values, line, column)


def check(
    file: po.PoFile, locale: Locale, code: str | None = None, *, ours: bool = True
) -> Iterator[Finding]:
    """PO003, PO004: our catalogs agree with our table, others with their path and with themselves.

    `code` is the language that the path of a catalog of others names.
    """
    entry = file.header_entry
    if entry is None:
        yield Finding("PO003", Severity.ERROR, NO_HEADER, {}, 1, 1)
        return
    header = _Header(file, entry)
    charset = header.value("Content-Type").partition("charset=")[2].strip().lower()
    if charset not in ("utf-8", "utf8"):
        yield header.say(Severity.ERROR, CHARSET, "Content-Type")
    if entry.fuzzy:
        yield header.say(Severity.WARNING, FUZZY)
    yield from _ours(header, locale) if ours else _others(header, locale, code)


def _ours(header: _Header, locale: Locale) -> Iterator[Finding]:
    if header.value("Language").replace("_", "-") not in (locale.code, locale.tag):
        yield header.say(Severity.WARNING, LANGUAGE, "Language", language=locale.code)
    if not same_plural(header.value("Plural-Forms"), locale):
        yield header.say(Severity.ERROR, PLURAL, "Plural-Forms", plural=locale.plural_forms)


def _others(header: _Header, locale: Locale, code: str | None) -> Iterator[Finding]:
    language = header.value("Language")
    if not language:
        yield header.say(Severity.WARNING, NO_LANGUAGE, "Language")
    elif code is not None and (severity := _differ(parts(language), parts(code))) is not None:
        yield header.say(severity, OTHER_LANGUAGE, "Language", found=language, expected=code)
    yield from _plural(header, locale)


def _differ(said: Parts | None, placed: Parts | None) -> Severity | None:
    """How badly a header's language and a path's disagree."""
    if placed is None:
        return None
    if said is None or said.language != placed.language:
        return Severity.ERROR
    if said.script and placed.script and said.script != placed.script:
        return Severity.ERROR
    return Severity.WARNING if placed.script and not said.script else None


def _plural(header: _Header, locale: Locale) -> Iterator[Finding]:
    text = header.value("Plural-Forms")
    if not text:
        if any(entry.plural is not None for entry in header.file.messages):
            yield header.say(Severity.WARNING, NO_PLURAL, "Plural-Forms")
        return
    if not plurals.usable(text):
        yield header.say(Severity.ERROR, BAD_PLURAL, "Plural-Forms")
        return
    known = LOCALES.get(locale.code)
    if known is not None and known.shipped and known.plural_count == locale.plural_count:
        return
    usual = plurals.customary(locale.cldr)
    if usual and locale.plural_count not in usual:
        yield header.say(Severity.WARNING, UNUSUAL_PLURAL, "Plural-Forms",
                         expected=min(usual), found=locale.plural_count)  # fmt: skip
