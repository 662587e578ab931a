"""P12, L-5: complete mails per core, against Jinja and the standard library's EmailMessage."""

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from jinja2 import Environment

from service.i18n.catalogs import Catalogs
from service.mail import shipped
from service.mail.addresses import Mailbox, parse
from service.mail.compiled import CompiledVariant, compile_variant
from service.mail.layout import Frame
from service.mail.mime import Letter, serialize
from service.mail.values import Recipient, values_for
from service.paths import data_dir
from tests.bench.figures import compare, seconds

MAILS = 300
MOMENT = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)
SENDER = Mailbox("Maison Aurore", parse("partners@brand.example"))


def _ours(variant: CompiledVariant, locale: str) -> bytes:
    recipient = Recipient(
        "98765", "株式会社みなと出版", "健太", "髙橋", "kenta@minato.example", locale, "Asia/Tokyo"
    )
    values = values_for(
        recipient,
        locale=locale,
        time_zone="UTC",
        moment=MOMENT,
        ads={},
        unsubscribe_url="https://brand.example/ja/unsubscribe/" + "x" * 60,
        join_url="https://brand.example/ja/join/" + "x" * 60,
        program_name="Maison Aurore",
        sender_name="Alex",
    )
    filled = variant.fill(values)
    return serialize(
        Letter(
            sender=SENDER,
            recipients=(Mailbox("", parse("kenta@minato.example")),),
            subject=filled.subject,
            date=MOMENT,
            message_id="<0123456789abcdef@brand.example>",
            language=locale,
            text=filled.text,
            html=filled.html,
            list_unsubscribe="https://brand.example/ja/unsubscribe/" + "x" * 60,
            list_id="program-1.brand.example",
            bulk=True,
        )
    )


def _peer(subject: str, text: str, html: str) -> Callable[[], bytes]:
    environment = Environment(autoescape=True)
    templates = [environment.from_string(part + "{{ name }}") for part in (text, html)]

    def build() -> bytes:
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = "Maison Aurore <partners@brand.example>"
        message["To"] = "kenta@minato.example"
        message["Subject"] = subject
        message.set_content(templates[0].render(name="髙橋"))
        message.add_alternative(templates[1].render(name="髙橋"), subtype="html")
        return message.as_bytes()

    return build


@pytest.mark.parametrize("locale", ["ja", "fr"])
def test_render_and_serialise(locale: str) -> None:
    catalog = Catalogs(data_dir("locales")).catalog(locale)
    draft = shipped.draft("invitation", catalog)
    variant = compile_variant(
        draft.subject,
        draft.content,
        locale=locale,
        catalog=catalog,
        frame=Frame(program_name="Maison Aurore"),
    )
    raw = _ours(variant, locale)
    ours = seconds(lambda: [_ours(variant, locale) for _ in range(MAILS)])
    parsed = message_from_bytes(raw, policy=policy.default)
    bodies = [parsed.get_body((kind,)).get_content() for kind in ("plain", "html")]  # type: ignore[attr-defined]
    build = _peer(str(parsed["Subject"]), *(body.replace("{", "(").replace("}", ")") for body in bodies))
    peer = seconds(lambda: [build() for _ in range(30)], rounds=3) * MAILS / 30
    compare(f"mails, {locale}, {len(raw):,} bytes", ours, "Jinja + EmailMessage", peer, times=MAILS)
