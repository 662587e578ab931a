"""Letters: a campaign's text and one recipient become the bytes that are sent, previewed and tested alike."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from service import links
from service.csvfile import words as csv_words
from service.domain import ads as program_ads
from service.domain import notices
from service.domain.deliveries import ClaimedDelivery
from service.domain.recipients import Recipient
from service.domain.signing import Signer
from service.domain.system_mails import ClaimedSystemMail
from service.facts.findings import Finding
from service.facts.left_out import OF_A_FILE, LeftOut
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import ALL_LOCALES
from service.mail import shipped, values
from service.mail.addresses import Mailbox, parse
from service.mail.compiled import CompiledVariant, ContentRefused, Filled, compile_variant
from service.mail.dkim import DkimSigner
from service.mail.layout import Frame
from service.mail.mime import Letter, serialize
from service.mail.variants import choose_variant
from service.mail.verp import ReplyAddresses
from service.models import Campaign, Delivery, MailAccount, Program

UNSUBSCRIBE, JOIN, CONVERSATION = "unsubscribe", "join", "conversation"
# A system mail of this name carries its own finished words: a test of a draft, sent to oneself.
COMPOSED = "composed"
SENDER_NAME = "Prospectus"
KEPT_VARIANTS = 64


@dataclass(frozen=True, slots=True)
class CampaignText:
    """What all letters of a campaign share; `variants` are (subject, content) by locale.

    `campaign_id` is None for a draft, whose links lead nowhere and whose words may change at any time.
    """

    campaign_id: int | None
    program_id: int
    program_name: str
    program_zone: str
    from_name: str
    reply_to: str | None
    # The address of the author's own mail account, None for the installation's.
    from_address: str | None
    ads: Mapping[str, values.Ad]
    variants: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Addressee:
    """One receiver of a campaign; `locale` is that of the variant they get.

    `own` are the person's data (mpid, name, first_name, last_name, locale). Ids are 0 where there is none:
    links in such a mail lead nowhere.
    """

    address: str
    locale: str
    time_zone: str
    own: Mapping[str, str | None]
    delivery_id: int = 0
    prospect_id: int = 0


@dataclass(frozen=True, slots=True)
class Composed:
    """One finished mail: its words as they stand in the parts, and the bytes that would be sent."""

    subject: str
    html: str
    text: str
    raw: bytes


def text_of(session: Session, campaign_id: int) -> CampaignText:
    """Read what a campaign's letters share: frozen for one that is out, as it stands now for a draft."""
    campaign = session.get_one(Campaign, campaign_id)
    program = session.get_one(Program, campaign.program_id)
    if campaign.launched_at is not None:
        ads = {
            ad_id: values.Ad(str(ad["name"]), str(ad["link_url"]), ad["image_url"])
            for ad_id, ad in campaign.ads.items()
        }
    else:
        ads = {
            str(ad.id): values.Ad(ad.name, ad.link_url, ad.image_url)
            for ad in program_ads.list_of(session, program.id)
        }
    return CampaignText(
        campaign.id if campaign.launched_at is not None else None,
        program.id,
        campaign.program_name or program.name,
        program.time_zone,
        campaign.from_name,
        campaign.reply_to,
        _from_address(session, campaign),
        ads,
        {variant.locale: (variant.subject, variant.content) for variant in campaign.variants},
    )


def _from_address(session: Session, campaign: Campaign) -> str | None:
    if campaign.launched_at is not None or campaign.mail_account_id is None:
        return campaign.from_address
    return session.get_one(MailAccount, campaign.mail_account_id).address


def addressee_of(delivery: Delivery | ClaimedDelivery) -> Addressee:
    """Return the receiver of a delivery that is in the ledger."""
    return Addressee(
        delivery.address,
        delivery.locale,
        delivery.time_zone,
        delivery.values,
        delivery.id,
        delivery.prospect_id or 0,
    )


def draft_addressee(session: Session, campaign: Campaign, recipient: Recipient) -> Addressee:
    """Return a receiver before launch, with the language they would get; no link works in such a mail."""
    program = session.get_one(Program, campaign.program_id)
    locale = choose_variant(
        recipient.locale,
        [variant.locale for variant in campaign.variants],
        default=program.default_locale,
        source=campaign.source_locale,
    )
    return Addressee(recipient.address, locale, recipient.time_zone, recipient.values)


class Composer:
    """Writes letters. Each variant is compiled once and kept; filling it for one person is cheap."""

    def __init__(
        self,
        catalogs: Catalogs,
        signer: Signer,
        *,
        base_url: str,
        mail_from: str,
        https: bool,
        dkim: DkimSigner | None = None,
        replies: ReplyAddresses | None = None,
    ) -> None:
        self._catalogs = catalogs
        self._signer = signer
        self._base_url = base_url
        self._from = parse(mail_from)
        self._https = https
        self.dkim = dkim
        self._replies = replies or ReplyAddresses("")
        self._compiled: dict[tuple[object, ...], CompiledVariant] = {}
        self._links: dict[tuple[str, str], str] = {}

    @property
    def host(self) -> str:
        """The domain that mails come from, for Message-IDs and List-Ids."""
        return self._from.domain

    @property
    def address(self) -> str:
        """The installation's own address, as people read it."""
        return self._from.shown

    def new_message_id(self) -> str:
        """Return a Message-ID, without its angle brackets, that says nothing about the recipient."""
        return f"{secrets.token_hex(16)}@{self.host}"

    def campaign(self, text: CampaignText, to: Addressee, *, message_id: str, moment: datetime) -> Composed:
        """Write one recipient's mail; `moment` is what date tokens and the Date header tell.

        Raises KeyError for a locale without variant, and what the mail engine raises: ContentRefused,
        ValueMissing, ValueRefused, MailRefused.
        """
        filled = self._variant(text, to.locale).fill(self._values(text, to, moment)[0])
        raw = self._posted(text, to, message_id=message_id, moment=moment)
        return Composed(filled.subject, filled.html, filled.text, raw)

    def findings(self, text: CampaignText, locale: str) -> tuple[Finding, ...]:
        """Return what is wrong with a variant's subject and content, with the places."""
        try:
            return self._variant(text, locale).findings
        except ContentRefused as refused:
            return refused.findings

    def needed(self, text: CampaignText, locale: str) -> frozenset[str]:
        """Return the tokens a variant uses without a fallback; raises ContentRefused."""
        return frozenset(self._variant(text, locale).needed)

    def delivery(self, text: CampaignText, claimed: ClaimedDelivery) -> bytes:
        """Write the bytes of a claimed delivery; the same bytes at every attempt."""
        to = addressee_of(claimed)
        return self._posted(text, to, message_id=claimed.message_id, moment=claimed.moment)

    def system(self, claimed: ClaimedSystemMail) -> bytes:
        """Write the bytes of a claimed system mail."""
        catalog = self._catalogs.catalog(claimed.locale)
        own = self._with_links(claimed, catalog)
        if claimed.template == COMPOSED:
            filled = Filled(str(own["subject"]), str(own["html"]), str(own["text"]))
        else:
            needs = shipped.SYSTEM_TEMPLATES[claimed.template].needs
            filled = shipped.system(
                claimed.template, catalog, _typed({name: own[name] for name in needs if name in own})
            )
        letter = Letter(
            sender=Mailbox(str(own.get("from_name") or SENDER_NAME), self._from),
            recipients=(Mailbox("", parse(claimed.address)),),
            subject=filled.subject,
            date=claimed.moment,
            message_id=self._id(claimed.message_id),
            language=ALL_LOCALES[claimed.locale].tag,
            text=filled.text,
            html=filled.html,
            reply_to=Mailbox("", parse(str(own["reply_to"]))) if own.get("reply_to") else None,
            references=tuple(self._id(one) for one in _texts(own.get("references"))),
            automatic=True,
        )
        return self._bytes(letter)

    def _with_links(self, claimed: ClaimedSystemMail, catalog: Catalog) -> Mapping[str, object]:
        """Add what is made with the bytes and stored nowhere: links, address to answer to, words of news."""
        own, locale = dict(claimed.values), claimed.locale
        if claimed.template in ("message-notification", "files-left-out"):
            thread_id, version = cast(int, own["thread"]), cast(int, own["link_version"])
            token = self._signer.sign(CONVERSATION, [thread_id, version])
            reply_to = self._replies.of(thread_id, version)
            own["url"] = links.url(self._base_url, "conversation", locale, token=token)
            own |= {"reply_to": reply_to, "reads_replies": reply_to is not None}
            own["from_name"] = own.get("name", own["program_name"])
            if "left_out" in own:
                own["lines"] = _reasons(catalog, cast(list[list[object]], own["left_out"]))
        elif claimed.template == "message-received":
            own["title"] = notices.title(catalog, *cast(_News, own["news"]))
            own["url"] = links.url(self._base_url, "thread", locale, thread_id=own["thread"])
        elif claimed.template == "daily-digest":
            own["titles"] = [notices.title(catalog, *one) for one in cast(list[_News], own["all_news"])]
            own["url"] = links.url(self._base_url, "notices", locale)
        return own

    def _bytes(self, letter: Letter) -> bytes:
        raw = serialize(letter)
        if self.dkim is None or not self.dkim.covers(letter.sender.address.domain):
            return raw
        return self.dkim.sign(raw, moment=letter.date)

    def _posted(self, text: CampaignText, to: Addressee, *, message_id: str, moment: datetime) -> bytes:
        """Write the bytes without the words as a reader sees them, which a worker has no use for."""
        printed, unsubscribe = self._values(text, to, moment)
        posted = self._variant(text, to.locale).post(printed)
        letter = Letter(
            sender=Mailbox(text.from_name, parse(text.from_address) if text.from_address else self._from),
            recipients=(Mailbox("", parse(to.address)),),
            subject=posted.subject,
            date=moment,
            message_id=self._id(message_id),
            language=ALL_LOCALES[to.locale].tag,
            text=posted.text,
            html=posted.html,
            reply_to=Mailbox(text.from_name, parse(text.reply_to)) if text.reply_to else None,
            list_unsubscribe=unsubscribe if self._https else None,
            list_id=f"program-{text.program_id}.{self.host}",
            bulk=True,
        )
        return self._bytes(letter)

    def _values(self, text: CampaignText, to: Addressee, moment: datetime) -> tuple[values.Values, str]:
        unsubscribe = self._link(UNSUBSCRIBE, to.locale, to.delivery_id)
        join = self._link(JOIN, to.locale, to.prospect_id)
        own = to.own
        recipient = values.Recipient(
            own.get("mpid"),
            own.get("name"),
            own.get("first_name"),
            own.get("last_name"),
            to.address,
            own.get("locale"),
            to.time_zone,
        )
        printed = values.values_for(
            recipient,
            locale=to.locale,
            time_zone=text.program_zone,
            moment=moment,
            ads=text.ads,
            unsubscribe_url=unsubscribe,
            join_url=join,
            program_name=text.program_name,
            sender_name=text.from_name,
        )
        return printed, unsubscribe

    def _link(self, purpose: str, locale: str, number: int) -> str:
        """The address of the page of this purpose, with a signed number; a token needs no escaping."""
        begin = self._links.get((purpose, locale))
        if begin is None:
            begin = self._links[purpose, locale] = links.url(self._base_url, purpose, locale, token="")
        return begin + self._signer.sign(purpose, number)

    def _variant(self, text: CampaignText, locale: str) -> CompiledVariant:
        subject, content = text.variants[locale]
        # The layout's words freeze with a campaign that is out; a draft follows the catalog as it changes.
        words = text.campaign_id or self._catalogs.catalog(locale).version
        key = (words, locale, subject, content, text.program_name, text.from_name)
        known = self._compiled.get(key)
        if known is None:
            known = compile_variant(
                subject,
                content,
                locale=locale,
                catalog=self._catalogs.catalog(locale),
                frame=Frame(program_name=text.program_name, sender_name=text.from_name),
                known_ads=text.ads.keys(),
                constants=values.shared_values(text.program_name, text.from_name),
            )
            if len(self._compiled) >= KEPT_VARIANTS:
                self._compiled.pop(next(iter(self._compiled)), None)
            self._compiled[key] = known
        return known

    def _id(self, message_id: str) -> str:
        bare = message_id.strip("<>")
        return f"<{bare}>" if "@" in bare else f"<{bare}@{self.host}>"


def _reasons(catalog: Catalog, stored: list[list[object]]) -> list[str]:
    """Return a line for each file that was left out, with an empty one between two."""
    lines: list[str] = []
    for file in map(LeftOut.read, stored):
        reason = csv_words.say(file.phrase, file.values, catalog)
        named = catalog.say(OF_A_FILE, file=file.name, reason=reason) if file.name else reason
        lines += ["", named] if lines else [named]
    return lines


# A kind of news and its values, as they are stored.
_News = tuple[str, Mapping[str, object]]


def _texts(stored: object) -> list[str]:
    return [str(one) for one in stored] if isinstance(stored, list) else []


def _typed(stored: Mapping[str, object]) -> dict[str, object]:
    """Give back the types that JSON does not know: `moment` is a time."""
    moment = stored.get("moment")
    typed = {"moment": datetime.fromisoformat(moment)} if isinstance(moment, str) else {}
    return {**stored, **typed}
