"""Small pictures for pages: drawn anew, so that nothing of a file's own bytes is in them."""

from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageOps

MEDIA_TYPE = "image/webp"
# Twice the 240 pixels at which pages show them, for dense screens.
_SIDE = 480
_QUALITY = 75


def draw(content: BinaryIO) -> bytes | None:
    """Return a small WebP of a picture that was judged before, upright; None for what cannot be drawn.

    Of an animation it is the first frame.
    """
    try:
        with Image.open(content, formats=("JPEG", "PNG", "GIF")) as picture:
            picture.draft("RGB", (_SIDE, _SIDE))
            upright = ImageOps.exif_transpose(picture)
            small = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
            small.thumbnail((_SIDE, _SIDE))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    drawn = BytesIO()
    small.save(drawn, "WEBP", quality=_QUALITY)
    return drawn.getvalue()
