"""The types of files that may be attached: by which names they go, and what they are to a browser."""

from collections.abc import Mapping
from enum import StrEnum


class FileType(StrEnum):
    """A type that is taken; the value is its name in the database."""

    CSV = "csv"
    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"

    @property
    def label(self) -> str:
        """What people call it, in every language."""
        return self.name

    @property
    def media_type(self) -> str:
        """`type/subtype` without parameters."""
        return _MEDIA_TYPES[self]

    @property
    def extensions(self) -> tuple[str, ...]:
        """The endings of its names in lower case with their dot, the usual one first."""
        return _EXTENSIONS[self]


_MEDIA_TYPES: Mapping[FileType, str] = {
    FileType.CSV: "text/csv",
    FileType.PDF: "application/pdf",
    FileType.JPEG: "image/jpeg",
    FileType.PNG: "image/png",
    FileType.GIF: "image/gif",
}
_EXTENSIONS: Mapping[FileType, tuple[str, ...]] = {
    FileType.CSV: (".csv",),
    FileType.PDF: (".pdf",),
    FileType.JPEG: (".jpg", ".jpeg"),
    FileType.PNG: (".png",),
    FileType.GIF: (".gif",),
}
BY_EXTENSION: Mapping[str, FileType] = {
    extension: filetype for filetype, extensions in _EXTENSIONS.items() for extension in extensions
}
IMAGES = frozenset({FileType.JPEG, FileType.PNG, FileType.GIF})
# What a form offers to choose from.
ACCEPT = ",".join(BY_EXTENSION)
