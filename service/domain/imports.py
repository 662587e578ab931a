"""Imports: a file comes in, is read, planned, applied, and reported; here they are asked for and looked up.

What takes long is done by a worker (`import_runs`).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.csvfile import CsvFile
from service.csvfile.headers import Key
from service.domain import checks, import_columns, import_files
from service.domain.errors import DomainError
from service.domain.import_files import StoredFile
from service.domain.import_runs import forget_plan, refuse
from service.domain.jobs import Jobs
from service.facts.limits import IMPORT_FILE_BYTES
from service.facts.refusals import Refusal
from service.facts.states import IMPORT_STATE_LABELS, ImportState, RowOutcome
from service.models import User
from service.models.imports import Import

_OPEN = (ImportState.UPLOADED.value, ImportState.PLANNING.value, ImportState.PLANNED.value)


def upload(
    session: Session,
    jobs: Jobs,
    program_id: int,
    *,
    file_name: str,
    file: CsvFile,
    locale: str,
    dry_run: bool,
    overwrite: bool,
    actor_id: int,
    now: datetime,
    default_language: str | None = None,
    ask: bool = True,
) -> Import:
    """Take a file in. It is planned at once, unless something must be chosen first or it is refused.

    `file` was read for the locale before the transaction, so that nobody waits for the judging of its bytes.
    Without `dry_run` the plan is applied as soon as it is made. `default_language` is given to people of whom
    neither the file nor we know one, the code of a locale; without it they stay without. With `ask` there is
    a person who can say which column is which: what was said before counts, and what is not clear is asked.
    """
    import_ = Import(
        program_id=program_id,
        user_id=actor_id,
        file_name=file_name,
        size=file.source.size,
        locale=locale,
        dry_run=dry_run,
        overwrite=overwrite,
        default_language=_language(default_language),
        state=ImportState.UPLOADED.value,
        created_at=now,
    )
    session.add(import_)
    session.flush()
    if import_.size <= IMPORT_FILE_BYTES:
        import_files.store(session, import_.id, file.source)
    _go_on(session, jobs, import_, file, now=now, ask=ask)
    return import_


def read_as(
    session: Session,
    program_ids: Collection[int],
    import_id: int,
    *,
    encoding: str,
    delimiter: str | None,
) -> CsvFile:
    """Return the file as it reads in another way, for `choose_reading`.

    Raises UnknownEncoding and BadDelimiter.
    """
    import_ = find(session, program_ids, import_id)
    return import_files.opened_as(session, import_, encoding=encoding, delimiter=delimiter)


def read_with(
    session: Session, program_ids: Collection[int], import_id: int, *, mapping: Mapping[int, Key]
) -> CsvFile:
    """Return the file with its columns as a person says they are, for `choose_reading`; raises BadMapping."""
    import_ = find(session, program_ids, import_id)
    return import_files.opened_as(
        session, import_, encoding=import_.encoding, delimiter=import_.delimiter, mapping=mapping
    )


def choose_reading(
    session: Session,
    jobs: Jobs,
    program_ids: Collection[int],
    import_id: int,
    *,
    file: CsvFile,
    mapping: Mapping[int, Key] | None = None,
    default_language: str | None = None,
    actor_id: int,
    now: datetime,
) -> Import:
    """Read the file the way its user says, and plan it.

    `file` comes from `read_as`, or from `read_with` the same `mapping`; together with a mapping the language
    for people without one is chosen anew. Raises DomainError
    IMPORT_NOT_IN_STATE once rows have been stored, IMPORT_CLEARED once the file is deleted.
    """
    import_ = find(session, program_ids, import_id)
    _require(import_, *_OPEN, ImportState.REFUSED.value)
    if import_.cleared_at is not None:
        raise DomainError(Refusal.IMPORT_CLEARED)
    if isinstance(file.source, StoredFile):
        file.source.session = session
    # A file that is none, such as a picture, has neither.
    import_.encoding, import_.delimiter = file.encoding or None, file.delimiter or None
    import_.mapping = import_columns.stored(mapping)
    if mapping is not None:
        import_.default_language = _language(default_language)
    import_.user_id = actor_id
    forget_plan(session, import_)
    _go_on(session, jobs, import_, file, now=now)
    return import_


def apply(
    session: Session,
    jobs: Jobs,
    program_ids: Collection[int],
    import_id: int,
    *,
    digest: str,
    actor_id: int,
) -> Import:
    """Apply the plan that was looked at; refuses another one and another state.

    From now on it is the actor's import, whoever brought in the file: it runs on their rights.
    """
    import_ = find(session, program_ids, import_id)
    _require(import_, ImportState.PLANNED.value)
    if import_.digest != digest:
        raise DomainError(Refusal.EDITED_MEANWHILE)
    import_.state, import_.user_id = ImportState.APPLYING.value, actor_id
    session.flush()
    jobs.run_import(session, import_.id)
    return import_


def cancel(session: Session, program_ids: Collection[int], import_id: int, *, now: datetime) -> Import:
    """Stop an import; rows that were stored stay stored and are counted."""
    import_ = find(session, program_ids, import_id)
    _require(import_, *_OPEN, ImportState.APPLYING.value)
    import_.state = ImportState.CANCELLED.value
    import_.finished_at = now
    return import_


def _go_on(
    session: Session, jobs: Jobs, import_: Import, file: CsvFile, *, now: datetime, ask: bool = True
) -> None:
    """By what the file is as a whole, plan it, ask for its encoding or its columns, or refuse it."""
    if file.readable and not file.detection.certain:
        return
    if import_.mapping is None and ask:
        file = _as_before(session, import_, file)
    if file.refused:
        refuse(import_, file.findings, now)
        return
    import_.encoding, import_.delimiter = file.encoding, file.delimiter
    if import_.mapping is None and ask and import_columns.asks(file):
        return
    import_.state = ImportState.PLANNING.value
    import_.refusal, import_.started_at, import_.finished_at = None, now, None
    session.flush()
    jobs.run_import(session, import_.id)


def _as_before(session: Session, import_: Import, file: CsvFile) -> CsvFile:
    """The file with the columns that were chosen in its program before, if they were."""
    mapping = import_columns.recalled(session, import_.program_id, file)
    if mapping is None:
        return file
    import_.mapping = import_columns.stored(mapping)
    return import_columns.mapped(file, mapping, import_.locale)


def _language(code: str | None) -> str | None:
    return None if code is None else checks.locale(code, field="default_language")


def _require(import_: Import, *states: str) -> None:
    if import_.state not in states:
        label = IMPORT_STATE_LABELS[ImportState(import_.state)]
        raise DomainError(Refusal.IMPORT_NOT_IN_STATE, state=label)


# Queries


def find(session: Session, program_ids: Collection[int], import_id: int) -> Import:
    """Return the import of one of these programs; those of other programs do not exist here."""
    import_ = session.get(Import, import_id)
    if import_ is None or import_.program_id not in program_ids:
        raise DomainError(Refusal.NOT_FOUND)
    return import_


def list_of(session: Session, program_id: int, *, limit: int = 50, before: int | None = None) -> list[Import]:
    """Return the program's imports, newest first, `before` the last one already seen."""
    query = select(Import).where(Import.program_id == program_id)
    if before is not None:
        query = query.where(Import.id < before)
    return list(session.scalars(query.order_by(Import.id.desc()).limit(limit)))


def names_of_users(session: Session, found: Iterable[Import]) -> dict[int, str]:
    """Return who started these imports."""
    query = select(User.id, User.name).where(User.id.in_({one.user_id for one in found}))
    return {user_id: name for user_id, name in session.execute(query)}  # noqa: C416  (rows, not pairs)


def user_name(session: Session, user_id: int) -> str:
    """Return the name of somebody who did something with an import."""
    return session.get_one(User, user_id).name


def file_names(session: Session, program_id: int, ids: Collection[int]) -> dict[int, str]:
    """Return the file names of a program's imports by their id."""
    query = select(Import.id, Import.file_name).where(Import.program_id == program_id, Import.id.in_(ids))
    return {import_id: name for import_id, name in session.execute(query)}  # noqa: C416  (rows, not pairs)


def counts(import_: Import) -> dict[RowOutcome, int]:
    """Return the rows by outcome; together they are the rows of the file that have been looked at."""
    return {outcome: int(getattr(import_, f"{outcome.value}_rows")) for outcome in RowOutcome}
