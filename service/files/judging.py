"""One question to the whole room: may this file be attached, and what of it is kept?"""

from dataclasses import dataclass

from service.facts.file_refusals import FileNote, FileRefusal
from service.facts.filetypes import FileType
from service.facts.limits import ATTACHMENT_BYTES
from service.files import csvs, kinds, names
from service.files.refused import FileRefused


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that may be attached: `content` is what to keep, `notes` say how it differs from what came."""

    name: str
    type: FileType
    content: bytes
    notes: tuple[FileNote, ...] = ()


def judge(name: str, content: bytes) -> Judged:
    """Judge a file by its name and its content, which must agree; raises FileRefused and nothing else.

    The name is kept exactly. Pictures lose where they were taken and what stands behind their end.
    """
    claimed = names.claimed_type(name)
    if not content:
        raise FileRefused(FileRefusal.EMPTY)
    if len(content) > ATTACHMENT_BYTES:
        raise FileRefused(FileRefusal.TOO_LARGE, size=ATTACHMENT_BYTES)
    kinds.refuse_other_type(claimed, content, names.extension(name))
    kinds.refuse_second_type(claimed, content)
    notes: tuple[FileNote, ...] = ()
    if claimed is FileType.CSV:
        csvs.judge(content)
    elif claimed is FileType.PDF:
        # Deferred, and pictures too: both take a tenth of a second and 7 MB, and only who judges needs them.
        from service.files import pdfs

        pdfs.judge(content)
    else:
        from service.files import images

        content, notes = images.judge(claimed, content)
    return Judged(name, claimed, content, notes)
