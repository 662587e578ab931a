"""Imports: a file comes in, is read, planned, applied, and reported; each step can stop and go on.

An import is planned and applied by a worker, a batch of rows in each transaction (`Runner`). Its state is in
its row alone, so that any worker can go on where another one stopped.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service import links
from service.csvfile import CsvFile, FileRefused
from service.csvfile.headers import Key
from service.csvfile.rows import Row
from service.domain import (
    accounts,
    import_apply,
    import_columns,
    import_files,
    import_plan,
    import_reasons,
    notices,
    outbox,
)
from service.domain.errors import DomainError
from service.domain.import_files import StoredFile
from service.domain.import_reasons import Reason
from service.domain.jobs import Jobs
from service.facts.findings import Finding, Severity
from service.facts.limits import IMPORT_FILE_BYTES
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.states import IMPORT_STATE_LABELS, ImportState, RowOutcome
from service.models import Program, User
from service.models.imports import Import, ImportRow

# Small enough that a page never waits long for the one writer of SQLite.
BATCH = 1_000
_RUNNING = (ImportState.PLANNING.value, ImportState.APPLYING.value)
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
) -> Import:
    """Take a file in. It is planned at once, unless its encoding must be chosen first or it is refused.

    `file` was read for the locale before the transaction, so that nobody waits for the judging of its bytes.
    Without `dry_run` the plan is applied as soon as it is made.
    """
    import_ = Import(
        program_id=program_id,
        user_id=actor_id,
        file_name=file_name,
        size=file.source.size,
        locale=locale,
        dry_run=dry_run,
        overwrite=overwrite,
        state=ImportState.UPLOADED.value,
        created_at=now,
    )
    session.add(import_)
    session.flush()
    if import_.size <= IMPORT_FILE_BYTES:
        import_files.store(session, import_.id, file.source)
    _go_on(session, jobs, import_, file, now=now)
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
    actor_id: int,
    now: datetime,
) -> Import:
    """Read the file the way its user says, and plan it.

    `file` comes from `read_as`, or from `read_with` the same `mapping`. Raises DomainError
    IMPORT_NOT_IN_STATE once rows have been stored.
    """
    import_ = find(session, program_ids, import_id)
    _require(import_, *_OPEN, ImportState.REFUSED.value)
    if isinstance(file.source, StoredFile):
        file.source.session = session
    # A file that is none, such as a picture, has neither.
    import_.encoding, import_.delimiter = file.encoding or None, file.delimiter or None
    import_.mapping = import_columns.stored(mapping)
    import_.user_id = actor_id
    _forget_plan(session, import_)
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


def begin(session: Session, import_id: int) -> int:
    """Note that an import is begun or gone on with; return how often since it last got on."""
    import_ = session.get(Import, import_id, with_for_update=True)
    if import_ is None or import_.state not in _RUNNING:
        return 0
    import_.tries += 1
    return import_.tries


def got_on(session: Session, import_id: int) -> None:
    """Note that a batch was done: what was tried before is forgiven."""
    session.get_one(Import, import_id).tries = 0


def give_up(session: Session, import_id: int, *, failures: int, now: datetime) -> None:
    """Stop a running import that failed again and again, and tell its user (check F-17)."""
    import_ = session.get(Import, import_id, with_for_update=True)
    if import_ is not None and import_.state in _RUNNING:
        _stop(import_, import_reasons.error("import-failed", import_reasons.FAILED, num=failures), now)
        _tell(session, import_, "import_refused", now)


def _stop(import_: Import, reason: Reason, now: datetime) -> None:
    """Cancel an import with a reason; rows that were stored stay stored and are counted."""
    import_.state = ImportState.CANCELLED.value
    import_.refusal = import_reasons.stored([reason])
    import_.finished_at = now


def _go_on(session: Session, jobs: Jobs, import_: Import, file: CsvFile, *, now: datetime) -> None:
    """By what the file is as a whole, plan it, ask for its encoding or its columns, or refuse it."""
    if file.readable and not file.detection.certain:
        return
    if import_.mapping is None:
        file = _as_before(session, import_, file)
    if file.refused:
        _refuse(import_, file.findings, now)
        return
    import_.encoding, import_.delimiter = file.encoding, file.delimiter
    if import_.mapping is None and import_columns.asks(file):
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


def _refuse(import_: Import, findings: Sequence[Finding], now: datetime) -> None:
    reasons = import_reasons.of_findings(findings, {})
    import_.refusal = import_reasons.stored(one for one in reasons if one.severity is Severity.ERROR)
    import_.state = ImportState.REFUSED.value
    import_.finished_at = now


def _forget_plan(session: Session, import_: Import) -> None:
    session.execute(delete(ImportRow).where(ImportRow.import_id == import_.id))
    import_.digest, import_.planned_rows = "", 0
    import_.created_rows = import_.updated_rows = import_.unchanged_rows = import_.rejected_rows = 0
    import_.refusal, import_.planned_at, import_.finished_at = None, None, None
    import_.state = ImportState.UPLOADED.value


def _require(import_: Import, *states: str) -> None:
    if import_.state not in states:
        label = IMPORT_STATE_LABELS[ImportState(import_.state)]
        raise DomainError(Refusal.IMPORT_NOT_IN_STATE, state=label)


class Runner:
    """Goes through one import, a batch of rows in each call; keeps the file open in between.

    A new runner, in another process too, goes on where the last committed batch ended.
    """

    def __init__(self, import_id: int, *, base_url: str, batch: int = BATCH) -> None:
        self._import_id = import_id
        self._base_url = base_url
        self._batch = batch
        self._source: StoredFile | None = None
        self._file: CsvFile | None = None
        self._rows: Iterator[Row] = iter(())
        self._next = 0

    def step(self, session: Session, jobs: Jobs, *, now: datetime) -> int:
        """Do the next batch and return 1, or 0 when there is nothing more to do for now."""
        import_ = session.get(Import, self._import_id, with_for_update=True)
        if import_ is None or import_.state not in _RUNNING:
            return 0
        user = session.get_one(User, import_.user_id)
        if not _may_go_on(session, user, import_):
            reason = import_reasons.error("rights-lost", import_reasons.RIGHTS_LOST, name=user.name)
            _stop(import_, reason, now)
            return 0
        if import_.state == ImportState.PLANNING.value:
            return self._plan(session, jobs, import_, now)
        return self._apply(session, jobs, import_, now)

    def _plan(self, session: Session, jobs: Jobs, import_: Import, now: datetime) -> int:
        try:
            file, rows = self._next_rows(session, import_)
        except FileRefused as refused:
            _forget_plan(session, import_)
            _refuse(import_, refused.findings, now)
            _tell(session, import_, "import_refused", now)
            return 0
        if rows:
            import_plan.plan_rows(session, import_, file, rows)
            self._next = rows[-1].number + 1
            return 1
        import_.planned_at = now
        if not import_.dry_run:
            import_.state = ImportState.APPLYING.value
            return 1
        import_.state = ImportState.PLANNED.value
        self._report(session, jobs, import_, now, dry_run=True)
        return 0

    def _next_rows(self, session: Session, import_: Import) -> tuple[CsvFile, list[Row]]:
        """The rows behind those planned; a file that is not open at that place is gone through again."""
        if self._file is None or self._source is None or self._next != import_.planned_rows + 1:
            self._file = import_files.opened(session, import_)
            assert isinstance(self._file.source, StoredFile)
            self._source = self._file.source
            self._rows = self._file.rows()
            for row in islice(self._rows, import_.planned_rows):
                assert row.number <= import_.planned_rows
        self._source.session = session
        rows = list(islice(self._rows, self._batch))
        # Another transaction than the one that ends here must not be read from.
        self._source.session = None
        # What was read is lost if this transaction fails: the place is set when it is planned.
        self._next = -1
        return self._file, rows

    def _apply(self, session: Session, jobs: Jobs, import_: Import, now: datetime) -> int:
        if import_apply.apply_rows(session, import_, limit=self._batch, now=now):
            return 1
        import_.state = ImportState.DONE.value
        import_.finished_at = now
        self._report(session, jobs, import_, now, dry_run=False)
        return 0

    def _report(self, session: Session, jobs: Jobs, import_: Import, now: datetime, *, dry_run: bool) -> None:
        """Tell the user in the product and by mail, in their language."""
        _tell(session, import_, "import_done", now)
        user = session.get_one(User, import_.user_id)
        outbox.queue_system_mail(
            session,
            jobs,
            template="import-report",
            address=user.email,
            locale=user.locale,
            values={
                "file_name": import_.file_name,
                "program_name": session.get_one(Program, import_.program_id).name,
                "dry_run": dry_run,
                "created": import_.created_rows,
                "updated": import_.updated_rows,
                "unchanged": import_.unchanged_rows,
                "rejected": import_.rejected_rows,
                "url": links.url(self._base_url, "import", user.locale, import_id=import_.id),
            },
            now=now,
        )


def _may_go_on(session: Session, user: User, import_: Import) -> bool:
    """Whether the user has, at this moment, the rights that the import needs (check A-8)."""
    if Permission.IMPORT_RUN not in accounts.permissions_of(user):
        return False
    return any(program.id == import_.program_id for program in accounts.programs_of(session, user))


def _tell(session: Session, import_: Import, kind: str, now: datetime) -> None:
    notices.tell(session, import_.user_id, kind, now=now, subject_id=import_.id, file=import_.file_name)


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


def file_names(session: Session, program_id: int, ids: Collection[int]) -> dict[int, str]:
    """Return the file names of a program's imports by their id."""
    query = select(Import.id, Import.file_name).where(Import.program_id == program_id, Import.id.in_(ids))
    return {import_id: name for import_id, name in session.execute(query)}  # noqa: C416  (rows, not pairs)


def list_interrupted(session: Session) -> list[int]:
    """Return the imports that a worker should be running."""
    return list(session.scalars(select(Import.id).where(Import.state.in_(_RUNNING)).order_by(Import.id)))


def counts(import_: Import) -> dict[RowOutcome, int]:
    """Return the rows by outcome; together they are the rows of the file that have been looked at."""
    return {outcome: int(getattr(import_, f"{outcome.value}_rows")) for outcome in RowOutcome}
