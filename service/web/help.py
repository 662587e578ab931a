"""The help pages, for people and for programs that read Markdown; open to anyone."""

from collections.abc import Sequence

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MIMEAccept

from service.content.pages import INDEX, Entry, Page
from service.content.search import LONGEST_QUESTION
from service.domain import help_votes, throttle
from service.facts.permissions import Permission
from service.i18n.locales import LOCALES
from service.web import help_answers, help_search, help_site
from service.web.context import here, reading, services, transaction
from service.web.help_cache import HelpCache
from service.web.help_site import MARKDOWN, address, markdown_address, pages
from service.web.routes import Audience, Cache, Csrf, page

bp = Blueprint("help", __name__)

VOTE = "help vote"


def install(app: Flask) -> None:
    """Answer readers of kept pages before the application is asked."""

    def revision(code: str) -> str:
        with app.app_context():
            return pages().revision(code)

    app.wsgi_app = HelpCache(app.wsgi_app, revision)  # type: ignore[method-assign]


@page(bp, "/help/", needs=Audience.ANYONE, cache=Cache.PUBLIC)
def index() -> ResponseReturnValue:
    """Show what there is to read, or what was found."""
    return _answered(INDEX)


@page(bp, "/help/<slug>", needs=Audience.ANYONE, cache=Cache.PUBLIC)
def show(slug: str) -> ResponseReturnValue:
    """Show one page; the index has its own address."""
    return _answered("" if slug == INDEX else slug)


@page(bp, "/help/<slug>.md", needs=Audience.ANYONE, cache=Cache.PUBLIC)
def source(slug: str) -> ResponseReturnValue:
    """Serve one page as Markdown, its labels and tables filled in, or the answer to a question."""
    return _as_markdown(slug)


@page(bp, "/help/<slug>/version", needs=Audience.ANYONE)
def version(slug: str) -> ResponseReturnValue:
    """Name the version of a page for the view that follows a writer's saving, or bring what differs from one.

    Asked often and without a session, so that it costs next to nothing while nothing changes.
    """
    found = _found(slug)
    region = _region(found)
    if request.args.get("since") in (None, region["version"]):
        return help_site.plain(str(region["version"]), "text/plain")
    return render_template("help/renewed.html", writes=True, **region)


@page(bp, "/help/images/<name>", needs=Audience.ANYONE, cache=Cache.PUBLIC)
def image(name: str) -> ResponseReturnValue:
    """Serve a picture of the pages, the source language's where the reader's has none."""
    data = pages().image(here().locale.code, name)
    if data is None:
        abort(404)
    return help_site.conditional(Response(data, content_type="image/webp"))


@page(bp, "/help/votes/<token>", needs=Audience.ANYONE, methods=("POST",), csrf=Csrf.SIGNED_PATH)
def vote(token: str) -> ResponseReturnValue:
    """Count whether a page was helpful; the token says which version of which page was read."""
    voted = services().signer.read(VOTE, token)
    if not isinstance(voted, list) or len(voted) != 3:
        abort(404)
    slug, code, digest = map(str, voted)
    choice = request.form.get("helpful")
    if choice not in {"yes", "no"}:
        abort(400)
    with transaction() as session:
        throttle.attempt(session, throttle.vote_brakes(request.remote_addr or ""), now=here().now)
        help_votes.vote(session, slug, code, digest, helpful=choice == "yes")
    target = url_for("help.index") if slug == INDEX else url_for("help.show", slug=slug)
    return redirect(f"{target}?thanks=1#helpful", 303)


def wants_markdown(accepted: MIMEAccept) -> bool:
    """Tell whether Markdown is asked for by name, and no less than HTML; `*/*` asks for neither."""
    named = {kind.lower(): quality for kind, quality in accepted}
    wanted = named.get(MARKDOWN, 0)
    return wanted > 0 and wanted >= max(named.get("text/html", 0), named.get("application/xhtml+xml", 0))


def _answered(slug: str) -> ResponseReturnValue:
    markdown = wants_markdown(request.accept_mimetypes)
    question = request.args.get("q", request.args.get("ask"))
    if markdown:
        response = _as_markdown(slug)
    elif question is not None and slug != INDEX:
        response = Response("", 302, {"Location": url_for("help.index", q=question)})
        response.headers["Cache-Control"] = "no-store"
    else:
        text = _shown(_found(slug)) if question is None else help_search.results(_asked(question))
        response = help_site.conditional(Response(text))
    response.vary.add("Accept")
    return response


def _as_markdown(slug: str) -> Response:
    found = pages().find(here().locale.code, slug)
    if found is None:
        response = help_site.markdown(help_answers.missing(slug), here().locale.code)
        response.status_code = 404
        response.headers["Cache-Control"] = "no-store"
        return response
    question = request.args.get("ask")
    text = help_answers.page(found) if question is None else _answer(slug, question)
    response = help_site.markdown(text, found.language if question is None else here().locale.code)
    if question is None:
        help_site.name_twins(response, {code: markdown_address(code, slug) for code in LOCALES})
    return help_site.conditional(response)


def _answer(slug: str, question: str) -> str:
    goal = _asked(request.args.get("goal", ""))
    question = _asked(question)
    if not question:
        return help_answers.how_to_ask(slug)
    hits = help_site.searchable().index().ask(here().locale.code, question, goal=goal)
    return help_answers.answer(question, hits)


def _asked(text: str) -> str:
    """Return a question without what does not show, on one line; 400 for one that is too long (check X-6)."""
    if len(text) > LONGEST_QUESTION:
        abort(400)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _found(slug: str) -> Page:
    found = pages().find(here().locale.code, slug)
    if found is None:
        abort(404)
    return found


def _region(found: Page) -> dict[str, object]:
    """Return what the template of the page itself needs."""
    problem = pages().problem(found.language, found.slug)
    version = f"{found.digest} {problem.rule if problem else ''}".strip()
    return {"page": found, "text_locale": LOCALES[found.language], "problem": problem, "version": version}


def _shown(found: Page) -> str:
    entries = pages().tree(here().locale.code)
    before, after = _neighbours(found.slug, entries)
    writes = here().may(Permission.CONTENT_PREVIEW)
    return render_template(
        "help/show.html",
        **_region(found) | ({} if writes else {"problem": None}),
        entries=entries,
        before=before,
        after=after,
        canonical=address(found.language, found.slug),
        markdown=markdown_address(here().locale.code, found.slug),
        vote_url=url_for("help.vote", token=_ballot(found)),
        updated=here().formats.long_date(found.updated) if found.updated else "",
        thanks="thanks" in request.args,
        writes=writes,
        tally=_tally(found) if writes else None,
    )


def _neighbours(slug: str, entries: Sequence[Entry]) -> tuple[Entry | None, Entry | None]:
    """Return the pages before and after one; the index stands before the first, a hidden page nowhere."""
    slugs = [INDEX, *(entry.slug for entry in entries)]
    if slug not in slugs:
        return None, None
    place = slugs.index(slug)
    return entries[place - 2] if place > 1 else None, entries[place] if place < len(entries) else None


def _ballot(found: Page) -> str:
    return services().signer.sign(VOTE, [found.slug, found.language, found.digest])


def _tally(found: Page) -> help_votes.Tally:
    with reading() as session:
        return help_votes.tally(session, found.slug, found.language)
