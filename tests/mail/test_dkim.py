"""Our signatures against another implementation: dkimpy verifies every kind of mail that we write."""

import re
from datetime import UTC, datetime
from email import message_from_bytes

import dkim
import pytest
from dkim.canonicalization import Relaxed
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service import dkim_key
from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.mail import shipped
from service.mail.addresses import Mailbox, parse
from service.mail.attachments import Attachment
from service.mail.check import check
from service.mail.dkim import SIGNED, DkimSigner, quoted_strings, record_name, relaxed_body
from service.mail.mime import Letter, serialize
from tests.mail.letters import BASE_URL, letter, posted, values_of
from tests.mail.test_shipped import SYSTEM, sent, variant

MOMENT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
CODES = tuple(LOCALES)
KEYS = {
    "rsa": dkim_key.read(dkim_key.make()),
    "ed25519": dkim_key.read(dkim_key.make(ed25519_key=True)),
}
SIGNERS = {kind: DkimSigner(key, domain="brand.example", selector="s1._x.y") for kind, key in KEYS.items()}


def verified(raw: bytes, kind: str) -> bool:
    """Ask dkimpy, which gets the record from the name that the signature itself says."""

    def published(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"s1._x.y._domainkey.brand.example."
        return KEYS[kind].record.encode()

    return bool(dkim.DKIM(raw).verify(dnsfunc=published))


def signed(raw: bytes, kind: str) -> bytes:
    """Sign, expect both other parties to be content, and return the bytes."""
    out = SIGNERS[kind].sign(raw, moment=MOMENT)
    assert out.endswith(raw)
    header = out[: len(out) - len(raw)]
    assert header.isascii()
    assert max(map(len, header.split(b"\r\n"))) <= 78
    assert verified(out, kind)
    return out


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", shipped.CAMPAIGN_TEMPLATES)
def test_every_campaign_template_verifies(
    name: str, code: str, kind: str, catalogs: dict[str, Catalog]
) -> None:
    """M-4: in each language, with both List-Unsubscribe headers under the signature."""
    raw = posted(variant(name, code, catalogs).fill(values_of(code)), code)
    out = signed(raw, kind)
    assert check(out, base_url=BASE_URL) == ()
    assert {
        "list-unsubscribe",
        "list-unsubscribe-post",
        "from",
        "to",
        "subject",
        "date",
        "message-id",
    } <= set(names_of(out))


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", SYSTEM)
def test_every_system_template_verifies(
    name: str, code: str, kind: str, catalogs: dict[str, Catalog]
) -> None:
    out = signed(sent(shipped.system(name, catalogs[code], SYSTEM[name]), code), kind)
    assert check(out, base_url=BASE_URL) == ()


def names_of(out: bytes) -> list[str]:
    value = str(message_from_bytes(out)["DKIM-Signature"])
    found = re.search(r"\sh=([^;]+);", value)
    assert found
    return [name.strip().lower() for name in found[1].split(":")]


ODD: dict[str, dict[str, object]] = {
    "attachments": {
        "attachments": (
            Attachment("見積書 2038.pdf", "application/pdf", bytes(range(256)) * 40),
            Attachment("liste.csv", "text/csv", "Nom;Société\r\n é  ;\t\r\n\r\n\r\n".encode()),
        )
    },
    "long headers": {
        "subject": "招待 " * 300,
        "sender": Mailbox("Élodie " * 30, parse("emma@mail.brand.example")),
        "recipients": (Mailbox("x" * 60, parse("olivia@example.com")), Mailbox("", parse("b@example.com"))),
        "reply_to": Mailbox("株式会社", parse("reply@brand.example")),
        "list_unsubscribe": f"{BASE_URL}/en/unsubscribe/{'a' * 700}",
    },
    "spaces in the subject": {"subject": "two  spaces and a\ttab  "},
    "no subject": {"subject": ""},
    "text alone": {"html": None, "text": "one\n"},
    "an empty text": {"html": None, "text": ""},
    "blank lines at the end": {"html": None, "text": "one \t \n\n \n\t\n\n"},
    "international": {"recipients": (Mailbox("", parse("用户@例子.广告")),)},
}


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize("name", ODD)
def test_odd_mails_verify(name: str, kind: str) -> None:
    signed(serialize(letter(**ODD[name])), kind)


_LINES = st.lists(st.text("ab. \t=é", max_size=12), max_size=8)
_BODIES = st.builds(
    lambda lines, end: "\r\n".join(lines).encode() + end,
    _LINES,
    st.sampled_from([b"", b"\r\n", b"\r\n\r\n", b" ", b"\t\r\n", b" \r\n \r\n"]),
)


@given(_BODIES)
@example(b"")
@example(b"\r\n")
@example(b" ")
@example(b" \r\n\t\r\n\r\n")
@example(b"a")
@example(b"a \t")
@settings(max_examples=300)
def test_any_body_has_the_canonical_form_of_another_implementation(body: bytes) -> None:
    """RFC 6376 section 3.4.4: blanks, empty lines at the end, no final CRLF, nothing at all."""
    whole = body if body.endswith(b"\r\n") else body + b"\r\n"
    assert relaxed_body(body) == Relaxed.canonicalize_body(whole)


@given(
    body=_BODIES,
    subject=st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), max_size=60),
    fold=st.sampled_from([b"\r\n ", b"\r\n\t", b"  ", b" \t ", b""]),
)
@settings(max_examples=150, deadline=None)
def test_any_message_verifies(body: bytes, subject: str, fold: bytes) -> None:
    """Also what our own writer never writes: folds and blanks of any kind, raw UTF-8, doubled headers."""
    head = b"\r\n".join(
        [
            b"from:%sa@brand.example" % fold,
            b"Subject:%s%s %s" % (fold, subject.encode(), fold + b"end"),
            b"Subject: a second one",
            b"X-Other: not signed",
            b"To: b@example.com" + fold,
        ]
    )
    out = SIGNERS["ed25519"].sign(head + b"\r\n\r\n" + body, moment=MOMENT)
    assert verified(out if body.endswith(b"\r\n") else out + b"\r\n", "ed25519")


GOOD = serialize(letter(list_unsubscribe=f"{BASE_URL}/u/1", list_id="p.brand.example"))


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: Hello", b"Subject: Hallo"),
        (b"Hello\r\n", b"Hallo\r\n"),
        (b"From: ", b"From: x <evil@evil.example>\r\nFrom: "),
        (b"From: ", b"Reply-To: evil@evil.example\r\nFrom: "),
        (b"From: ", b"Cc: evil@evil.example\r\nFrom: "),
        (b"From: ", b"Subject: first\r\nFrom: "),
        (b"From: ", b"Content-Type: text/html\r\nFrom: "),
        (b"From: ", b"List-Unsubscribe: <https://evil.example/>\r\nFrom: "),
        (b"/u/1>", b"/u/2>"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
    ],
)
def test_what_is_changed_or_added_on_the_way_breaks_the_signature(old: bytes, new: bytes, kind: str) -> None:
    """M-4: From and what a reader sees cannot be doubled, nor the way out be changed."""
    head, mark, rest = signed(GOOD, kind).partition(b"From: ")
    tampered = (mark + rest).replace(old, new, 1)
    assert tampered != mark + rest
    assert not verified(head + tampered, kind)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: Hello", b"subject:\t Hello \t"),
        (b"From: ", b"Received: from relay.example\r\nFrom: "),
        (b"Content-Language: en\r\n", b""),
    ],
)
def test_what_relays_do_leaves_it_whole(old: bytes, new: bytes) -> None:
    assert verified(signed(GOOD, "rsa").replace(old, new, 1) + b"\r\n\r\n", "rsa")


def test_a_blank_before_the_colon_says_the_same() -> None:
    """RFC 6376 section 3.4.2, beyond what dkimpy reads."""
    odd = GOOD.replace(b"Subject: Hello", b"SUBJECT \t: Hello")
    for signer in SIGNERS.values():
        mine, plain = (signer.sign(raw, moment=MOMENT).partition(b"From: ")[0] for raw in (odd, GOOD))
        assert mine == plain


def test_the_same_mail_is_signed_with_the_same_bytes() -> None:
    """M-8: a repeated attempt sends what the first one sent."""
    for kind, signer in SIGNERS.items():
        assert signer.sign(GOOD, moment=MOMENT) == signed(GOOD, kind)


def test_the_signature_names_what_it_covers() -> None:
    plain = Letter(
        sender=Mailbox("", parse("a@brand.example")), recipients=(Mailbox("", parse("b@example.com")),),
        subject="Hi", date=MOMENT, message_id="<m@brand.example>", language="en", text="Hi\n",
    )  # fmt: skip
    out = signed(serialize(plain), "ed25519")
    assert names_of(out) == [
        *("from", "from", "to", "to", "cc", "reply-to", "subject", "subject", "date", "date"),
        *("message-id", "message-id", "mime-version", "mime-version", "content-type", "content-type"),
        *("content-transfer-encoding", "content-transfer-encoding"),
    ]
    assert set(names_of(out)) <= {name.lower() for name in SIGNED}


def test_a_long_domain_stands_on_a_line_of_its_own() -> None:
    domain = ".".join(["a" * 60] * 3) + ".example"
    signer = DkimSigner(KEYS["ed25519"], domain=domain, selector="s" * 60)
    lines = signer.sign(GOOD, moment=MOMENT).split(b"\r\n")
    assert lines[:3] == [
        b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;",
        f" d={domain};".encode(),
        f" s={'s' * 60};".encode(),
    ]


@pytest.mark.parametrize(
    ("domain", "covered"),
    [
        ("brand.example", True),
        ("mail.brand.example", True),
        ("otherbrand.example", False),
        ("example", False),
        ("brand.example.evil.example", False),
    ],
)
def test_it_speaks_for_its_domain_and_those_below(domain: str, covered: bool) -> None:
    assert SIGNERS["rsa"].covers(domain) is covered


def test_a_record_is_split_into_strings_of_255_octets() -> None:
    """RFC 6376 section 3.6.2.2: a receiver joins the strings without anything between them."""
    record = KEYS["rsa"].record
    strings = re.findall(r'"([^"]*)"', quoted_strings(record))
    assert [len(one) for one in strings] == [255, len(record) - 255]
    assert "".join(strings) == record
    assert quoted_strings(KEYS["ed25519"].record).count('"') == 2
    assert record_name("s1", "brand.example") == "s1._domainkey.brand.example"


SIGNATURE = signed(GOOD, "ed25519")


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        (b"v=1; ", b"", ["dkim-tag"]),
        (b"v=1", b"v=2", ["dkim-tag"]),
        (b"ed25519-sha256", b"rsa-sha1", ["dkim-tag"]),
        (b"d=brand.example", b"d=brand", ["dkim-tag"]),
        (b"t=1", b"t=x", ["dkim-tag"]),
        (b"c=relaxed/", b"c=loose/", ["dkim-tag"]),
        (b"v=1;", b"v=1; v=1;", ["dkim-tags"]),
        (b"v=1;", b"v;", ["dkim-tags"]),
        (b"h=From:From:", b"h=", ["dkim-from"]),
        (b"List-Unsubscribe:List-Unsubscribe:", b"", ["dkim-list"]),
        (b"bh=", b"bh=!", ["dkim-tag"]),
    ],
)
def test_the_check_reads_a_signature(old: bytes, new: bytes, rules: list[str]) -> None:
    assert old in SIGNATURE
    found = check(SIGNATURE.replace(old, new, 1), base_url=BASE_URL)
    assert [one.rule for one in found] == rules
