"""Any bytes are taken apart, none of them harm."""

import sys
from collections.abc import Callable
from email import message_from_bytes
from email.policy import compat32
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.received import (
    MOST_COUNTED,
    MOST_DEPTH,
    MOST_OCTETS,
    MOST_PARTS,
    MOST_VALUE,
    blocks_of,
    content_type,
    fields_of,
    octets_of,
    read,
)


def nested(depth: int) -> bytes:
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return head.encode() + b"Content-Type: text/plain\n\ndeep\n"


def test_headers_are_unfolded_and_kept_in_their_order() -> None:
    fields = fields_of(b"A: one\r\n two\r\n\tthree\r\nb : 2\nA: again\nno colon here\nX Y: no\n\nbody: no\n")
    assert fields.items == (("a", "one two three"), ("b", "2"), ("a", "again"))
    assert (fields.first("a"), list(fields.every("a", "b"))) == (
        "one two three",
        ["one two three", "2", "again"],
    )
    assert (fields.first("c"), fields.has("c"), fields.has("b")) == ("", False, True)


@pytest.mark.parametrize("line", [b" \n", b"\t\r\n", b" a\n"])
def test_a_value_folded_without_end_is_read_no_further_than_one_is_long(line: bytes) -> None:
    """T-2: however many lines go on with nothing, the work is the same; counted and not timed."""
    calls = []
    for lines in (MOST_VALUE, 2 * MOST_VALUE, 4 * MOST_VALUE):
        part = read(b"Content-Type: a/b;\n" + lines * line + b" name=c\n\n")
        calls.append(calls_of(lambda part=part: octets_of(part, "content-type")))  # type: ignore[misc]
        assert len(octets_of(part, "content-type")) <= MOST_VALUE
    assert calls == [calls[0]] * 3


def calls_of(work: Callable[[], object]) -> int:
    """Return how many functions something calls, those of C included."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_a_field_as_it_came_is_on_one_line() -> None:
    part = read(b"Content-Type: a/b;\r\n name=\xe9\r\n\t; x=y\r\nTo: z\r\n\r\n")
    assert octets_of(part, "content-type") == b"a/b; name=\xe9 ; x=y"
    assert octets_of(part, "cc") == b""


def test_blocks_of_fields_are_told_apart() -> None:
    """M-14: RFC 3464 section 2.1; an empty line may hold spaces."""
    blocks = blocks_of(b"Reporting-MTA: dns; a\n \nAction: failed\n\n\n\nAction: delayed\n")
    assert [block.items for block in blocks] == [
        (("reporting-mta", "dns; a"),),
        (("action", "failed"),),
        (("action", "delayed"),),
    ]


@pytest.mark.parametrize(
    ("value", "kind", "parameters"),
    [
        ("Text/Plain; Charset=UTF-8", "text/plain", {"charset": "UTF-8"}),
        ('multipart/mixed; boundary="a;b\\"c"', "multipart/mixed", {"boundary": 'a;b"c'}),
        ("multipart/mixed;boundary=abc ; x=y", "multipart/mixed", {"boundary": "abc", "x": "y"}),
        ('multipart/mixed; boundary="abc', "multipart/mixed", {"boundary": '"abc'}),
        ("nonsense", "text/plain", {}),
        ("", "text/plain", {}),
    ],
)
def test_a_content_type_is_read(value: str, kind: str, parameters: dict[str, str]) -> None:
    assert content_type(value) == (kind, parameters)


def test_parts_end_where_their_boundary_stands_alone_on_a_line() -> None:
    mail = read(
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\nbefore\r\n--b\r\n\r\none\r\n--bb\r\n--b  \r\n'
        b"Content-Type: text/html\r\n\r\ntwo\r\n--b--\r\nafter\r\n"
    )
    assert [(part.kind, part.body) for part in mail.parts] == [
        ("text/plain", b"one\n--bb"),
        ("text/html", b"two"),
    ]


def test_a_mail_that_was_cut_off_keeps_what_there_is() -> None:
    mail = read(b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\none\n--b\n\ntw')
    assert [part.body for part in mail.parts] == [b"one", b"tw"]


@pytest.mark.parametrize(
    ("encoding", "charset", "body", "text"),
    [
        ("base64", "utf-8", b"5pel5pys\n", "日本"),
        ("quoted-printable", "iso-8859-1", b"caf=E9", "café"),
        ("8bit", "shift_jis", "日本".encode("shift_jis"), "日本"),
        ("7bit", "iso-2022-jp", "日本".encode("iso-2022-jp"), "日本"),
        ("base64", "utf-8", b"A", "A"),
        ("8bit", "no-such-charset", "é".encode(), "é"),
        ("8bit", "idna", b"xn--a", "xn--a"),
        ("8bit", "utf-8", b"caf\xe9", "caf\ufffd"),
        ("8bit", "", b"caf\xe9", "café"),
    ],
)
def test_text_is_decoded_as_far_as_it_can_be(encoding: str, charset: str, body: bytes, text: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    assert read(head.encode() + body).text == text


def test_depth_number_and_size_have_limits() -> None:
    """T-2: what is deeper, more or larger than any report is not looked at."""
    assert len(list(read(nested(1000)).walk())) == MOST_DEPTH + 1
    many = b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 100_000
    assert (len(read(many).parts), read(many).unread) == (MOST_PARTS, MOST_COUNTED - MOST_PARTS)
    assert len(read(b"A: b\n\n" + b"x" * 3 * MOST_OCTETS).body) == MOST_OCTETS


@given(st.binary(max_size=400))
def test_any_bytes_are_taken_apart(data: bytes) -> None:
    for part in read(data).walk():
        assert isinstance(part.text, str)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z][A-Za-z-]{0,20}", fullmatch=True),
            st.from_regex(r"[!-9;-~]([ -~]{0,60}[!-~])?", fullmatch=True),
        ),
        max_size=8,
    )
)
def test_headers_are_read_as_the_standard_library_reads_them(items: list[tuple[str, str]]) -> None:
    """The oracle is `email` with its oldest policy, which changes nothing."""
    data = "".join(f"{name}: {value}\n" for name, value in items).encode() + b"\nbody\n"
    expected = [(name.lower(), value) for name, value in message_from_bytes(data, policy=compat32).items()]
    assert list(read(data).fields.items) == expected
