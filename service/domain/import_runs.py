"""Running imports: reading, planning, applying and undoing, a batch of rows in each transaction.

The state of an import is in its row alone, so that any worker can go on where another one stopped.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from service import links
from service.csvfile import CsvFile, FileRefused
from service.csvfile.batches import Batch
from service.domain import (
    accounts,
    audit,
    import_apply,
    import_files,
    import_plan,
    import_reasons,
    import_reverse,
    import_store,
    notices,
    outbox,
)
from service.domain.import_files import StoredFile
from service.domain.import_reasons import Reason
from service.domain.jobs import Jobs
from service.facts.acts import Act
from service.facts.findings import Finding, Severity
from service.facts.permissions import Permission
from service.facts.states import ImportState
from service.models import Program, User
from service.models.imports import Import, ImportBlock, ImportRow

# Rows of a transaction, few enough that a page never waits long for the one writer of SQLite: three blocks
# of the plan are made in less time than one takes to apply.
PLANNED, APPLIED = 3 * import_plan.BLOCK, import_plan.BLOCK
# A worker that died gives its import free after this.
LEASE = timedelta(seconds=30)
RUNNING = (ImportState.PLANNING.value, ImportState.APPLYING.value, ImportState.UNDOING.value)


class Runner:
    """Goes through one import, a batch of rows in each call; keeps the file open in between.

    A new runner, in another process too, goes on where the last committed batch ended. While one `holder` is
    at it, another one does nothing: two would read the file again and again.
    """

    def __init__(self, import_id: int, *, base_url: str, batch: int | None = None, holder: str = "") -> None:
        self._import_id = import_id
        self._base_url = base_url
        self._holder = holder
        self._planned, self._applied = batch or PLANNED, batch or APPLIED
        self._source: StoredFile | None = None
        self._file: CsvFile | None = None
        self._batches: Iterator[Batch] = iter(())
        self._named = import_store.Named()
        self._next = 0

    def step(self, session: Session, jobs: Jobs, *, now: datetime) -> int:
        """Do the next batch and return 1, or 0 when there is nothing more to do for now."""
        import_ = session.get(Import, self._import_id, with_for_update=True)
        if import_ is None or import_.state not in RUNNING or _is_held(import_, self._holder, now):
            return 0
        more = self._do(session, jobs, import_, now)
        import_.lease_token, import_.lease_until = (self._holder, now + LEASE) if more else (None, None)
        return more

    def _do(self, session: Session, jobs: Jobs, import_: Import, now: datetime) -> int:
        user = session.get_one(User, _for_whom(import_))
        if not _may_go_on(session, user, import_):
            _stop(import_, import_reasons.rights_lost(user.name), now)
            return 0
        if import_.state == ImportState.PLANNING.value:
            return self._plan(session, jobs, import_, now)
        if import_.state == ImportState.APPLYING.value:
            return self._apply(session, jobs, import_, now)
        return self._undo(session, import_, now)

    def _plan(self, session: Session, jobs: Jobs, import_: Import, now: datetime) -> int:
        try:
            file, rows = self._next_batch(session, import_)
        except FileRefused as refused:
            forget_plan(session, import_)
            refuse(import_, refused.findings, now)
            _tell(session, import_, "import_refused", now)
            return 0
        if rows:
            import_plan.plan_rows(session, import_, file, rows, self._named)
            self._next = rows.numbers[-1] + 1
            return 1
        import_.planned_at = now
        if not import_.dry_run:
            import_.state = ImportState.APPLYING.value
            return 1
        import_.state = ImportState.PLANNED.value
        self._report(session, jobs, import_, now, dry_run=True)
        return 0

    def _next_batch(self, session: Session, import_: Import) -> tuple[CsvFile, Batch | None]:
        """The rows behind those planned; a file that is not open at that place is gone through again."""
        if self._file is None or self._source is None or self._next != import_.planned_rows + 1:
            self._file = import_files.opened(session, import_)
            assert isinstance(self._file.source, StoredFile)
            self._source = self._file.source
            self._batches = self._file.batches(self._planned, after=import_.planned_rows)
            self._named = import_store.Named.of(session, import_)
        self._source.session = session
        rows = next(self._batches, None)
        # Another transaction than the one that ends here must not be read from.
        self._source.session = None
        # What was read is lost if this transaction fails: the place is set when it is planned.
        self._next = -1
        return self._file, rows

    def _apply(self, session: Session, jobs: Jobs, import_: Import, now: datetime) -> int:
        if import_apply.apply_rows(session, import_, limit=self._applied, now=now):
            return 1
        import_.state = ImportState.DONE.value
        import_.finished_at = now
        _note(session, Act.IMPORT_APPLIED, import_, now)
        self._report(session, jobs, import_, now, dry_run=False)
        return 0

    def _undo(self, session: Session, import_: Import, now: datetime) -> int:
        if import_reverse.undo_rows(session, import_, limit=self._applied):
            return 1
        import_.state, import_.undone_at = ImportState.UNDONE.value, now
        _note(session, Act.IMPORT_UNDONE, import_, now)
        _tell(session, import_, "import_undone", now)
        return 0

    def _report(self, session: Session, jobs: Jobs, import_: Import, now: datetime, *, dry_run: bool) -> None:
        """Tell the user in the product and by mail, in their language."""
        _tell(session, import_, "import_tried" if dry_run else "import_done", now)
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


def _for_whom(import_: Import) -> int:
    """The user on whose rights an import runs, and who is told how it ended."""
    if import_.undone_by is not None and import_.state in _UNDO:
        return import_.undone_by
    return import_.user_id


_UNDO = {ImportState.UNDOING.value, ImportState.UNDONE.value}


def _tell(session: Session, import_: Import, kind: str, now: datetime) -> None:
    notices.tell(session, _for_whom(import_), kind, now=now, subject_id=import_.id, file=import_.file_name)


def _note(session: Session, act: Act, import_: Import, now: datetime) -> None:
    user = session.get(User, _for_whom(import_))
    audit.record(session, act, actor=user, subject_id=import_.id, program_id=import_.program_id, now=now)


def begin(session: Session, import_id: int, *, holder: str = "", now: datetime) -> int:
    """Note that an import is begun or gone on with; return how often since it last got on.

    0 where there is nothing to do, or where another holder is at it.
    """
    import_ = session.get(Import, import_id, with_for_update=True)
    if import_ is None or import_.state not in RUNNING or _is_held(import_, holder, now):
        return 0
    import_.tries += 1
    return import_.tries


def release(session: Session, import_id: int, *, holder: str) -> None:
    """Let others go on with an import at once."""
    import_ = session.get(Import, import_id, with_for_update=True)
    if import_ is not None and import_.lease_token == holder:
        import_.lease_token = import_.lease_until = None


def _is_held(import_: Import, holder: str, now: datetime) -> bool:
    if import_.lease_token is None or import_.lease_until is None:
        return False
    return import_.lease_token != holder and import_.lease_until > now


def got_on(session: Session, import_id: int) -> None:
    """Note that a batch was done: what was tried before is forgiven."""
    session.get_one(Import, import_id).tries = 0


def give_up(session: Session, import_id: int, *, failures: int, now: datetime) -> None:
    """Stop a running import that failed again and again, and tell its user (check F-17)."""
    import_ = session.get(Import, import_id, with_for_update=True)
    if import_ is not None and import_.state in RUNNING:
        undoing = import_.state == ImportState.UNDOING.value
        _tell(session, import_, "undo_failed" if undoing else "import_refused", now)
        _stop(import_, import_reasons.error("import-failed", import_reasons.FAILED, num=failures), now)


def _stop(import_: Import, reason: Reason, now: datetime) -> None:
    """Cancel an import with a reason; rows that were stored stay stored and are counted.

    An undo that stops can be asked for again, and goes on from there.
    """
    import_.refusal = import_reasons.stored([reason])
    if import_.state == ImportState.UNDOING.value:
        import_.state = state_before_undo(import_).value
        return
    import_.state = ImportState.CANCELLED.value
    import_.finished_at = now


def state_before_undo(import_: Import) -> ImportState:
    """Return how an import had ended: it is done when all rows of its plan are applied."""
    whole = import_.planned_at is not None and import_.applied_rows == import_.planned_rows
    return ImportState.DONE if whole else ImportState.CANCELLED


def refuse(import_: Import, findings: Sequence[Finding], now: datetime) -> None:
    reasons = import_reasons.of_findings(findings, {})
    import_.refusal = import_reasons.stored(one for one in reasons if one.severity is Severity.ERROR)
    import_.state = ImportState.REFUSED.value
    import_.finished_at = now


def forget_plan(session: Session, import_: Import) -> None:
    for table in (ImportRow, ImportBlock):
        session.execute(delete(table).where(table.import_id == import_.id))
    import_.digest, import_.planned_rows = "", 0
    import_.created_rows = import_.updated_rows = import_.unchanged_rows = import_.rejected_rows = 0
    import_.refusal, import_.planned_at, import_.finished_at = None, None, None
    import_.state = ImportState.UPLOADED.value


def list_interrupted(session: Session, *, holder: str = "", now: datetime) -> list[int]:
    """Return the imports that a worker should be running, those of other holders left out."""
    free = or_(Import.lease_token.is_(None), Import.lease_token == holder, Import.lease_until <= now)
    return list(session.scalars(select(Import.id).where(Import.state.in_(RUNNING), free).order_by(Import.id)))
