"""Pictures: decoded to the end or refused, and kept byte for byte but for where they were taken."""

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from service.facts.file_refusals import FileNote, FileRefusal
from service.facts.limits import IMAGE_PIXELS
from service.files import FileRefused, judge
from service.files.position import without_position, xmp_without_position
from tests.files.made import encoded, gif, jpeg, picture, png

PLACE = {1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2), 29: "2026:11:30"}
ORIENTATION, MODEL, GPS, EXIF = 0x0112, 0x0110, 0x8825, 0x8769
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>'
    b'<rdf:Description xmp:Rating="5" exif:GPSLatitude="48,51.49N" drone-dji:GpsLongtitude=\'2.29\''
    b' tiff:Model="Hikari"><exif:GPSLongitude>2,17.67E</exif:GPSLongitude><exif:GPSAltitude />'
    b"<dc:title>GPS</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
)
XMP_KEPT = (b'xmp:Rating="5"', b'tiff:Model="Hikari"', b"<dc:title>GPS</dc:title>")


def exif(place: dict[int, Any] = PLACE) -> Image.Exif:
    made = Image.Exif()
    made[ORIENTATION] = 6
    made[MODEL] = "Hikari"
    made[EXIF] = {0x9286: b"ASCII\0\0\0a comment that is longer than four bytes"}
    if place:
        made[GPS] = place
    return made


def told(content: bytes) -> tuple[dict[int, Any], dict[int, Any], dict[int, Any]]:
    """What a picture tells: main, Exif and GPS directory."""
    with Image.open(io.BytesIO(content)) as image:
        found = image.getexif()
        main = {tag: value for tag, value in found.items() if tag not in (GPS, EXIF)}
        return main, dict(found.get_ifd(EXIF)), dict(found.get_ifd(GPS))


def pixels(content: bytes) -> list[bytes]:
    with Image.open(io.BytesIO(content)) as image:
        return [
            image.tobytes() for number in range(getattr(image, "n_frames", 1)) if image.seek(number) is None
        ]


def refusal(name: str, content: bytes) -> FileRefusal:
    with pytest.raises(FileRefused) as refused:
        judge(name, content)
    return refused.value.reason


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize(("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png")])
def test_the_place_is_removed_and_nothing_else(kind: str, name: str, order: str) -> None:
    """U-5: what else the picture tells stays, and its data is not encoded again."""
    metadata = exif()
    metadata.endian = "<" if order == "little" else ">"
    content = encoded(picture(), kind, exif=metadata)
    judged = judge(name, content)
    assert told(content)[2] != {}
    assert told(judged.content) == (*told(content)[:2], {})
    assert judged.notes == (FileNote.POSITION_REMOVED,)
    assert len(judged.content) == len(content)
    assert pixels(judged.content) == pixels(content)
    assert b"2026:11:30" in content
    assert b"2026:11:30" not in judged.content
    assert judge(name, judged.content).notes == ()


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png")])
def test_a_picture_that_names_no_place_is_kept_as_it_is(kind: str, name: str) -> None:
    content = encoded(picture(), kind, exif=exif({}))
    assert (judge(name, content).content, judge(name, content).notes) == (content, ())


@settings(max_examples=30)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from(["JPEG", "PNG"]),
    st.sampled_from(["L", "RGB"]),
    st.integers(1, 8),
)
def test_pixels_and_orientation_stay_the_same(
    width: int, height: int, kind: str, mode: str, orientation: int
) -> None:
    """U-5."""
    metadata = exif()
    metadata[ORIENTATION] = orientation
    content = encoded(picture((width, height)).convert(mode), kind, exif=metadata)
    judged = judge({"JPEG": "a.jpg", "PNG": "a.png"}[kind], content)
    assert judged.notes == (FileNote.POSITION_REMOVED,)
    assert pixels(judged.content) == pixels(content)
    assert (told(judged.content)[0][ORIENTATION], told(judged.content)[2]) == (orientation, {})


def with_xmp(kind: str, *, packed: bool = False) -> bytes:
    if kind == "JPEG":
        return encoded(picture(), kind, xmp=XMP)
    if kind == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=packed)
        return encoded(picture(), kind, pnginfo=info)
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    content = gif()
    return content[:-1] + b"\x21\xff\x0bXMP DataXMP" + XMP + trailer + content[-1:]


@pytest.mark.parametrize(
    ("kind", "name", "packed"),
    [("JPEG", "a.jpg", False), ("PNG", "a.png", False), ("PNG", "a.png", True), ("GIF", "a.gif", False)],
)
def test_the_place_is_removed_from_xmp_too(kind: str, name: str, packed: bool) -> None:
    """U-5."""
    content = with_xmp(kind, packed=packed)
    judged = judge(name, content)
    kept = judged.content
    if packed:
        kept = b"".join(text.encode() for text in Image.open(io.BytesIO(kept)).text.values())  # type: ignore[attr-defined]
    assert b"GPSL" not in kept
    assert b"GpsL" not in kept
    assert b"48,51" not in kept
    assert b"2.29" not in kept
    assert [part for part in XMP_KEPT if part not in kept] == []
    assert judged.notes == (FileNote.POSITION_REMOVED,)
    assert pixels(judged.content) == pixels(content)


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt"])
def test_a_profile_written_as_text_is_removed_with_its_place(kind: bytes) -> None:
    """U-5: as ImageMagick writes Exif into PNG."""
    for place, stays in ((PLACE, False), ({}, True)):
        block = b"Exif\0\0" + exif(place).tobytes().removeprefix(b"Exif\0\0")
        text = b"\nexif\n%8d\n%s\n" % (len(block), block.hex().encode())
        data = b"Raw profile type exif\0" + (text if kind == b"tEXt" else b"\0" + zlib.compress(text))
        chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        content = png()[:33] + chunk + png()[33:]
        judged = judge("a.png", content)
        assert judged.content == (content if stays else png())
        assert judged.notes == (() if stays else (FileNote.POSITION_REMOVED,))


@given(st.binary(max_size=200), st.sampled_from([b"II*\0", b"MM\0*"]))
def test_any_metadata_keeps_its_length(data: bytes, beginning: bytes) -> None:
    """U-5: also what is no metadata at all, and what points into itself."""
    for block in (beginning + data, beginning + b"\0\0\0\x08" + data, beginning + b"\x08\0\0\0" + data):
        assert len(without_position(block)) == len(block)
    assert len(xmp_without_position(data)) == len(data)


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0x0110, 0x0112, 0x8769, 0x8825, 0xA005, 0x014A, 2]),
            st.integers(0, 14),
            st.sampled_from([0, 1, 2, 3, 0xFFFFFFFF]),
            st.integers(0, 120) | st.just(0xFFFFFFFF),
        ),
        max_size=8,
    ),
    st.integers(0, 120),
)
def test_directories_that_point_anywhere_come_to_an_end(
    entries: list[tuple[int, int, int, int]], following: int
) -> None:
    """U-5: hostile pointers; no directory that is found holds a position afterwards."""
    block = b"II*\0" + struct.pack("<IH", 8, len(entries))
    block += b"".join(struct.pack("<HHII", *entry) for entry in entries) + struct.pack("<I", following)
    cleaned = without_position(block)
    assert len(cleaned) == len(block)
    count = struct.unpack_from("<H", cleaned, 8)[0]
    tags = [
        struct.unpack_from("<H", cleaned, 10 + 12 * index)[0]
        for index in range(count)
        if 22 + 12 * index <= len(cleaned)
    ]
    assert GPS not in tags


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif"])
def test_what_stands_behind_the_end_is_cut(name: str) -> None:
    """U-2."""
    content = {"a.jpg": jpeg(), "a.png": png(), "a.gif": gif()}[name]
    judged = judge(name, content + b"a film, or another picture")
    assert (judged.content, judged.notes) == (content, (FileNote.REST_REMOVED,))


def test_of_several_pictures_in_a_jpeg_the_first_is_kept() -> None:
    """U-2, U-5: the others have metadata of their own."""
    content = encoded(picture(), "MPO", save_all=True, append_images=[picture((10, 10))])
    judged = judge("a.jpg", content)
    assert judged.notes == (FileNote.REST_REMOVED,)
    assert content.startswith(judged.content)
    assert judged.content.count(b"\xff\xd8\xff") == 1


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif"])
def test_a_truncated_picture_is_refused(name: str) -> None:
    """U-3: cut anywhere."""
    content = {"a.jpg": jpeg(), "a.png": png(), "a.gif": gif()}[name]
    for end in range(8, len(content), max(len(content) // 40, 1)):
        assert refusal(name, content[:end]) is FileRefusal.IMAGE_DAMAGED


def flooded_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    rows = zlib.compressobj()
    data = b"".join(rows.compress(bytes(1 + width // 8)) for _ in range(height)) + rows.flush()
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_flood_of_pixels_is_refused_before_it_is_decoded() -> None:
    """U-3."""
    assert refusal("a.png", flooded_png(60_000, 6_000)) is FileRefusal.IMAGE_TOO_LARGE
    small = bytearray(png())
    small[16:24] = struct.pack(">II", 60_000, 60_000)
    assert refusal("a.png", bytes(small)) is FileRefusal.IMAGE_TOO_LARGE
    small_jpeg = bytearray(jpeg())
    frame = small_jpeg.index(b"\xff\xc0") + 5
    small_jpeg[frame : frame + 4] = struct.pack(">HH", 60_000, 60_000)
    assert refusal("a.jpg", bytes(small_jpeg)) is FileRefusal.IMAGE_TOO_LARGE
    small_gif = bytearray(gif())
    small_gif[6:10] = struct.pack("<HH", 60_000, 60_000)
    assert refusal("a.gif", bytes(small_gif)) is FileRefusal.IMAGE_TOO_LARGE
    assert IMAGE_PIXELS < 60_000 * 1_000


def test_a_frame_beside_the_screen_counts_as_large_as_it_makes_it() -> None:
    """U-3: the canvas grows to hold it."""
    content = bytearray(gif(1))
    frame = content.index(b"\x2c", 13 + 3 * 2)
    content[frame + 1 : frame + 5] = struct.pack("<HH", 60_000, 60_000)
    assert refusal("a.gif", bytes(content)) is FileRefusal.IMAGE_TOO_LARGE


def test_an_endless_animation_is_refused() -> None:
    """U-3: 50,000 frames, and few of a large screen."""
    content = gif(1)
    at = content.index(b"\x2c", 13)
    assert (
        refusal("a.gif", content[:-1] + content[at:-1] * 50_000 + content[-1:]) is FileRefusal.IMAGE_TOO_LONG
    )
    large = bytearray(content[:-1] + content[at:-1] * 20 + content[-1:])
    large[6:10] = struct.pack("<HH", 7_000, 7_000)
    assert refusal("a.gif", bytes(large)) is FileRefusal.IMAGE_TOO_LONG


def test_an_animated_png_is_taken_and_an_endless_one_refused() -> None:
    """U-3."""
    frames = [Image.new("RGB", (20, 10), (index * 40, 0, 0)) for index in range(3)]
    content = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert judge("a.png", content).content == content
    at = content.index(b"fcTL") - 4
    control = content[at : at + 38]
    assert refusal("a.png", content[:at] + control * 1_001 + content[at:]) is FileRefusal.IMAGE_TOO_LONG


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    """U-3: each goes through the whole picture again."""
    content = encoded(picture(), "JPEG", progressive=True)
    at = content.rindex(b"\xff\xda")
    assert judge("a.jpg", content).content == content
    assert refusal("a.jpg", content[:at] + content[at:-2] * 200 + content[-2:]) is FileRefusal.NOT_JUDGED


def test_pictures_of_all_kinds_are_taken() -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        content = encoded(Image.new(mode, (9, 9)), "PNG")
        assert judge("a.png", content).content == content
    for mode in ("L", "RGB", "CMYK"):
        content = encoded(Image.new(mode, (9, 9)), "JPEG")
        assert judge("a.jpg", content).content == content
    assert judge("a.gif", encoded(Image.new("L", (9, 9)), "GIF")).notes == ()
