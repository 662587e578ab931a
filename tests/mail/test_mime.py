import email
import email.policy
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.mail.addresses import Mailbox, parse
from service.mail.check_headers import decode_word
from service.mail.graphemes import clusters
from service.mail.mime import Letter, MailRefused, date, encoded_words, serialize
from tests.mail.letters import MOMENT, clean_bytes, letter

H1 = [
    "\r",
    "\n",
    "\r\n",
    "\x85",
    "\u2028",
    "\u2029",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\0",
    "\x7f",
    "\ud800",
]


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def mailboxes(raw: bytes, name: str) -> list[tuple[str, str]]:
    """Names and addresses by the older parser: the newer one of 3.11 puts spaces between encoded words."""
    value = str(email.message_from_bytes(raw)[name]).replace("\r\n", "")
    return [(str(make_header(decode_header(shown))), spec) for shown, spec in getaddresses([value])]


def header(raw: bytes, name: str) -> str:
    """The header as it stands, folds included."""
    match = re.search(rb"^" + name.encode() + rb":([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", raw, re.MULTILINE)
    assert match is not None
    return match[1].decode()


@pytest.mark.parametrize("char", H1)
def test_no_value_breaks_out_of_its_header(char: str) -> None:
    """H-1."""
    name = Mailbox(f"a{char}b", parse("a@x.example"))
    for field, changes in {
        "Subject": {"subject": f"a{char}b"},
        "From": {"sender": name},
        "To": {"recipients": (name,)},
        "Reply-To": {"reply_to": name},
        "Message-ID": {"message_id": f"<a{char}b@x.example>"},
        "List-Id": {"list_id": f"a{char}b.example"},
        "List-Unsubscribe": {"list_unsubscribe": f"https://x.example/{char}"},
        "Content-Language": {"language": f"en{char}"},
    }.items():
        with pytest.raises(MailRefused) as refused:
            serialize(letter(**changes))
        assert refused.value.field == field


def test_a_refusal_in_a_log_does_not_quote_the_value() -> None:
    """D-3."""
    with pytest.raises(MailRefused) as refused:
        serialize(letter(message_id="<canary person@x.example>"))
    assert "canary" in refused.value.values["value"]
    assert "canary" not in str(refused.value) + repr(refused.value)


def test_the_header_set_is_exactly_what_was_asked_for() -> None:
    """H-1, M-3, M-4, M-8, M-13."""
    raw = clean_bytes(
        letter(list_unsubscribe="https://prospectus.example/u/1", list_id="p.x.example", bulk=True)
    )
    assert parsed(raw).keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
        "Precedence", "Content-Language", "MIME-Version", "Content-Type",
    ]  # fmt: skip
    raw = clean_bytes(letter(automatic=True, html=None, reply_to=Mailbox("", parse("r@x.example"))))
    assert parsed(raw).keys() == [
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language",
        "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    ]  # fmt: skip


def test_one_click_headers_need_https() -> None:
    """M-4."""
    raw = clean_bytes(
        letter(list_unsubscribe="http://prospectus.example/u/1"), base_url="http://prospectus.example"
    )
    assert "List-Unsubscribe" not in parsed(raw)


def test_a_long_address_stands_on_one_line_unencoded() -> None:
    """M-3."""
    address = "https://prospectus.example/" + "a" * 800
    raw = clean_bytes(letter(list_unsubscribe=address))
    assert header(raw, "List-Unsubscribe") == f" <{address}>"


def test_an_encoded_word_in_a_value_stays_text() -> None:
    """H-2."""
    smuggled = "=?utf-8?B?YQ0KQmNjOiBldmlsQGUuY29t?="
    raw = clean_bytes(letter(subject=smuggled, sender=Mailbox(smuggled, parse("a@x.example"))))
    message = parsed(raw)
    assert message["Subject"] == smuggled
    assert mailboxes(raw, "From") == [(smuggled, "a@x.example")]
    assert "Bcc" not in message


@pytest.mark.parametrize(
    "name",
    [
        "Emma", "Emma Reed", 'a "b" c', "a\\b", "Reed, Emma", "<x@y>", "=?", "support@bank.example",
        "山田 太郎", "招" * 300, "O’Neil", "a  b", "a\tb", "x" * 300,
        "Société Générale & Fils (Paris); l’équipe", "a:b;c", ".",
    ],
)  # fmt: skip
def test_a_display_name_is_one_mailbox_again(name: str) -> None:
    """H-3."""
    raw = clean_bytes(letter(sender=Mailbox(name, parse("a@x.example"))))
    assert mailboxes(raw, "From") == [(name, "a@x.example")]


def test_a_name_of_only_spaces_is_none() -> None:
    """H-3."""
    assert (
        header(clean_bytes(letter(sender=Mailbox(" \u3000", parse("a@x.example")))), "From") == " a@x.example"
    )


def test_an_address_that_needs_smtputf8_is_raw_and_says_so() -> None:
    """H-10."""
    one = letter(recipients=(Mailbox("王秀英", parse("用户@例子.广告")),))
    assert one.needs_smtputf8
    assert header(clean_bytes(one), "To").endswith(" <用户@例子.广告>")
    assert not letter().needs_smtputf8


@pytest.mark.parametrize(
    "subject",
    [
        "招待" * 200, "x" * 1200, "a b " * 100 + "c", "👩‍👩‍👧‍👦" * 40, "é" * 200, "e\u0301" * 200,
        "🇯🇵🇫🇷" * 30, "a" + "\u0301" * 300, "Ω≈ç√∫˜µ≤≥÷", "-", "_ = ?", "word " * 30 + "é", "नि" * 50, "",
    ],
)  # fmt: skip
def test_a_subject_is_itself_again_and_no_word_splits_a_character(subject: str) -> None:
    """M-1, M-2."""
    raw = clean_bytes(letter(subject=subject))
    assert parsed(raw)["Subject"] == subject
    words = re.findall(r"=\?([^?]+)\?([^?])\?([^?]*)\?=", header(raw, "Subject"))
    pieces = [decode_word(*(part.encode() for part in word)) for word in words]
    whole = list(clusters(subject))
    if words and max(len(cluster.encode()) for cluster in whole) < 45:
        assert [cluster for piece in pieces for cluster in clusters(piece)] == whole


def test_bidi_controls_and_tags_are_left_out_of_headers() -> None:
    """T-9."""
    raw = clean_bytes(
        letter(subject="a\u202eb\u2066c\U000e0041d", sender=Mailbox("x\u202ey", parse("a@x.example")))
    )
    assert (parsed(raw)["Subject"], parsed(raw)["From"].addresses[0].display_name) == ("abcd", "xy")


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("招待é 👩‍👧"), max_size=120)


@given(subject=TEXT, name=TEXT)
@settings(max_examples=200, deadline=None)
def test_headers_parse_back_equal(subject: str, name: str) -> None:
    """H-3, M-1, M-2: the standard library's parser is the oracle."""
    subject, name = subject.translate(LEFT_OUT).strip(), name.translate(LEFT_OUT).strip()
    raw = clean_bytes(letter(subject=subject, sender=Mailbox(name, parse("a@x.example"))))
    assert parsed(raw)["Subject"] == subject
    assert mailboxes(raw, "From") == [(name, "a@x.example")]


LEFT_OUT = dict.fromkeys(
    [0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080)], None
)
BODY = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0") | st.sampled_from("\r\n\t .=招é"),
    max_size=400,
)


@given(text=BODY, html=BODY)
@settings(max_examples=200, deadline=None)
def test_bodies_parse_back_equal(text: str, html: str) -> None:
    """M-1, M-9, M-10."""
    message = parsed(serialize(letter(text=f"a{text}", html=f'<html lang="en">{html}')))
    first, second = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    for part, sent in ((first, f"a{text}"), (second, f'<html lang="en">{html}')):
        wanted = sent.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") + "\n"
        assert part.get_payload(decode=True) == wanted.replace("\n", "\r\n").encode()
    assert [part.get_content_type() for part in (first, second)] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "text", ["x" * 3000, ".\r\n.", "a\r\n.\r\nb", "a\n.\nb", "From me", "a \nb\t\n", "=", "\f"]
)
def test_awkward_bodies_are_clean(text: str) -> None:
    """M-1."""
    clean_bytes(letter(text=f"Hello\n{text}"))


@pytest.mark.parametrize("char", ["\0", "\ud800"])
def test_a_body_that_cannot_be_sent_is_refused(char: str) -> None:
    """T-9."""
    with pytest.raises(MailRefused):
        serialize(letter(text=char))


def test_the_same_letter_is_the_same_bytes() -> None:
    """M-8, T-11."""
    one = letter()
    assert serialize(one) == serialize(one)
    other = letter(message_id="<other@brand.example>")
    assert header(serialize(one), "Content-Type") != header(serialize(other), "Content-Type")


def test_the_date_is_numeric_and_english_in_any_process_locale() -> None:
    """M-8."""
    tokyo = timezone(timedelta(hours=9))
    assert date(MOMENT) == "Tue, 19 Jan 2038 03:14:08 +0000"
    assert date(MOMENT.astimezone(tokyo)) == "Tue, 19 Jan 2038 12:14:08 +0900"
    script = (
        "import locale; from datetime import *; from service.mail.mime import date\n"
        "for name in ('ja_JP.UTF-8', 'fr_FR.UTF-8'):\n"
        "    try: locale.setlocale(locale.LC_ALL, name)\n"
        "    except locale.Error: pass\n"
        "    print(date(datetime(2038, 1, 19, 3, 14, 8, tzinfo=timezone.utc)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.splitlines()) == {"Tue, 19 Jan 2038 03:14:08 +0000"}
    with pytest.raises(ValueError, match="offset"):
        date(datetime(2038, 1, 19))  # noqa: DTZ001 - the point


def test_encoded_words_are_short() -> None:
    """M-2."""
    for text in ("招待" * 100, "é" * 300, "a" * 300):
        words = list(encoded_words(text, first=60))
        assert len(words[0]) <= 60
        assert max(map(len, words)) <= 75


def test_a_letter_with_nobody_to_go_to_is_refused() -> None:
    with pytest.raises(MailRefused):
        serialize(letter(recipients=()))


def test_several_recipients_are_several_mailboxes() -> None:
    boxes = tuple(
        Mailbox(name, parse(f"a{number}@x.example")) for number, name in enumerate(("", "山田", "A, B") * 5)
    )
    raw = clean_bytes(letter(recipients=boxes))
    assert mailboxes(raw, "To") == [(box.name, box.address.spec) for box in boxes]
    assert isinstance(letter(), Letter)


def test_earlier_mails_of_a_conversation_are_named_unencoded() -> None:
    """M-3: In-Reply-To is the latest; each on a line of its own, so that none is folded."""
    ids = tuple(f"<{number:032x}@mail.example>" for number in range(5))
    raw = clean_bytes(letter(references=ids))
    assert raw.count(b"In-Reply-To: " + ids[-1].encode() + b"\r\n") == 1
    assert b"References: " + "\r\n ".join(ids).encode() + b"\r\n" in raw
    assert b"References" not in clean_bytes(letter())
    with pytest.raises(MailRefused):
        serialize(letter(references=("<a@b.example>\r\nBcc: evil@e.example",)))
