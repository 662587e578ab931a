import email
import email.policy
import re
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from service.mail.attachments import Attachment, parameter
from service.mail.check import check
from service.mail.mime import MailRefused, serialize
from tests.mail.letters import clean_bytes, letter
from tests.mail.test_mime import H1, LEFT_OUT


def raw_of(*attachments: Attachment, **changes: object) -> bytes:
    return clean_bytes(letter(attachments=attachments, **changes))


def disposition(raw: bytes) -> str:
    match = re.search(rb"^Content-Disposition: ([^\r\n]*(?:\r\n [^\r\n]*)*)", raw, re.MULTILINE)
    assert match is not None
    return match[1].decode()


def files(raw: bytes) -> list[tuple[str | None, str, bytes]]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))  # type: ignore[misc]
        for part in message.iter_attachments()
    ]


NAMES = [
    "report.pdf", "a b.pdf", 'a "b".pdf', "it’s.pdf", "a'b%20c*.pdf", "=?utf-8?q?x?=.pdf", "x" * 200 + ".pdf",
    "見積書.pdf", "株式会社みなと出版_見積書_2038年1月19日_最終版_" * 5 + ".xlsx", "报价单（最终）.docx",
    "Société; été.csv", "👩‍👩‍👧" * 20 + ".png", "é.txt", "..a", "日",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_come_back_whole(name: str) -> None:
    """M-12: three parsers, two of the standard library and one of another."""
    raw = raw_of(Attachment(name, "application/pdf", b"x"))
    assert files(raw) == [(name, "application/pdf", b"x")]
    older = email.message_from_bytes(raw).get_payload()[-1]  # type: ignore[index]
    assert older.get_filename() == name  # type: ignore[union-attr]
    assert parse_options_header(disposition(raw).replace("\r\n", ""))[1]["filename"] == name


NAME = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="/\\")
    | st.sampled_from("招é 👩‍👧'\"%*;="),
    max_size=150,
).map(lambda name: f"a{name.translate(LEFT_OUT)}b")


@given(NAME)
@settings(deadline=None)
def test_any_name_comes_back_whole(name: str) -> None:
    """M-12."""
    raw = raw_of(Attachment(name, "image/png", b"\x89PNG"))
    assert parse_options_header(disposition(raw).replace("\r\n", ""))[1]["filename"] == name


def test_pieces_are_numbered_fit_a_line_and_split_no_character() -> None:
    """M-12."""
    pieces = list(parameter("filename", "招待" * 40))
    assert [piece.partition("=")[0] for piece in pieces] == [f"filename*{n}*" for n in range(len(pieces))]
    assert pieces[0].startswith("filename*0*=utf-8''%E6%8B%9B")
    assert max(map(len, pieces)) <= 76
    assert {piece.partition("=")[2].removeprefix("utf-8''").count("%") % 3 for piece in pieces} == {0}
    assert list(parameter("filename", "a.pdf")) == ['filename="a.pdf"']
    assert list(parameter("filename", "é.pdf")) == ["filename*=utf-8''%C3%A9.pdf"]


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_bytes_come_back_as_they_were(data: bytes) -> None:
    raw = raw_of(Attachment("a.bin", "application/octet-stream", data), Attachment("b.csv", "text/csv", data))
    assert [found[2] for found in files(raw)] == [data, data]


def test_words_come_first_and_files_after() -> None:
    raw = raw_of(
        Attachment("a.csv", "text/csv", "招待".encode()), Attachment("b.csv", "text/csv", b"\x8f\xb5")
    )
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/csv",
        "application/octet-stream",
    ]  # fmt: skip
    boundaries = re.findall(rb'boundary="([^"]+)"', raw)
    assert not boundaries[0].startswith(boundaries[1])
    assert not boundaries[1].startswith(boundaries[0])
    plain = email.message_from_bytes(
        raw_of(Attachment("a.png", "image/png", b""), html=None), policy=email.policy.default
    )
    assert [part.get_content_type() for part in plain.walk()] == [
        "multipart/mixed",
        "text/plain",
        "image/png",
    ]


def test_without_files_nothing_is_mixed() -> None:
    assert b"multipart/mixed" not in serialize(letter())


@pytest.mark.parametrize("char", H1)
def test_no_name_breaks_out_of_its_header(char: str) -> None:
    """H-1."""
    with pytest.raises(MailRefused) as refused:
        serialize(letter(attachments=(Attachment(f"a{char}b.pdf", "image/png", b""),)))
    assert refused.value.field == "Content-Disposition"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "image/png"), (" ", "image/png"), ("..", "image/png"), ("../a", "image/png"),
        ("a\\b", "image/png"), ("招" * 400, "image/png"), ("a", "image"), ("a", 'image/png; name="x"'),
        ("a", "image/png\r\nBcc: x@y.example"), ("a", "multipart/mixed"), ("a", "message/rfc822"),
    ],
)  # fmt: skip
def test_what_is_no_file_is_refused(name: str, kind: str) -> None:
    with pytest.raises(MailRefused):
        serialize(letter(attachments=(Attachment(name, kind, b""),)))


def test_direction_tricks_leave_the_name() -> None:
    """T-9."""
    raw = raw_of(Attachment("a\u202efdp.exe", "application/pdf", b""))
    assert files(raw)[0][0] == "afdp.exe"


@pytest.mark.parametrize(
    ("written", "rules"),
    [
        ('attachment; filename="a.pdf"', []),
        ("attachment; filename*1=b; filename*0=a", []),
        ("inline", []),
        ("attachment", ["mime-name"]),
        ("attachment; filename=a b", ["mime-disposition"]),
        ("attachment; filename=a; filename=b", ["mime-disposition"]),
        ("attachment; filename=a; filename*=utf-8''b", ["mime-name"]),
        ("attachment; filename*0=a; filename*2=b", ["mime-name"]),
        ("attachment; filename*01=a", ["mime-name"]),
        ("attachment; filename*=utf-8''%E6%8B", ["mime-name"]),
        ("attachment; filename*=utf-8''%ZZ", ["mime-name"]),
        ("attachment; filename*=iso-2022-jp''a", ["mime-name"]),
        ("attachment; filename*=a", ["mime-name"]),
        ('attachment; filename="../a"', ["mime-name"]),
        ("attachment; filename*=utf-8''a%0D%0Ab", ["mime-name"]),
        ('attachment; filename="=?utf-8?q?a?="', ["word-place", "mime-name"]),
        ('attachment; filename="é"', ["header-8bit", "mime-name"]),
    ],
)
def test_the_check_judges_names_by_itself(written: str, rules: list[str]) -> None:
    """M-12."""
    raw = serialize(letter(attachments=(Attachment("a.pdf", "image/png", b"x"),)))
    raw = raw.replace(b'attachment;\r\n filename="a.pdf"', written.encode())
    assert [finding.rule for finding in check(raw)] == rules


def test_the_words_of_a_file_are_not_the_messages() -> None:
    """M-9: a file may be in any encoding; a part that is no file may not."""
    raw = raw_of(Attachment("a.csv", "text/csv", b"x"))
    other = raw.replace(b"text/csv; charset=utf-8", b"text/csv; charset=cp932")
    assert check(other) == ()
    shown = other.replace(b"Content-Disposition: attachment", b"Content-Disposition: inline")
    assert [finding.rule for finding in check(shown)] == ["mime-charset"]
