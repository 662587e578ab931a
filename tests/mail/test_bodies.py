import quopri
from base64 import b64decode
from binascii import b2a_qp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.mail.bodies import Encoded, UnsendableCharacter, base64_length, encode, sheet

BODY = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0") | st.sampled_from("\r\n\t .=招é"),
    max_size=400,
)
LINES = st.lists(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r\n"), max_size=100)
)


def octets(text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    return lines.replace("\n", "\r\n").encode() + b"\r\n"


@given(BODY)
@settings(deadline=None)
def test_the_shorter_encoding_is_taken(text: str) -> None:
    """M-10: never longer than the other one would be, which the standard library writes."""
    data = octets(text)
    body = encode(text)
    decoded = b64decode(body.data) if body.name == "base64" else quopri.decodestring(body.data)
    assert decoded == data
    assert max(map(len, body.data.split(b"\r\n"))) <= 76
    printable, in_base64 = len(b2a_qp(data, istext=True)), base64_length(len(data))
    assert len(body.data) == min(printable, in_base64)
    assert body.name == ("quoted-printable" if printable <= in_base64 else "base64")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a", "quoted-printable"),
        ("招待" * 50, "base64"),
        ("Nous vous invitons à découvrir notre programme. " * 20, "quoted-printable"),
    ],
)
def test_cjk_is_base64_and_french_is_quoted_printable(text: str, name: str) -> None:
    """M-10."""
    assert encode(text).name == name


@pytest.mark.parametrize(("char", "code"), [("\0", "U+0000"), ("\ud800", "U+D800")])
def test_what_no_part_can_carry_is_named(char: str, code: str) -> None:
    """T-9."""
    for text in (f"a\r\nb{char}", f"{char}\n"):
        with pytest.raises(UnsendableCharacter) as refused:
            encode(text)
        assert refused.value.code == code


@given(LINES)
@settings(deadline=None)
def test_quoted_printable_by_line_is_that_of_the_whole(lines: list[str]) -> None:
    """M-10: lines are encoded one by one, so that those of the layout are encoded once."""
    body = encode("\n".join(lines) + "\n")
    data = "".join(f"{line}\r\n" for line in lines or [""]).encode()
    assert body.name == "base64" or body.data == b2a_qp(data, istext=True)


PART = st.text(st.sampled_from("ab =.\t\né招待\U00020bb7"), max_size=40) | st.builds(
    lambda unit, times: unit * times,
    st.sampled_from(["a", "a line\n", "招", "é \n", "招待状\n"]),
    st.integers(1, 300),
)
VALUE = st.text(st.sampled_from("ab =.\té招待\U00020bb7"), max_size=20) | st.sampled_from(
    ["", "x" * 200, "招" * 200]
)


@given(
    parts=st.lists(PART, min_size=1, max_size=6),
    values=st.lists(VALUE, min_size=3, max_size=3),
    data=st.data(),
)
@settings(max_examples=300, deadline=None)
def test_a_sheet_is_encoded_as_the_whole_text_would_be(
    parts: list[str], values: list[str], data: st.DataObject
) -> None:
    """M-10: the way for many and the way for one give the same octets, whatever was encoded before."""
    parts[-1] += "end"
    cut, places = [parts[0]], []
    for part in parts[1:]:
        places.append((len(cut), data.draw(st.integers(0, 2))))
        cut += ["", part]
    made = sheet(cut, places)
    for turn in range(3):
        words = values[turn:] + values[:turn]
        whole = list(cut)
        for at, number in places:
            whole[at] = words[number]
        assert made.encode([word.encode() for word in words]) == encode("".join(whole))


def test_what_a_sheet_keeps_is_bounded() -> None:
    """A long text with values at every phase keeps only some of its encodings."""
    made = sheet(("", "", "招待" * 20_000), ((1, 0),))
    for length in range(120):
        assert made.encode([b"x" * length]) == encode("x" * length + "招待" * 20_000)
    assert len(made.stretches[0].known) <= 2
    assert isinstance(made.encode([b""]), Encoded)
