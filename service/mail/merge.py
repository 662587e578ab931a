"""Mail merge without a database: variants, one row of words for each recipient, complete messages out."""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.i18n.catalogs import Catalog
from service.i18n.locales import ALL_LOCALES
from service.i18n.negotiation import is_language
from service.mail.addresses import AddressError, Mailbox, parse, warnings
from service.mail.compiled import CompiledVariant, ContentRefused, compile_variant
from service.mail.layout import OUTREACH, Frame
from service.mail.mime import REFUSED_CHARACTER, Letter, MailRefused, refused_character, serialize
from service.mail.pieces import Place
from service.mail.tokens import Kind, lookup
from service.mail.values import Ad, Recipient, ValueRefused, Values, clean, page_address, values_for
from service.mail.variants import SourceVariant, choose_variant

EMAIL, LOCALE, TIME_ZONE = "email", "locale", "timezone"
COLUMNS = (EMAIL, LOCALE, TIME_ZONE)
UTC_NAME = "UTC"
NOBODY = "noreply@localhost.invalid"

NO_VALUE = N_("%(token)s has neither a value nor a fallback value.")
NO_LANGUAGE = N_(
    "“%(locale)s” is not a language code such as %(example)s. The source language variant is used."
)
NO_ZONE = N_("“%(zone)s” is not a time zone. UTC is used.")
WHY = N_("You receive this email because we would like to work with you.")


@dataclass(frozen=True, slots=True)
class Written:
    """One message and the warnings about its row; `path` of a finding is the name of the column."""

    raw: bytes
    findings: tuple[Finding, ...] = ()


class RowRefused(ValueError):
    """A row that cannot become a message; `path` of each finding is the name of the column."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(f"{found.rule} {found.path}" for found in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What all messages share. `variants` are by locale, `source` is one of them; `moment` is aware.

    `catalogs` has the language of each variant. The same row at the same moment gives the same bytes.
    """

    variants: Mapping[str, SourceVariant]
    source: str
    catalogs: Mapping[str, Catalog]
    moment: datetime
    sender: Mailbox
    reply_to: Mailbox | None = None
    _compiled: dict[tuple[str, str, str, bool], CompiledVariant] = field(default_factory=dict)

    def judge(self, locale: str) -> tuple[Finding, ...]:
        """Compile a variant; return its warnings, raises ContentRefused; places are those in its file."""
        variant = self.variants[locale]
        try:
            return variant.at_home(self._variant(locale, "", "", has_unsubscribe=True).findings)
        except ContentRefused as refused:
            raise ContentRefused(variant.at_home(refused.findings)) from None

    def write(self, number: int, cells: Mapping[str, str]) -> Written:
        """Return the message for a row; `cells` are by column name, tokens and COLUMNS; raises RowRefused.

        A row that says nothing in a column is as if it had none.
        """
        row = {name: cell for name, cell in cells.items() if cell.strip()}
        findings: list[Finding] = []
        told = _language(row, findings)
        locale = choose_variant(told, self.variants, default=self.source, source=self.source)
        address = _address(row.get(EMAIL, ""), findings)
        values = self._values(row, told, locale, findings)
        unsubscribe = values.get("unsubscribeUrl")
        program, sender = (str(values.get(name) or "") for name in ("programName", "senderName"))
        variant = self._variant(locale, program, sender, has_unsubscribe=unsubscribe is not None)
        findings += _faults(variant, values, row)
        if address is None or any(found.severity is Severity.ERROR for found in findings):
            raise RowRefused(tuple(findings))
        filled = variant.fill(values)
        link = unsubscribe if isinstance(unsubscribe, str) and unsubscribe.startswith("https://") else None
        try:
            raw = serialize(
                Letter(
                    sender=self.sender,
                    recipients=(address,),
                    subject=filled.subject,
                    date=self.moment,
                    message_id=self._message_id(number, locale, row),
                    language=ALL_LOCALES[locale].tag,
                    text=filled.text,
                    html=filled.html,
                    reply_to=self.reply_to,
                    list_unsubscribe=link,
                    bulk=link is not None,
                )
            )
        except MailRefused as refused:
            column = "unsubscribeUrl" if refused.field == "List-Unsubscribe" else EMAIL
            raise RowRefused((_finding("header", refused.phrase, column, refused.values),)) from None
        return Written(raw, tuple(findings))

    def _variant(self, locale: str, program: str, sender: str, *, has_unsubscribe: bool) -> CompiledVariant:
        known = self._compiled.get((locale, program, sender, has_unsubscribe))
        if known is None:
            source = self.variants[locale]
            shown = program or sender or self.sender.address.shown
            frame = Frame(
                program_name=shown,
                sender_name=sender,
                why=OUTREACH if program else WHY,
                has_unsubscribe=has_unsubscribe,
            )
            known = compile_variant(
                source.subject, source.content, locale=locale, catalog=self.catalogs[locale], frame=frame
            )
            if len(self._compiled) >= _KEPT:
                self._compiled.clear()
            self._compiled[locale, program, sender, has_unsubscribe] = known
        return known

    def _values(
        self, row: Mapping[str, str], told: str | None, locale: str, findings: list[Finding]
    ) -> Values:
        """What every token prints: what the row says, else what the program knows by itself."""
        own: dict[str, str | None] = {}
        for name, cell in row.items():
            token = lookup(name)
            if token is None:
                continue
            try:
                own[name] = page_address(name, cell.strip()) if token.kind is Kind.URL else clean(name, cell)
            except ValueRefused as refused:
                findings.append(_finding("value", refused.phrase, name, refused.values))
        zone = unicodedata.normalize("NFKC", row.get(TIME_ZONE, UTC_NAME)).strip()
        if not _is_zone(zone):
            findings.append(_finding("time-zone", NO_ZONE, TIME_ZONE, {"zone": zone[:80]}, Severity.WARNING))
        recipient = Recipient(
            own.get("mpid"),
            own.get("mpname"),
            own.get("firstName"),
            own.get("lastName"),
            "",
            told or self.source,
            zone,
        )
        known = values_for(
            recipient,
            locale=locale,
            time_zone=UTC_NAME,
            moment=self.moment,
            ads={},
            unsubscribe_url=own.get("unsubscribeUrl"),
            join_url=own.get("joinUrl"),
            program_name=own.get("programName") or "",
            sender_name=own.get("senderName") or self.sender.name,
        )
        said: dict[str, str | Ad] = {name: word for name, word in own.items() if word is not None}
        return Values({**known.printed, **said})

    def _message_id(self, number: int, locale: str, row: Mapping[str, str]) -> str:
        """The same row of the same merge keeps its identifier, so that sending it twice can be noticed."""
        variant = self.variants[locale]
        parts = [str(number), self.moment.isoformat(), variant.subject, variant.content]
        parts += [f"{name}\0{cell}" for name, cell in sorted(row.items())]
        digest = hashlib.sha256("\0\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return f"<{digest}@{self.sender.address.domain}>"


_KEPT = 256


def _language(row: Mapping[str, str], findings: list[Finding]) -> str | None:
    """The language a row names, full-width letters read as plain ones; None for none."""
    told = unicodedata.normalize("NFKC", row.get(LOCALE, "")).strip().partition(".")[0]
    if told and not is_language(told):
        values = {"locale": told[:80], "example": "ja"}
        findings.append(_finding("locale", NO_LANGUAGE, LOCALE, values, Severity.WARNING))
    return told or None


def _address(cell: str, findings: list[Finding]) -> Mailbox | None:
    try:
        address = parse(cell)
    except AddressError as refused:
        findings.append(_finding("address", refused.phrase, EMAIL, refused.values))
        return None
    findings += (replace(found, path=EMAIL) for found in warnings(address))
    return Mailbox("", address)


def _faults(variant: CompiledVariant, values: Values, row: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is missing, and what no header can carry, by the cells as they stand (check H-1)."""
    for name in variant.missing(values):
        yield _finding("value-missing", NO_VALUE, name, {"token": f"{{{name}}}"})
    for slot in dict.fromkeys(slot.name for slot in variant.slots if slot.place is Place.HEADER):
        for name in (slot,) if slot in row else _MADE_OF.get(slot, ()):
            if code := refused_character(row.get(name, "")):
                yield _finding("character", REFUSED_CHARACTER, name, {"field": "Subject", "code": code})


# What the program makes of several cells.
_MADE_OF = {"greetingName": ("firstName", "lastName", "mpname")}


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _finding(
    rule: str,
    phrase: Phrase,
    column: str,
    values: Mapping[str, object],
    severity: Severity = Severity.ERROR,
) -> Finding:
    return Finding(rule, severity, phrase, values, path=column)
