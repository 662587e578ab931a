"""Ids of another program, of another user, and of nothing at all are answered alike; from the URL map."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from service.bootstrap import Services
from service.domain import accounts, sessions
from service.facts.permissions import BuiltInRole
from service.models import Program, User
from tests.domain import factories
from tests.web import tour
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.test_access import UNSAFE, state_of

NOWHERE = 987_654_321
# To whom the thing with this id belongs. A new name in a path has to be put here, and then is tried.
PROGRAMS = {
    *("campaign_id", "delivery_id", "prospect_id", "import_id", "group_id", "ad_id", "entry_id"),
    *("thread_id", "message_id", "file_id"),
}
USERS = {"account_id", "session_id"}
# Of the whole installation, for whoever has the permission: the marketplace, the team, captured mails, the
# terms, the pages that tell of errors.
INSTALLATION = {"partner_id", "user_id", "role_id", "mail_id", "terms_id", "status"}


def ids_of(rule: Rule) -> set[str]:
    """The names of a rule that stand for an id."""
    return {name for name in rule.arguments if isinstance(rule._converters[name], IntegerConverter)}


def test_every_id_in_a_path_says_whose_it_is(app: Flask) -> None:
    """A-2: a new route with an id and no entry fails here."""
    named = {name for rule in app.url_map.iter_rules() for name in ids_of(rule)}
    assert named == PROGRAMS | USERS | INSTALLATION


@pytest.fixture
def world(app: Flask, parts: Services, clock: Clock) -> tour.World:
    """One of everything, in the first program, by the demo's administrator."""
    return tour.make(parts, clock, tour.administrator(app, parts, clock))


@pytest.fixture
def outsider(app: Flask, parts: Services, clock: Clock, world: tour.World) -> Browser:
    """Somebody with every permission, in a program of their own only."""
    with parts.db.transaction() as session:
        own = factories.program(session, "Elsewhere")
        user = accounts.add_user(
            session, email="out@side.example", name="Out", locale="en", time_zone="UTC",
            role=accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR), programs=[own], now=clock.now,
        )  # fmt: skip
        secret = sessions.open_session(session, user, now=clock.now)[1]
    browser = Browser(app.test_client())
    browser.client.set_cookie(COOKIE, secret)
    browser.get("/en/settings/profile")
    return browser


def paths(app: Flask, rule: Rule, method: str, values: dict[str, int]) -> Iterator[str]:
    """The addresses of a rule with these ids, one for each of its other values."""
    adapter = app.url_map.bind("localhost")
    names = sorted(rule.arguments)
    choices = []
    for name in names:
        converter = rule._converters[name]
        any_of = sorted(converter.items) if isinstance(converter, AnyConverter) else None
        choices.append(any_of or ["en" if name == "locale" else values.get(name, NOWHERE)])
    for chosen in product(*choices):
        yield adapter.build(rule.endpoint, dict(zip(names, chosen, strict=True)), method=method)


def seen(browser: Browser, method: str, path: str) -> tuple[int, str, str]:
    """What comes of a request, without numbers and form tokens; of a redirect, what the next page tells."""
    answer = browser.post(path) if method in UNSAFE else browser.get(path)
    shown = answer
    if answer.status_code == 303:
        shown = browser.get("/en/settings/profile")
    text = re.sub(r'name="csrf_token" value="[^"]+"', "", shown.get_data(as_text=True))
    location = answer.headers.get("Location", "")
    return answer.status_code, re.sub(r"\d+", "N", location), re.sub(r"\d+", "N", text)


def test_what_is_not_ones_own_is_as_what_is_not_there(
    app: Flask, parts: Services, world: tour.World, outsider: Browser
) -> None:
    """A-2: every id of a program or a user in every URL, swapped: the same answer, nothing changed."""
    with parts.db.reading() as session:
        others = session.scalars(select(User.id)).first()
        session_id = session.scalars(select(sessions.UserSession.id)).first()
        assert others is not None
    theirs = {**world.values, "session_id": session_id or 0}
    assert theirs.keys() >= PROGRAMS | USERS
    before, tried = state_of(parts), set()
    for rule in app.url_map.iter_rules():
        if not ids_of(rule) & (PROGRAMS | USERS):
            continue
        nothing = dict.fromkeys(theirs, NOWHERE)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for real, absent in zip(
                paths(app, rule, method, theirs), paths(app, rule, method, nothing), strict=True
            ):
                answers = seen(outsider, method, real), seen(outsider, method, absent)
                assert answers[0] == answers[1], f"{method} {real}"
                # What is typed is answered with words for the page's script, a refusal too.
                assert answers[0][0] != 200 or rule.endpoint == "compose.look", f"{method} {real}"
                tried.add(f"{method} {rule.endpoint}")
    assert state_of(parts) == before
    assert len(tried) > 35


def test_ids_in_forms_of_another_program_do_nothing(
    app: Flask, parts: Services, world: tour.World, outsider: Browser
) -> None:
    """A-2: ids in form fields, and *select all that match* never reaches beyond the program."""
    prospect, group = world.values["prospect_id"], world.values["group_id"]
    with parts.db.reading() as session:
        foreign = session.scalars(select(Program.id).where(Program.name != "Elsewhere")).first()
    before = state_of(parts)
    everything = {"selected": [prospect], "shown": [prospect], "everything": "1"}
    for path, data, statuses in (
        ("/en/program", {"program": foreign}, {404}),
        ("/en/prospects/group", {**everything, "into": group}, {303, 400, 404}),
        ("/en/settings/import", {"program": foreign}, {400}),
        (
            "/en/settings/users/new",
            {"programs": [foreign], "role": 1, "email": "x@y.example", "name": "X"},
            {404},
        ),
    ):
        assert outsider.post(path, data).status_code in statuses, path
        assert state_of(parts) == before, path
    page = outsider.get(f"/en/campaigns/new?prospect={prospect}")
    assert page.status_code in {303, 404}
