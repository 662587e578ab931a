"""Text in the charsets that mails are written in: what they are called, and what is meant by it."""

import re

# What a charset is called, and the ones to try: programs name the old one and write with the new.
_TRIED = {
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "x-gbk": ("gb18030",),
    "cp936": ("gb18030",),
    "gb18030": ("gb18030",),
    "shift_jis": ("cp932",),
    "shift-jis": ("cp932",),
    "x-sjis": ("cp932",),
    "windows-31j": ("cp932",),
    "big5": ("big5hkscs", "cp950"),
    "euc-kr": ("cp949",),
    "ks_c_5601-1987": ("cp949",),
    "iso-8859-1": ("utf-8", "cp1252"),
    "us-ascii": ("utf-8", "cp1252"),
    "": ("utf-8", "cp1252"),
}
_KNOWN = re.compile(r"utf-?8|iso-8859-\d{1,2}|windows-125\d|cp125\d|euc-jp|koi8-[ru]|cp932|cp950")
_LOCAL = ("shift_jis", "gb18030", "cp1252")
# Half-width katakana, which most of what is Chinese could be, and what no standard gives a character.
_UNLIKELY = re.compile("[\uff61-\uff9f\ue000-\uf8ff]")
_SAYS_NOTHING = frozenset({"", "us-ascii", "utf-8"})
_JIS = re.compile(rb"\x1b(\$[@B]|\$\(D|\([BJI])")


def decode(octets: bytes, charset: str) -> str | None:
    """Return text in the charset of this name, or the wider one that was meant; None where neither fits."""
    charset = charset.strip().lower()
    if charset.startswith(("iso-2022-jp", "cp5022")) or (charset in {"", "us-ascii"} and _JIS.search(octets)):
        return _jis(octets)
    for name in _TRIED.get(charset, (charset,) if _KNOWN.fullmatch(charset) else ()):
        try:
            return octets.decode(name)
        except (LookupError, UnicodeError):
            continue
    return None


def guess(octets: bytes, *, hint: str = "") -> str:
    """Return text of which nobody says in which charset it is; `hint` is that of the words around it."""
    if _JIS.search(octets):
        return _jis(octets)
    for name in ("utf-8", "" if hint.strip().lower() in _SAYS_NOTHING else hint):
        if name and (text := decode(octets, name)) is not None:
            return text
    found = [text for name in _LOCAL if (text := decode(octets, name)) is not None]
    likely = [text for text in found if not _UNLIKELY.search(text)]
    return (likely or found or [octets.decode("cp1252", "replace")])[0]


def _jis(octets: bytes) -> str:
    """Return ISO-2022-JP as text, also with the characters of vendors that no standard has (CP932)."""
    try:
        return octets.decode("iso2022_jp")
    except UnicodeDecodeError:
        pass
    pieces = _JIS.split(octets)
    found = [pieces[0].decode("ascii", "replace")]
    for escape, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if escape in {b"$B", b"$@"}:
            found.append(_shifted(piece).decode("cp932", "replace"))
        elif escape == b"(I":
            found.append(bytes(octet | 0x80 for octet in piece).decode("cp932", "replace"))
        else:
            found.append(piece.decode("ascii", "replace"))
    return "".join(found)


def _shifted(piece: bytes) -> bytes:
    """Return pairs of JIS as Shift_JIS (JIS X 0208 annex 1); a line feed in between stays."""
    shifted = bytearray()
    place = 0
    while place < len(piece):
        row = piece[place]
        if not 0x21 <= row <= 0x7E or place + 1 == len(piece):
            shifted.append(row)
            place += 1
            continue
        cell = piece[place + 1]
        lead = (row - 0x21) // 2 + 0x81
        shifted.append(lead + 0x40 if lead > 0x9F else lead)
        shifted.append((cell + 0x1F + (cell >= 0x60) if row % 2 else cell + 0x7E) & 0xFF)
        place += 2
    return bytes(shifted)
