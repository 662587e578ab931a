"""Which encoding a file is in: BOM, then strict UTF-8, then candidates ranked by how their reading sounds."""

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from service.csvfile import headers
from service.csvfile.letters import weight
from service.csvfile.source import Source

CHUNK = 1 << 20
SAMPLE = 32 * 1024
# Natural logarithm of the odds beyond which no question is asked; calibrated in tests/csvfile.
CERTAIN = 9.0
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
    "gb18030": "simplified",
    "big5": "traditional",
    "cp1252": "latin",
    "mac_roman": "latin",
}
# How much less likely than the best a candidate is for a reader of a language, before its text is read.
PRIORS: Mapping[str, Mapping[str, float]] = {
    "ja": {"cp932": 0, "euc_jp": -2, "cp1252": -6, "gb18030": -7, "big5": -8, "mac_roman": -9},
    "zh": {"gb18030": 0, "big5": -3, "cp1252": -6, "cp932": -7, "euc_jp": -9, "mac_roman": -9},
    "fr": {"cp1252": 0, "mac_roman": -2, "cp932": -7, "gb18030": -7, "big5": -8, "euc_jp": -9},
    "en": {"cp1252": 0, "mac_roman": -2, "cp932": -6, "gb18030": -6, "big5": -7, "euc_jp": -8},
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
    wide = _utf_16(head)
    if wide is not None:
        return Detection(wide, False, True, (wide,))
    if b"\x1b$" in head or b"\x1b(" in head:
        mail_style = _decodable(VARIANTS["iso2022_jp"], head, last=len(head) == source.size)
        if mail_style is not None:
            return Detection(mail_style, False, True, (mail_style,))
    if is_utf_8(source):
        return Detection("utf-8", False, True, ("utf-8",))
    return _by_sound(sample(source), locale)


def _utf_16(head: bytes) -> str | None:
    """UTF-16 without BOM: where text has Latin letters, digits or line ends, every other byte is NUL."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if (even + odd) * 50 < len(head) or len(head) % 2:
        return None
    for encoding, mine, other in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if other * 20 <= mine:
            try:
                text = head.decode(encoding, "surrogatepass")
            except UnicodeDecodeError:
                return None
            strange = sum(weight(char, "any") <= -20 for char in text)
            lines = any(end in text for end in "\r\n") or mine * 10 >= len(head)
            if lines and any(mark in text for mark in "\r\n,;\t|") and strange * 20 <= len(text):
                return encoding
    return None


def _decodable(codecs_: Sequence[str], data: bytes, *, last: bool) -> str | None:
    """The first codec that decodes some bytes; only the last of a file must not end inside a character."""
    for name in codecs_:
        try:
            codecs.getincrementaldecoder(name)("strict").decode(data, last)
        except UnicodeDecodeError:
            continue
        return name
    return None


def is_utf_8(source: Source) -> bool:
    """Whether the whole file is strict UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    position = 0
    try:
        while data := source.read(position, CHUNK):
            position += len(data)
            if not (data.isascii() and not decoder.getstate()[0]):
                decoder.decode(data)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def sample(source: Source) -> bytes:
    """The header and lines that are not ASCII, from all over the file, whole lines, about 32 KB."""
    head = source.read(0, 8 * 1024)
    first_end = min((end for end in (head.find(b"\n"), head.find(b"\r")) if end >= 0), default=len(head))
    parts, size = [head[: first_end + 1]], 0
    chunks = max(1, -(-source.size // CHUNK))
    share = max(SAMPLE // chunks, 512)
    for start in range(0, source.size, CHUNK):
        data = source.read(start, CHUNK)
        if data.isascii():
            continue
        # Bytes are cut at CR and LF only. A line that ends or began in another chunk may be cut inside a
        # character and is left out.
        lines = data[first_end + 1 if start == 0 else 0 :].splitlines(keepends=True)
        if start + len(data) < source.size:
            del lines[-1:]
        taken = 0
        for line in islice(lines, 0 if start == 0 else 1, None):
            if line.isascii():
                continue
            parts.append(line[:4096])
            taken += len(line)
            if taken >= share:
                break
        size += taken
        if size >= 2 * SAMPLE:
            break
    return b"".join(parts)


def _by_sound(data: bytes, locale: str) -> Detection:
    readings = _readings(data, locale)
    best_score, best, best_text = readings[0]
    different = [(score, name) for score, name, text in readings[1:] if text != best_text]
    certain = not different or best_score - different[0][0] >= CERTAIN
    # A reading with bytes that do not decode is offered only where no reading is without.
    whole = not _KEPT.search(best_text)
    offered = [
        name
        for score, name, text in readings[1:]
        if text != best_text and best_score - score < PLAUSIBLE and not (whole and _KEPT.search(text))
    ]
    candidates = (best, *offered)
    return Detection(_variant(best, data), False, certain, candidates)


_KEPT = re.compile("[\udc00-\udcff]")


def _variant(name: str, data: bytes) -> str:
    return _decodable(VARIANTS.get(name, (name,)), data, last=True) or name


def _readings(data: bytes, locale: str) -> list[tuple[float, str, str]]:
    """Score, codec and text of every candidate, best first."""
    priors = PRIORS.get(locale, PRIORS["en"])
    readings = []
    for name, family in FAMILIES.items():
        text = "".join(_decoded_lines(data, _variant(name, data)))
        readings.append((priors.get(name, 0.0) + score(text, family), name, text))
    return sorted(readings, key=lambda reading: -reading[0])


def _decoded_lines(data: bytes, encoding: str) -> Iterator[str]:
    for line in data.splitlines(keepends=True):
        yield line.decode(encoding, KEEP)


_HAN = "\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff61-\uff9f"
_HAN_IN_WORD = re.compile(f"(?<=[A-Za-z])[{_HAN}](?=[A-Za-z])")
_HAN_AFTER_WORD = re.compile(f"(?<=[a-z])[{_HAN}]")
_HAN_BEFORE_WORD = re.compile(f"[{_HAN}](?=[a-z])")
_SMALL_THEN_CAPITAL = re.compile("[a-zß-öø-ÿœ][À-ÖØ-ÞŒŠŽŸ]")
_RUN = re.compile("[^\x00-\x7f]{2,}")
# Possessive, so that a long run of signs is gone through once.
_SIGN_IN_WORD = re.compile(
    "(?<=[A-Za-z])(?:(?![^\\w\\s])[^\x00-\x7f’‑·])*+[^\\w\\s\x00-\x7f’‑·][^\x00-\x7f’‑·]*+(?=[A-Za-z])"
)
_LONE_LETTER = re.compile("(?<![^\\W\\d_])[^\\W\\d_À-Åà-å\x00-\x7f](?![^\\W\\d_])")
# A small kana bends the kana before it; after anything else the bytes were never Japanese.
_STRAY_SMALL_KANA = re.compile("(?<![\u3041-\u30ff])[ぁぃぅぇぉっゃゅょゎァィゥェォャュョヮー]")
_SIGN_AFTER_WORD = re.compile("(?<=[A-Za-z])[•¸¨´¯¿¡¬×÷§¶†‡ƒ](?![A-Za-z])")
# An apostrophe inside a word that is neither an elision nor an English ending.
_STRAY_APOSTROPHE = re.compile(
    r"(?<!\b[ldjcnmstyo])(?<!qu)(?<=[a-z])’(?!(?:s|t|d|m|ll|re|ve)\b)(?=[a-z])", re.IGNORECASE
)
# Letters that no French word begins with: they part two vowels.
_FIRST_DIAERESIS = re.compile("(?<![^\\W\\d_])[ëïÿ]")
_FINE_RUN = re.compile(
    "[éÉ][eéèÉ]|«\u00a0|\u00a0»|\u00a0[–—€]|[–—]\u00a0|[œ]’|’[éÉèêàâîôœÉÈÊÀ]|[»”’…]{2}|[–—] ?[«“‘]"
)


def score(text: str, family: str) -> float:
    """Logarithm of how likely a text is in a family of languages, up to a constant of its bytes."""
    counts = Counter(text)
    total = sum(weight(char, family) * count for char, count in counts.items())
    total += 25.0 * sum(1 for name in headers.cells(text) if not name.isascii() and headers.is_known(name))
    if family == "latin":
        total -= 5.0 * len(_SMALL_THEN_CAPITAL.findall(text))
        total -= 6.0 * len(_SIGN_IN_WORD.findall(text))
        total -= 3.0 * len(_LONE_LETTER.findall(text)) + 4.0 * len(_FIRST_DIAERESIS.findall(text))
        total -= 4.0 * len(_STRAY_APOSTROPHE.findall(text)) + 4.0 * len(_SIGN_AFTER_WORD.findall(text))
        total -= 3.0 * abs(counts["“"] - counts["”"])
        total -= sum(3.0 * _strange_neighbours(run) for run in _RUN.findall(text))
    else:
        total -= 6.0 * len(_HAN_IN_WORD.findall(text)) + 4.0 * len(_STRAY_SMALL_KANA.findall(text))
        total -= 2.5 * len(_HAN_AFTER_WORD.findall(text)) + 5.0 * len(_HAN_BEFORE_WORD.findall(text))
    return total


def _strange_neighbours(run: str) -> int:
    return sum(1 for left, right in pairwise(run) if not _FINE_RUN.match(left + right))
