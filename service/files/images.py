"""Pictures: decoded whole to prove that they are ones, kept as sent but for where they were taken."""

import io

from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from service.facts.file_refusals import FileNote
from service.facts.filetypes import FileType
from service.files import gif, jpeg, png
from service.files.pictures import Picture, damaged, refuse_size

# By class and not by guess: nothing else is opened, and what several pictures in a JPEG are is not asked.
_DECODERS: dict[FileType, type[ImageFile]] = {
    FileType.JPEG: JpegImageFile,
    FileType.PNG: PngImageFile,
    FileType.GIF: GifImageFile,
}
_READERS = {FileType.JPEG: jpeg.read, FileType.PNG: png.read, FileType.GIF: gif.read}


def judge(filetype: FileType, content: bytes) -> tuple[bytes, tuple[FileNote, ...]]:
    """Return what to keep of a picture and what was removed; raises FileRefused.

    Nothing is encoded anew. Its size is known before anything is decoded.
    """
    picture = _READERS[filetype](content)
    refuse_size(picture.width, picture.height, picture.frames)
    _decode(filetype, picture)
    notes = []
    if picture.had_position:
        notes.append(FileNote.POSITION_REMOVED)
    if picture.had_rest:
        notes.append(FileNote.REST_REMOVED)
    return picture.content, tuple(notes)


def _decode(filetype: FileType, picture: Picture) -> None:
    """Decode every frame; raises FileRefused for what the decoder does not get to the end of."""
    try:
        with _DECODERS[filetype](io.BytesIO(picture.content)) as image:
            if image.width * image.height > picture.width * picture.height:
                raise damaged()
            # Brightness alone takes a quarter of the memory, and goes through the same data.
            image.draft("L", image.size)
            for number in range(_frames(image) if picture.frames > 1 else 1):
                image.seek(number)
                image.load()
    except Exception as error:
        # A decoder of hostile bytes fails in many ways, each of which means that this is no picture.
        raise damaged() from error


def _frames(image: ImageFile) -> int:
    return int(getattr(image, "n_frames", 1))
