"""The catalogs as translators see them: each message with its texts, state and findings; a text changed."""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from service.domain.errors import DomainError
from service.facts.findings import Finding, Severity
from service.facts.refusals import Refusal
from service.facts.words import N_, NP_, Phrase
from service.i18n import po, po_edit
from service.i18n.glossary import EMPTY, Glossary, Term
from service.i18n.locales import Locale
from service.lint import report
from service.lint.report import Allowed


class TextState(StrEnum):
    """What a message is in one language."""

    TRANSLATED = "translated"
    FUZZY = "fuzzy"
    MISSING = "missing"


TEXT_STATE_LABELS: Mapping[TextState, Phrase] = {
    TextState.TRANSLATED: NP_("text", "Translated"),
    TextState.FUZZY: NP_("text", "Fuzzy"),
    TextState.MISSING: N_("Untranslated"),
}


_GRAVITY = (*Severity, None)


@dataclass(frozen=True, slots=True)
class Message:
    """One message in one language; `id` names it in addresses, in every language the same."""

    id: str
    entry: po.Entry
    findings: tuple[Finding, ...] = ()

    @property
    def state(self) -> TextState:
        """Whether it has its texts, has doubtful ones, or lacks one."""
        if self.entry.fuzzy:
            return TextState.FUZZY
        return TextState.TRANSLATED if self.entry.translated else TextState.MISSING

    @property
    def worst(self) -> Severity | None:
        """How bad the worst of its findings is."""
        return min((finding.severity for finding in self.findings), key=_GRAVITY.index, default=None)

    @property
    def version(self) -> str:
        """A name for its texts as they are, by which a form knows what it was filled with."""
        texts = "\0".join((*self.entry.strings, str(self.entry.fuzzy)))
        return hashlib.blake2b(texts.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One catalog: its messages by their ids in the order of the file, and what was found beside them.

    `broken` says why the file cannot be read; there are no messages then. `lacking` counts those of
    the source's catalog that the file does not have.
    """

    locale: Locale
    messages: Mapping[str, Message] = field(default_factory=dict)
    general: tuple[Finding, ...] = ()
    broken: Finding | None = None
    lacking: int = 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found in the file."""
        own = [finding for message in self.messages.values() for finding in message.findings]
        return (*([self.broken] if self.broken else []), *self.general, *own)

    def count(self, state: TextState) -> int:
        """Count the messages in a state; one that the file does not have is untranslated."""
        own = sum(message.state is state for message in self.messages.values())
        return own + self.lacking if state is TextState.MISSING else own

    @property
    def share(self) -> float:
        """How much is translated, from 0 to 1, never rounded up to the whole."""
        if not self.messages:
            return 0.0
        return int(100 * self.count(TextState.TRANSLATED) / (len(self.messages) + self.lacking)) / 100

    def beside(self, source: "Sheet") -> "Sheet":
        """Return this sheet held against the source's."""
        lacking = 0 if self.broken else len(source.messages.keys() - self.messages.keys())
        return replace(self, lacking=lacking) if lacking else self


def message_id(key: po.Key) -> str:
    """Return the name of a message in addresses."""
    return hashlib.blake2b(f"{key[0]}\4{key[1]}".encode(), digest_size=6).hexdigest()


def sheet_of(
    data: bytes, locale: Locale, *, glossary: Glossary = EMPTY, allowed: Sequence[Allowed] = ()
) -> Sheet:
    """Read and judge the bytes of a catalog."""
    findings = report.check_catalog(data, locale, glossary=glossary, allowed=allowed)
    try:
        file = po.read(data)
    except po.PoSyntaxError as error:
        broken = Finding("PO001", Severity.ERROR, error.phrase, error.values, error.line, error.column)
        return Sheet(locale, broken=broken)
    entries = file.messages
    lines = [entry.line for entry in entries]
    found: dict[int, list[Finding]] = {}
    for finding in findings:
        place = bisect_right(lines, finding.line) - 1 if "msgid" in finding.values else -1
        found.setdefault(place, []).append(finding)
    messages = [
        Message(message_id(entry.key), entry, tuple(found.get(place, ())))
        for place, entry in enumerate(entries)
    ]
    return Sheet(locale, {message.id: message for message in messages}, tuple(found.get(-1, ())))


def revise(  # the bytes of a file, not a row: there is no session
    data: bytes,
    locale: Locale,
    key: po.Key,
    strings: Sequence[str],
    *,
    fuzzy: bool,
    seen: str,
    allowed: Sequence[Allowed] = (),
) -> bytes:
    """Return a catalog with the texts of one message changed and nothing else.

    `seen` is the version of the message that the change was made from. Raises DomainError: NOT_FOUND,
    CATALOG_UNREADABLE, TRANSLATION_OVERTAKEN, TRANSLATION_INCOMPLETE, or TRANSLATION_HAS_ERRORS with its
    findings.
    """
    try:
        file = po.read(data)
    except po.PoSyntaxError as error:
        raise DomainError(Refusal.CATALOG_UNREADABLE, line=error.line, reason=error.phrase) from error
    entry = next((one for one in file.messages if one.key == key), None)
    if entry is None:
        raise DomainError(Refusal.NOT_FOUND)
    if Message("", entry).version != seen:
        raise DomainError(Refusal.TRANSLATION_OVERTAKEN)
    if any(strings) != all(strings):
        raise DomainError(Refusal.TRANSLATION_INCOMPLETE)
    errors = () if fuzzy else _errors(file, entry, strings, locale, allowed)
    if errors:
        raise DomainError(Refusal.TRANSLATION_HAS_ERRORS, findings=errors, num=len(errors))
    try:
        return po_edit.edit(data, key, tuple(strings), fuzzy=fuzzy)
    except po_edit.WrongForms as error:
        raise DomainError(Refusal.TRANSLATION_INCOMPLETE) from error


def _errors(
    file: po.PoFile, entry: po.Entry, strings: Sequence[str], locale: Locale, allowed: Sequence[Allowed]
) -> tuple[Finding, ...]:
    """Judge one message alone: what is an error does not depend on the others."""
    if not any(strings):
        return ()
    flags = tuple(flag for flag in entry.flags if flag != "fuzzy")
    changed = entry._replace(strings=tuple(strings), flags=flags)
    alone = po.serialize([one for one in (file.header_entry, changed) if one])
    found = report.check_catalog(alone.encode(), locale, allowed=allowed)
    return tuple(one for one in found if one.severity is Severity.ERROR and "msgid" in one.values)


def search(
    sheet: Sheet,
    words: str,
    *,
    fold: Callable[[str], str],
    state: TextState | None = None,
    rule: str = "",
    with_findings: bool = False,
    among: Collection[str] | None = None,
) -> list[Message]:
    """Return the messages whose source or text contains the words, narrowed by state, findings and ids.

    Those of which a text is these words and nothing else come first, then those of which one begins so. Those
    asked for by their findings are in that order within errors, warnings and advice.
    """
    wanted = fold(words)
    found = [
        message
        for message in sheet.messages.values()
        if (state is None or message.state is state)
        and (among is None or message.id in among)
        and (not with_findings or message.findings)
        and (not rule or any(finding.rule == rule for finding in message.findings))
        and (not wanted or any(wanted in fold(text) for text in _texts(message.entry)))
    ]
    if wanted:
        found.sort(key=lambda message: _nearness(wanted, message, fold))
    if with_findings:
        found.sort(key=lambda message: _GRAVITY.index(message.worst))
    return found


def _nearness(wanted: str, message: Message, fold: Callable[[str], str]) -> int:
    texts = [fold(text) for text in _texts(message.entry)]
    if wanted in texts:
        return 0
    return 1 if any(text.startswith(wanted) for text in texts) else 2


def _texts(entry: po.Entry) -> tuple[str, ...]:
    return (entry.id, entry.plural or "", entry.context or "", *entry.strings)


def terms_in(glossary: Glossary, key: po.Key) -> tuple[Term, ...]:
    """Return the terms of the glossary that a source text has, the longest where they overlap."""
    context, text = key
    terms = [term for row in glossary.rows for term in row.terms if _meant(term, context, text)]
    found: list[Term] = []
    taken: list[tuple[int, int]] = []
    for term in sorted(terms, key=lambda one: -len(one.source)):
        for match in _pattern(term).finditer(text):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                taken.append(match.span())
                if term not in found:
                    found.append(term)
    return tuple(found)


def _meant(term: Term, context: str | None, text: str) -> bool:
    if term.contexts and context not in term.contexts:
        return False
    return text == term.source if term.is_label else True


def _pattern(term: Term) -> re.Pattern[str]:
    if term.is_label:
        return re.compile(re.escape(term.source))
    # Any inflection: plural, past, -ing.
    stem = re.sub(r"[ey]$", "", term.source)
    return re.compile(
        rf"(?<![\w-]){re.escape(stem)}(?:e|y)?(?:s|es|ed|d|ies|ied|ing)?(?![\w-])", re.IGNORECASE
    )
