"""What the name of a file may be, which type it claims, and how it goes into a header."""

import re
from unicodedata import category

from service.facts.file_refusals import FileRefusal
from service.facts.filetypes import BY_EXTENSION, FileType
from service.facts.limits import FILE_NAME_BYTES
from service.files.refused import FileRefused

# The property Bidi_Control: with these a name can be shown in another order than it has.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Controls, halves of characters, and the separators of lines and paragraphs.
_UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")
_EXTENSION = re.compile(r"\.[^.]+\Z")
# What systems start when it is opened. Left out are endings that innocent names have inside: example.com.pdf
# is a printed page, d3.js.csv a table about a library; the content is judged in any case.
_EXECUTABLE = frozenset(
    {
        ".apk", ".appimage", ".bat", ".cmd", ".cpl", ".deb", ".dll", ".dmg", ".exe", ".hta", ".iso", ".jar",
        ".jse", ".lnk", ".msi", ".msix", ".msp", ".pif", ".pkg", ".ps1", ".reg", ".rpm", ".scf", ".scr",
        ".sys", ".vb", ".vbe", ".vbs", ".wsf", ".wsh",
    }
)  # fmt: skip


def claimed_type(name: str) -> FileType:
    """Return the type that a name claims; raises FileRefused for a name that cannot be kept as it is."""
    _judge_characters(name)
    ending = extension(name)
    if not ending:
        raise FileRefused(FileRefusal.NAME_NO_EXTENSION, name=name, extensions=tuple(BY_EXTENSION))
    if ending not in BY_EXTENSION:
        raise FileRefused(FileRefusal.NAME_EXTENSION, extension=ending, extensions=tuple(BY_EXTENSION))
    for inner in name.lower().split(".")[1:-1]:
        # Blanks push what stands behind them out of sight.
        if (found := f".{inner.strip()}") in _EXECUTABLE:
            raise FileRefused(FileRefusal.NAME_EXECUTABLE, extension=found)
    return BY_EXTENSION[ending]


def extension(name: str) -> str:
    """Return the ending of a name in lower case with its dot; empty where there is none, or nothing else."""
    found = _EXTENSION.search(name)
    return found[0].lower() if found and found.start() else ""


def _judge_characters(name: str) -> None:
    if not name.strip():
        raise FileRefused(FileRefusal.NAME_EMPTY)
    for char in name:
        if char in "/\\":
            raise FileRefused(FileRefusal.NAME_HAS_PATH, name=printable(name))
        if char in _BIDI or category(char) in _UNPRINTABLE:
            raise FileRefused(FileRefusal.NAME_UNPRINTABLE, character=f"U+{ord(char):04X}")
    if len(name.encode()) > FILE_NAME_BYTES:
        raise FileRefused(FileRefusal.NAME_TOO_LONG)
    if name[-1] == "." or name[-1].isspace():
        raise FileRefused(FileRefusal.NAME_END, name=name)


def printable(name: str) -> str:
    """Return a name without what controls how or where it is shown."""
    return "".join(char for char in name if char not in _BIDI and category(char) not in _UNPRINTABLE)


# attr-char of RFC 8187 section 3.2.1, as bytes of UTF-8.
_ATTR_CHARS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~")
_NOT_FALLBACK = re.compile(r"[^A-Za-z0-9 ._+=@(),-]")
_UNNAMED = "attachment"


def content_disposition(name: str) -> str:
    """Return the value of a Content-Disposition header that saves a file under its name, whatever it is.

    RFC 6266 section 4.3 with RFC 8187: the name in UTF-8, before it one in ASCII for programs that know no
    better, without the percent signs, quotes and backslashes that some of them read differently.
    """
    shown = printable(name).replace("/", "_").replace("\\", "_") or _UNNAMED
    encoded = "".join(chr(byte) if byte in _ATTR_CHARS else f"%{byte:02X}" for byte in shown.encode())
    return f"attachment; filename=\"{_fallback(shown)}\"; filename*=UTF-8''{encoded}"


def _fallback(name: str) -> str:
    ending = extension(name)
    stem = _NOT_FALLBACK.sub("_", name[: len(name) - len(ending)]).strip()
    if not re.search("[A-Za-z0-9]", stem):
        stem = _UNNAMED
    return stem + _NOT_FALLBACK.sub("_", ending)
