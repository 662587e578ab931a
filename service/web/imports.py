"""Settings → Tools → Import prospects: choose a file, see what was read, look at the plan, apply it."""

import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from flask import Blueprint, Response, abort, after_this_request, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import BooleanField, FileField, RadioField, SelectField

from service import csvfile
from service.csvfile import headers, words
from service.csvfile.dialect import DELIMITERS
from service.csvfile.encoding import CHOICES, UnknownEncoding
from service.csvfile.file import BadDelimiter
from service.csvfile.headers import COLUMNS
from service.csvfile.source import InStream
from service.domain import accounts, import_preview, import_results, imports
from service.domain.errors import DomainError
from service.facts.limits import IMPORT_FIELD_BYTES, IMPORT_FILE_BYTES, IMPORT_ROWS, REQUEST_BYTES
from service.facts.permissions import Permission
from service.facts.states import ImportState
from service.facts.words import N_, NP_
from service.i18n.locales import LOCALES
from service.models.imports import Import
from service.web import import_columns, import_undo, import_words
from service.web.context import here, program, reader, reading, services, transaction
from service.web.forms import Form, done, number, refusal_text, say, warn
from service.web.import_words import PATH, programs
from service.web.routes import page

bp = Blueprint("imports", __name__)
_IN_MEMORY = 8 << 20
# A form with a file cannot be sent again by itself: it waits longer for its turn to write, in seconds.
_PATIENCE = 30.0
# Lines of the history on one page.
IMPORTS = 50


class UploadForm(Form):
    """A file with what to do with it."""

    program = SelectField()
    file = FileField()
    mode = RadioField(choices=["fill", "overwrite"], default="fill")
    default_language = SelectField()
    dry_run = BooleanField()


@bp.url_value_preprocessor
def _allow_a_large_file(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    # Before the form's token is looked for, which is in the body of the request.
    if endpoint == "imports.upload":
        request.max_content_length = IMPORT_FILE_BYTES + REQUEST_BYTES
        after_this_request(_close_files)


def _close_files(response: Response) -> Response:
    request.close()
    return response


@page(bp, "/settings/import", needs=Permission.IMPORT_RUN)
def index() -> ResponseReturnValue:
    """Show the form, the format of files, and the imports so far."""
    return _index(UploadForm())


@page(bp, "/settings/import", needs=Permission.IMPORT_RUN, methods=("POST",))
def upload() -> ResponseReturnValue:
    """Take a file in."""
    form = UploadForm()
    chosen = next((one for one in here().programs if str(one.id) == request.form.get("program")), None)
    file = request.files.get("file")
    if chosen is None:
        form.program.errors = [say(N_("Choose a program."))]
    if file is None or not file.filename:
        form.file.errors = [say(N_("Choose a CSV file."))]
    if form.default_language.data not in {"", None, *LOCALES}:
        form.default_language.errors = [say(N_("Choose a language."))]
    if form.problems() or chosen is None or file is None or not file.filename:
        return _index(form)
    # Before the transaction: while the bytes are judged, others may write.
    read = csvfile.read(InStream.of(cast(BinaryIO, file.stream)), locale=here().locale.code)
    with services().db.transaction(patience=_PATIENCE) as session:
        if chosen.id != program().id:
            accounts.work_in(session, reader().id, chosen.id)
        made = imports.upload(
            session,
            services().jobs,
            chosen.id,
            file_name=_base_name(file.filename),
            file=read,
            locale=here().locale.code,
            dry_run=bool(form.dry_run.data),
            overwrite=form.mode.data == "overwrite",
            default_language=form.default_language.data or None,
            actor_id=reader().id,
            now=here().now,
        )
    return redirect(url_for("imports.show", import_id=made.id), 303)


def _base_name(name: str) -> str:
    """The name of a file as it is shown and never used as a path: controls and direction marks taken out."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[:200] or "?"


def _index(form: UploadForm) -> ResponseReturnValue:
    form.default_language.choices = import_words.languages()
    form.program.choices = [(str(one.id), one.name) for one in here().programs]
    locale = here().locale.code
    before = number(request.args.get("before"))
    with reading() as session:
        found = imports.list_of(session, program().id, limit=IMPORTS + 1, before=before or None)
        next_href = _history(found[IMPORTS - 1].id) if len(found) > IMPORTS else None
        found = found[:IMPORTS]
        page_ = render_template(
            "imports/index.html",
            form=form,
            imports=found,
            users=imports.names_of_users(session, found),
            stopped={one.id: import_words.stopped(one) for one in found},
            undoable={one.id for one in found if import_words.may_be_undone(one)},
            first_href=_history() if before else None,
            next_href=next_href,
            chosen=request.form.get("program") or str(program().id),
            columns=[
                {
                    "name": column.names[locale],
                    "required": column.required,
                    "explanation": say(column.explanation),
                    "example": column.examples[locale],
                }
                for column in COLUMNS
            ],
            header_row="\t".join(headers.header_row(locale)),
            sample=import_words.sample(locale),
            encodings=here().formats.listing([words.encoding_name(name) for name in CHOICES]),
            delimiters=here().formats.listing([import_words.delimiter_name(mark) for mark in DELIMITERS]),
            limits={"file": IMPORT_FILE_BYTES, "rows": IMPORT_ROWS, "field": IMPORT_FIELD_BYTES},
        )
    return page_, 400 if form.problems() else 200


@page(bp, "/settings/import/sample.csv", needs=Permission.IMPORT_RUN)
def sample() -> ResponseReturnValue:
    """Serve a small file to begin with: every column in the reader's language, and one row."""
    name = quote(f"{say(NP_('file name', 'sample'))}.csv", safe="")
    response = Response(import_words.sample(here().locale.code).encode("utf-8-sig"), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


def _history(before: int | None = None) -> str:
    return url_for("imports.index", before=before, _anchor="history")


@page(bp, PATH, needs=Permission.IMPORT_RUN)
def show(import_id: int) -> ResponseReturnValue:
    """Show one import: what was read, its plan or its result, row by row."""
    with reading() as session:
        import_ = imports.find(session, programs(), import_id)
        unread = import_.state in {ImportState.UPLOADED.value, ImportState.REFUSED.value}
        if unread and import_.cleared_at is None:
            return _asked(session, import_)
        values = import_words.facts(session, import_)
        values |= import_words.rows(session, import_) | import_undo.result(session, import_)
        return render_template("imports/show.html", **values)


def _asked(session: Session, import_: Import) -> str:
    """What must be known before a file can be planned: its encoding, or which column is which."""
    file = import_preview.first_rows(session, import_, count=0).file
    waits = import_.state == ImportState.UPLOADED.value
    if file.readable and file.detection.certain and (waits or file.mapped.unclear):
        return import_columns.render(session, import_, file)
    values = import_words.facts(session, import_)
    return render_template("imports/reading.html", **values, **import_words.ways_to_read(session, import_))


@page(bp, f"{PATH}/progress", needs=Permission.IMPORT_RUN)
def progress(import_id: int) -> ResponseReturnValue:
    """Serve the part of the page that changes while rows are worked on."""
    with reading() as session:
        import_ = imports.find(session, programs(), import_id)
        return render_template(
            "imports/_progress.html", just_done=True, **import_words.facts(session, import_)
        )


@page(bp, f"{PATH}/read", needs=Permission.IMPORT_RUN, methods=("POST",))
def read(import_id: int) -> ResponseReturnValue:
    """Read the file as its user says."""
    encoding = request.form.get("encoding", "")
    delimiter = {"tab": "\t", "": None}.get(request.form.get("delimiter", ""), request.form.get("delimiter"))
    try:
        with reading() as session:
            file = imports.read_as(session, programs(), import_id, encoding=encoding, delimiter=delimiter)
        with transaction() as session:
            imports.choose_reading(
                session,
                services().jobs,
                programs(),
                import_id,
                file=file,
                actor_id=reader().id,
                now=here().now,
            )
    except (UnknownEncoding, BadDelimiter):
        abort(400)
    except DomainError as error:
        warn(refusal_text(error))
    return redirect(url_for("imports.show", import_id=import_id), 303)


@page(bp, f"{PATH}/apply", needs=Permission.IMPORT_RUN, methods=("POST",))
def apply(import_id: int) -> ResponseReturnValue:
    """Apply the plan that was looked at."""
    try:
        with transaction() as session:
            imports.apply(
                session,
                services().jobs,
                programs(),
                import_id,
                digest=request.form.get("digest", ""),
                actor_id=reader().id,
            )
    except DomainError as error:
        warn(refusal_text(error))
    return redirect(url_for("imports.show", import_id=import_id), 303)


@page(bp, f"{PATH}/cancel", needs=Permission.IMPORT_RUN, methods=("POST",))
def cancel(import_id: int) -> ResponseReturnValue:
    """Stop an import."""
    try:
        with transaction() as session:
            imports.cancel(session, programs(), import_id, now=here().now)
        done(N_("The import is cancelled."))
    except DomainError as error:
        warn(refusal_text(error))
    return redirect(url_for("imports.show", import_id=import_id), 303)


@page(bp, f"{PATH}/<any(result,raw,rejected):kind>.csv", needs=Permission.IMPORT_RUN)
def download(import_id: int, kind: str) -> ResponseReturnValue:
    """Serve the result file: guarded against spreadsheets, raw, or the rejected rows alone."""
    with reading() as session:
        import_ = imports.find(session, programs(), import_id)
        if import_.state not in import_words.WITH_RESULT or import_.cleared_at is not None:
            abort(404)
        name = import_.file_name
        file = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
        response = Response(_sent(file), mimetype="text/csv")
        response.call_on_close(file.close)
        written = import_results.write(
            session, import_, file, here().catalog, only_rejected=kind == "rejected", raw=kind == "raw"
        )
    response.content_length = file.tell()
    file.seek(0)
    response.headers["Content-Type"] = (
        f"text/csv; charset={_CHARSETS.get(written.encoding, written.encoding)}"
    )
    quoted = quote(_result_name(name, kind), safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quoted}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


_CHARSETS = {"utf-16-le": "utf-16", "utf-16-be": "utf-16", "cp932": "windows-31j", "cp1252": "windows-1252"}
_SUFFIXES = {"result": NP_("file name", "result"), "raw": NP_("file name", "raw result"),
             "rejected": NP_("file name", "rejected rows")}  # fmt: skip


def _result_name(name: str, kind: str) -> str:
    stem = name[:-4] if name.lower().endswith(".csv") else name
    return f"{stem} – {say(_SUFFIXES[kind])}.csv"


def _sent(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(1 << 16):
            yield chunk
