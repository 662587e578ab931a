"""Judging files that somebody or something has broken: every one is taken or refused, and nothing else."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.facts.file_refusals import FileNote, FileRefusal
from service.facts.words import Phrase
from service.files import FileRefused, judge
from tests.files.made import encoded, gif, jpeg, pdf, picture, png
from tests.files.test_images import exif
from tests.files.test_pdfs import object_stream

WHOLE = (
    ("a.csv", "名前,メール\r\n山田,a@example.com\r\n".encode() * 3),
    ("a.pdf", pdf(stream=zlib.compress(b"BT ET" * 9), filters="/FlateDecode")),
    ("a.pdf", pdf(object_stream(b"<< /Title (a) >>", b"[1 2 3]"), root=b"/OpenAction [3 0 R /Fit]")),
    ("a.jpg", jpeg((16, 16))),
    ("a.jpg", encoded(picture((9, 9)), "JPEG", exif=exif())),
    ("a.png", encoded(picture((9, 9)), "PNG", exif=exif())),
    ("a.png", png((9, 9))),
    ("a.gif", gif(2)),
)
EDIT = st.tuples(st.integers(0, 10_000), st.integers(0, 40), st.binary(max_size=12))


@settings(max_examples=250)
@given(st.sampled_from(WHOLE), st.lists(EDIT, min_size=1, max_size=4))
def test_a_broken_file_is_taken_or_refused(
    whole: tuple[str, bytes], edits: list[tuple[int, int, bytes]]
) -> None:
    """U-3, P3: and what is taken is taken again, as it was kept."""
    name, content = whole
    for place, length, instead in edits:
        at = place % (len(content) + 1)
        content = content[:at] + instead + content[at + length :]
    try:
        judged = judge(name, content)
    except FileRefused as refused:
        assert isinstance(refused.reason.phrase, Phrase)  # noqa: PT017
        return
    again = judge(name, judged.content)
    assert (again.content, again.notes) == (judged.content, ())


@settings(max_examples=100)
@given(
    st.sampled_from([b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b""]),
    st.binary(max_size=200),
)
def test_any_bytes_are_taken_or_refused(beginning: bytes, rest: bytes) -> None:
    """U-3."""
    for name in ("a.csv", "a.pdf", "a.jpg", "a.png", "a.gif"):
        try:
            judge(name, beginning + rest)
        except FileRefused:
            continue


@pytest.mark.parametrize("code", [*FileRefusal, *FileNote])
def test_every_code_has_whole_sentences(code: FileRefusal | FileNote) -> None:
    assert code.phrase.text[0].isupper()
    assert code.phrase.text.endswith((".", "%(extensions)s"))
