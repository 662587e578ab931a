"""P3, P9: hostile values in every place a token can stand, in every shipped template and language."""

import email
import email.policy
import functools
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.mail.addresses import Mailbox, parse
from service.mail.compiled import CompiledVariant, ValueMissing, compile_variant
from service.mail.layout import Frame
from service.mail.mime import header_text, refused_character, serialize
from service.mail.shipped import CAMPAIGN_TEMPLATES, draft
from service.mail.values import Recipient, ValueRefused, Values, values_for
from tests.mail.letters import BASE_URL, MOMENT, clean_bytes, letter
from tests.mail.test_compiled import Shape

# Our own list, by the kinds that public lists of naughty strings have.
HOSTILE = [
    # markup, Markdown, tokens, expressions
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg/onload=alert(1)>",
    "</td></tr></table>", "</title><h1>x</h1>", "<!-- ", "-->", "]]>", "&lt;b&gt;", "&#x3c;b&#x3e;",
    "<style>*{}</style>", "<base href=//x>", "[click](https://evil.example)",
    "![](https://evil.example/p.png)", "<https://evil.example>", "# H", "- x", "> x", "```", "`x`",
    "| a | b |", "***", "[x]: https://evil.example", "\\", "\\{", "{lastName}", "{unsubscribeUrl}",
    "<currentDay>", "｛firstName｝", "{{7*7}}", "{% raw %}", "${7*7}", "%(x)s", "%s%n", "{0}",
    "$firstName", "tk0q0tz", "tk0q0uz",
    # addresses
    "evil.example", "https://evil.example/?a=1&b=2", "javascript:alert(1)", "mailto:a@x.example",
    "support@bank.example", "a@x.example>\u0020<b@x.example", "../../etc/passwd", "//evil.example",
    "?x=1#y", "%0d%0aBcc:", "a/b\\c",
    # headers
    "=?utf-8?B?YQ0KQmNjOiBldmlsQGUuY29t?=", "=?", "?=", "=?utf-8?q?=0D=0ABcc:_e@x.example?=", "a\tb",
    "x: y", "\"quoted\"", ",;:", "(comment)", "undisclosed-recipients:;", ".", "..", "-", "--=_",
    "From me",
    # scripts and characters
    "招" * 300, "𠮷野" * 20, "\U0002a6d6\U000323af", "髙﨑", "می\u200cخواهم", "محمد", "שלום",
    "abc עברית def", "नि" * 40, "a" + "\u0301" * 500, "Z\u0351\u036b\u0343\u036a" * 60,
    "👩\u200d👩\u200d👧\u200d👦" * 40, "👍🏽" * 50, "🇯🇵🇫🇷" * 30, "e\u0301" * 80, "\u202eabc\u202c",
    "\u2066\u2067\u2068", "\u2069\u2069", "\u202d" * 50, "\U000e0041\U000e007f",
    "🏴\U000e0067\U000e007f", "\u00ad\u200b\ufeff", "a\u0378b", "\ufffe\uffff", "\U0010ffff", "ﷺ" * 20,
    "İıſßΣς", "Ω≈ç√∫˜µ≤≥÷", "ÅÍÎÏ˝ÓÔÒÚÆ☃", "x" * 500, "word " * 120, "é" * 300, " \u3000 ", "=1+1",
    "@SUM(1)", "-1", "+1", "NULL", "undefined", "0", "🚀",
]  # fmt: skip
# What cannot reach a header, and must reach a body as a space.
BREAKS = ["\r", "\n", "\r\n", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x7f"]
# What no value may hold at all.
UNSENDABLE = ["\0", "\ud800", "\udfff"]

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=60)
VALUE = st.one_of(
    st.sampled_from(HOSTILE),
    TEXT,
    st.builds("".join, st.lists(st.sampled_from([*HOSTILE, *BREAKS]), min_size=2, max_size=3)),
)
HEADERS = {
    "From": 1, "To": 1, "Reply-To": 1, "Subject": 1, "Date": 1, "Message-ID": 1, "List-Id": 1,
    "List-Unsubscribe": 1, "List-Unsubscribe-Post": 1, "Precedence": 1, "Content-Language": 1,
    "MIME-Version": 1, "Content-Type": 1,
}  # fmt: skip
EVERYWHERE = """# {firstName|x} {greetingName|x}

{firstName|x}{lastName|x}{mpname|x} **{firstName|x}** *{lastName|x}* `{mpname|x}` ~~{mpid|x}~~
{programName|x} {senderName|x}

[{firstName|x}](https://x.example/{lastName|x}?q={mpname|x}#{mpid|x} "{firstName|x}")
[x]({joinUrl}) {joinUrl} <{joinUrl}>
![{firstName|x}](https://x.example/{lastName|x}.png "{mpname|x}") <https://x.example/?{firstName|x}>

> - {firstName|x}
>   1. {lastName|x}

| {firstName|x} | {mpname|x} |
|---|--:|
| {lastName|x} | {mpid|x} |

    {firstName|x}

{firstName|x}
===

***
{unsubscribeUrl} {currentDay} {currentTime} {currentMonthYear}
"""
SUBJECT = "{firstName|x} {greetingName|x} {mpname|x}: {programName|x}"


def values(locale: str, first: str, last: str, company: str, program: str) -> Values:
    return values_for(
        Recipient("98765", company, first, last, "olivia@example.com", locale, "Asia/Tokyo"),
        locale=locale,
        time_zone="UTC",
        moment=MOMENT,
        ads={},
        unsubscribe_url=f"{BASE_URL}/{locale}/unsubscribe/{'a' * 90}",
        join_url=f"{BASE_URL}/{locale}/join/abc?a=1&b=2",
        program_name=program,
        sender_name=last,
    )


_catalogs: dict[str, Catalog] = {}


@functools.cache
def variant(name: str, code: str) -> CompiledVariant:
    subject, content = SUBJECT, EVERYWHERE
    if name != "everywhere":
        one = draft(name, _catalogs[code])
        subject, content = f"{one.subject} {SUBJECT}", one.content
    frame = Frame(program_name="Northwind", sender_name="Emma")
    return compile_variant(subject, content, locale=code, catalog=_catalogs[code], frame=frame)


def raw_of(made: CompiledVariant, given: Values, name: str) -> bytes:
    posted = made.post(given)
    return clean_bytes(
        letter(
            sender=Mailbox(name, parse("emma@brand.example")),
            reply_to=Mailbox(name, parse("answers@brand.example")),
            subject=posted.subject,
            text=posted.text,
            html=posted.html,
            language=LOCALES[made.locale].tag,
            list_unsubscribe=f"{BASE_URL}/{made.locale}/unsubscribe/{'a' * 90}",
            list_id="program-1.brand.example",
            bulk=True,
        )
    )


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize("name", ["everywhere", *CAMPAIGN_TEMPLATES])
@given(first=VALUE, last=VALUE, company=VALUE, program=VALUE)
@settings(max_examples=40, deadline=None)
def test_no_value_gets_out_of_its_place(
    catalogs: dict[str, Catalog], name: str, code: str, first: str, last: str, company: str, program: str
) -> None:
    """P3, P9, T-3, T-6, T-7, T-9, H-1, H-2, H-3, X-9, M-1, M-2, M-3, M-8, M-9, M-10.

    The check finds nothing; another reader sees exactly the headers asked for, one address each, and a page
    of the same elements and links.
    """
    _catalogs.update(catalogs)
    made = variant(name, code)
    given = values(code, first, last, company, program)
    if made.missing(given):
        with pytest.raises(ValueMissing):
            made.post(given)
        return
    if made.unsendable(given):
        with pytest.raises(ValueError, match=r"Subject: The character .* cannot stand in the field"):
            raw_of(made, given, "x")
        return
    shown = last if refused_character(last) is None else "x"
    message = parsed(raw_of(made, given, shown))
    assert {key: len(message.get_all(key, [])) for key in message} == HEADERS
    assert message["From"].addresses[0].addr_spec == "emma@brand.example"
    assert (len(message["From"].addresses), len(message["To"].addresses)) == (1, 1)
    assert message["Subject"] == header_text("Subject", made.fill(given).subject).strip()
    plain = Shape(made.fill(values(code, "x", "y", "z", "p")).html)
    page = Shape(made.fill(given).html)
    assert page.elements == plain.elements
    outside = {link for link in page.links if link and not link.startswith((BASE_URL, "https://x.example/"))}
    assert outside == set()


@pytest.mark.parametrize("char", UNSENDABLE)
@pytest.mark.parametrize("place", range(4))
def test_what_no_mail_can_carry_is_refused_at_the_edge(char: str, place: int) -> None:
    """T-9: by name, before anything is written."""
    words = ["a", "b", "c", "d"]
    words[place] += char
    with pytest.raises(ValueRefused):
        values("en", *words)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_one_mailbox(name: str) -> None:
    """H-3: the address is ours whatever the name says; nothing is folded inside it."""
    raw = serialize(letter(sender=Mailbox(name, parse("emma@brand.example"))))
    assert [box.addr_spec for box in parsed(raw)["From"].addresses] == ["emma@brand.example"]
    assert b"emma@brand.example" in raw.split(b"\r\nTo:")[0]
