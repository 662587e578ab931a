"""Findings about files in the reader's words: sizes, encodings, delimiters, lists as it writes them."""

from collections.abc import Mapping

from service.facts.words import N_, NP_, Phrase
from service.i18n.catalogs import Catalog

# Proper names, the same in every language.
ENCODING_NAMES: Mapping[str, str] = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp932": "Shift_JIS (CP932)",
    "euc_jp": "EUC-JP",
    "euc_jis_2004": "EUC-JIS-2004",
    "iso2022_jp": "ISO-2022-JP",
    "iso2022_jp_ext": "ISO-2022-JP",
    "iso2022_jp_2004": "ISO-2022-JP-2004",
    "gb18030": "GB18030 (GBK)",
    "big5": "Big5",
    "cp950": "Big5 (CP950)",
    "big5hkscs": "Big5-HKSCS",
    "cp1252": "Windows-1252",
    "mac_roman": "MacRoman",
}
DELIMITER_NAMES: Mapping[str, Phrase] = {
    ",": N_("Comma"),
    ";": N_("Semicolon"),
    "\t": NP_("delimiter", "Tab"),
    "|": N_("Vertical bar"),
}


def encoding_name(encoding: str) -> str:
    """The name people know an encoding by."""
    return ENCODING_NAMES.get(encoding, encoding)


def delimiter_name(delimiter: str, catalog: Catalog) -> str:
    """The name of a delimiter, or the character itself."""
    phrase = DELIMITER_NAMES.get(delimiter)
    return delimiter if phrase is None else catalog.say(phrase)


def say(phrase: Phrase, values: Mapping[str, object], catalog: Catalog) -> str:
    """The words of a finding: `size` is in bytes, `encoding` and `encodings` are codec names."""
    return catalog.say(phrase, **{name: _shown(name, value, catalog) for name, value in values.items()})


def _shown(name: str, value: object, catalog: Catalog) -> object:
    if name == "size" and isinstance(value, int):
        return catalog.formats.file_size(value)
    if name == "encoding" and isinstance(value, str):
        return encoding_name(value)
    if isinstance(value, (list, tuple)):
        items = [encoding_name(str(one)) if name == "encodings" else str(catalog.shown(one)) for one in value]
        return catalog.formats.listing(items)
    return value
