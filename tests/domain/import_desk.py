"""A desk where files are imported: a program with two groups, its user, and the verbs in short."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import csvfile
from service.csvfile.source import InMemory
from service.db import Base, Database
from service.domain import groups, import_reasons, import_rows, import_undo, imports
from service.domain.import_runs import Runner
from service.i18n.catalogs import Catalog
from service.i18n.locales import LOCALES
from service.models import (
    Group,
    GroupMember,
    Import,
    MediaProperty,
    Partner,
    Program,
    Prospect,
    StageChange,
    User,
)
from tests.domain.factories import NOW, AskedJobs, misplaced, program, user

HEADER = (
    "Partner name,Contact email,Media property,Group name,"
    "Contact first name,Description,Partner ID,Language\n"
)
# Rows of every kind: new, twice the same person, without a known group, and wrong in several ways.
FILE = (
    HEADER
    + "Blue Harbor,anna@blue.example,https://blue.example,Summer,Anna,Sailing,,ja\n"
    + "みどり企画,yamada@みどり.example,midori.example https://b.example,夏,,,,Japonais\n"
    + "Blue Harbor,ANNA@blue.example,,夏,,,,\n"
    + "Blue Harbor,ANNA@BLUE.example,https://blue.example,夏,Anne,,,\n"
    + "No Group,c@x.example,https://x.example,Winter,,,,\n"
    + "Bad Address,c@@x.example,https://x.example,,,,,\n"
    + "Bad Site,d@x.example,Instagram,,,,,Klingonese\n"
    + 'Open,"e@x.example,https://x.example\n'
)
ROW = "Blue Harbor,anna@blue.example,https://blue.example,,Anna,Sailing,,en\n"
ENGLISH = Catalog(LOCALES["en"], {}, {})
# What an import may change; its own tables are others.
DATA = (Partner, Prospect, MediaProperty, Group, GroupMember, StageChange, Program, User)


class Desk:
    """A program with two groups and its user, and the verbs in short."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.jobs = AskedJobs()
        with db.transaction() as session:
            made = program(session)
            self.program_id = made.id
            self.user_id = user(session, made).id
            for name in ("Summer", "夏"):
                groups.create(session, made.id, name=name, now=NOW)

    def upload(
        self,
        text: str | bytes,
        *,
        locale: str = "en",
        dry_run: bool = False,
        overwrite: bool = False,
        default_language: str | None = None,
    ) -> int:
        data = text.encode() if isinstance(text, str) else text
        file = csvfile.read(InMemory(data), locale=locale)
        with self.db.transaction() as session:
            return imports.upload(
                session,
                self.jobs,
                self.program_id,
                file_name="people.csv",
                file=file,
                locale=locale,
                dry_run=dry_run,
                overwrite=overwrite,
                default_language=default_language,
                actor_id=self.user_id,
                now=NOW,
            ).id

    def run(self, import_id: int, *, batch: int = 1000, runner_each_step: bool = False) -> None:
        runner = Runner(import_id, base_url="https://p.example", batch=batch)
        while True:
            if runner_each_step:
                runner = Runner(import_id, base_url="https://p.example", batch=batch)
            with self.db.transaction() as session:
                if runner.step(session, self.jobs, now=NOW) == 0:
                    break
        with self.db.reading() as session:
            assert misplaced(session) == []

    def import_file(self, text: str | bytes, **options: bool | str) -> int:
        import_id = self.upload(text, **options)  # type: ignore[arg-type]
        self.run(import_id)
        return import_id

    def apply(self, import_id: int) -> None:
        with self.db.transaction() as session:
            digest = session.get_one(Import, import_id).digest
            imports.apply(
                session, self.jobs, [self.program_id], import_id, digest=digest, actor_id=self.user_id
            )
        self.run(import_id)

    def read_as(self, import_id: int, encoding: str, delimiter: str | None = None) -> None:
        with self.db.reading() as session:
            file = imports.read_as(
                session, [self.program_id], import_id, encoding=encoding, delimiter=delimiter
            )
        with self.db.transaction() as session:
            imports.choose_reading(
                session, self.jobs, [self.program_id], import_id, file=file, actor_id=self.user_id, now=NOW
            )

    def state(self, import_id: int) -> str:
        with self.db.reading() as session:
            return session.get_one(Import, import_id).state

    def counts(self, import_id: int) -> tuple[int, ...]:
        with self.db.reading() as session:
            return tuple(imports.counts(session.get_one(Import, import_id)).values())

    def rules(self, import_id: int) -> list[tuple[int, str, list[tuple[str, str | None]]]]:
        with self.db.reading() as session:
            return [
                (
                    row.number,
                    row.outcome,
                    [(one.rule, one.column) for one in import_reasons.loaded(row.reasons)],
                )
                for row in import_rows.list_rows(session, import_id)
            ]

    def people(self) -> list[tuple[str, str, str, set[str]]]:
        with self.db.reading() as session:
            return [
                (
                    one.partner.name,
                    one.custom_email or one.partner.email,
                    one.stage,
                    self._groups(session, one.partner_id),
                )
                for one in session.scalars(select(Prospect).order_by(Prospect.id))
            ]

    @staticmethod
    def _groups(session: Session, partner_id: int) -> set[str]:
        query = select(Group.name).join(GroupMember).where(GroupMember.partner_id == partner_id)
        return set(session.scalars(query))

    def undo(self, import_id: int, *, batch: int = 1000) -> None:
        with self.db.transaction() as session:
            import_undo.request(
                session, self.jobs, [self.program_id], import_id, actor_id=self.user_id, now=NOW
            )
        self.run(import_id, batch=batch)

    def undo_counts(self, import_id: int) -> tuple[int, int]:
        with self.db.reading() as session:
            found = session.get_one(Import, import_id)
            return found.undone_rows, found.kept_rows

    def leftovers(self, import_id: int) -> list[tuple[int, list[tuple[str, str | None]]]]:
        with self.db.reading() as session:
            return [
                (one.number, [(reason.rule, reason.column) for reason in one.reasons])
                for one in import_undo.list_leftovers(session, import_id)
            ]

    def data(self) -> list[list[tuple[object, ...]]]:
        with self.db.reading() as session:
            return rows_of(session, *DATA)


def rows_of(session: Session, *tables: type[Base]) -> list[list[tuple[object, ...]]]:
    """All rows of tables, in the order of their keys."""
    return [
        [
            tuple(row)
            for row in session.execute(select(table.__table__).order_by(*table.__table__.primary_key))
        ]
        for table in tables
    ]
