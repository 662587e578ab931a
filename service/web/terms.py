"""The terms for messages: written in settings, with all their versions, and read by who is signed in."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.domain import terms
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.limits import TERMS_BYTES
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.words import N_
from service.i18n.locales import LOCALES
from service.models import MessagingTerms
from service.web import markdown_words
from service.web.context import here, reader, reading, record, transaction
from service.web.forms import done, number, refusal_text
from service.web.routes import Audience, page
from service.web.words import language_name

bp = Blueprint("terms", __name__)


@page(bp, "/messaging-terms", needs=Audience.SIGNED_IN)
def show() -> ResponseReturnValue:
    """Show the terms that hold, and when the reader accepted them."""
    with reading() as session:
        current = terms.find_current(session)
        accepted = terms.accepted_at(session, current, user=reader()) if current else None
        text = markdown_words.in_language_of_reader(current) if current else None
        return render_template("terms/show.html", terms=current, accepted=accepted, text=text)


@page(bp, "/messaging-terms", needs=Permission.MESSAGES_USE, methods=("POST",))
def accept() -> ResponseReturnValue:
    """Accept the version that was shown."""
    with transaction() as session:
        terms.accept(session, number(request.form.get("accept")), user=reader(), now=here().now)
    done(N_("You have accepted the messaging terms."))
    return redirect(url_for("terms.show"), 303)


@page(bp, "/settings/messaging-terms", needs=Permission.SETTINGS_MANAGE)
def edit() -> ResponseReturnValue:
    """Show the texts in each language, and the versions there were."""
    with reading() as session:
        latest = terms.find_latest(session)
    return _show(dict(latest.texts) if latest else {}, based_on=latest.id if latest else 0)


@page(bp, "/settings/messaging-terms", needs=Permission.SETTINGS_MANAGE, methods=("POST",))
def publish() -> ResponseReturnValue:
    """Show what was written as it will be read, or make it the version that holds."""
    texts = {code: request.form.get(f"text_{code}", "") for code in LOCALES}
    based_on = number(request.form.get("based_on"))
    if request.form.get("do") == "preview":
        return _show(texts, based_on=based_on, previewed=True)
    try:
        with transaction() as session:
            held = terms.publish(session, texts, based_on=based_on, actor=reader(), now=here().now)
            record(session, Act.TERMS_CHANGED)
    except DomainError as error:
        if error.refusal is Refusal.EDITED_MEANWHILE:
            with reading() as session:
                latest = terms.find_latest(session)
                based_on = latest.id if latest else 0
        return _show(texts, based_on=based_on, error=error)
    done(
        N_("The messaging terms have been saved. Everybody is asked to accept them before the next message.")
        if held
        else N_("There are no messaging terms now. Nobody is asked to accept any.")
    )
    return redirect(url_for("terms.edit"), 303)


@page(bp, "/settings/messaging-terms/<int:terms_id>", needs=Permission.SETTINGS_MANAGE)
def version(terms_id: int) -> ResponseReturnValue:
    """Show one version in every language it was written in."""
    with reading() as session:
        found = terms.find_version(session, terms_id)
    return render_template("terms/version.html", terms=found, texts=_shown(found.texts))


def _show(
    texts: dict[str, str], *, based_on: int, previewed: bool = False, error: DomainError | None = None
) -> ResponseReturnValue:
    with reading() as session:
        versions = terms.list_versions(session)
    problems = [(f"#f-{error.field}" if error.field else "", refusal_text(error))] if error else []
    answer = render_template(
        "terms/edit.html",
        texts=texts,
        based_on=based_on,
        locales=LOCALES,
        previews=_shown(texts) if previewed else [],
        previewed=previewed,
        versions=versions,
        languages_of=_languages_of,
        problems=problems,
        error_field=error.field if error else None,
        most=TERMS_BYTES // 1024,
    )
    return answer, 400 if error else 200


def _languages_of(terms_version: MessagingTerms) -> str:
    return here().formats.listing([language_name(code) for code in terms_version.texts])


def _shown(texts: dict[str, str]) -> list[markdown_words.Shown]:
    return [markdown_words.shown(texts[code], code) for code in LOCALES if texts.get(code, "").strip()]
