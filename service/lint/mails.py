"""Rules on the mails that come with the product, as they are sent in every language (EM001 to EM005)."""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.i18n.locales import SOURCE, Locale

MOST_COLUMNS = 60
"""What most inboxes show of a subject, in columns: an East Asian wide character takes two."""

NO_SUBJECT = N_("The email “%(name)s” has no subject.")
LONG_SUBJECT = N_("The subject of the email “%(name)s” is %(columns)s columns wide; inboxes show %(most)s.")
BROKEN_SUBJECT = N_("The subject of the email “%(name)s” has a line break.")
ONE_PART = N_("In the email “%(name)s” only one of the two parts has “%(found)s”.")
LANGUAGE = N_("The HTML part of the email “%(name)s” must say lang=%(language)s.")
LEFT = N_("“%(found)s” is left in the email “%(name)s”, and would be read as it is.")
FORGOTTEN = N_("The email “%(name)s” is translated, but its subject is not.")

_URL = re.compile(r"https?://[^\s<>\"'()]*[^\s<>\"'().,;:!?。、，）」]")
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f]\d+)*")
_ITEM = re.compile(r"^\s*\d+\. ", re.MULTILINE)
"""An item of a list, whose number the HTML part leaves to the reader's program."""
_HIDDEN = re.compile(r"<(style|head|title)\b.*?</\1>|<!--.*?-->|<div[^>]*display:\s*none.*?</div>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_HREF = re.compile(r"\shref=\"([^\"]*)\"")
_LANG = re.compile(r"<html\b[^>]*\slang=\"([^\"]*)\"")
_LEFT = re.compile(
    r"%\{[^{}\n]*\}|%\([^()\n]*\)[a-z]?|\{\{[^{}\n]*\}\}|\{%[^%\n]*%\}|\{[A-Za-z][\w|. ]*\}|\(\([^()\n]+\)\)"
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it is sent: the template it comes from, its subject and its two parts."""

    name: str
    subject: str
    html: str
    text: str


def columns(text: str) -> int:
    """How many columns a text takes where wide characters take two (UAX #11)."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def check(mail: Mail, locale: Locale, source: Mail | None = None) -> Iterator[Finding]:
    """What is wrong with a mail; `source` is the same one in the language of the source texts."""

    def say(rule: str, severity: Severity, phrase: Phrase, **values: object) -> Finding:
        return Finding(rule, severity, phrase, {"name": mail.name, **values})

    if not mail.subject.strip():
        yield say("EM001", Severity.ERROR, NO_SUBJECT)
    if "\n" in mail.subject or "\r" in mail.subject:
        yield say("EM001", Severity.ERROR, BROKEN_SUBJECT)
    if (wide := columns(mail.subject)) > MOST_COLUMNS:
        yield say("EM001", Severity.WARNING, LONG_SUBJECT, columns=wide, most=MOST_COLUMNS)
    for found in _unlike(mail):
        yield say("EM002", Severity.ERROR, ONE_PART, found=found)
    named = _LANG.search(mail.html)
    if named is None or named[1] != locale.tag:
        yield say("EM003", Severity.ERROR, LANGUAGE, language=locale.tag)
    for part in (mail.subject, _words(mail.html), mail.text):
        for left in _LEFT.finditer(part):
            yield say("EM004", Severity.ERROR, LEFT, found=left[0])
    translated = source is not None and locale.code != SOURCE and source.text != mail.text
    if translated and source and source.subject == mail.subject:
        yield say("EM005", Severity.WARNING, FORGOTTEN)


def _words(document: str) -> str:
    return html.unescape(_TAG.sub(" ", _HIDDEN.sub(" ", document)))


def _unlike(mail: Mail) -> list[str]:
    """Addresses and numbers that only one of the parts has."""
    words = _words(mail.html)
    addresses = {html.unescape(url) for url in _HREF.findall(mail.html) if url.startswith("http")}
    addresses |= set(_URL.findall(words))
    numbers = set(_NUMBER.findall(_URL.sub(" ", words)))
    in_text = set(_URL.findall(mail.text))
    text = _ITEM.sub("", _URL.sub(" ", mail.text))
    return sorted((addresses ^ in_text) | (numbers ^ set(_NUMBER.findall(text))))


def check_all(mails: Mapping[Locale, tuple[Mail, ...]]) -> Iterator[tuple[Locale, Finding]]:
    """The mails of every language, each beside the one of the source."""
    sources = {mail.name: mail for locale, made in mails.items() if locale.code == SOURCE for mail in made}
    for locale, made in mails.items():
        for mail in made:
            for finding in check(mail, locale, sources.get(mail.name)):
                yield locale, finding
