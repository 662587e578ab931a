"""Files made by the tests themselves, small and with known content."""

import io

from PIL import Image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return a picture as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture(size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Return a picture in which every pixel differs from its neighbours."""
    width, height = size
    image = Image.new("RGB", size)
    image.putdata([(x * 5 % 256, y * 7 % 256, (x * y) % 256) for y in range(height) for x in range(width)])
    return image


def png(size: tuple[int, int] = (48, 32)) -> bytes:
    """Return a PNG."""
    return encoded(picture(size), "PNG")


def jpeg(size: tuple[int, int] = (48, 32)) -> bytes:
    """Return a JPEG."""
    return encoded(picture(size), "JPEG", quality=90)


def gif(frames: int = 3) -> bytes:
    """Return an animated GIF."""
    pictures = [Image.new("RGB", (20, 10), (index * 40 % 256, 100, 200)) for index in range(frames)]
    return encoded(pictures[0], "GIF", save_all=True, append_images=pictures[1:])


def pdf(
    *extra: bytes,
    root: bytes = b"",
    page: bytes = b"",
    pages: int = 1,
    stream: bytes = b"BT ET",
    filters: str = "",
) -> bytes:
    """Return a PDF with a content stream; `extra` are the bodies of further objects, from 5 on."""
    kids = b" ".join([b"3 0 R"] * pages)
    packed = f" /Filter {filters}".encode() if filters else b""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R " + root + b" >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, kids),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R " + page + b" >>",
        b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(stream), packed, stream),
        *extra,
    ]
    return assembled(bodies)


def assembled(bodies: list[bytes]) -> bytes:
    """Return a PDF of objects with a table that tells where they are; the first is the catalog."""
    content = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, body in enumerate(bodies, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return content + head + table + trailer % (len(bodies) + 1, len(content))
