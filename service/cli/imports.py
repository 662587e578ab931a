"""`prospectus import`: a file into a program, through the same steps as on the page, in this process."""

import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError, OperationalError

from service import csvfile
from service.bootstrap import Services
from service.cli.import_report import Printer
from service.cli.installation import installation_here, refusals_said
from service.cli.words import REFUSED, WORDS, end, fail
from service.csvfile import CsvFile
from service.csvfile.encoding import UnknownEncoding
from service.csvfile.file import BadDelimiter
from service.db import Trouble, trouble_of
from service.domain import accounts, import_results, imports, programs
from service.domain.import_preview import readings_of
from service.facts.states import ImportState
from service.facts.words import N_
from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import LOCALES
from service.models import Import
from service.paths import data_dir
from service.worker import imports as worker

STORED, SOME_REJECTED = 0, 1
LATER = 75
INTERRUPTED = 130
# Others may be at the one writer of SQLite: a command waits longer than a page.
_PATIENCE = 60.0
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for on the command line."""

    path: Path
    program: str
    user: str | None
    encoding: str | None
    delimiter: str | None
    dry_run: bool
    overwrite: bool
    default_language: str | None


@click.command(
    "import",
    help=WORDS.say(
        N_(
            "Import prospects from the CSV file FILE into a program. "
            "The exit status is 0 if all rows were stored, 1 if some were rejected, 2 if the file is refused."
        )
    ),
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--program", required=True, metavar="NAME", help=WORDS.say(N_("Program the prospects are for."))
)
@click.option("--dry-run", is_flag=True, help=WORDS.say(N_("Only say what would be done.")))
@click.option("--encoding", help=WORDS.say(N_("Encoding of the file, when it is known.")))
@click.option("--delimiter", help=WORDS.say(N_("Delimiter between the cells, when it is known.")))
@click.option("--locale", type=click.Choice(tuple(LOCALES)), help=WORDS.say(N_("Language of the reader.")))
@click.option(
    "--default-language",
    type=click.Choice(tuple(LOCALES)),
    help=WORDS.say(
        N_("Language of people without one; the default language of the program if none is named.")
    ),
)
@click.option(
    "--overwrite",
    is_flag=True,
    help=WORDS.say(N_("Overwrite existing values.")),
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    metavar="FILE",
    help=WORDS.say(N_("Write the result file, with what became of each row.")),
)
@click.option(
    "--user",
    metavar="EMAIL",
    help=WORDS.say(N_("User who imports; the first account administrator if none is named.")),
)
@click.option("--json", "as_json", is_flag=True, help=WORDS.say(N_("Print one JSON document.")))
def command(
    file: Path,
    *,
    program: str,
    dry_run: bool,
    encoding: str | None,
    delimiter: str | None,
    locale: str | None,
    default_language: str | None,
    overwrite: bool,
    report: Path | None,
    user: str | None,
    as_json: bool,
) -> None:
    """Import one file."""
    catalog = WORDS if locale is None else Catalogs(data_dir("locales"), codes=(locale,)).catalog(locale)
    order = Order(
        path=file,
        program=program,
        user=user,
        encoding=encoding,
        delimiter="\t" if delimiter == "\\t" else delimiter,
        dry_run=dry_run,
        overwrite=overwrite,
        default_language=default_language,
    )
    printer = Printer(str(file), catalog, as_json=as_json)
    if report is not None and not report.absolute().parent.is_dir():
        # Said before anything is stored: afterwards nobody would know what became of the rows.
        raise click.BadParameter(str(report), param_hint="--report")
    read = _read(order, catalog)
    if read.refused or not read.detection.certain:
        printer.refused(
            read,
            () if read.refused else readings_of(read, locale=catalog.locale.code, delimiter=order.delimiter),
        )
        sys.exit(REFUSED)
    services = installation_here()
    try:
        with refusals_said():
            import_id = _take(services, order, read, catalog)
        _run(services, import_id)
        status = _finish(services, import_id, read, printer)
        if report is not None:
            _write_report(services, import_id, report, catalog)
        sys.exit(status)
    except DBAPIError:
        fail(N_("The database is busy or not ready. Try again later."), code=LATER)


def _read(order: Order, catalog: Catalog) -> CsvFile:
    try:
        return csvfile.read(
            order.path, locale=catalog.locale.code, encoding=order.encoding, delimiter=order.delimiter
        )
    except OSError as error:
        end(f"{order.path}: {error.strerror}")
    except UnknownEncoding as error:
        raise click.BadParameter(str(error), param_hint="--encoding") from error
    except BadDelimiter as error:
        raise click.BadParameter(str(error), param_hint="--delimiter") from error


def _take(services: Services, order: Order, read: CsvFile, catalog: Catalog) -> int:
    """Store the file as on the page; from here on a worker would go on with it, too."""
    with services.db.transaction(patience=_PATIENCE) as session:
        program = programs.find_by_name(session, order.program)
        if program is None:
            fail(N_("There is no program with this name: %(name)s."), name=order.program)
        if order.user is None:
            user = accounts.first_administrator(session)
            if user is None:
                fail(N_("There is no account administrator. Name the user who imports with --user."))
        else:
            user = accounts.find_user(session, order.user)
            if user is None:
                fail(N_("There is no user with this email address: %(address)s."), address=order.user)
        made = imports.upload(
            session,
            services.jobs,
            program.id,
            file_name=order.path.name,
            file=read,
            locale=catalog.locale.code,
            dry_run=order.dry_run,
            overwrite=order.overwrite,
            default_language=order.default_language,
            actor_id=user.id,
            now=services.db.now(),
            ask=False,
        )
        return made.id


def _run(services: Services, import_id: int) -> None:
    """Go through the rows here; where a worker was quicker to begin, wait for it."""
    holder, stopping = f"command-{uuid.uuid4().hex[:12]}", threading.Event()
    try:
        while _is_running(services, import_id):
            if not _patiently(
                lambda: worker.run(services, import_id, services.db.now, stopping, holder=holder)
            ):
                stopping.wait(_LOOK_SECONDS)
    except KeyboardInterrupt:
        with services.db.transaction(patience=_PATIENCE) as session:
            import_ = session.get_one(Import, import_id)
            if import_.state in _RUNNING:
                imports.cancel(session, [import_.program_id], import_id, now=services.db.now())
        fail(N_("The import is cancelled."), code=INTERRUPTED)


_RUNNING = {ImportState.PLANNING.value, ImportState.APPLYING.value}


def _is_running(services: Services, import_id: int) -> bool:
    with services.db.reading() as session:
        return session.get_one(Import, import_id).state in _RUNNING


def _patiently(work: Callable[[], int]) -> int:
    """Do a piece of work; 0 where others kept the database for too long, to be tried again."""
    try:
        return work()
    except OperationalError as error:
        if trouble_of(error) is Trouble.BUSY:
            return 0
        raise


def _write_report(services: Services, import_id: int, report: Path, catalog: Catalog) -> None:
    with services.db.reading() as session:
        import_ = session.get_one(Import, import_id)
        if import_.state != ImportState.REFUSED.value:
            try:
                with report.open("wb") as out:
                    import_results.write(session, import_, out, catalog)
            except OSError as error:
                end(f"{report}: {error.strerror}")


def _finish(services: Services, import_id: int, read: CsvFile, printer: Printer) -> int:
    """Print what came of it and return the exit status."""
    with services.db.reading() as session:
        import_ = session.get_one(Import, import_id)
        printer.ended(session, import_, read, services.settings.base_url)
        if import_.state in {ImportState.REFUSED.value, ImportState.CANCELLED.value}:
            return REFUSED
        return SOME_REJECTED if import_.rejected_rows else STORED
