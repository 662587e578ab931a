"""Letters: one recipient's bytes, the same for sending and previewing."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import dkim
import pytest

from service import dkim_key
from service.bootstrap import Services
from service.db import Database
from service.domain import deliveries, letters, previews, programs, recipients, system_mails
from service.domain.letters import Composer
from service.mail.check import check
from service.mail.compiled import ContentRefused
from service.mail.dkim import DkimSigner
from service.models import Campaign, Delivery, User
from tests.outbound import NOW, make_campaign


@pytest.fixture
def db(services: Services) -> Database:
    """The migrated database of an installation."""
    return services.db


def opened(raw: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(raw, policy=policy.default))


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    assert body is not None
    return str(cast(EmailMessage, body).get_content())


def claimed(
    db: Database, recipients: int = 2
) -> tuple[letters.CampaignText, list[deliveries.ClaimedDelivery]]:
    with db.transaction() as session:
        campaign = make_campaign(session, recipients)
        campaign.reply_to = "partners@brand.example"
        found = list(deliveries.claim(session, campaign.id, token="t", now=NOW))
        return letters.text_of(session, campaign.id), found


def test_a_letter_is_in_one_language_with_its_dates_in_the_recipients_zone(
    services: Services, db: Database
) -> None:
    """T-10: at 16:30 UTC it is already tomorrow in Tokyo, and the date is written the Japanese way."""
    text, [english, japanese] = claimed(db)
    evening = datetime(2038, 1, 18, 16, 30, tzinfo=UTC)
    mails = [
        opened(services.composer.delivery(text, replace(mail, moment=evening)))
        for mail in (english, japanese)
    ]
    assert [mail["Subject"] for mail in mails] == ["A partnership with Aurora", "Auroraとの提携"]
    assert "January 19, 2038" in part(mails[0], "plain")
    assert "2038年1月19日" in part(mails[1], "plain")
    assert [mail["Content-Language"] for mail in mails] == ["en", "ja"]
    assert [mail["To"] for mail in mails] == ["p0@example.com", "p1@example.com"]
    assert mails[0]["From"] == "Ada of Aurora <noreply@localhost.invalid>"
    assert mails[0]["Reply-To"] == "Ada of Aurora <partners@brand.example>"
    assert mails[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_every_attempt_and_every_process_writes_the_same_bytes(services: Services, db: Database) -> None:
    """M-8, T-11: Message-ID, date and words are fixed when the row is first claimed."""
    text, [mail, _] = claimed(db)
    other = Composer(
        services.catalogs,
        services.signer,
        base_url=services.settings.base_url,
        mail_from=services.settings.mail_from,
        https=True,
    )
    assert services.composer.delivery(text, mail) == other.delivery(text, mail)


def test_what_is_shown_is_what_is_sent(services: Services, db: Database) -> None:
    """T-11: the preview of a recipient and the mail a worker writes are the same octets."""
    text, mails = claimed(db, 3)
    for mail in mails:
        to = letters.addressee_of(mail)
        shown = services.composer.campaign(text, to, message_id=mail.message_id, moment=mail.moment)
        assert shown.raw == services.composer.delivery(text, mail)
        message = opened(shown.raw)
        assert part(message, "plain").replace("\r\n", "\n") == shown.text
        assert part(message, "html").replace("\r\n", "\n").strip() == shown.html.strip()


def test_the_bytes_satisfy_the_validator(services: Services, db: Database) -> None:
    """P9: the byte-level check finds nothing in campaign, preview and system mails."""
    text, mails = claimed(db, 3)
    base_url = services.settings.base_url
    for mail in mails:
        assert check(services.composer.delivery(text, mail), base_url=base_url) == ()


def test_links_are_signed_for_their_purpose_and_name_only_an_id(services: Services, db: Database) -> None:
    """D-7, M-6: the token is of this delivery, and an unsubscribe token is no join token."""
    text, [mail, _] = claimed(db)
    url = opened(services.composer.delivery(text, mail))["List-Unsubscribe"].strip("<>")
    token = url.rpartition("/")[2]
    assert services.signer.read(letters.UNSUBSCRIBE, token) == mail.id
    assert services.signer.read(letters.JOIN, token) is None
    assert "example.com" not in token


def test_without_https_there_is_no_unsubscribe_header_but_the_link_stays(
    services: Services, db: Database
) -> None:
    """M-4: one click is offered over https only."""
    text, [mail, _] = claimed(db)
    plain = Composer(
        services.catalogs,
        services.signer,
        base_url="http://127.0.0.1:8000",
        mail_from=services.settings.mail_from,
        https=False,
    )
    message = opened(plain.delivery(text, mail))
    assert message["List-Unsubscribe"] is None
    assert "http://127.0.0.1:8000/en/unsubscribe/" in part(message, "plain")


def test_a_test_mail_goes_to_its_author_as_the_recipient_would_get_it(
    services: Services, db: Database
) -> None:
    """T-11: the same words, in the language of the recipient's variant, by the system lane."""
    with db.transaction() as session:
        campaign = make_campaign(session, 2)
        campaign.launched_at = None
        author = session.get_one(User, campaign.author_id)
        program = programs.find(session, campaign.program_id)
        recipient = replace(recipients.resolve(session, program, [2])[0], locale="ja")
        preview = previews.preview(session, services.composer, campaign, recipient, now=NOW).raw
        previews.send_test(session, services.jobs, services.composer, campaign, recipient, to=author, now=NOW)
    with db.transaction() as session:
        [mail] = system_mails.claim(session, token="t", now=NOW)
    sent, shown = opened(services.composer.system(mail)), opened(preview)
    assert sent["To"] == "ada@brand.example"
    assert (sent["Subject"], sent["Content-Language"]) == (shown["Subject"], "ja")
    assert part(sent, "plain") == part(shown, "plain")
    assert part(sent, "html") == part(shown, "html")
    assert check(services.composer.system(mail)) == ()


def test_a_draft_with_an_unknown_token_is_not_previewed(services: Services, db: Database) -> None:
    """T-5: the refusal names the place; nothing half written is shown."""
    with db.transaction() as session:
        campaign = make_campaign(session, 1)
        campaign.launched_at = None
        campaign.variants[0].content = "Hello {firstname}"
        session.flush()
        text = letters.text_of(session, campaign.id)
        to = letters.addressee_of(session.get_one(Delivery, 1))
        assert session.get_one(Campaign, campaign.id).launched_at is None
    with pytest.raises(ContentRefused) as refused:
        services.composer.campaign(text, to, message_id="x@brand.example", moment=NOW)
    assert [(found.path, found.line, found.column) for found in refused.value.findings] == [("content", 1, 7)]


def signed_by(services: Services, domain: str, mail_from: str) -> Composer:
    key = dkim_key.read(dkim_key.make(ed25519_key=True))
    return Composer(
        services.catalogs, services.signer, base_url="https://prospectus.example", mail_from=mail_from,
        https=True, dkim=DkimSigner(key, domain=domain, selector="s1"),
    )  # fmt: skip


def test_campaign_and_system_mails_are_signed_the_same_at_every_attempt(
    services: Services, db: Database
) -> None:
    """M-4, M-8: verified by dkimpy; one-click headers are covered; a retry sends the same bytes."""
    composer = signed_by(services, "brand.example", "noreply@mail.brand.example")
    assert composer.dkim is not None
    record = composer.dkim.key.record.encode()
    text, [mail, _] = claimed(db)
    mail = replace(mail, moment=datetime(2026, 11, 21, 9, 30, tzinfo=UTC))
    raw = composer.delivery(text, mail)
    assert raw == composer.delivery(text, mail)
    system = composer.system(
        system_mails.ClaimedSystemMail(
            1, "password-reset", "a@x.example", "ja",
            {"url": "https://prospectus.example/ja/reset/x", "minutes": 60}, "m1", mail.moment,
        )
    )  # fmt: skip
    for one in (raw, system):
        assert dkim.verify(one, dnsfunc=lambda _name, timeout: record)
        assert check(one, base_url="https://prospectus.example") == ()
    assert "List-Unsubscribe:List-Unsubscribe-Post" in "".join(str(opened(raw)["DKIM-Signature"]).split())


def test_mails_of_another_domain_are_not_signed(services: Services, db: Database) -> None:
    """A signature that does not align with From helps nobody."""
    composer = signed_by(services, "brand.example", "noreply@otherbrand.example")
    text, [mail, _] = claimed(db)
    assert opened(composer.delivery(text, mail))["DKIM-Signature"] is None
