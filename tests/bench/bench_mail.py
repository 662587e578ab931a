"""P12, L-5: complete mails per core, values to bytes, against Django, Jinja + EmailMessage and bare joins.

Every way writes the same words for the same recipients: subject, text part, HTML part, and the same headers.
The peers get the printed values ready made and do not check them. Bare joins only put the strings together,
without escaping, encoding or folding anything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from jinja2 import Environment

from service.domain.deliveries import ClaimedDelivery
from service.domain.letters import CampaignText, Composer
from service.domain.signing import Signer
from service.i18n.catalogs import Catalogs
from service.i18n.locales import LOCALES
from service.mail import shipped
from service.mail.addresses import Mailbox, parse
from service.mail.check import check
from service.mail.compiled import CompiledVariant, compile_variant
from service.mail.layout import Frame
from service.mail.mime import Letter, date, serialize
from service.mail.pieces import Bound
from service.mail.values import NO_VALUES, Recipient, Values, shared_values, values_for
from service.paths import data_dir
from tests.bench.figures import compare, seconds

MAILS = 300
MOMENT = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)
SENDER = Mailbox("Maison Aurore", parse("partners@brand.example"))
FROM = "Maison Aurore <partners@brand.example>"
TARGETS = {
    "ja": {"Django": "≥ 15", "Jinja": "≥ 40", "joins": "≥ 0.10"},
    "zh": {"Django": "≥ 15", "Jinja": "≥ 40", "joins": "≥ 0.10"},
    "fr": {"Django": "≥ 15", "Jinja": "≥ 40", "joins": "≥ 0.08"},
    "en": {"Django": "≥ 15", "Jinja": "≥ 40", "joins": "≥ 0.08"},
}
NAMES = {
    "ja": (("株式会社みなと出版", "健太", "髙橋"), ("花と暮らし編集部", "花子", "山田")),
    "zh": (("杭州青禾文化传媒有限公司", "秀英", "王"), ("秀英的厨房", "娜", "李")),
    "fr": (("Le Carnet de Camille", "Camille", "Lefèvre"), ("Ateliers de l’Étang", "Zoé", "Müller")),
    "en": (("Harbor Lane Reviews", "Olivia", "Carter"), ("Blue Harbor & Sons", "Anna", "O’Neil")),
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One recipient as the ledger has them."""

    recipient: Recipient
    unsubscribe: str
    message_id: str

    def values(self, locale: str) -> Values:
        return values_for(
            self.recipient,
            locale=locale,
            time_zone="UTC",
            moment=MOMENT,
            ads={},
            unsubscribe_url=self.unsubscribe,
            join_url=self.unsubscribe.replace("unsubscribe", "join"),
            program_name="Maison Aurore",
            sender_name="Alex",
        )

    def headers(self, locale: str) -> dict[str, str]:
        return {
            "Message-ID": self.message_id,
            "Date": date(MOMENT),
            "List-Id": "<program-1.brand.example>",
            "List-Unsubscribe": f"<{self.unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Precedence": "bulk",
            "Content-Language": LOCALES[locale].tag,
        }


def mails(locale: str) -> list[Mail]:
    found = []
    for number in range(MAILS):
        company, first, last = NAMES[locale][number % 2]
        address = f"person{number}@example{number % 7}.example"
        recipient = Recipient(str(number), company, f"{first}{number}", last, address, locale, "Asia/Tokyo")
        link = f"https://brand.example/{locale}/unsubscribe/{number:060}"
        found.append(Mail(recipient, link, f"<{number:032x}@brand.example>"))
    return found


def ours(variant: CompiledVariant, mail: Mail) -> bytes:
    posted = variant.post(mail.values(variant.locale))
    return serialize(
        Letter(
            sender=SENDER,
            recipients=(Mailbox("", parse(mail.recipient.email)),),
            subject=posted.subject,
            date=MOMENT,
            message_id=mail.message_id,
            language=LOCALES[variant.locale].tag,
            text=posted.text,
            html=posted.html,
            list_unsubscribe=mail.unsubscribe,
            list_id="program-1.brand.example",
            bulk=True,
        )
    )


def source(bound: Bound, begin: str = "{{ ", end: str = " }}") -> str:
    """The template a peer fills: our fixed pieces, and its own marks for the values."""
    parts = list(bound.parts)
    for position, number in bound.places:
        parts[position] = f"{begin}v{number}{end}"
    return "".join(parts)


Build = Callable[[Mail, dict[str, str]], bytes]


def django_message(variant: CompiledVariant) -> Callable[[Mail, dict[str, str]], Any]:
    """Return what renders Django's templates and builds its message."""
    django = pytest.importorskip("django", reason="Django is not installed here; make bench installs it")
    from django.conf import settings
    from django.core.mail import EmailMultiAlternatives
    from django.template import Context, Engine

    if not settings.configured:
        settings.configure(DEFAULT_CHARSET="utf-8", EMAIL_USE_LOCALTIME=False, USE_I18N=False)
        django.setup()
    engine = Engine(autoescape=True)
    plain = [engine.from_string(f"{{% autoescape off %}}{source(one)}{{% endautoescape %}}")
             for one in (variant.subject, variant.text)]  # fmt: skip
    page = engine.from_string(source(variant.html))

    def build(mail: Mail, values: dict[str, str]) -> Any:
        context = Context(values)
        message = EmailMultiAlternatives(
            plain[0].render(context),
            plain[1].render(context),
            FROM,
            [mail.recipient.email],
            headers=mail.headers(variant.locale),
        )
        message.attach_alternative(page.render(context), "text/html")
        return message

    return build


def django_peer(variant: CompiledVariant) -> Build:
    message = django_message(variant)

    def build(mail: Mail, values: dict[str, str]) -> bytes:
        return message(mail, values).message().as_bytes(linesep="\r\n")  # type: ignore[no-any-return]

    return build


def jinja_peer(variant: CompiledVariant) -> Build:
    plain = [Environment().from_string(source(one)) for one in (variant.subject, variant.text)]
    page = Environment(autoescape=True).from_string(source(variant.html))

    def build(mail: Mail, values: dict[str, str]) -> bytes:
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = FROM
        message["To"] = mail.recipient.email
        message["Subject"] = plain[0].render(values)
        for name, value in mail.headers(variant.locale).items():
            message[name] = value
        message.set_content(plain[1].render(values))
        message.add_alternative(page.render(values), subtype="html")
        return message.as_bytes()

    return build


def bare_joins(variant: CompiledVariant) -> Build:
    def build(mail: Mail, values: dict[str, str]) -> bytes:
        words = list(values.values())
        headers = "".join([f"{name}: {value}\r\n" for name, value in mail.headers(variant.locale).items()])
        return "".join(
            [
                f"From: {FROM}\r\nTo: {mail.recipient.email}\r\nSubject: ",
                variant.subject.fill(words), "\r\n", headers, "\r\n",
                variant.text.fill(words), variant.html.fill(words),
            ]
        ).encode()  # fmt: skip

    return build


PEERS = {"Django": django_peer, "Jinja": jinja_peer, "joins": bare_joins}
LABELS = {
    "Django": "Django 5.2 templates + EmailMultiAlternatives",
    "Jinja": "Jinja + EmailMessage",
    "joins": "bare joins",
}


def words_of(variant: CompiledVariant, mail: Mail) -> dict[str, str]:
    values = mail.values(variant.locale)
    return {f"v{number}": str(values.get(slot.name)) for number, slot in enumerate(variant.slots)}


def said(raw: bytes) -> list[str]:
    parsed = message_from_bytes(raw, policy=policy.default)
    bodies = [parsed.get_body((kind,)).get_content() for kind in ("plain", "html")]  # type: ignore[attr-defined]
    return [" ".join(words.split()) for words in (str(parsed["Subject"]), *bodies)]


def compiled(locale: str, constants: Values = NO_VALUES) -> CompiledVariant:
    """Compile the shipped invitation."""
    catalog = Catalogs(data_dir("locales")).catalog(locale)
    draft = shipped.draft("invitation", catalog)
    frame = Frame(program_name="Maison Aurore", sender_name="Alex")
    return compile_variant(
        draft.subject, draft.content, locale=locale, catalog=catalog, frame=frame, constants=constants
    )


@pytest.mark.parametrize("locale", ["ja", "zh", "fr", "en"])
@pytest.mark.parametrize("name", list(PEERS))
def test_render_and_serialise(locale: str, name: str) -> None:
    # The peers' templates have all tokens as variables, as templates are written; ours as campaigns compile.
    whole = compiled(locale, NO_VALUES)
    build = PEERS[name](whole)
    people = mails(locale)
    pairs = [(mail, words_of(whole, mail)) for mail in people]
    variant = compiled(locale, shared_values("Maison Aurore", "Alex"))
    raw = ours(variant, people[0])
    assert check(raw, base_url="https://brand.example") == ()
    if name != "joins":
        assert said(raw)[:2] == said(build(*pairs[0]))[:2]
    share = pairs if name == "joins" else pairs[:40]
    mine = seconds(lambda: [ours(variant, mail) for mail in people])
    peer = seconds(lambda: _all(build, share), rounds=5 if name == "joins" else 3) * len(pairs) / len(share)
    what = f"mails, {variant.locale}, {len(raw):,} bytes"
    compare(what, mine, LABELS[name], peer, times=MAILS, target=TARGETS[variant.locale][name])


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_a_delivery(locale: str) -> None:
    """L-5: a worker's whole way from a claimed row to bytes: two signed links, values, parts, headers."""
    people = mails(locale)
    draft = shipped.draft("invitation", Catalogs(data_dir("locales")).catalog(locale))
    text = CampaignText(
        1, 1, "Maison Aurore", "UTC", "Alex", None, None, {}, {locale: (draft.subject, draft.content)}
    )
    composer = Composer(
        Catalogs(data_dir("locales")),
        Signer("bench" * 8),
        base_url="https://brand.example",
        mail_from="partners@brand.example",
        https=True,
    )
    rows = [row(number, mail, locale) for number, mail in enumerate(people, 1)]
    assert check(composer.delivery(text, rows[0]), base_url="https://brand.example") == ()
    whole = compiled(locale, NO_VALUES)
    build = django_peer(whole)
    pairs = [(mail, words_of(whole, mail)) for mail in people[:40]]
    mine = seconds(lambda: [composer.delivery(text, one) for one in rows])
    peer = seconds(lambda: _all(build, pairs), rounds=3) * len(people) / len(pairs)
    compare(f"deliveries, {locale}", mine, LABELS["Django"], peer, times=MAILS)


def row(number: int, mail: Mail, locale: str) -> ClaimedDelivery:
    person = mail.recipient
    own = {
        "mpid": person.mpid,
        "name": person.name,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "locale": locale,
    }
    return ClaimedDelivery(
        number, 1, number, person.email, locale, "Asia/Tokyo", own, mail.message_id.strip("<>"), MOMENT
    )


def _all(build: Build, pairs: Sequence[tuple[Mail, dict[str, str]]]) -> None:
    for mail, values in pairs:
        build(mail, values)
