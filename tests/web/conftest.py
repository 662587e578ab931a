"""An application on an empty database, and browsers that use it."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import jinja2
import pytest
from flask import Flask
from sqlalchemy import event, select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.content.pages import Pages
from service.content.search_glossary import words_of
from service.content.search_index import Searchable
from service.db import Database
from service.domain import accounts, campaigns, sessions, translations
from service.domain.campaigns import Writing
from service.domain.passwords import Passwords
from service.domain.selections import Selected
from service.domain.translations import Sheet
from service.facts.permissions import BuiltInRole
from service.facts.states import DeliveryState
from service.i18n import glossary
from service.i18n.catalogs import Catalogs
from service.i18n.locales import Locale
from service.models import Campaign, Delivery, Program, Prospect, Role, Thread, User
from service.paths import data_dir
from service.web.app import create_app
from tests.domain import factories
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.heard import FOLDER
from tests.web.import_office import Office
from tests.web.threads import Post
from tests.web.writing import TEXTS

FAST = Passwords(memory_kib=8, passes=1)
PASSWORD = "correct horse battery"
NAMES = ("Harbour", "株式会社ひかり", "Werkstatt Blau")


@pytest.fixture
def clock() -> Clock:
    """The time of the application."""
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of the installation under test."""
    return Settings(data=tmp_path, secret_key="a key of the tests that is long enough")


@pytest.fixture
def parts(settings: Settings, migrated: Path) -> Iterator[Services]:
    """The parts of an installation, with a migrated, empty database and without a job engine."""
    shutil.copy(migrated, settings.data / "prospectus.db")
    built = bootstrap.build(settings, jobs=False)
    yield built
    built.db.dispose()


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> jinja2.FileSystemBytecodeCache:
    """Templates compiled once, not again for every application."""
    return jinja2.FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


class OnceCompiledRule(Rule):
    """A route whose builder of addresses is compiled once, not again for every application."""

    _compiled: ClassVar[dict[object, Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, repr(self.defaults), append_unknown)
        if key not in self._compiled:
            self._compiled[key] = super()._compile_builder(append_unknown)
        return self._compiled[key]


@pytest.fixture(autouse=True, scope="session")
def compiled_routes() -> Iterator[None]:
    """Let every application of these tests have such routes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "url_rule_class", OnceCompiledRule)
        yield


@pytest.fixture(autouse=True, scope="session")
def judged_catalogs() -> Iterator[None]:
    """Judge the product's own catalogs once, not again for every application that shows them."""
    own = {path.read_bytes() for path in data_dir("locales").glob("*/LC_MESSAGES/messages.po")}
    judge, known = translations.sheet_of, dict[object, Sheet]()

    def sheet_of(data: bytes, locale: Locale, **settings: Any) -> Sheet:
        if data not in own:
            return judge(data, locale, **settings)
        key = (data, locale.code, repr(settings))
        if key not in known:
            known[key] = judge(data, locale, **settings)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translations, "sheet_of", sheet_of)
        yield


@pytest.fixture(scope="session")
def product_help(catalogs: Catalogs, tmp_path_factory: pytest.TempPathFactory) -> Searchable:
    """The product's own pages, read and cut once, not again for every application."""
    pages = Pages(data_dir("content"), catalogs.catalog, tmp_path_factory.mktemp("content"))
    return Searchable(pages, words_of(glossary.read(data_dir("locales") / "glossary.toml")))


@pytest.fixture
def app(
    parts: Services,
    clock: Clock,
    compiled_templates: jinja2.FileSystemBytecodeCache,
    product_help: Searchable,
    catalogs: Catalogs,
) -> Flask:
    """The application."""
    made = create_app(parts, clock=clock)
    made.jinja_env.bytecode_cache = compiled_templates
    made.extensions["passwords"] = FAST
    # Whoever listens for where texts are shown wants each of them looked up for each page.
    if parts.catalogs is catalogs and FOLDER not in os.environ:
        made.extensions["help"] = product_help
    return made


@pytest.fixture
def new_browser(app: Flask) -> Callable[[], Browser]:
    """Make a browser nobody has used yet."""
    return lambda: Browser(app.test_client())


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    """A browser nobody has used yet."""
    return new_browser()


@pytest.fixture
def add_user(parts: Services, clock: Clock) -> Callable[..., User]:
    """Add a user with the password PASSWORD, of one role, who may work in every program."""

    def add(
        role: BuiltInRole | str = BuiltInRole.ADMINISTRATOR, email: str = "hanako@example.test", **more: Any
    ) -> User:
        with parts.db.transaction() as session:
            if isinstance(role, BuiltInRole):
                held: Role | None = accounts.built_in_role(session, role)
            else:
                held = session.query(Role).filter_by(name=role).one()
            given = {
                "name": "山田 花子",
                "locale": "en",
                "time_zone": "Asia/Tokyo",
                "password": PASSWORD,
                **more,
            }
            return accounts.add_user(
                session, email=email, role=held, all_programs=True, passwords=FAST, now=clock.now, **given
            )

    return add


@pytest.fixture
def sign_in() -> Callable[..., TestResponse]:
    """Sign a browser in by address and password."""

    def enter(
        browser: Browser,
        email: str = "hanako@example.test",
        password: str = PASSWORD,
        path: str = "/en/sign-in",
    ) -> TestResponse:
        return browser.submit(path, {"email": email, "password": password})

    return enter


@pytest.fixture
def program(parts: Services, clock: Clock) -> Program:
    """One program to work in."""
    with parts.db.transaction() as session:
        made = Program(
            name="Alpine", name_key="alpine", default_locale="en", time_zone="UTC", created_at=clock.now
        )
        session.add(made)
    return made


@pytest.fixture
def add_prospect(parts: Services, clock: Clock) -> Callable[..., Prospect]:
    """Add a prospect to a program."""

    def make(program: Program, name: str = "Atelier Lumière", **facts: object) -> Prospect:
        with parts.db.transaction() as session:
            return factories.prospect(session, program, name, at=clock.now, **facts)  # type: ignore[arg-type]

    return make


@pytest.fixture
def post(parts: Services, clock: Clock) -> Post:
    """Who writes."""
    return Post(parts, clock)


@pytest.fixture
def thread(post: Post, program: Program) -> Thread:
    """A thread in which nothing is written yet."""
    return post.open(program, "Atelier Lumière", locale="fr", time_zone="Europe/Paris")


@pytest.fixture
def enter(app: Flask, parts: Services, clock: Clock, add_user: Callable[..., User]) -> Callable[..., Browser]:
    """Return a browser in which a new user is signed in; `programs` are all of them unless named."""

    def open_browser(
        role: BuiltInRole = BuiltInRole.ADMINISTRATOR, *programs: Program, email: str = "", **more: Any
    ) -> Browser:
        made = add_user(role, email or f"{role.value}@example.test", password=None, **more)
        with parts.db.transaction() as session:
            user = session.get_one(User, made.id)
            if programs:
                user.all_programs = False
                user.programs = [session.get_one(Program, program.id) for program in programs]
            _, secret = sessions.open_session(session, user, now=clock.now)
        opened = Browser(app.test_client())
        opened.client.set_cookie(COOKIE, secret)
        opened.get("/en/settings/profile")
        return opened

    return open_browser


@pytest.fixture
def brand(enter: Callable[..., Browser]) -> Browser:
    """The browser of a community manager."""
    return enter(BuiltInRole.COMMUNITY_MANAGER)


@contextmanager
def patient_writers() -> Iterator[None]:
    """Let writers wait a minute for the database: many at once on a busy machine take more than usual."""
    usual = Database.transaction
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "transaction", lambda self, *, patience=60.0: usual(self, patience=patience))
        yield


@pytest.fixture
def count_queries(parts: Services) -> Callable[[Callable[[], object]], int]:
    """Count the SELECTs, INSERTs and so on that something sends to the database."""

    def count(act: Callable[[], object]) -> int:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
                seen.append(statement)

        event.listen(parts.db.engine, "before_cursor_execute", note)
        try:
            act()
        finally:
            event.remove(parts.db.engine, "before_cursor_execute", note)
        return len(seen)

    return count


@pytest.fixture
def launch(parts: Services, program: Program) -> Callable[..., int]:
    """Launch a campaign to three people and return its id."""

    def send(
        subject: str = "Join {programName}", names: tuple[str, ...] = NAMES, into: Program = program
    ) -> int:
        with parts.db.transaction() as session:
            author = session.scalars(select(User)).first() or factories.user(session, into)
            number = session.query(Campaign).count()
            made = [
                factories.prospect(session, into, name, locale="en", email=f"p{number}-{index}@x.example")
                for index, name in enumerate(names)
            ]
            writing = Writing("Alex", "", "en", {"en": (subject, "Hello {firstName|there}")})
            campaign = campaigns.draft(
                session,
                session.get_one(Program, into.id),
                writing,
                form_key=f"key {number}",
                selected=Selected(frozenset(prospect.id for prospect in made)),
                actor=author,
                now=factories.NOW,
            )
            campaigns.launch(session, parts.jobs, parts.composer, campaign, now=factories.NOW)
            return campaign.id

    return send


@pytest.fixture
def settle(parts: Services) -> Callable[..., list[int]]:
    """Give the deliveries of a campaign these states, in order; return their ids."""

    def put(campaign_id: int, *states: DeliveryState, reply: str | None = None) -> list[int]:
        with parts.db.transaction() as session:
            query = select(Delivery).where(Delivery.campaign_id == campaign_id).order_by(Delivery.id)
            rows = list(session.scalars(query))
            for row, state in zip(rows, states, strict=False):
                row.state, row.reply = state.value, reply
            return [row.id for row in rows]

    return put


@pytest.fixture
def office(
    browser: Browser,
    parts: Services,
    clock: Clock,
    program: Program,
    add_user: Callable[..., User],
    sign_in: Callable[..., object],
) -> Office:
    """Return a user signed in at the import pages, with the worker they wait for."""
    add_user()
    sign_in(browser)
    return Office(browser, parts, clock)


@pytest.fixture
def people(parts: Services, program: Program, clock: Clock) -> list[Prospect]:
    """An English, a Japanese and a German prospect; the last one has no first name."""
    rows: list[tuple[str, dict[str, str]]] = [
        ("Harbour", {"locale": "en", "first_name": "Ann", "email": "a@x.example"}),
        ("株式会社ひかり", {"locale": "ja", "first_name": "花子", "email": "b@x.example"}),
        ("Werkstatt Blau", {"locale": "de", "email": "c@x.example"}),
    ]
    with parts.db.transaction() as session:
        return [factories.prospect(session, program, name, **facts) for name, facts in rows]  # type: ignore[arg-type]


@pytest.fixture
def author(
    enter: Callable[..., Browser], parts: Services, program: Program, people: list[Prospect], clock: Clock
) -> Browser:
    """A community manager who has selected everybody."""
    browser = enter(BuiltInRole.COMMUNITY_MANAGER)
    browser.post("/en/prospects/select", {"query": "", "select": "matching"})
    return browser


@pytest.fixture
def draft(author: Browser) -> int:
    """The id of a draft that says TEXTS."""
    answer = author.post("/en/campaigns/new", {**TEXTS, "form_key": "k1", "action": "save"})
    found = re.fullmatch(r"/en/campaigns/(\d+)/edit", answer.location)
    assert found is not None
    return int(found[1])
