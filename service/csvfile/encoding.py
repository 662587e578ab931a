"""Which encoding a file is in: BOM, then strict UTF-8, then candidates ranked by how their reading sounds."""

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from service.csvfile.letters import weight
from service.csvfile.sound import is_plausible, score
from service.csvfile.source import Source

CHUNK = 1 << 20
SAMPLE = 32 * 1024
# Natural logarithm of the odds beyond which no question is asked; calibrated in tests/csvfile.
CERTAIN = 9.0
# So much of them must be heard in the text itself, not expected from the reader's language.
HEARD = 6.0
# A candidate this much worse than the best is not worth showing.
PLAUSIBLE = 200.0

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BOMS: Mapping[str, bytes] = {encoding: bom for bom, encoding in _BOMS} | {"gb18030": b"\x84\x31\x95\x33"}

FAMILIES: Mapping[str, str] = {
    "utf-8": "any",
    "cp932": "japanese",
    "euc_jp": "japanese",
    "iso2022_jp": "japanese",
    "gb18030": "simplified",
    "big5": "traditional",
    "cp1252": "latin",
    "mac_roman": "latin",
}
# How much less likely than the best a candidate is for a reader of a language, before its text is read.
PRIORS: Mapping[str, Mapping[str, float]] = {
    "ja": {"utf-8": -5, "cp932": 0, "euc_jp": -2, "cp1252": -6, "gb18030": -9, "big5": -10, "mac_roman": -9},
    "zh": {"utf-8": -5, "gb18030": 0, "big5": -3, "cp1252": -6, "cp932": -7, "euc_jp": -9, "mac_roman": -9},
    "fr": {"utf-8": 2, "cp1252": 0, "mac_roman": -2, "cp932": -7, "gb18030": -7, "big5": -8, "euc_jp": -9},
    "en": {"utf-8": 2, "cp1252": 0, "mac_roman": -2, "cp932": -6, "gb18030": -6, "big5": -7, "euc_jp": -8},
}
# Wider relatives of a codec, tried where the first does not hold every character: the Big5 of Windows, the
# EUC-JP and ISO-2022-JP with the signs ① ㈱ and half-width katakana.
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "big5": ("big5", "cp950", "big5hkscs"),
    "euc_jp": ("euc_jp", "euc_jis_2004"),
    "iso2022_jp": ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004"),
}
# What a person may choose, whatever was detected.
CHOICES = (
    "utf-8", "utf-16-le", "utf-16-be", "cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp950",
    "cp1252", "mac_roman",
)  # fmt: skip


# What we read besides: what `detect` says of a file must be taken when the file is opened again.
_READ = (*CHOICES, *(variant for variants in VARIANTS.values() for variant in variants))
# Names that other programs give them, and narrower encodings read as the wider one that holds them.
_OTHER_NAMES = {
    "utf8": "utf-8", "utf_8_sig": "utf-8", "utf_16": "utf-16", "utf16": "utf-16", "utf_16le": "utf-16-le",
    "utf_16be": "utf-16-be", "shift_jis": "cp932", "sjis": "cp932", "windows_31j": "cp932", "ms932": "cp932",
    "eucjp": "euc_jp", "iso_2022_jp": "iso2022_jp", "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030",
    "windows_1252": "cp1252", "latin_1": "cp1252", "latin1": "cp1252", "iso_8859_1": "cp1252",
    "macintosh": "mac_roman", "macroman": "mac_roman",
}  # fmt: skip
_READ_AS: Mapping[str, str] = {name.replace("-", "_"): name for name in _READ} | _OTHER_NAMES


class UnknownEncoding(ValueError):
    """The name given is not that of an encoding we read."""


@dataclass(frozen=True, slots=True)
class Detection:
    """`encoding` is a Python codec name without BOM; `candidates` are best first and read differently."""

    encoding: str
    bom: bool
    certain: bool
    candidates: tuple[str, ...]

    @property
    def signature(self) -> bytes:
        """The BOM of the file, or nothing."""
        return BOMS.get(self.encoding, b"") if self.bom else b""


def _keep(error: UnicodeError) -> tuple[str | bytes, int]:
    """Stand each byte that does not decode as one character U+DC00 + byte, and back: nothing is lost."""
    if isinstance(error, UnicodeDecodeError):
        return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end
    if isinstance(error, UnicodeEncodeError):
        kept = [ord(char) - 0xDC00 for char in error.object[error.start : error.end]]
        if all(0 <= byte <= 0xFF for byte in kept):
            return bytes(kept), error.end
    raise error


KEEP = "prospectus.keep"
codecs.register_error(KEEP, _keep)


def chosen(name: str, source: Source) -> Detection:
    """What a person said the encoding is; the BOM is still looked for.

    Raises UnknownEncoding for all but those we read, by any of the names they go by.
    """
    encoding = _READ_AS.get(re.sub("[-_ ]+", "_", name).lower())
    if encoding is None:
        raise UnknownEncoding(name)
    head = source.read(0, 4)
    if encoding == "utf-16":
        encoding = "utf-16-be" if head.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
    return Detection(encoding, head.startswith(BOMS.get(encoding, b"\xff\xff\xff\xff")), True, (encoding,))


def detect(source: Source, locale: str) -> Detection:
    """The encoding of a file for a reader of a locale."""
    head = source.read(0, 64 * 1024)
    for bom, encoding in (*_BOMS, (BOMS["gb18030"], "gb18030")):
        if head.startswith(bom):
            return Detection(encoding, True, True, (encoding,))
    without_bom = wide(head)
    if without_bom is not None:
        return Detection(without_bom, False, True, (without_bom,))
    if _decodes_whole(source, "utf-8"):
        lines = sample(source)
        if not (b"\x1b" in lines or _may_be_chance(lines)):
            return Detection("utf-8", False, True, ("utf-8",))
    return _by_sound(source, locale)


# Two-byte sequences are hit by chance in other encodings, but not many of them and nothing else.
_MANY = 24
_NOT_TWO_BYTES = re.compile(rb"[\xe0-\xff]")
_TWO_BYTES = re.compile(rb"[\xc2-\xdf][\x80-\xbf]")


def _may_be_chance(data: bytes) -> bool:
    """Whether valid UTF-8 proves little: `欧元` in GBK is valid, and so is `’à` in MacRoman."""
    if _NOT_TWO_BYTES.search(data):
        return False
    return 0 < len(_TWO_BYTES.findall(data)) <= _MANY


def wide(head: bytes) -> str | None:
    """UTF-16 without BOM, by the beginning of a file, which has a NUL for each Latin letter and line end.

    Bytes with as many NULs are a text in one order of bytes, in the other, or none at all.
    """
    if head.count(0) * 50 < len(head):
        return None
    best, best_odds = None, sum(_of_byte(byte) * count for byte, count in Counter(head).items())
    for codec in ("utf-16-le", "utf-16-be"):
        try:
            text = head[: len(head) & ~1].decode(codec, "surrogatepass")
        except UnicodeDecodeError:
            continue
        odds = sum(weight(char, "any") * count for char, count in Counter(text).items())
        if odds > best_odds and any(mark in text for mark in "\r\n,;\t|"):
            best, best_odds = codec, odds
    return best


def _of_byte(byte: int) -> float:
    return weight(chr(byte), "any") if byte < 0x80 else -5.0


def sample(source: Source) -> bytes:
    """The header and lines that are not plain ASCII, from all over the file, whole lines, about 32 KB."""
    head = source.read(0, 8 * 1024)
    first_end = min((end for end in (head.find(b"\n"), head.find(b"\r")) if end >= 0), default=len(head))
    parts, size = [_beginning(head[: first_end + 1])], 0
    chunks = max(1, -(-source.size // CHUNK))
    share = max(SAMPLE // chunks, 512)
    for start in range(0, source.size, CHUNK):
        data = source.read(start, CHUNK)
        if _is_plain(data):
            continue
        # Bytes are cut at CR and LF only. A line that ends or began in another chunk may be cut inside a
        # character and is left out.
        lines = data[first_end + 1 if start == 0 else 0 :].splitlines(keepends=True)
        if start + len(data) < source.size:
            del lines[-1:]
        taken = 0
        for line in islice(lines, 0 if start == 0 and first_end < len(head) else 1, None):
            if _is_plain(line):
                continue
            parts.append(_beginning(line))
            taken += len(parts[-1])
            if taken >= share:
                break
        size += taken
        if size >= 2 * SAMPLE:
            break
    return b"".join(parts)


def _is_plain(data: bytes) -> bool:
    return data.isascii() and b"\x1b" not in data


_LINE = 4096


def _beginning(line: bytes) -> bytes:
    """A long line cut where no character is: no byte below the digits is part of one in any encoding."""
    if len(line) <= _LINE:
        return line
    if b"\x1b" in line:
        return line[: max(line.rfind(b"\x1b", 0, _LINE), 0)] + b"\n"
    at = max(line.rfind(sign, 0, _LINE) for sign in (b" ", b",", b'"', b"'", b"\t", b"-", b"."))
    return line[: at if at > 0 else _LINE] + b"\n"


def _by_sound(source: Source, locale: str) -> Detection:
    data = sample(source)
    readings = _readings(data, locale)
    best_score, best, best_text = readings[0]
    priors = PRIORS.get(locale, PRIORS["en"])
    rivals = [
        (best_score - odds, priors.get(best, 0.0) - priors.get(name, 0.0))
        for odds, name, text in readings[1:]
        if text != best_text
    ]
    certain = all(ahead >= CERTAIN and ahead - expected >= HEARD for ahead, expected in rivals)
    certain = certain and is_plausible(best_text, FAMILIES[best])
    # Nothing is certain against a whole file of valid UTF-8.
    certain = certain and not (best != "utf-8" and is_utf8(source))
    # A reading with bytes that do not decode is offered only where no reading is without.
    whole = not _KEPT.search(best_text)
    offered = [
        name
        for score, name, text in readings[1:]
        if text != best_text and best_score - score < PLAUSIBLE and not (whole and _KEPT.search(text))
    ]
    candidates = (best, *offered)
    return Detection(_whole_variant(best, source, data), False, certain, candidates)


_KEPT = re.compile("[\udc00-\udcff]")
# Chance makes letters of anywhere.
_LATIN_1_LETTERS = re.compile("[\x00-\x7fÀ-ÖØ-öø-ÿ«»\xa0]*")


def _variant(name: str, data: bytes) -> str:
    """Of an encoding and its wider relatives the one that the fewest lines are wrong in."""
    variants = VARIANTS.get(name, (name,))
    if len(variants) == 1:
        return name
    lines = data.splitlines()
    return min(variants, key=lambda codec: sum(not _decodes(line, codec) for line in lines))


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _whole_variant(name: str, source: Source, data: bytes) -> str:
    """The same for a whole file, of which `data` is the sample: one rare sign may stand anywhere."""
    for codec in VARIANTS.get(name, ()):
        if _decodes_whole(source, codec):
            return codec
    return _variant(name, data)


def is_utf8(source: Source) -> bool:
    """Whether a file is valid UTF-8 and more than ASCII."""
    return _decodes_whole(source, "utf-8") and not _is_ascii(source)


def _is_ascii(source: Source) -> bool:
    return all(source.read(start, CHUNK).isascii() for start in range(0, source.size, CHUNK))


def _decodes_whole(source: Source, codec: str) -> bool:
    decoder, ascii_based = codecs.getincrementaldecoder(codec)("strict"), codec == "utf-8"
    position = 0
    try:
        while data := source.read(position, CHUNK):
            position += len(data)
            # Decoding plain ASCII changes nothing but costs time.
            if not (ascii_based and data.isascii() and not decoder.getstate()[0]):
                decoder.decode(data)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _readings(data: bytes, locale: str) -> list[tuple[float, str, str]]:
    """Score, codec and text of every candidate, best first."""
    priors = PRIORS.get(locale, PRIORS["en"])
    readings = []
    for name, family in FAMILIES.items():
        if name == "iso2022_jp" and b"\x1b" not in data:
            continue
        codec = _variant(name, data)
        text = "".join(_decoded_lines(data, codec))
        # A wider relative holds many rare characters, which other bytes hit by chance.
        odds = priors.get(name, 0.0) - (0.0 if codec == name else 8.0)
        if name == "utf-8" and _LATIN_1_LETTERS.fullmatch(text):
            odds += 3.0
        readings.append((odds + score(text, family), name, text))
    return sorted(readings, key=lambda reading: -reading[0])


def _decoded_lines(data: bytes, encoding: str) -> Iterator[str]:
    for line in data.splitlines(keepends=True):
        yield line.decode(encoding, KEEP)
