"""PDF files: opened to prove that they are ones, and refused where they do more than be read."""

import io
import logging
import re
from bisect import bisect_right
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from service.facts.file_refusals import FileRefusal
from service.facts.limits import PDF_PAGES
from service.files.pdf_names import is_object_stream, stream_places, telling_names
from service.files.refused import FileRefused

# What it says of each oddity of a stranger's file helps nobody who reads our log.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

# The first that is there is told.
_BY_NAME: tuple[tuple[str, FileRefusal], ...] = (
    ("Encrypt", FileRefusal.PDF_ENCRYPTED),
    ("JS", FileRefusal.PDF_SCRIPT),
    ("JavaScript", FileRefusal.PDF_SCRIPT),
    ("Launch", FileRefusal.PDF_ACTION),
    ("AA", FileRefusal.PDF_ACTION),
    ("EmbeddedFile", FileRefusal.PDF_EMBEDDED),
    ("EmbeddedFiles", FileRefusal.PDF_EMBEDDED),
    ("FileAttachment", FileRefusal.PDF_EMBEDDED),
    ("EF", FileRefusal.PDF_EMBEDDED),
    ("RichMedia", FileRefusal.PDF_EMBEDDED),
)
# Going to a page of the same file, and commands of the reader such as the next page.
_HARMLESS = frozenset({"/GoTo", "/Named"})
_MOST_ACTIONS = 50
_OBJECT = re.compile(rb"(?:end)?obj")
_XFA_SCRIPT = re.compile(rb"<(?:\w+:)?script\b|javascript", re.IGNORECASE)


def judge(content: bytes) -> None:
    """Raise FileRefused for a PDF that cannot be read, or that acts; nothing else is raised."""
    names = telling_names(content)
    for name, reason in _BY_NAME:
        if name in names:
            raise FileRefused(reason)
    try:
        _judge_structure(content, names)
    except FileRefused:
        raise
    except Exception as error:
        # A reader of hostile bytes fails in many ways, each of which means that this is no sound PDF.
        raise FileRefused(FileRefusal.PDF_DAMAGED) from error


def _judge_structure(content: bytes, names: frozenset[str]) -> None:
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        raise FileRefused(FileRefusal.PDF_ENCRYPTED)
    _refuse_hidden_objects(reader, content)
    pages = len(reader.pages)
    if not pages:
        raise FileRefused(FileRefusal.PDF_DAMAGED)
    if pages > PDF_PAGES:
        raise FileRefused(FileRefusal.PDF_TOO_LONG, num=PDF_PAGES)
    if "OpenAction" in names:
        _judge_opening(reader.root_object.get("/OpenAction"))
    if "XFA" in names and any(_XFA_SCRIPT.search(part) for part in (reader.xfa or {}).values()):
        raise FileRefused(FileRefusal.PDF_SCRIPT)


def _refuse_hidden_objects(reader: PdfReader, content: bytes) -> None:
    """Raise FileRefused where the table of objects points to what was not read when names were looked for.

    That is an object inside a stream, or a stream of objects that did not look like one.
    """
    starts, ends = zip(*((0, 0), *stream_places(content)), strict=True)
    for table in reader.xref.values():
        for place in table.values():
            if place < ends[bisect_right(starts, place) - 1]:
                raise FileRefused(FileRefusal.PDF_DAMAGED)
    for number in {number for number, _ in reader.xref_objStm.values()}:
        place = reader.xref.get(0, {}).get(number, 0)
        behind = bisect_right(starts, place)
        head = content[place : starts[behind]] if behind < len(starts) else b""
        if not is_object_stream(head) or len(_OBJECT.findall(head)) != 1:
            raise FileRefused(FileRefusal.PDF_DAMAGED)


def _judge_opening(action: Any) -> None:
    """Raise FileRefused where the file does more at its opening than show a place in it."""
    waiting = [action]
    for _ in range(_MOST_ACTIONS):
        if not waiting:
            return
        one = waiting.pop()
        one = one.get_object() if one is not None else None
        if isinstance(one, DictionaryObject):
            if one.get("/S") not in _HARMLESS:
                raise FileRefused(FileRefusal.PDF_ACTION)
            following = one.get("/Next")
            following = following.get_object() if following is not None else []
            waiting.extend(following if isinstance(following, ArrayObject) else [following])
    raise FileRefused(FileRefusal.PDF_ACTION)
