"""What the readers of pictures say of one: how large it is, and its bytes without what must not stay."""

from dataclasses import dataclass

from service.facts.file_refusals import FileRefusal
from service.facts.limits import ANIMATION_PIXELS, GIF_FRAMES, IMAGE_PIXELS
from service.files.refused import FileRefused


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture taken apart, not decoded. `content` ends where the picture does and names no place."""

    width: int
    height: int
    frames: int
    content: bytes
    had_position: bool
    had_rest: bool


def damaged() -> FileRefused:
    """Return the refusal of a picture that does not hold together."""
    return FileRefused(FileRefusal.IMAGE_DAMAGED)


def refuse_size(width: int, height: int, frames: int) -> None:
    """Raise FileRefused for a picture that would take too much memory or time to decode."""
    pixels = width * height
    if not pixels:
        raise damaged()
    if pixels > IMAGE_PIXELS:
        raise FileRefused(FileRefusal.IMAGE_TOO_LARGE, num=IMAGE_PIXELS)
    if frames > GIF_FRAMES or (frames > 1 and frames * pixels > ANIMATION_PIXELS):
        raise FileRefused(FileRefusal.IMAGE_TOO_LONG)
