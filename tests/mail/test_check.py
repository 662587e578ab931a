"""Deliberately bad messages, each with the one finding it deserves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.findings import Severity
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
        (b"text/plain;", b"text/html;", [("mime-order", 12), ("language-none", 19)]),
        (b"quoted-printable", b"8bit", [("mime-encoding", 16), ("mime-encoding", 22)]),
        (b"Hello https", "Héllo https".encode(), [("body-printable", 19)]),
        (b"Hello https", b"Hello =e9 https", [("body-printable", 19)]),
        (b"Hello https", b"Hello =E9 https", [("body-utf8", 19)]),
        (b"Hello https://x.example/", b"", [("body-empty", 19), ("body-links", 25)]),
        (b"Hello https://x.example/", b"Hello", [("body-links", 25)]),
        (b"<body>", b"=\r\n<body><script>=\r\n", [("html-element", 25)]),
        (b"<body>", b'=\r\n<body onload=3D"x()">=\r\n', [("html-handler", 25)]),
        (b"<body>", b'=\r\n<body><img src=3D"http://x.example/i">=\r\n', [("html-address", 25)]),
        (b"<body>", b'=\r\n<body><a href=3D"javascript:x">=\r\n', [("html-address", 25)]),
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
