"""Passwords: what is accepted, how it is kept (argon2id), and a check as slow for nobody as for somebody."""

import re
import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Collection
from datetime import date
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from service.domain.errors import DomainError
from service.facts.limits import PASSWORD_MAX_CHARACTERS, PASSWORD_MIN_CHARACTERS
from service.facts.refusals import Refusal

_SALT_BYTES = 16
_TAG_BYTES = 32
_COMMON_FILE = Path(__file__).with_name("common_passwords.txt")
_LOOKALIKES = str.maketrans("@4031!5$7+", "aaoelisstt")
_SHIFTED = str.maketrans("!@#$%^&*()", "1234567890")
# Neighbours on keyboards and in alphabets; a password cut out of nothing but these is guessed early.
_RUNS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertzuiop",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1a2b3c4d5e6f7g8h",
    "a1b2c3d4e5f6g7h8",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "qazwsxedcrfvtgbyhnujmik",
    "!@#$%^&*()",
    "11223344556677889900",
    "aabbccddeeffgghh",
    "aoeuidhtns",
    "йцукенгшщзхъ",
)
_RUN_LENGTH = 3
_LONGEST_RUN = max(len(run) for run in _RUNS)


class Passwords:
    """Hashes and verifies with argon2id; the default cost is OWASP's 19 MiB, two passes, one lane."""

    def __init__(self, *, memory_kib: int = 19456, passes: int = 2, lanes: int = 1) -> None:
        self._hasher = PasswordHasher(
            time_cost=passes,
            memory_cost=memory_kib,
            parallelism=lanes,
            hash_len=_TAG_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        salt, tag = _plain_base64(_SALT_BYTES), _plain_base64(_TAG_BYTES)
        # A well-formed hash of nothing: costs what a real one costs and no password fits it.
        self._decoy = f"$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${tag}"

    def hash(self, text: str) -> str:
        """Return the encoded hash of a password; it is not judged here, see `check`."""
        return self._hasher.hash(_bytes(text))

    def verify(self, kept: str | None, text: str) -> bool:
        """Whether the password fits; with no hash the answer is no, after the same work."""
        if len(text) > PASSWORD_MAX_CHARACTERS:
            text = ""  # no password has this length, whoever asks
        try:
            fits = self._hasher.verify(kept or self._decoy, _bytes(text))
        except (VerificationError, InvalidHashError):
            return False
        return fits and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with another cost than today's."""
        return self._hasher.check_needs_rehash(kept)


def prepared(text: str) -> str:
    """Return the form that is counted and hashed.

    RFC 8265 section 4.2 (OpaqueString): other spaces become U+0020, then NFC, so that the same keys give the
    same password on every keyboard and system; case and width are kept, and nothing is refused or cut off.
    """
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in text)
    return unicodedata.normalize("NFC", spaced)


def check(text: str, *, field: str = "password", personal: Collection[str] = ()) -> None:
    """Raise DomainError for a password that is too short, too long, common, or made of `personal` words."""
    if len(text) > PASSWORD_MAX_CHARACTERS:
        raise DomainError(Refusal.PASSWORD_TOO_LONG, field=field, num=PASSWORD_MAX_CHARACTERS)
    length = len(prepared(text))
    if length < PASSWORD_MIN_CHARACTERS:
        raise DomainError(Refusal.PASSWORD_TOO_SHORT, field=field, num=PASSWORD_MIN_CHARACTERS)
    if is_common(text):
        raise DomainError(Refusal.PASSWORD_COMMON, field=field)
    words = {word for value in personal for word in re.split(r"[^\w]+|_", _folded(value)) if len(word) > 2}
    words |= {_folded(value).replace(" ", "") for value in personal if value}
    if _cores(_folded(text)) & words:
        raise DomainError(Refusal.PASSWORD_PERSONAL, field=field)


def is_common(password: str) -> bool:
    """Whether the password is a common word dressed up, a repetition, a keyboard run, or a date.

    Dressing up is what people do to satisfy rules: capitals, look-alike digits, digits and signs around it.
    """
    folded = _folded(password)
    bare = re.sub(r"^[\W_]+|[\W_]+$", "", folded)
    for text in (folded, bare, folded.translate(_SHIFTED)):
        if _is_repetition(text) or _is_runs(text) or _is_date(text):
            return True
    return not _cores(folded).isdisjoint(common_words())


@cache
def common_words() -> frozenset[str]:
    """Return the words that common passwords are made of, read once from the file beside this module."""
    lines = _COMMON_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _cores(folded: str) -> set[str]:
    cores = set()
    for candidate in (folded, folded.replace(" ", ""), re.sub(r"[\W_]", "", folded)):
        bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", candidate)
        cores |= {candidate, bare}
        for plain in (candidate, bare, candidate.rstrip("0123456789!?.*#_-")):
            cores.add(plain.translate(_LOOKALIKES))
            cores.add(plain.replace("1", "i").translate(_LOOKALIKES))
    doubled = {core[: len(core) // 2] for core in cores if core and core[: len(core) // 2] * 2 == core}
    return {core for core in cores | doubled if core}


def _is_repetition(text: str) -> bool:
    if not text:
        return False
    return any(
        text == (text[:unit] * (len(text) // unit + 1))[: len(text)]
        for unit in range(1, len(text) // 2 + 1)
        if unit < 5
    )


def _is_runs(text: str) -> bool:
    position = 0
    while position < len(text):
        rest = len(text) - position
        lengths = range(min(rest, _LONGEST_RUN), _RUN_LENGTH - 1, -1)
        step = next((length for length in lengths if _in_a_run(text[position : position + length])), 0)
        if step == 0:
            return False
        position += step
    return position > 0


def _in_a_run(piece: str) -> bool:
    if len(set(piece)) == 1:
        return True
    return any(piece in run or piece[::-1] in run for run in _RUNS)


def _is_date(text: str) -> bool:
    found = re.fullmatch(r"(\d{1,4})[-/. ]?(\d{1,2})[-/. ]?(\d{1,4})", text)
    if found is None or not text.isascii():
        return False
    digits = re.sub(r"\D", "", text)
    if len(digits) != 8:
        return False
    orders = ((0, 4, 6), (4, 2, 0), (4, 0, 2))
    for year, month, day in orders:
        try:
            when = date(
                int(digits[year : year + 4]), int(digits[month : month + 2]), int(digits[day : day + 2])
            )
        except ValueError:
            continue
        if 1900 <= when.year < 2100:
            return True
    return False


def _bytes(text: str) -> bytes:
    # Lone surrogates cannot come from a browser; they are hashed rather than refused.
    return prepared(text).encode("utf-8", "surrogatepass")


def _plain_base64(size: int) -> str:
    return b64encode(secrets.token_bytes(size)).decode("ascii").rstrip("=")
