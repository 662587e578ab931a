"""Handing out personal data: who may ask for it, and the archive as an answer."""

import tempfile
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, cast

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
    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        write_export(archive, export, services().attachments)
    return file


def answer(file: BinaryIO, name: str) -> Response:
    """Return an archive as an answer to be saved under this name, in ASCII."""
    size = file.tell()
    file.seek(0)
    response = Response(_sent(file), mimetype="application/zip")
    response.call_on_close(file.close)
    response.content_length = size
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _sent(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
