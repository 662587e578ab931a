"""Handing out personal data and the audit trail: who may ask for it, and files, whole, as answers."""

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast
from urllib.parse import quote

from flask import Response

from service.domain.errors import DomainError
from service.domain.people import Export
from service.domain.personal_files import write_export
from service.facts.refusals import Refusal
from service.mail import addresses
from service.web.context import reader, services

_IN_MEMORY = 8 << 20
_CHUNK = 1 << 16


def require_all_programs() -> None:
    """Refuse who may not work in all programs: a person is not cut in pieces by them."""
    if not reader().all_programs:
        raise DomainError(Refusal.NEEDS_ALL_PROGRAMS)


def require_address(address_key: str, typed: str) -> None:
    """Refuse with ERASURE_UNCONFIRMED what is not the address that an erasure is confirmed by."""
    try:
        matches = addresses.parse(typed).key == address_key
    except addresses.AddressError:
        matches = False
    if not matches:
        raise DomainError(Refusal.ERASURE_UNCONFIRMED, field="address")


def open_archive(export: Export) -> BinaryIO:
    """Write an export into a file that is gone when it is closed, while the session that read it is open."""
    with _temporary() as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        write_export(archive, export, services().attachments)
    return file


def spooled(parts: Iterable[bytes]) -> BinaryIO:
    """Write what comes in parts into a file that is gone when it is closed."""
    with _temporary() as file:
        file.writelines(parts)
    return file


def answer(file: BinaryIO, name: str, *, mimetype: str = "application/zip") -> Response:
    """Return what was written into such a file as an answer to be saved under this name."""
    size = file.tell()
    file.seek(0)
    response = Response(_sent(file), mimetype=mimetype)
    response.call_on_close(file.close)
    response.content_length = size
    quoted = quote(name, safe="")
    named = f'filename="{name}"' if quoted == name else f"filename*=UTF-8''{quoted}"
    response.headers["Content-Disposition"] = f"attachment; {named}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@contextmanager
def _temporary() -> Iterator[BinaryIO]:
    """Make a file to be written here, which is closed here only where that fails."""
    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    try:
        yield file
    except BaseException:
        file.close()
        raise


def _sent(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
