"""Walks the URL map: every route is declared, and every role gets what is declared and nothing more."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import AnyConverter, IntegerConverter, Rule
from werkzeug.test import TestResponse

from service.bootstrap import Services
from service.db import Base, Database
from service.domain import demo, roles, sessions
from service.facts.permissions import ROLE_PERMISSIONS, BuiltInRole, Permission
from service.models import User
from service.web.routes import Audience, Cache, Csrf, Declaration, Located, declaration_of
from tests.web.browser import Browser, Clock

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
COOKIE = "prospectus_session"
# Routes without a form token: the signed token in their path is the authority, for mail programs that post
# there, and for pages that are the same for everybody.
CONVERSATION = {
    *(f"conversation.{name}" for name in ("answer", "read", "change", "messaging", "report")),
    *(f"conversation_files.{name}" for name in ("upload", "remove")),
}
SIGNED_PATHS = {
    "join.show", "join.answer", "unsubscribe.show", "unsubscribe.change", "help.vote",
    "conversation.show", "conversation.show_terms", *CONVERSATION,
    *(f"conversation_files.{name}" for name in ("index", "download", "picture", "table")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Route:
    """One rule and one of its methods, with a path that fits."""

    endpoint: str
    method: str
    path: str
    declared: Declaration

    def __str__(self) -> str:
        return f"{self.method} {self.endpoint}"


def routes_of(app: Flask) -> Iterator[Route]:
    """Yield every route and method that the application serves."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {name: _value(rule, name) for name in rule.arguments}
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        for method in sorted(methods):
            path = adapter.build(rule.endpoint, values, method=method)
            yield Route(rule.endpoint, method, path, declaration_of(app, rule.endpoint))


def _value(rule: Rule, name: str) -> object:
    converter = rule._converters[name]
    if name == "locale":
        return "en"
    if isinstance(converter, IntegerConverter):
        return 1
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)[0]
    return "contact-a-prospect"


@pytest.fixture(scope="module")
def migrated(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs, users, partners, prospects, groups and ads, so that the number 1 is there of each."""
    file = tmp_path_factory.mktemp("filled") / "prospectus.db"
    filled = Database(f"sqlite:///{shutil.copy(migrated, file)}")
    with filled.transaction() as session:
        demo.fill(session, now=Clock().now)
    filled.dispose()
    return file


@pytest.fixture
def act_as(
    new_browser: Callable[[], Browser], parts: Services, clock: Clock
) -> Callable[[User | None, Route], TestResponse]:
    """Send a request as a user in a session of their own, with the token that a form would carry."""
    open_browsers: dict[int | None, Browser] = {}

    def browser_of(user: User | None) -> Browser:
        key = user.id if user else None
        known = open_browsers.get(key)
        if known is not None and (user is None or known.cookie(COOKIE)):
            return known
        browser = open_browsers[key] = new_browser()
        if user is not None:
            with parts.db.transaction() as session:
                browser.client.set_cookie(COOKIE, sessions.open_session(session, user, now=clock.now)[1])
        browser.get("/en/settings/profile" if user else "/en/sign-in")
        assert browser.token
        return browser

    def act(user: User | None, route: Route) -> TestResponse:
        browser = browser_of(user)
        if route.method in UNSAFE:
            answer = browser.post(route.path)
        else:
            answer = browser.client.open(route.path, method=route.method, buffered=True)
        with parts.db.reading() as session:  # a route that signs out or ends sessions has done its work
            secret = browser.cookie(COOKIE)
            if user is not None and not (secret and sessions.find(session, secret, now=clock.now)):
                open_browsers.pop(user.id)
        return answer

    return act


@pytest.fixture
def user_with(add_user: Callable[..., User], parts: Services, clock: Clock) -> Callable[..., User]:
    """Add a user whose custom role has these permissions."""

    def add(permissions: frozenset[Permission], **more: object) -> User:
        with parts.db.transaction() as session:
            number = len(session.scalars(select(User.id)).all())
            roles.add(session, f"Role {number}", permissions, actor=None, now=clock.now)
        return add_user(f"Role {number}", email=f"user{number}@example.test", password=None, **more)

    return add


def verdict(route: Route, answer: TestResponse) -> str:
    """Say in a word what became of a request: let in, sent to sign in, or refused."""
    if answer.status_code == 401:
        return "sign in"
    if answer.status_code == 403:
        return "refused"
    sent_to = answer.headers.get("Location", "")
    if "/sign-in?next=" in sent_to and route.declared.needs is not Audience.ANYONE:
        return "sign in"
    broken = answer.status_code >= 500 or answer.status_code == 405
    return f"broken: {answer.status_code}" if broken else "let in"


def expected(route: Route, permissions: frozenset[Permission] | None) -> str:
    """Say what the declaration promises to somebody with these permissions; None is nobody."""
    needs = route.declared.needs
    if needs is Audience.ANYONE:
        return "let in"
    if permissions is None:
        return "sign in"
    return "let in" if needs is Audience.SIGNED_IN or needs in permissions else "refused"


def test_every_route_declares_itself(app: Flask) -> None:
    """A-1: a new route without a declared permission fails here; so do CSRF, cache and locale classes."""
    undeclared = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if not isinstance(getattr(view, "declaration", None), Declaration)
    ]
    assert undeclared == []
    for rule in app.url_map.iter_rules():
        declared = declaration_of(app, rule.endpoint)
        assert rule.rule.startswith("/<locale:locale>/") is (declared.located is Located.PATH), rule
        assert (rule.endpoint in SIGNED_PATHS) is (declared.csrf is Csrf.SIGNED_PATH), rule
        if declared.csrf is Csrf.SIGNED_PATH:
            assert "<token>" in rule.rule
            assert declared.needs is Audience.ANYONE


def test_these_forms_and_no_others_are_open_to_anyone(app: Flask) -> None:
    """A-1: signing in, and what a signed link lets a partner do."""
    open_to_anyone = {
        route.endpoint
        for route in routes_of(app)
        if route.method in UNSAFE and route.declared.needs is Audience.ANYONE
    }
    signing_in = {"sign_in", "code", "sign_out", "sign_in_link", "forgotten", "reset", "invitation"}
    by_link = {"join.answer", "unsubscribe.change", "help.vote", *CONVERSATION}
    assert open_to_anyone == {f"auth.{name}" for name in signing_in} | by_link


@pytest.mark.parametrize("role", [*BuiltInRole, "no permission", "nobody"])
def test_each_role_gets_what_is_declared(
    app: Flask,
    act_as: Callable[[User | None, Route], TestResponse],
    add_user: Callable[..., User],
    user_with: Callable[..., User],
    role: BuiltInRole | str,
) -> None:
    """A-1: role × route × method."""
    user, permissions = None, None
    if isinstance(role, BuiltInRole):
        user, permissions = add_user(role, password=None), ROLE_PERMISSIONS[role]
    elif role == "no permission":
        user, permissions = user_with(frozenset()), frozenset()
    found, promised = {}, {}
    for route in routes_of(app):
        found[str(route)] = verdict(route, act_as(user, route))
        promised[str(route)] = expected(route, permissions)
    assert found == promised
    assert len(found) > 60


def test_each_permission_opens_its_routes_and_only_they(
    app: Flask, act_as: Callable[[User | None, Route], TestResponse], user_with: Callable[..., User]
) -> None:
    """A-1: custom roles, with one permission alone and with every one but that."""
    guarded = [route for route in routes_of(app) if isinstance(route.declared.needs, Permission)]
    found = {}
    for permission in {Permission(route.declared.needs) for route in guarded}:
        with_it, without = user_with(frozenset({permission})), user_with(frozenset(Permission) - {permission})
        for route in guarded:
            if route.declared.needs is permission:
                found[str(route)] = [verdict(route, act_as(user, route)) for user in (with_it, without)]
    assert found == {str(route): ["let in", "refused"] for route in guarded}


def test_a_user_without_a_program_gets_an_answer_everywhere(
    app: Flask,
    act_as: Callable[[User | None, Route], TestResponse],
    add_user: Callable[..., User],
    parts: Services,
) -> None:
    """A-1, A-2: with every permission and no program there is nothing to see, and nothing breaks."""
    user = add_user(BuiltInRole.ADMINISTRATOR, password=None)
    with parts.db.transaction() as session:
        session.get_one(User, user.id).all_programs = False
    found = {str(route): verdict(route, act_as(user, route)) for route in routes_of(app)}
    broken = {route: word for route, word in found.items() if word not in {"let in", "refused"}}
    assert broken == {}


def test_other_methods_are_refused(app: Flask, browser: Browser) -> None:
    paths: dict[str, set[str]] = {}
    for route in routes_of(app):
        paths.setdefault(route.path, set()).add(route.method)
    for path, methods in paths.items():
        for method in {"PUT", "PATCH", "DELETE", "PROPFIND"} - methods:
            assert browser.client.open(path, method=method).status_code == 405, (method, path)


def test_the_address_of_a_form_leads_to_its_page(app: Flask, browser: Browser) -> None:
    """A refused form stands under its own address; there readers change the language or load it again."""
    paths: dict[str, set[str]] = {}
    for route in routes_of(app):
        paths.setdefault(route.path, set()).add(route.method)
    forms = [path for path, methods in paths.items() if "GET" not in methods]
    assert "/en/inbox/1/assign" in forms
    pages = app.url_map.bind("localhost")
    for path in forms:
        answer = browser.client.get(path)
        assert answer.status_code == 302, path
        assert answer.headers["Cache-Control"] == "private, no-store"
        target = answer.headers["Location"]
        assert path.startswith(target), (path, target)
        assert pages.match(target, method="GET")
    assert browser.client.get("/fr/inbox/1/assign").headers["Location"] == "/fr/inbox/1"


def test_a_form_is_taken_from_our_own_pages_only(
    app: Flask,
    new_browser: Callable[[], Browser],
    add_user: Callable[..., User],
    parts: Services,
    clock: Clock,
) -> None:
    """W-1: every unsafe method × no token, another session's token, another origin, JSON as text/plain."""
    user = add_user(password=None)
    mine, stranger = new_browser(), new_browser()
    with parts.db.transaction() as session:
        mine.client.set_cookie(COOKIE, sessions.open_session(session, user, now=clock.now)[1])
    mine.get("/en/settings/profile")
    stranger.get("/en/sign-in")
    before = state_of(parts)
    guarded = [r for r in routes_of(app) if r.method in UNSAFE and r.declared.csrf is Csrf.FORM]
    assert len(guarded) > 20
    elsewhere = [{"Origin": origin} for origin in ("https://evil.example", "null", "http://127.0.0.1:8001")]
    for route in guarded:
        send = mine.client.open
        token = {"csrf_token": mine.token}
        text = json.dumps(token)
        statuses = [
            send(route.path, method=route.method).status_code,
            send(route.path, method=route.method, data={"csrf_token": ""}).status_code,
            send(route.path, method=route.method, data={"csrf_token": stranger.token}).status_code,
            send(route.path, method=route.method, query_string=token).status_code,
            send(route.path, method=route.method, data=text, content_type="text/plain").status_code,
            send(route.path, method=route.method, data=text, content_type="application/json").status_code,
            *(
                send(route.path, method=route.method, data=token, headers=far).status_code
                for far in elsewhere
            ),
        ]
        assert statuses == [400] * 9, str(route)
    assert state_of(parts) == before


def state_of(parts: Services) -> str:
    """Return a digest of every row of every table."""
    digest = hashlib.sha256()
    with parts.db.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table).order_by(*table.primary_key.columns)):
                digest.update(repr((table.name, tuple(row))).encode())
    return digest.hexdigest()


def test_looking_changes_nothing(
    app: Flask,
    act_as: Callable[[User | None, Route], TestResponse],
    add_user: Callable[..., User],
    parts: Services,
) -> None:
    """W-1: GET and HEAD never change state."""
    user = add_user(password=None)
    looking = [route for route in routes_of(app) if route.method == "GET"]
    act_as(user, looking[0])
    before = state_of(parts)
    for route in looking:
        act_as(user, route)
        act_as(user, Route(route.endpoint, "HEAD", route.path, route.declared))
        act_as(None, route)
    assert state_of(parts) == before


def test_answers_are_kept_by_whom_the_route_declares(
    app: Flask, act_as: Callable[[User | None, Route], TestResponse], add_user: Callable[..., User]
) -> None:
    """W-6: answers to one person are kept by nobody; what anyone may keep sets no cookie."""
    user = add_user(password=None)
    for route in routes_of(app):
        for reader in (user, None):
            answer = act_as(reader, route)
            kept = answer.headers.get("Cache-Control", "")
            if reader or route.declared.cache is Cache.PRIVATE or answer.status_code >= 300:
                assert "no-store" in kept, str(route)
            else:
                assert "public" in kept, str(route)
                assert "Set-Cookie" not in answer.headers, str(route)
