"""Deliberately bad messages, each with the one finding it deserves."""

import email
import email.policy
from email.message import EmailMessage
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.findings import Severity
from service.mail.attachments import Attachment
from service.mail.check import check
from service.mail.mime import serialize
from tests.mail.letters import BASE_URL, letter

GOOD = serialize(
    letter(
        list_unsubscribe=f"{BASE_URL}/u/1",
        list_id="p.brand.example",
        bulk=True,
        subject="招待",
        text="Hello https://x.example/\n",
        html='<html lang="en"><body><a href="https://x.example/">Hello</a></body></html>',
    )
)


def rules(raw: bytes, base_url: str | None = BASE_URL) -> list[tuple[str, int]]:
    return [(found.rule, found.line) for found in check(raw, base_url=base_url)]


def test_a_good_message_has_no_findings() -> None:
    assert rules(GOOD) == []
    assert GOOD.decode().splitlines()[:3] == [
        "From: Emma Reed <emma@brand.example>",
        "To: olivia@example.com",
        "Subject: =?utf-8?b?5oub5b6F?=",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"Hello https", b"Hel\nlo https", [("line-end", 19), ("body-printable", 19)]),
        (b"From: Emma", b"From: Em\rma", [("address", 1), ("header-control", 1), ("line-end", 1)]),
        (b"Hello https", b"Hel\0lo https", [("line-nul", 19), ("body-printable", 19)]),
        (b"To: ", b"X-Long: " + b"a" * 1000 + b"\r\nTo: ", [("line-long", 2)]),
        (b"To: olivia", b"Bcc: evil@e.example\r\nTo: olivia", [("header-bcc", 2)]),
        (b"To: olivia", b"to : olivia", [("header-syntax", 2)]),
        (b"To: olivia", b"Subject: x\r\nTo: olivia", [("header-twice", 4)]),
        (b"Date: ", b"X-Date: ", [("header-absent", 1)]),
        (b"MIME-Version", b"X-Version", [("header-absent", 1)]),
        (b"Subject: ", b"Subject: \r\n  \r\n ", [("header-fold", 4)]),
        (b"Subject: ", "Subject: é ".encode(), [("header-8bit", 3)]),
        (b"5oub5b6F?=", b"5oub5b6?=", [("word-broken", 3)]),
        (b"5oub5b6F?=", b"5oub5b4=?=", [("word-broken", 3)]),
        (b"5oub5b6F?=", b"5oub5b6F?=x", [("word-touching", 3)]),
        (b"=?utf-8?b?5oub5b6F?=", b"=?x-klingon?b?5oub5b6F?=", [("word-broken", 3)]),
        (b"=?utf-8?b?5oub5b6F?=", b"=?utf-8?q?=0D=0ABcc:x?=", [("word-control", 3)]),
        (b"=?utf-8?b?5oub5b6F?=", b"=?utf-8?q?" + b"a" * 70 + b"?=", [("word-line", 3), ("word-long", 3)]),
        (b"List-Id: <", b"List-Id: =?utf-8?q?a?= <", [("word-place", 6)]),
        (b"From: Emma Reed", b'From: "=?utf-8?q?Emma?="', [("address", 1), ("word-touching", 1)]),
        (
            b"<emma@brand.example>",
            b"<=?utf-8?q?emma?=@brand.example>",
            [("address", 1), ("word-touching", 1)],
        ),
        (b"<emma@brand.example>", b"<emma@brand.example>, <b@x.example>", [("address", 1)]),
        (b"<emma@brand.example>", b"<emma@@brand.example>", [("address", 1)]),
        (b"olivia@example.com", b"olivia", [("address", 2)]),
        (b"Tue, 19 Jan 2038", b"Mon, 19 Jan 2038", [("date-weekday", 4)]),
        (b"Tue, 19 Jan 2038", b"Tue, 31 Feb 2038", [("date", 4)]),
        (b"Tue, 19 Jan 2038", b"mar., 19 janv. 2038", [("date", 4)]),
        (b"+0000", b"UTC", [("date", 4)]),
        (b"<abc.def@brand.example>", b"abc.def@brand.example", [("id", 5)]),
        (b"<p.brand.example>", b"p.brand.example", [("list-id", 6)]),
        (
            b"<https://prospectus.example/u/1>",
            b"https://prospectus.example/u/1",
            [("list-address", 7), ("list-one", 7)],
        ),
        (b"/u/1>", b"/u/1>, <https://prospectus.example/u/2>", [("list-one", 7)]),
        (b"<https://prospectus", b"<https://evil", [("list-elsewhere", 7)]),
        (b"=One-Click", b"=Click", [("list-post", 8)]),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"", [("list-wanted", 7)]),
        (b"Precedence: bulk", b"Auto-Submitted: maybe", [("auto-submitted", 9)]),
        (b"Content-Language: en", b"Content-Language: English!", [("language-tag", 10), ("language", 10)]),
        (b"Content-Language: en", b"Content-Language: ja", [("language", 10)]),
        (b"text/plain; charset=utf-8", b"text/plain; charset=utf-8; format=flowed", [("mime-flowed", 16)]),
        (b"text/plain; charset=utf-8", b"text/plain; charset=shift_jis", [("mime-charset", 16)]),
        (b"text/plain;", b"text/html;", [("mime-order", 12), ("language-none", 19), ("mime-text", 15)]),
        (b"quoted-printable", b"8bit", [("mime-encoding", 16), ("mime-encoding", 22)]),
        (b"Hello https", "Héllo https".encode(), [("body-printable", 19)]),
        (b"Hello https", b"Hello =e9 https", [("body-printable", 19)]),
        (b"Hello https", b"Hello =E9 https", [("body-utf8", 19)]),
        (b"Hello https://x.example/", b"", [("body-empty", 19), ("body-links", 25), ("body-words", 25)]),
        (b"Hello https", b"See the web page https", [("body-words", 25)]),
        (b"MIME-Version: 1.0", b"MIME-Version: 1.1", [("mime-version", 11)]),
        (b"=?utf-8?b?5oub5b6F?=", b"=?utf-8?b??=", [("word-broken", 3)]),
        (b"=?utf-8?b?5oub5b6F?=", b"=?utf-8?b?5oub?==?utf-8?b?5b6F?=", [("word-touching", 3)]),
        (
            b"=?utf-8?b?5oub5b6F?=",
            b"=?utf-8?b?5oub5Q==?=\r\n =?utf-8?b?voU=?=",
            [("word-broken", 3), ("word-broken", 4)],
        ),
        (b"=?utf-8?b?5oub5b6F?=", b"=?utf-8?q?a=e2?=", [("word-broken", 3)]),
        (b"=?utf-8?b?5oub5b6F?=", b"=?utf-8?b?4oCo?=", [("word-control", 3)]),
        (b"Subject: ", b"Subject: a\x7f ", [("header-control", 3)]),
        (b"Message-ID: <", b"Message-ID: =?utf-8?q?a?= <", [("word-place", 5), ("id", 5)]),
        (
            b"<https://prospectus.example/u/1>",
            b"=?utf-8?q?=3Chttps=3A//x=3E?=",
            [("word-place", 7), ("list-address", 7), ("list-one", 7)],
        ),
        (
            b"<https://prospectus.example/u/1>",
            b"<https://prospectus.example/\r\n u/1>",
            [("list-address", 7), ("list-one", 7)],
        ),
        (b"<https://prospectus.example/u/1>", b"<mailto:leave@prospectus.example>", [("list-one", 7)]),
        (
            b"List-Unsubscribe: <https://prospectus.example/u/1>\r\n",
            b"",
            [("list-post", 7), ("list-wanted", 8)],
        ),
        (
            b"List-Unsubscribe-Post:",
            b"List-Unsubscribe-Post: x\r\nList-Unsubscribe-Post:",
            [("header-twice", 9)],
        ),
        (b"From: Emma", b"Sender: a@x.example, b@x.example\r\nFrom: Emma", [("address", 1)]),
        (b"To: olivia@example.com", b"To: Friends: olivia@example.com", [("address", 2)]),
        (b"To: olivia@example.com", b"To: Friends: a@x.example, Others: b@x.example;;", [("address", 2)]),
        (b"To: olivia@example.com", b"To: olivia@example.com (Olivia", [("address", 2)]),
        (b"From: Emma", b"From: Friends: a@x.example;, Emma", [("address", 1)]),
        (b"To: olivia@example.com", b"To: <@x.example:olivia@example.com>", [("address", 2)]),
        (
            b"To: olivia@example.com",
            b"To: =?utf-8?q?olivia?=@example.com",
            [("address", 2), ("word-touching", 2)],
        ),
        (b"To: olivia@example.com", b"To: olivia@-x.example", [("address", 2)]),
        (b"19 Jan 2038", b"19 Jan 38", [("date", 4)]),
        (b"03:14:08", b"24:14:08", [("date", 4)]),
        (b"text/plain; charset=utf-8", b"text/plain; charset", [("mime-type", 16)]),
        (b"text/plain; charset=utf-8", b"text/plain; charset=utf-8; charset=utf-8", [("mime-type", 16)]),
        (
            b"Content-Type: text/plain",
            b"Content-Type: text/html\r\nContent-Type: text/plain",
            [("header-twice", 17)],
        ),
        (b"Content-Type: text/plain", b"what\r\nContent-Type: text/plain", [("mime-header", 16)]),
        (b"Hello https", b"Hello  \r\nhttps", [("body-printable", 19)]),
        (b"Hello https", b"Hello " + b"a" * 80 + b" https", [("body-printable", 19)]),
        (b"<body>", b"=\r\n<body><svg></svg>=\r\n", [("html-element", 25)]),
        (b"<body>", b"=\r\n<body><link rel=3Dstylesheet>=\r\n", [("html-element", 25)]),
        (b"<body>", b"=\r\n<body><form></form>=\r\n", [("html-element", 25)]),
        (b"<body>", b"=\r\n<body><iframe></iframe>=\r\n", [("html-element", 25)]),
        (b"<body>", b'=\r\n<body><meta http-equiv=3D"Refresh">=\r\n', [("html-refresh", 25)]),
        (b"<body>", b'=\r\n<body><a href=3D"java&#115;cript:x">=\r\n', [("html-address", 25)]),
        (b"<body>", b'=\r\n<body><a href=3D"//evil.example">=\r\n', [("html-address", 25)]),
        (b"<body>", b'=\r\n<body background=3D"http://x">=\r\n', [("html-address", 25)]),
        (b"<body>", b'=\r\n<body style=3D"background:url(x)">=\r\n', [("html-style", 25)]),
        (b"<body>", b'=\r\n<body style=3D"background:\\75 rl(x)">=\r\n', [("html-style", 25)]),
        (b"<body>", b"=\r\n<body><style>@font-face {}</style>=\r\n", [("html-style", 25)]),
        (b"Hello https://x.example/", b"Hello", [("body-links", 25)]),
        (b"<body>", b"=\r\n<body><script>=\r\n", [("html-element", 25)]),
        (b"<body>", b'=\r\n<body onload=3D"x()">=\r\n', [("html-handler", 25)]),
        (b"<body>", b'=\r\n<body><img src=3D"http://x.example/i">=\r\n', [("html-address", 25)]),
        (b"<body>", b'=\r\n<body><a href=3D"javascript:x">=\r\n', [("html-address", 25)]),
        (b"<body>", b'=\r\n<img srcset=3D"https://x 1x, http://x 2x">=\r\n', [("html-address", 25)]),
        (b"<body>", b"=\r\n<p style=3D\"background:image-set('x')\">=\r\n", [("html-style", 25)]),
        (b"<body>", b"=\r\n<body><style>@import 'x';</style>=\r\n", [("html-style", 25)]),
        (b' lang=3D"en"', b"", [("language-none", 25)]),
    ],
)
def test_one_fault_is_one_finding_at_its_line(
    old: bytes, new: bytes, expected: list[tuple[str, int]]
) -> None:
    """M-1, M-2, M-3, M-4, M-8, M-9, M-10, M-11, M-13, H-2, X-9."""
    assert old in GOOD
    found = rules(GOOD.replace(old, new))
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"To: olivia@example.com", b"To: undisclosed-recipients:;"),
        (b"To: olivia@example.com", b'To: Friends: olivia@example.com, "A; B" <b@x.example>;, c@x.example'),
        (b"To: olivia@example.com", b"To: olivia@example.com (Olivia (a \\) friend))"),
        (b"To: olivia@example.com", b"To: olivia@example.com (=?utf-8?q?Zo=C3=A9?=)"),
        (b"To: olivia@example.com", b'To: "Olivia (home)" <olivia@[192.0.2.1]>'),
        (b"To: olivia", b"Reply-To: Team: a@x.example;\r\nTo: olivia"),
        (b"+0000", b"+0000 (UTC)"),
        (b"+0000", b"+0000 (Greenwich\r\n (GMT))"),
        (b"Tue, 19", b"Tue,  19"),
        (b"MIME-Version: 1.0", b"MIME-Version: 1.0 (Mac OS X Mail 16.0)"),
        (b"=?utf-8?b?5oub5b6F?=", b"2 + 2 =? what =?b? c"),
        (b"=?utf-8?b?5oub5b6F?=", b"=?utf-8?Q?Zo=c3=a9?="),
        (b"/u/1>", b"/u/1?a=?b>"),
        (b"<body>", b'=\r\n<body><a href=3D"tel:+81312345678">=\r\n'),
        (b"<body>", b'=\r\n<body><img srcset=3D"https://x 1x, https://y 2x">=\r\n'),
        (b"/u/1>", b"/u/1?a=1,2>,\r\n <mailto:leave@x.example> (by mail)"),
    ],
)
def test_what_the_standards_allow_is_no_fault(old: bytes, new: bytes) -> None:
    """M-2, M-4: as other programs write it."""
    assert old in GOOD
    assert rules(GOOD.replace(old, new, 1)) == []


def test_pictures_beside_the_html_are_no_fault() -> None:
    """M-9: multipart/related within multipart/alternative, as most programs with pictures write."""
    message = EmailMessage(policy=email.policy.SMTP)
    for name in ("From", "To", "Subject", "Date", "Message-ID"):
        message[name] = header_of(GOOD, name)
    message.set_content("Hello\n")
    message.add_alternative('<html lang="en"><body>Hello <img src="cid:a"></body></html>\n', subtype="html")
    page = message.get_payload(1)
    assert isinstance(page, EmailMessage)
    page.add_related(b"\x89PNG\r\n\x1a\n", "image", "png", cid="<a>", filename="a.png")
    raw = message.as_bytes()
    assert b"multipart/related" in raw
    assert rules(raw, None) == []
    only = raw.replace(b"multipart/related", b"multipart/parallel")
    assert [rule for rule, _ in rules(only, None)] == ["mime-order"]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("<style><!-- @import 'x';", ["html-style"]),
        (" and &quot;more&quot; and more", ["body-words"]),
        ("<a href='javascript:x'", []),
        ("<!-- <script>", []),
    ],
)
def test_a_page_without_an_end_is_read_to_its_end(end: str, expected: list[str]) -> None:
    """X-9: a tag that does not end is no tag, as in a browser."""
    raw = serialize(letter(text="Hello\n", html=f'<html lang="en"><body>Hello{end}'))
    assert [rule for rule, _ in rules(raw, None)] == expected


@pytest.mark.parametrize("piece", ["<a ", "<a b=", '<a b="', "<!--", "</a ", "<p"])
def test_tags_that_do_not_end_cost_what_their_bytes_cost(piece: str) -> None:
    """P12: four times the bytes take about four times the work, not sixteen."""
    spent = []
    for times in (4_000, 16_000):
        raw = serialize(letter(html=f'<html lang="en"><body>Hello{piece * times}'))
        tries = []
        for _ in range(3):
            begun = process_time()
            check(raw)
            tries.append(process_time() - begun)
        spent.append(min(tries))
    assert spent[1] < 8 * spent[0] + 0.05, spent


def header_of(raw: bytes, name: str) -> str:
    return str(email.message_from_bytes(raw, policy=email.policy.default)[name])


def test_lines_that_all_end_in_lf_are_one_fault() -> None:
    """M-1: as programs on Unix keep mail; what else is wrong is found as well."""
    kept = GOOD.replace(b"\r\n", b"\n")
    assert rules(kept) == [("line-end", 1)]
    assert rules(kept.replace(b"Tue,", b"Mon,")) == [("line-end", 1), ("date-weekday", 4)]
    assert rules(GOOD.replace(b"\r\n", b"\n", 1))[0] == ("line-end", 1)


def test_the_structure_of_parts_is_judged() -> None:
    """M-9."""
    closing = b"\r\n--=_"
    cut = GOOD[: GOOD.rindex(closing)] + b"\r\n"
    assert rules(cut)[-1][0] == "mime-open"
    assert rules(GOOD.replace(b' boundary="', b' border="')) == [("mime-boundary", 12)]
    assert rules(GOOD.replace(b"multipart/alternative", b"multi part")) == [("mime-type", 12)]
    assert rules(GOOD.removesuffix(b"\r\n")) == [("line-last", 28)]


def test_base64_is_judged() -> None:
    """M-10."""
    raw = serialize(letter(text="招待" * 60, html=None))
    assert rules(raw) == []
    assert rules(raw.replace(b"5oub", b"5o!b", 1))[0][0] == "body-base64"
    assert rules(raw.replace(b"\r\n\r\n5oub", b"\r\n\r\n5oub5oub"))[0][0] == "body-base64"


def test_one_click_headers_follow_the_base_url() -> None:
    """M-4."""
    assert rules(GOOD, "http://prospectus.example") == [("list-unwanted", 7)]
    assert rules(GOOD, None) == []
    assert rules(GOOD, f"{BASE_URL}/") == []
    assert rules(GOOD, BASE_URL.replace("https://p", "HTTPS://P")) == []
    assert rules(GOOD, f"{BASE_URL}:443") == []
    assert rules(GOOD, BASE_URL[:-1]) == [("list-elsewhere", 7)]
    without = serialize(letter(bulk=True))
    assert rules(without) == [("list-wanted", 6)]
    assert rules(without, "http://prospectus.example") == []


def test_utf8_is_allowed_in_addresses_only() -> None:
    """H-10."""
    assert rules(GOOD.replace(b"olivia@example.com", "用户@例子.广告".encode())) == []
    assert rules(GOOD.replace(b"p.brand.example", "例.example".encode())) == [
        ("header-8bit", 6),
        ("list-id", 6),
    ]


def test_nothing_like_mail_is_judged_without_an_exception() -> None:
    assert ("line-last", 1) in rules(b"")
    assert ("header-end", 1) in rules(b"x: y")
    assert [found.severity for found in check(GOOD.replace(b"Hello https://x.example/", b"Hello"))] == [
        Severity.WARNING
    ]


@given(st.binary(max_size=300))
def test_any_bytes_are_judged(raw: bytes) -> None:
    assert check(raw)


@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=6))
def test_a_damaged_message_is_judged(at: int, damage: bytes) -> None:
    check(GOOD[:at] + damage + GOOD[at + len(damage) :], base_url=BASE_URL)


WITH_FILE = serialize(
    letter(attachments=(Attachment("見積り書.csv", "text/csv", b"a,b\r\n"),), subject="Hello", language="en")
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"filename*=utf-8''", b"filename*=", [("mime-name", 31)]),
        (b"filename*=utf-8''", b"filename*=shift_jis''", [("mime-name", 31)]),
        (b"filename*=utf-8''", b"filename*=utf-8''..%2F", [("mime-name", 31)]),
        (b"filename*=utf-8''", b"filename*=utf-8''%E2%80%AE", [("mime-name", 31)]),
        (b"filename*=utf-8''", b"filename*1*=utf-8''", [("mime-name", 31)]),
        (b"filename*=utf-8''", b"filename*0*=x", [("mime-name", 31)]),
        (b"filename*=utf-8''", b'filename="=?utf-8?b?5oub?="; x*=', [("mime-name", 31), ("word-place", 32)]),
        (b"YSxi", b"YSx", [("body-base64", 34)]),
    ],
)
def test_an_attachment_is_judged_at_its_line(old: bytes, new: bytes, expected: list[tuple[str, int]]) -> None:
    """M-12."""
    assert rules(WITH_FILE) == []
    assert old in WITH_FILE
    assert sorted(rules(WITH_FILE.replace(old, new))) == sorted(expected)


def test_html_needs_a_text_part() -> None:
    """M-9, P9."""
    alone = GOOD.replace(b"multipart/alternative", b"multipart/mixed").replace(b"text/plain", b"text/html")
    assert ("mime-text", 15) in rules(alone)
    assert ("mime-text", 15) not in rules(GOOD.replace(b"multipart/alternative", b"multipart/mixed"))
