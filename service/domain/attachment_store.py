"""Where the bytes of attachments are kept, as the product sees it."""

from collections.abc import Collection
from datetime import datetime
from typing import BinaryIO, Protocol


class AttachmentStore(Protocol):
    """Bytes under ids that the store makes itself; raises OSError as files do."""

    def put(self, content: bytes) -> str:
        """Keep bytes for good before returning their new id: 32 hexadecimal digits."""

    def open(self, stored_id: str) -> BinaryIO:
        """Open what is kept; raises FileNotFoundError for an id under which nothing is."""

    def delete(self, stored_id: str) -> None:
        """Remove what is kept; what is not there is no trouble."""

    def sweep(self, kept: Collection[str], *, now: datetime) -> int:
        """Remove whatever is not among the ids `kept` and is not young; return how many."""
