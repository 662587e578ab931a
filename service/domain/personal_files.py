"""What is handed out about a person, in one archive: facts as JSON, and files of their conversations."""

import zipfile
from pathlib import PurePosixPath

from service.domain.attachment_store import AttachmentStore
from service.domain.people import Export

FACTS = "person.json"


def write_export(archive: zipfile.ZipFile, export: Export, store: AttachmentStore) -> None:
    """Write an export into an open archive; a file that is not stored any more is left out."""
    archive.writestr(FACTS, export.as_json())
    for number, (file_id, name) in enumerate(export.files.items(), 1):
        try:
            with store.open(file_id) as content:
                archive.writestr(str(PurePosixPath("attachments", f"{number:03}-{name}")), content.read())
        except FileNotFoundError:
            continue
