"""Every page and mail in the pseudo-languages: no text that the catalogs do not know (SR007)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.bootstrap import Services
from service.config import Settings
from service.content.pages import Page
from service.csvfile.columns import COLUMNS
from service.csvfile.words import ENCODING_NAMES
from service.i18n.catalogs import Catalogs
from service.i18n.locales import ALL_LOCALES, LOCALES, PSEUDO, SOURCE
from service.mail.compiled import compile_variant
from service.mail.layout import Frame
from service.mail.shipped import CAMPAIGN_TEMPLATES, draft, system
from service.models import User
from service.web import help_site
from service.web.app import create_app
from tests.mail.letters import values_of
from tests.mail.test_shipped import LINES, SYSTEM
from tests.web import tour, visible
from tests.web.browser import Browser, Clock
from tests.web.import_office import Office
from tests.web.pages import check_page

WIDE = "en-XA"
# Mails as they were written for their recipients, and a part of a page without its head.
FOREIGN = {"outbox.html", "compose.preview", "histories.html", "translate_gallery.html"}
# The same in every language: the product, its languages' own names, names of formats and header fields.
CONSTANT = {"Prospectus", "HTML", "Message-ID", "UTF-8", *(locale.name for locale in ALL_LOCALES.values())}
# Files are accepted with these names of any language; a language without its own is shown the source's.
ENCODINGS = {name.strip(visible.EDGE) for name in ENCODING_NAMES.values()}
# In this world, or always where it is a form's answer, they lead to the page of the step before.
ELSEWHERE = {
    "attachments.picture", "conversation_files.picture",
    "auth.code", "import_columns.show", "profile.password", "profile.recovery_codes", "profile.turn_off",
    "translate_gallery.error", "translate_texts.show",
}  # fmt: skip
FILE_COLUMNS = {column.names[SOURCE] for column in COLUMNS}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, pseudo_locales=True)


@pytest.fixture
def administrator(app: Flask, parts: Services, clock: Clock) -> Browser:
    return tour.administrator(app, parts, clock)


@pytest.fixture
def world(parts: Services, clock: Clock, administrator: Browser) -> tour.World:
    return tour.make(parts, clock, administrator)


def _titles(app: Flask) -> frozenset[str]:
    """Help pages are documents: without their own they are the source's, marked as English."""
    with app.app_context():
        pages = [page for slug in help_site.pages().slugs() if (page := help_site.pages().find(SOURCE, slug))]
    return frozenset(text.strip(" .") for page in pages for text in _named(page))


def _named(page: Page) -> tuple[str, ...]:
    return (page.title, page.description)


def test_every_visible_text_is_known_to_the_catalogs(
    app: Flask, world: tour.World, administrator: Browser
) -> None:
    """SR007: as administrator, through a partner's link, anonymous; attributes too."""
    titles = _titles(app)
    unknown: dict[str, list[str]] = {}
    shown: set[str] = set()
    all_pages: set[str] = set()
    for visit in tour.visits(app, world, WIDE, administrator):
        assert visit.answer.status_code < 500, visit.path
        all_pages.add(visit.endpoint)
        if visit.answer.status_code == 200:
            shown.add(visit.endpoint)
        html = visit.answer.status_code < 300 and visit.answer.mimetype == "text/html"
        if not html or visit.endpoint in FOREIGN:
            continue
        known = CONSTANT | world.names
        if visit.endpoint.startswith("help"):
            known |= titles
        if visit.endpoint.startswith("import"):
            known |= FILE_COLUMNS
        for piece in visible.unknown(visit.answer.get_data(as_text=True)):
            if piece not in known:
                unknown.setdefault(piece, []).append(f"{visit.reader}: {visit.path}")
    assert unknown == {}
    assert all_pages - shown == ELSEWHERE


def test_every_mail_is_known_to_the_catalogs(catalogs: Catalogs) -> None:
    """SR007: the campaign templates and the mails of the service, their HTML and their subjects."""
    catalog = catalogs.catalog(WIDE)
    filled = [system(name, catalog, values) for name, values in SYSTEM.items()]
    for name in CAMPAIGN_TEMPLATES:
        one = draft(name, catalog)
        frame = Frame(program_name="Northwind", sender_name="Emma")
        made = compile_variant(
            one.subject, one.content, locale=WIDE, catalog=catalog, frame=frame, known_ads=()
        )
        filled.append(made.fill(values_of("en")))
    unknown = [piece for mail in filled for piece in visible.unknown(f"<p>{mail.subject}</p>{mail.html}")]
    said = {line.strip(visible.EDGE) for line in (*LINES, "New message from 花と暮らし")}
    assert set(unknown) - said <= {"Northwind", "Emma Reed", "Prospectus"}


def test_what_no_catalog_knows_is_found() -> None:
    """SR007: the crawl sees texts and attributes, and lets alone what is no matter of translators."""
    page = (
        '<html lang="en-XA"><p>⟦Šåṽé <b>x</b> ļö⟧ Bare <img alt="Picture"> <bdi>Ann</bdi>'
        '<input placeholder="⟦ý⟧"><input type="submit" value="Send"><span translate="no">GB</span>'
        '<i lang="fr">Français</i> a@b.example</p>'
    )
    assert visible.unknown(page) == ["Bare", "Picture", "Send"]


@pytest.mark.parametrize("code", PSEUDO)
def test_pseudo_languages_are_served_and_offered_to_nobody(administrator: Browser, code: str) -> None:
    """By their address alone: not in menus, alternates, negotiation or lists; the choice is not kept."""
    answer = administrator.get(f"/{code}/")
    page = check_page(answer, code)
    assert page.html is not None
    assert page.html["dir"] == PSEUDO[code].direction
    assert [link["hreflang"] for link in page.select("link[hreflang]")] == [
        *(locale.tag for locale in LOCALES.values()), "x-default",
    ]  # fmt: skip
    menu = {str(link["href"]).split("/")[1] for link in page.select("a[lang]")}
    assert menu == set(LOCALES)
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "locale=" not in answer.headers.get("Set-Cookie", "")
    for path in ("/sitemap.xml", "/llms.txt", "/en/llms.txt"):
        assert code not in administrator.get(path).get_data(as_text=True)
    negotiated = administrator.get("/sign-in", headers={"Accept-Language": code})
    assert code not in negotiated.headers["Location"]


@pytest.mark.parametrize("code", PSEUDO)
def test_without_the_switch_they_are_no_pages(parts: Services, clock: Clock, code: str) -> None:
    quiet = create_app(replace(parts, settings=replace(parts.settings, pseudo_locales=False)), clock=clock)
    assert quiet.test_client().get(f"/{code}/sign-in").status_code == 404


def test_the_pages_between_two_steps_are_known_to_the_catalogs(
    browser: Browser,
    parts: Services,
    clock: Clock,
    administrator: Browser,
    add_user: Callable[..., User],
    sign_in: Callable[..., TestResponse],
) -> None:
    """SR007: columns to be chosen, the second factor's pages, the code asked for while signing in."""
    chosen = Office(administrator, parts, clock).upload("Who,Where\nBlue,a@x.example\n")
    paths = [
        f"{chosen.replace('/en/', f'/{WIDE}/').removesuffix('/columns')}/columns",
        f"/{WIDE}/settings/profile/two-step",
    ]
    add_user(email="second@example.test")
    with parts.db.transaction() as session:
        for user in session.scalars(select(User)):
            user.totp_secret = "sealed"
    pages = [administrator.get(path) for path in paths]
    assert sign_in(browser, "second@example.test", path=f"/{WIDE}/sign-in").status_code == 303
    pages.append(browser.get(f"/{WIDE}/sign-in/code"))
    assert [page.status_code for page in pages] == [200] * 3
    shown = {piece for page in pages for piece in visible.unknown(page.get_data(as_text=True))}
    with parts.db.reading() as session:
        names = tour.names_of(session)
    assert shown - CONSTANT - names - FILE_COLUMNS - ENCODINGS - {"Who", "Where", "Blue"} == set()
