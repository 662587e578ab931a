"""What tokens print for one recipient, in one language, at one moment."""

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.facts.words import N_, Phrase
from service.i18n.formats import fixed_moment, formats
from service.mail import names
from service.mail.tokens import AD_FAMILY, AD_PREFIX, KNOWN

REFUSED = N_("The value for %(token)s contains the character %(code)s, which cannot be sent.")
NOT_AN_ADDRESS = N_("The value for %(token)s is not the address of a web page.")


class ValueRefused(ValueError):
    """A value that cannot be put into any mail; `token` names it, `phrase` with `values` says why."""

    def __init__(self, token: str, phrase: Phrase, **values: str) -> None:
        super().__init__(phrase.text % {"token": f"{{{token}}}", **values})
        self.token = token
        self.phrase = phrase
        self.values: dict[str, str] = {"token": f"{{{token}}}", **values}


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person or company as the mail room sees them; `locale` and `time_zone` may be unknown."""

    mpid: str | None
    name: str | None
    first_name: str | None
    last_name: str | None
    email: str
    locale: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Ad:
    """What `{adcode_<adid>}` prints: a picture that links, or the linked name where there is none."""

    name: str
    link: str
    image: str | None = None

    def __post_init__(self) -> None:
        if not _WEB.fullmatch(self.link) or (self.image is not None and not _WEB.fullmatch(self.image)):
            raise ValueRefused(AD_FAMILY, NOT_AN_ADDRESS)


@dataclass(frozen=True, slots=True)
class Values:
    """Token name -> words, or an ad; what is None or not there is missing."""

    printed: Mapping[str, str | Ad | None]

    def get(self, name: str) -> str | Ad | None:
        return self.printed.get(name)


NO_VALUES = Values({})


def personal_words(recipient: Recipient, locale: str) -> dict[str, str | None]:
    """Return what the tokens about a person print in a language; None where nothing is known of them."""
    first = clean("firstName", recipient.first_name)
    last = clean("lastName", recipient.last_name)
    company = clean("mpname", recipient.name)
    return {
        "mpid": clean("mpid", recipient.mpid),
        "mpname": company,
        "firstName": first,
        "lastName": last,
        "greetingName": names.greeting(first, last, company, locale=locale, own=recipient.locale),
    }


def shared_values(program_name: str, sender_name: str) -> Values:
    """Return the values that are the same in all mails of a campaign; what no mail can carry is left out."""
    words = {"programName": program_name, "senderName": sender_name}
    return Values(
        {
            name: word.strip()
            for name, word in words.items()
            if not _UNSENDABLE.search(word) and not is_blank(word)
        }
    )


def values_for(
    recipient: Recipient,
    *,
    locale: str,
    time_zone: str,
    moment: datetime,
    ads: Mapping[str, Ad],
    unsubscribe_url: str | None,
    join_url: str | None,
    program_name: str,
    sender_name: str,
) -> Values:
    """Return what every token prints; raises ValueRefused for NUL, surrogates and addresses that are none.

    `locale` is the variant's language; `time_zone` the program's, for a recipient without their own;
    `moment` an aware time; `ads` has the ids as text.
    """
    day, time, month = _moment_words(locale, recipient.time_zone, time_zone, moment)
    words = personal_words(recipient, locale) | {
        "currentDay": day,
        "currentTime": time,
        "currentMonthYear": month,
        "unsubscribeUrl": page_address("unsubscribeUrl", unsubscribe_url),
        "joinUrl": page_address("joinUrl", join_url),
        "programName": clean("programName", program_name),
        "senderName": clean("senderName", sender_name),
    }
    return Values({**words, **{f"{AD_PREFIX}{ad_id}": ad for ad_id, ad in ads.items()}} if ads else words)


@functools.lru_cache(maxsize=1024)
def _moment_words(locale: str, own: str | None, program: str, moment: datetime) -> tuple[str, str, str]:
    local, language = moment.astimezone(zone(own, program)), formats(locale)
    return language.long_date(local), fixed_moment(moment), language.month_year(local)


@functools.lru_cache(maxsize=1024)
def zone(*names: str | None) -> tzinfo:
    """Return the first of these zones that exists, UTC if none does."""
    for name in names:
        if name:
            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
    return UTC


_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")


def is_blank(text: str) -> bool:
    """Tell whether a reader would see nothing: spaces, controls, zero-width and fillers (check T-8)."""
    if text.isascii():
        return not text.strip(_ASCII_BLANK)
    if text[0].isalnum() and text[0] not in _BLANK_LETTERS:
        return False
    return all(
        char.isspace() or char in _BLANK_LETTERS or unicodedata.category(char) in ("Cc", "Cf")
        or "\ufe00" <= char <= "\ufe0f"
        for char in text
    )  # fmt: skip


_ASCII_BLANK = "".join(map(chr, [*range(33), 127]))
_UNSENDABLE = re.compile(r"[\x00\ud800-\udfff]")
# What most values are: letters that are seen, no space around them, nothing to refuse or to leave out.
_LETTER = r"!-~\u00a1-\u00ac\u00ae-\u024f\u3041-\u3096\u30a1-\u30fe\u3400-\u4dbf\u4e00-\u9fff"
_USUAL = re.compile(rf"[{_LETTER}]+(?>(?: [{_LETTER}]+)*)")
_WEB = re.compile(r"https?://[A-Za-z0-9\[][!#-;=?-\[\]_a-z~]*")


def clean(token: str, value: object) -> str | None:
    """Return a value without space around it, None for one that shows nothing; raises ValueRefused."""
    if value is None:
        return None
    text = value if type(value) is str else str(value)
    if _USUAL.fullmatch(text):
        return text
    if bad := _UNSENDABLE.search(text):
        raise ValueRefused(token, REFUSED, code=f"U+{ord(bad.group()):04X}")
    return None if is_blank(text) else text.strip()


def page_address(token: str, value: str | None) -> str | None:
    """Return an absolute http or https address that needs no encoding; raises ValueRefused for any other."""
    if value is None:
        return None
    if not _WEB.fullmatch(value):
        raise ValueRefused(token, NOT_AN_ADDRESS)
    return value


# Examples for help pages and the token menu

_SAMPLES = {
    "en": ("Olivia", "Carter", "Harbor Lane Reviews", "Northwind Outdoor", "Emma Reed"),
    "fr": ("Camille", "Lefèvre", "Le Carnet de Camille", "Northwind Outdoor", "Julien Moreau"),
    "ja": ("花子", "山田", "花と暮らし", "Northwind Outdoor", "佐藤 健"),
    "zh": ("秀英", "王", "秀英的厨房", "Northwind Outdoor", "李娜"),
}
_SAMPLE_MOMENT = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)


@functools.cache
def examples(locale: str) -> Mapping[str, str]:
    """Return what each known token prints for a sample recipient of a language; an ad as plain text."""
    first, last, company, program, sender = _SAMPLES.get(locale, _SAMPLES["en"])
    values = values_for(
        Recipient("98765", company, first, last, "name@example.com", locale),
        locale=locale,
        time_zone="UTC",
        moment=_SAMPLE_MOMENT,
        ads={},
        unsubscribe_url=f"https://example.com/{locale}/unsubscribe/abc",
        join_url=f"https://example.com/{locale}/join/abc",
        program_name=program,
        sender_name=sender,
    )
    printed = {AD_FAMILY: f"{program} (https://example.com/)"}
    return {name: printed.get(name) or str(values.get(name)) for name in KNOWN}
