"""Rules on the file itself: what cannot be read, headers, doubled and damaged messages (PO001 to PO010)."""

import re
import unicodedata
from collections.abc import Iterator

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.i18n import po
from service.i18n.catalogs import same_plural
from service.i18n.locales import Locale
from service.lint.pairs import Mark, Pair, error, warning

_RULES = {
    po.Mistake.SYNTAX: "PO001",
    po.Mistake.DOUBLE: "PO002",
    po.Mistake.CONFLICT: "PO005",
    po.Mistake.ENCODING: "PO009",
}
_MERGED = re.compile(r"#-#-#-#|^(?:<{7}|>{7}|\|{7}) ", re.MULTILINE)
_BAD = re.compile(r"[\ufffd\ufeff\x00-\x08\x0b-\x1f\x7f]")
_LATIN = re.compile(r"(?:[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u02dc\u2013-\u203a\u20ac\u2122]+)+")
_COMPATIBLE = re.compile(r"[\u2e80-\u2fdf\uf900-\ufa0d\ufa10\ufa12\ufa15-\ufa1e\ufa20\ufa22\ufa25-\ufa26"
                         r"\ufa2a-\ufaff\ufb00-\ufb06\u3300-\u33ff]")  # fmt: skip


def unreadable(mistake: po.PoSyntaxError) -> Finding:
    """PO001, PO002, PO005, PO009: why the reader refused the file."""
    return Finding(
        _RULES[mistake.mistake], Severity.ERROR, mistake.phrase, mistake.values, mistake.line, mistake.column
    )


def check_header(file: po.PoFile, locale: Locale) -> Iterator[Finding]:
    """PO003, PO004: charset, language and plural forms are those of our table."""
    entry = file.header_entry
    if entry is None:
        phrase = N_("The file has no header: its first message has an empty “msgid”.")
        yield Finding("PO003", Severity.ERROR, phrase, {}, 1, 1)
        return
    header = file.header

    def say(rule: str, severity: Severity, phrase: Phrase, **values: object) -> Finding:
        return Finding(rule, severity, phrase, values, entry.line, 1)

    charset = header.get("Content-Type", "").partition("charset=")[2].strip().lower()
    if charset not in ("utf-8", "utf8"):
        yield say("PO003", Severity.ERROR, N_("The header must say “charset=UTF-8”."))
    if header.get("Language", "").replace("_", "-") not in (locale.code, locale.tag):
        yield say(
            "PO003",
            Severity.WARNING,
            N_("The header must say “Language: %(language)s”."),
            language=locale.code,
        )
    if entry.fuzzy:
        yield say("PO003", Severity.WARNING, N_("The header is marked fuzzy."))
    if not same_plural(header.get("Plural-Forms", ""), locale):
        yield say("PO004", Severity.ERROR, N_("The header must say “Plural-Forms: %(plural)s”."),
                  plural=locale.plural_forms)  # fmt: skip


def check_obsolete(file: po.PoFile) -> Iterator[Finding]:
    """PO002, PO006: an obsolete message that is also in use, or twice obsolete."""
    active = {entry.key: entry for entry in file.messages}
    gone: dict[po.Key, po.Entry] = {}
    for entry in file.entries:
        if not entry.obsolete:
            continue
        twin = active.get(entry.key) or gone.get(entry.key)
        gone[entry.key] = entry
        if twin is None:
            continue
        values = {"first": str(twin.line)}
        if not twin.obsolete and not any(twin.strings) and all(entry.strings):
            yield Finding("PO006", Severity.WARNING,
                          N_("The empty message on line %(first)s has a translation here, marked obsolete."),
                          values, entry.line, 1)  # fmt: skip
        else:
            yield Finding("PO002", Severity.ERROR,
                          N_("This message is already in the file, on line %(first)s."),
                          values, entry.line, 1)  # fmt: skip


def check(pair: Pair) -> Iterator[Mark]:
    """PO005, PO009, PO010: damage inside a translation."""
    text = pair.target.text
    if merged := _MERGED.search(text):
        yield error(
            "PO005", N_("A conflict marker of the version control is left in the text."), merged.start()
        )
    for bad in _BAD.finditer(text):
        yield error(
            "PO009", N_("The character %(code)s does not belong in a text."), bad.start(), code=_code(bad[0])
        )
    for run in _LATIN.finditer(text):
        if (meant := _mended(run[0])) is not None:
            yield error("PO009", N_("“%(found)s” was read in the wrong encoding; it means “%(meant)s”."),
                        run.start(), found=run[0], meant=meant)  # fmt: skip
    composed = unicodedata.normalize("NFC", text)
    if composed != text:
        at = next((i for i, (a, b) in enumerate(zip(text, composed, strict=False)) if a != b), len(composed))
        yield warning(
            "PO010", N_("An accent is written apart from its letter. Write them as one character."), at
        )
    for form in _COMPATIBLE.finditer(text):
        if form[0] not in pair.source.text:
            plain = unicodedata.normalize("NFKC", form[0])
            yield warning("PO010", N_("“%(found)s” is a compatibility character. Write “%(plain)s”."),
                          form.start(), found=form[0], plain=plain)  # fmt: skip


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _byte(character: str) -> bytes:
    """The byte a character was made of: Windows-1252 leaves five bytes to Latin-1."""
    return character.encode("latin-1" if "\x80" <= character <= "\x9f" else "cp1252")


def _mended(run: str) -> str | None:
    """What accented Latin means if its UTF-8 bytes were read as Windows-1252; None if it means itself."""
    try:
        meant = b"".join(map(_byte, run)).decode("utf-8")
    except UnicodeError:
        return None
    plausible = all(0xA0 <= ord(c) <= 0x17F or 0x2010 <= ord(c) <= 0x2044 or ord(c) >= 0x3000 for c in meant)
    return meant if plausible else None
