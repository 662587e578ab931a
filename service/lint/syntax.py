"""Rules on messages as they are written: doubled, damaged, with odd comments (PO002, PO005 to PO010)."""

import re
import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches

from service.facts.findings import Finding, Fix, Severity
from service.facts.words import N_, Phrase
from service.i18n import po
from service.lint.pairs import Mark, Pair, error, warning

_FLAGS = frozenset(
    {"fuzzy", "wrap", "no-wrap", "python-format", "c-format", "terminology", "forbidden", "read-only"}
    | {"md-text", "rst-text", "safe-html", "xml-text", "html-text", "strict-same", "strict-format", "url"}
    | {"placeholders", "discard", "auto-safe-html", "icu-flags", "bbcode-text", "markdown", "fluent-type"}
)
MISSPELT = N_("The flag “%(flag)s” is not known. “%(meant)s” is one.")
UNKNOWN_FLAG = N_("The flag “%(flag)s” is not known.")
PREVIOUS = N_("An earlier source text stands here, but the message is not marked fuzzy.")
CONFLICT = N_("A conflict marker of the version control is left in the text.")
STRANGE = N_("The character %(code)s does not belong in a text.")
MOJIBAKE = N_("“%(found)s” was read in the wrong encoding; it means “%(meant)s”.")
HALF_READ = N_("“%(found)s” was read in the wrong encoding, and a part is missing.")
APART = N_("An accent is written apart from its letter. Write them as one character.")
COMPATIBLE = N_("“%(found)s” is a compatibility character. Write “%(plain)s”.")
_CJK_CODES = frozenset({"ja", "zh", "zh_Hant", "ko"})
_HALF_READ = re.compile(r"[\u00e3-\u00e9][\u0080-\u00bf\u0152-\u02dc\u2013-\u203a\u20ac\u2122]")
_DECOMPOSED = re.compile(r"[^\u0300-\u036f\u3099\u309a][\u0300-\u036f\u3099\u309a]+")
_MERGED = re.compile(r"#-#-#-#|^(?:<{7}|>{7}|\|{7}) ", re.MULTILINE)
_BAD = re.compile(r"[\ufffd\ufeff\x00-\x08\x0b-\x1f\x7f]")
_TWO = r"[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u02dc\u2013-\u203a\u20ac\u2122]+"
_LATIN = re.compile(f"{_TWO}(?:{_TWO})*")
_COMPATIBLE = re.compile(r"[\u2e80-\u2fdf\uf900-\ufa0d\ufa10\ufa12\ufa15-\ufa1e\ufa20\ufa22\ufa25-\ufa26"
                         r"\ufa2a-\ufaff\ufb00-\ufb06\u3300-\u33ff]")  # fmt: skip


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


def check_comments(file: po.PoFile) -> Iterator[Finding]:
    """PO007, PO008: flags that no program knows, and previous texts that nobody is to compare."""
    for entry in file.entries:
        if entry.flags:
            for flag in entry.flags:
                if not _is_known(flag):
                    near = get_close_matches(flag, _FLAGS, 1)
                    yield _noted(
                        file, entry, rf"#,[^\n]*?({re.escape(flag)})", rule="PO007",
                        phrase=MISSPELT if near else UNKNOWN_FLAG, flag=flag, meant="".join(near),
                    )  # fmt: skip
        if entry.previous and not entry.fuzzy and not entry.obsolete:
            yield _noted(file, entry, r"(#\|)", rule="PO008", phrase=PREVIOUS)


def _is_known(flag: str) -> bool:
    return flag in _FLAGS or ":" in flag or flag.endswith("-format") or flag.startswith("ignore-")


def _noted(
    file: po.PoFile, entry: po.Entry, pattern: str, *, rule: str, phrase: Phrase, **values: object
) -> Finding:
    found = re.compile(pattern).search(file.text, *entry.span)
    line, column = file.position(found.start(1)) if found else (entry.line, 1)
    return Finding(rule, Severity.ADVICE, phrase, {**values, "msgid": entry.id}, line, column)


def check(pair: Pair) -> Iterator[Mark]:
    """PO005, PO009, PO010: damage inside a translation."""
    text = pair.target.text
    if ("#-#" in text or "<<<<" in text or ">>>>" in text or "||||" in text) and (
        merged := _MERGED.search(text)
    ):
        yield error("PO005", CONFLICT, merged.start())
    for bad in _BAD.finditer(text):
        if bad[0] not in pair.source.text:
            yield error("PO009", STRANGE, bad.start(), code=_code(bad[0]))
    if not text.isascii():
        yield from _mojibake(pair)
        yield from _normal(pair)


def _mojibake(pair: Pair) -> Iterator[Mark]:
    text = pair.target.text
    for run in _LATIN.finditer(text):
        if (meant := _mended(run[0])) is not None:
            yield error("PO009", MOJIBAKE, run.start(), fix=Fix(run.start(), run.end(), meant),
                        found=run[0], meant=meant)  # fmt: skip
        elif pair.locale.code in _CJK_CODES and _HALF_READ.match(run[0]):
            yield error("PO009", HALF_READ, run.start(), found=run[0])


def _normal(pair: Pair) -> Iterator[Mark]:
    text = pair.target.text
    if not unicodedata.is_normalized("NFC", text):
        for run in _DECOMPOSED.finditer(text):
            composed = unicodedata.normalize("NFC", run[0])
            if composed != run[0]:
                yield warning("PO010", APART, run.start(), fix=Fix(run.start(), run.end(), composed))
    for form in _COMPATIBLE.finditer(text):
        if form[0] not in pair.source.text:
            plain = unicodedata.normalize("NFKC", form[0])
            yield warning("PO010", COMPATIBLE, form.start(), fix=Fix(form.start(), form.end(), plain),
                          found=form[0], plain=plain)  # fmt: skip


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
