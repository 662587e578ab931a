"""Types by content: a name that says something else, and files that are two things at once."""

import io
import zipfile

import pytest

from service.facts.file_refusals import FileRefusal
from service.facts.filetypes import FileType
from service.files import FileRefused, judge
from tests.files.made import gif, jpeg, pdf, png

CSV = b"name,email\r\nA,a@example.com\r\n"
MADE = {".csv": CSV, ".pdf": pdf(), ".jpg": jpeg(), ".png": png(), ".gif": gif()}
TYPES = dict(zip(MADE, FileType, strict=True))


def refusal(name: str, content: bytes) -> tuple[FileRefusal, dict[str, object]]:
    with pytest.raises(FileRefused) as refused:
        judge(name, content)
    return refused.value.reason, refused.value.values


def archive(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name in names:
            made.writestr(name, b"content")
    return packed.getvalue()


def png_chunk_before_end(content: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk; its checksum is right."""
    import zlib  # beside its only use

    chunk = len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    return content[:-12] + chunk + content[-12:]


def jpeg_segment(content: bytes, marker: int, data: bytes) -> bytes:
    return content[:2] + bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2, "big") + data + content[2:]


def gif_comment(content: bytes, text: bytes) -> bytes:
    """A GIF with a comment before its end."""
    return content[:-1] + b"\x21\xfe" + bytes((len(text),)) + text + b"\0" + content[-1:]


@pytest.mark.parametrize("extension", MADE)
def test_a_file_is_taken_as_it_was_sent(extension: str) -> None:
    judged = judge(f"見積り{extension}", MADE[extension])
    assert (judged.name, judged.type) == (f"見積り{extension}", TYPES[extension])
    assert (judged.content, judged.notes) == (MADE[extension], ())


@pytest.mark.parametrize("claimed", MADE)
@pytest.mark.parametrize("real", MADE)
def test_name_and_content_must_agree(claimed: str, real: str) -> None:
    """U-1: every pair of types."""
    if claimed == real:
        return
    reason, values = refusal(f"a{claimed}", MADE[real])
    if real == ".csv":
        assert (reason, values) == (FileRefusal.TYPE_UNKNOWN, {"extension": claimed})
    else:
        assert (reason, values) == (
            FileRefusal.TYPE_DIFFERS,
            {"extension": claimed, "type": TYPES[real].label},
        )


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", archive("xl/workbook.xml", "[Content_Types].xml"), "XLSX"),
        ("a.csv", archive("a.class"), "ZIP"),
        ("a.csv", b"<!DOCTYPE html><html><script>alert(1)</script>", "HTML"),
        ("a.csv", b"<?xml version='1.0'?><svg onload='alert(1)'/>", "XML"),
        ("a.csv", b"\x7fELF\x02\x01\x01", "ELF"),
    ],
)
def test_what_is_no_csv_is_told_by_its_own_name(name: str, content: bytes, kind: str) -> None:
    """U-2."""
    assert refusal(name, content) == (FileRefusal.TYPE_DIFFERS, {"extension": ".csv", "type": kind})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b"<html><script>alert(1)</script>"),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.gif", b"GIF88a"),
        ("a.jpg", b"\xff\xd8"),
        ("a.pdf", b"\n" + pdf()),
        ("a.pdf", pdf()[9:]),
        ("a.csv", bytes(range(256)) * 4),
    ],
)
def test_what_is_of_no_type_is_refused(name: str, content: bytes) -> None:
    """U-2: among them PDF without its first bytes."""
    assert refusal(name, content)[0] is FileRefusal.TYPE_UNKNOWN


@pytest.mark.parametrize(
    ("name", "content", "other"),
    [
        ("a.gif", gif_comment(gif(1), b"%PDF-1.4 1 0 obj"), "PDF"),
        ("a.jpg", jpeg_segment(jpeg(), 0xFE, pdf()), "PDF"),
        ("a.png", png()[:33] + png_chunk_before_end(png(), b"prVt", pdf())[33:][-900:], "PDF"),
        ("a.csv", CSV + pdf(), "PDF"),
        ("a.png", png() + archive("META-INF/MANIFEST.MF"), "ZIP"),
        ("a.png", png_chunk_before_end(png(), b"prVt", archive("a.class")), "ZIP"),
        ("a.jpg", jpeg() + archive("a.class"), "ZIP"),
        ("a.gif", gif() + archive("a.class"), "ZIP"),
        ("a.pdf", pdf() + archive("a.class"), "ZIP"),
        ("a.png", png_chunk_before_end(png(), b"tEXt", b"Comment\0<script>alert(1)</script>"), "HTML"),
        ("a.jpg", jpeg_segment(jpeg(), 0xFE, b"<!DOCTYPE html><body>"), "HTML"),
        ("a.gif", gif_comment(gif(), b"<?php system('id') ?>"), "HTML"),
        ("a.gif", gif_comment(gif(), b"<SCRIPT src=x>"), "HTML"),
        ("a.gif", b"GIF89a/*" + gif()[8:-1] + b"*/=1;alert(1)//;", "JavaScript"),
    ],
)
def test_what_is_two_things_at_once_is_refused(name: str, content: bytes, other: str) -> None:
    """U-2: as by Polydet, made here."""
    reason, values = refusal(name, content)
    assert (reason, values["other"]) == (FileRefusal.TWO_TYPES, other)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", FileRefusal.EMPTY),
        ("a.csv", b"a" * (10 * 1024 * 1024 + 1), FileRefusal.TOO_LARGE),
        ("a.csv", b"a,b\n1,x\0y\n2,z\n" * 9, FileRefusal.CSV_DAMAGED),
        ("a.csv", b"a,b\n1,\x1b[31m\x07\n", FileRefusal.CSV_DAMAGED),
        ("a.csv", b"a\n" + b"x" * 4_000_000, FileRefusal.CSV_DAMAGED),
    ],
)
def test_other_refusals(name: str, content: bytes, reason: FileRefusal) -> None:
    assert refusal(name, content)[0] is reason
