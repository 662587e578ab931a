"""A recipient, a letter, and the check that every serialised letter passes through."""

from datetime import UTC, datetime

from service.i18n.locales import LOCALES
from service.mail.addresses import Mailbox, parse
from service.mail.check import check
from service.mail.compiled import Filled
from service.mail.mime import Letter, serialize
from service.mail.values import Ad, Recipient, Values, values_for

MOMENT = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)
BASE_URL = "https://prospectus.example"


def values_of(locale: str = "en", **changes: str | None) -> Values:
    own: dict[str, str | None] = {
        "mpid": "98765", "name": "Harbor Lane", "first_name": "Olivia", "last_name": "Carter",
        "locale": locale, "time_zone": "UTC",
    }  # fmt: skip
    own.update(changes)
    recipient = Recipient(email="olivia@example.com", **own)  # type: ignore[arg-type]
    return values_for(
        recipient,
        locale=locale,
        time_zone="UTC",
        moment=MOMENT,
        ads={
            "12": Ad("Spring <sale>", "https://ads.example/x?a=1&b=2", "https://ads.example/i.png"),
            "13": Ad("Plain ad", "https://ads.example/"),
        },
        unsubscribe_url=f"{BASE_URL}/{locale}/unsubscribe/abc?a=1&b=2",
        join_url=f"{BASE_URL}/{locale}/join/abc",
        program_name="Northwind & Sons",
        sender_name="Emma Reed",
    )


def letter(**changes: object) -> Letter:
    own: dict[str, object] = {
        "sender": Mailbox("Emma Reed", parse("emma@brand.example")),
        "recipients": (Mailbox("", parse("olivia@example.com")),),
        "subject": "Hello",
        "date": MOMENT,
        "message_id": "<abc.def@brand.example>",
        "language": "en",
        "text": "Hello\n",
        "html": '<html lang="en"><body><p>Hello</p></body></html>',
    }
    own.update(changes)
    return Letter(**own)  # type: ignore[arg-type]


def clean_bytes(one: Letter, base_url: str | None = BASE_URL) -> bytes:
    """Serialise a letter; the check that shares no code with the writer must find nothing."""
    raw = serialize(one)
    assert check(raw, base_url=base_url) == ()
    return raw


def posted(filled: Filled, locale: str, **changes: object) -> bytes:
    """Serialise a filled mail as a campaign would."""
    changes.setdefault("list_unsubscribe", f"{BASE_URL}/{locale}/unsubscribe/abc")
    return clean_bytes(
        letter(
            subject=filled.subject,
            text=filled.text,
            html=filled.html,
            language=LOCALES[locale].tag,
            list_id="program-1.brand.example",
            bulk=True,
            **changes,
        )
    )
