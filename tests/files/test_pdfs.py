"""PDF files: read to prove what they are, and refused where they act, also where that is hidden."""

import io
import zlib

import pytest
from pypdf import PdfWriter

from service.facts.file_refusals import FileRefusal
from service.files import FileRefused, judge, pdf_names
from tests.files.made import assembled, pdf, picture

SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


def refusal(content: bytes) -> FileRefusal | None:
    try:
        assert judge("a.pdf", content).content == content
    except FileRefused as refused:
        return refused.reason
    return None


def written(writer: PdfWriter) -> bytes:
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def with_page() -> PdfWriter:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    return writer


def object_stream(*bodies: bytes, first: int = 5) -> bytes:
    """The body of an object stream that holds objects from a number on."""
    places, content = [], b""
    for number, body in enumerate(bodies, first):
        places.append(b"%d %d" % (number, len(content)))
        content += body + b" "
    head = b" ".join(places) + b" "
    packed = zlib.compress(head + content)
    return b"<< /Type /ObjStm /N %d /First %d /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (
        len(bodies), len(head), len(packed), packed,
    )  # fmt: skip


def test_plain_files_are_taken() -> None:
    assert refusal(pdf()) is None
    assert refusal(pdf(stream=zlib.compress(b"BT ET"), filters="/FlateDecode")) is None
    assert refusal(pdf(object_stream(b"<< /Title (a) >>", b"[1 2 3]"))) is None
    assert refusal(written(with_page())) is None
    made = io.BytesIO()
    picture().save(made, "PDF")
    assert refusal(made.getvalue()) is None


@pytest.mark.parametrize(
    "root",
    [
        b"/OpenAction [3 0 R /Fit]",
        b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >>",
        b"/OpenAction << /S /Named /N /Print >>",
        b"/Title (see /JS and /AA << >> \\( /Launch)",
        b"/X /JSX /Y /Launcher /Z /AA /AAB << >>",
        b"/URI (https://example.com/JS/AA)",
        b"/AcroForm << /XFA [(template) 5 0 R] >>",
    ],
)
def test_what_only_looks_like_an_action_is_taken(root: bytes) -> None:
    form = b"<< /Length 10 >>\nstream\n<template>\nendstream"
    assert refusal(pdf(form, root=root)) is None


def test_a_link_is_no_action_of_its_own() -> None:
    link = b"/Annots [<< /Subtype /Link /Rect [0 0 1 1] /A << /S /URI /URI (https://example.com) >> >>]"
    assert refusal(pdf(page=link)) is None


ACTING = {
    b"/OpenAction " + SCRIPT: FileRefusal.PDF_SCRIPT,
    b"/Names << /JavaScript << /Names [(a) 5 0 R] >> >>": FileRefusal.PDF_SCRIPT,
    b"/X << /S /#4aavaScript /J#53 (1) >>": FileRefusal.PDF_SCRIPT,
    b"/X << /S/JavaScript/JS<31> >>": FileRefusal.PDF_SCRIPT,
    b"/AcroForm << /XFA 5 0 R >>": FileRefusal.PDF_SCRIPT,
    b"/AcroForm << /XFA [(form) 5 0 R] >>": FileRefusal.PDF_SCRIPT,
    b"/OpenAction << /S /Launch /F (cmd.exe) >>": FileRefusal.PDF_ACTION,
    b"/OpenAction << /S /URI /URI (https://example.com) >>": FileRefusal.PDF_ACTION,
    b"/OpenAction << /S /SubmitForm /F (https://example.com) >>": FileRefusal.PDF_ACTION,
    b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next << /S /URI /URI (x:) >> >>": FileRefusal.PDF_ACTION,
    b"/OpenAction << /S /GoTo /Next [<< /S /Named >> << /S /GoToR >>] >>": FileRefusal.PDF_ACTION,
    b"/OpenAction << /D [3 0 R /Fit] >>": FileRefusal.PDF_ACTION,
    b"/AA << /O << /S /URI /URI (https://example.com) >> >>": FileRefusal.PDF_ACTION,
    b"/AA%\n 5 0 R": FileRefusal.PDF_ACTION,
    b"/Names << /EmbeddedFiles 5 0 R >>": FileRefusal.PDF_EMBEDDED,
    b"/X << /Subtype /FileAttachment >>": FileRefusal.PDF_EMBEDDED,
    b"/X << /EF << /F 5 0 R >> >>": FileRefusal.PDF_EMBEDDED,
    b"/X << /Subtype /RichMedia >>": FileRefusal.PDF_EMBEDDED,
}
XFA = b"<< /Length 60 >>\nstream\n<x:script contentType='application/x-formcalc'>1</x:script>\nendstream"


@pytest.mark.parametrize(("root", "reason"), ACTING.items(), ids=repr)
def test_what_acts_is_refused_wherever_it_stands(root: bytes, reason: FileRefusal) -> None:
    """U-3: in the catalog, in a page, in an object by itself, and packed in a stream of objects."""
    assert refusal(pdf(XFA, root=root)) is reason
    if b"/OpenAction" in root or b"/XFA" in root:
        return
    assert refusal(pdf(XFA, page=root)) is reason
    assert refusal(pdf(XFA, b"<< " + root + b" >>")) is reason
    assert refusal(pdf(XFA, object_stream(b"<< " + root + b" >>", first=7))) is reason


def test_files_of_other_programs_are_refused_for_what_they_hold() -> None:
    """U-3: as a library writes them."""
    with_file = with_page()
    with_file.add_attachment("a.txt", b"content")
    assert refusal(written(with_file)) is FileRefusal.PDF_EMBEDDED
    for algorithm in ("RC4-128", "AES-256"):
        locked = with_page()
        locked.encrypt("secret", algorithm=algorithm)
        assert refusal(written(locked)) is FileRefusal.PDF_ENCRYPTED


HIDDEN = {
    "an object in a string": b"( 5 0 obj << /S /JavaScript /JS <31> /X ) >>",
    "a string without an end before it": b"<< /X (\\) >> endobj 6 0 obj << /S /JavaScript /JS (1) >>",
    "a comment before it": b"<< % ( \n /S /JavaScript /JS (1) >>",
    "a stream that is a string": b"<< /X (>> stream\n) /S /JavaScript /JS (1) /Y (endstream) >>",
    "packed twice": b"<< /Type /ObjStm /N 1 /First 4 /Filter [/AHx /Fl] >>\nstream\n00>\nendstream",
    "filters elsewhere": b"<< /Type /ObjStm /N 1 /First 4 /Filter 6 0 R >>\nstream\nx\nendstream",
}


@pytest.mark.parametrize("body", HIDDEN.values(), ids=HIDDEN)
def test_what_acts_cannot_hide(body: bytes) -> None:
    """U-3."""
    assert refusal(pdf(body)) in (FileRefusal.PDF_SCRIPT, FileRefusal.PDF_DAMAGED)


def test_a_stream_of_objects_is_read_to_its_own_end() -> None:
    """U-3: not to the first word that could end it."""
    inside = b"5 0 << /X (\nendstream ) /S /JavaScript /JS (1) >>"
    body = object_stream(b"").split(b"stream\n")[0] + b"stream\n" + zlib.compress(inside, 0) + b"\nendstream"
    assert refusal(pdf(body)) is FileRefusal.PDF_SCRIPT


def test_an_object_inside_a_stream_is_refused() -> None:
    """U-3: the table points to where no name was looked for."""
    honest = pdf(stream=b"9 0 obj << /Title (a) >> endobj")
    place = honest.index(b"9 0 obj")
    at = honest.index(b"%010d" % honest.index(b"4 0 obj"))
    assert refusal(honest) is None
    moved = honest[:at] + b"%010d" % place + honest[at + 10 :]
    assert refusal(moved) is FileRefusal.PDF_DAMAGED


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7",
        b"%PDF-1.7\n" + bytes(1000),
        b"%PDF-1.7\n" + b"(" * 5000,
        b"%PDF-1.7\n" + b"[" * 5000,
        b"%PDF-1.7\n1 0 obj\n" + b"<<" * 5000,
        pdf(pages=0),
        pdf()[: len(pdf()) // 2],
        assembled([b"<< /Type /Catalog /Pages 1 0 R /Kids [1 0 R] /Type /Pages >>"]),
        assembled([b"<< /Type /Catalog >>"]),
    ],
    ids=lambda content: repr(content[:30]),
)
def test_what_is_no_sound_file_is_refused(content: bytes) -> None:
    """U-3: empty, cut, nested without an end, in a circle."""
    assert refusal(content) is FileRefusal.PDF_DAMAGED


def test_too_many_pages_are_refused() -> None:
    assert refusal(pdf(pages=1000)) is None
    assert refusal(pdf(pages=1001)) is FileRefusal.PDF_TOO_LONG


def test_what_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """U-3: also where many streams do it together."""
    monkeypatch.setattr(pdf_names, "PDF_UNPACKED_BYTES", 3_000_000)
    packed = zlib.compress(bytes(1_000_000))
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed)
    assert refusal(pdf(stream, stream)) is None
    assert refusal(pdf(stream, stream, stream)) is FileRefusal.PDF_TOO_COMPLEX
    assert refusal(pdf(object_stream(bytes(4_000_000)))) is FileRefusal.PDF_TOO_COMPLEX
    # Blocks that hold nothing cost their own length.
    empty = b"\x78\x9c" + b"\0\0\0\xff\xff" * 500_000
    stream = b"<< /Filter /FlateDecode >>\nstream\n%s\nendstream" % empty
    assert refusal(pdf(stream, stream)) is FileRefusal.PDF_TOO_COMPLEX


def test_too_many_streams_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_names, "_MOST_STREAMS", 3)
    stream = b"<< >>\nstream\nendstream"
    assert refusal(pdf(stream, stream)) is None
    assert refusal(pdf(stream, stream, stream)) is FileRefusal.PDF_TOO_COMPLEX
