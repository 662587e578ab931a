"""The octets of files in mails: the very ones, or none."""

import quopri
from base64 import encodebytes
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.file_octets import FileBroken, content
from service.mail.received import Part, read

ALL = bytes(range(256)) * 700


def part(encoding: str, body: bytes, *, is_cut: bool = False) -> Part:
    return read(f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body, is_cut=is_cut)


@given(st.binary(max_size=3000), st.sampled_from([b"\n", b"\r\n"]))
def test_what_was_encoded_comes_back(octets: bytes, end: bytes) -> None:
    """U-6: NUL and CR LF are octets of a file like any others."""
    assert content(part("base64", encodebytes(octets).replace(b"\n", end)), 10_000) == octets
    assert content(part("8bit", octets), 10_000) == octets
    text = quopri.encodestring(octets.replace(b"\n", b"").replace(b"\r", b""), quotetabs=True)
    assert content(part("quoted-printable", text), 10_000) == octets.replace(b"\n", b"").replace(b"\r", b"")


@pytest.mark.parametrize("encoding", ["base64", "BASE64 ; x", "quoted-printable", "binary"])
def test_a_large_one_comes_in_pieces_and_only_so_much_of_it(encoding: str) -> None:
    body = ALL
    if "64" in encoding:
        body = encodebytes(ALL)
    elif encoding.startswith("q"):
        body = b"".join(b"=%02X" % octet for octet in ALL)
    assert content(part(encoding, body), len(ALL) + 1) == ALL
    assert content(part(encoding, body), 1000) == ALL[:1000]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("base64", b"QUJ"),
        ("base64", b"QUJD!QUJD"),
        ("base64", b"QQ==QUJD"),
        ("base64", b"QUI=\n\n-- \nsent to a list\n"),
        ("base64", b"Q==="),
        ("x-uuencode", b"begin 644 a\n"),
    ],
)
def test_what_is_damaged_is_nothing(encoding: str, body: bytes) -> None:
    """A table with a row too few looks like one: what did not arrive whole is refused."""
    with pytest.raises(FileBroken):
        content(part(encoding, body), 1000)


def test_what_was_cut_off_is_nothing() -> None:
    with pytest.raises(FileBroken):
        content(part("base64", b"QUJD", is_cut=True), 1000)
    head = b"Content-Type: multipart/mixed; boundary=b\n\n"
    inner = b"--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\na,b\n"
    assert [content(one, 10) for one in read(head + b"--b\n\na,b\n--b--").parts] == [b"a,b"]
    (cut,) = read(head + b"--b\n\na,b\n").parts
    with pytest.raises(FileBroken):
        content(cut, 10)
    # An inner boundary may be missing, where an outer one ends both.
    (outer,) = read(head + inner + b"--b--").parts
    assert content(outer.parts[0], 10) == b"a,b"


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "7bit", "?"]))
def test_any_octets_are_decoded_or_refused(octets: bytes, encoding: str) -> None:
    with suppress(FileBroken):
        assert len(content(part(encoding, octets), 100)) <= 100
