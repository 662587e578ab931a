"""One message with its texts in every language, and the forms that change them in the catalogs."""

import gettext
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.adapters import catalog_files
from service.domain import translations
from service.domain.errors import DomainError
from service.domain.translations import TEXT_STATE_LABELS, Message, Sheet
from service.facts.acts import Act
from service.facts.findings import SEVERITY_LABELS
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.words import N_
from service.i18n import po
from service.i18n.locales import LOCALES, SOURCE, Locale
from service.web.context import here, record, services, transaction
from service.web.forms import done, refusal_text
from service.web.routes import one_of, page
from service.web.translate_places import known_places, places_of
from service.web.translate_sheets import sheets
from service.web.words import language_name

bp = Blueprint("translate_texts", __name__)

LONGEST = 20_000
SAVED = N_("The text was saved. Language: %(language)s")
UNCHANGED = N_("The text is as it was. Language: %(language)s")
_EXAMPLES = (*range(12), 20, 21, 100, 1000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Form:
    """One text of a message; `numbers` are the first counts that take it, none where it takes them all."""

    name: str
    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """A message in one language, as its form shows it.

    `forms` is what stands in the fields; `theirs` what the file has instead where somebody was quicker;
    `refused` why the fields were not saved, with the mistakes that were found in them.
    """

    locale: Locale
    sheet: Sheet
    message: Message | None
    forms: tuple[Form, ...] = ()
    fuzzy: bool = False
    theirs: tuple[str, ...] = ()
    refused: DomainError | None = None


@page(bp, "/translate/texts/<message>", needs=Permission.TRANSLATIONS_EDIT)
def show(message: str) -> ResponseReturnValue:
    """Show a message in every language, with what was found in it, its places and the terms it uses."""
    return _shown(message, {})


@page(
    bp,
    f"/translate/texts/<message>/{one_of('code', LOCALES)}",
    needs=Permission.TRANSLATIONS_EDIT,
    methods=("POST",),
)
def save(message: str, code: str) -> ResponseReturnValue:
    """Change the text of one language in its file."""
    entry = _entry_of(message)
    strings = [_sent(name, entry.id) for name, _ in _form_names(entry, LOCALES[code])]
    try:
        changed = _save(code, entry.key, strings, message)
    except DomainError as error:
        if error.refusal is Refusal.TRANSLATION_EDITING_OFF:
            raise
        status = 409 if error.refusal is Refusal.TRANSLATION_OVERTAKEN else 400
        return _shown(message, {code: (strings, error)}), status
    if request.headers.get("X-Fragment") == "message":
        return _shown(message, {}, saved=code)
    done(SAVED if changed else UNCHANGED, language=language_name(code))
    return redirect(url_for(".show", message=message), 303)


def _save(code: str, key: po.Key, strings: Sequence[str], message: str) -> bool:
    if not services().settings.translation_editing:
        raise DomainError(Refusal.TRANSLATION_EDITING_OFF)
    path, (_, allowed) = sheets().path(code), sheets().settings()

    def revised(data: bytes) -> bytes:
        return translations.revise(
            data,
            LOCALES[code],
            key,
            strings,
            fuzzy="fuzzy" in request.form,
            seen=request.form.get("seen", ""),
            allowed=allowed,
        )

    try:
        changed = catalog_files.change(path, revised)
    except OSError as error:
        raise DomainError(Refusal.CATALOG_UNWRITABLE, path=f"{code}/LC_MESSAGES/{path.name}") from error
    if changed:  # the file is no part of a transaction: it is written first, so that no entry is untrue
        with transaction() as session:
            record(session, Act.TRANSLATION_CHANGED, locale=code, message=message)
    return changed


def _sent(name: str, source: str) -> str:
    text = request.form.get(name, "")
    if len(text) > LONGEST:
        abort(413)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # A field cannot show whether a line break ends it; the source says whether one does.
    bare = text.rstrip("\n")
    return f"{bare}\n" if bare and source.endswith("\n") else bare


def _entry_of(message: str) -> po.Entry:
    for code in LOCALES:
        found = sheets().sheet(code).messages.get(message)
        if found is not None:
            return found.entry
    return abort(404)


def _shown(message: str, tried: dict[str, tuple[Sequence[str], DomainError]], saved: str = "") -> str:
    entry = _entry_of(message)
    glossary, _ = sheets().settings()
    # The source first, then the language that the page is read in.
    codes = [code for code in dict.fromkeys((SOURCE, here().locale.code, *LOCALES)) if code in LOCALES]
    return render_template(
        "translate/text.html",
        message=message,
        entry=entry,
        sides=[_side(message, LOCALES[code], tried.get(code)) for code in codes],
        saved=saved,
        places=places_of(message),
        is_placed=message in known_places().known,
        terms=translations.terms_in(glossary, entry.key),
        state_labels=TEXT_STATE_LABELS,
        severity_labels=SEVERITY_LABELS,
        editing=services().settings.translation_editing,
        refusal_text=refusal_text,
    )


def _side(message: str, locale: Locale, tried: tuple[Sequence[str], DomainError] | None) -> Side:
    sheet = sheets().sheet(locale.code)
    found = sheet.messages.get(message)
    if found is None:
        return Side(locale, sheet, None, refused=tried[1] if tried else None)
    strings, refused = tried or (found.entry.strings, None)
    texts = (*strings, *[""] * locale.plural_count)
    names = _form_names(found.entry, locale)
    forms = tuple(Form(name, text, numbers) for (name, numbers), text in zip(names, texts, strict=False))
    overtaken = refused is not None and refused.refusal is Refusal.TRANSLATION_OVERTAKEN
    return Side(
        locale,
        sheet,
        found,
        forms,
        "fuzzy" in request.form if tried else found.entry.fuzzy,
        found.entry.strings if overtaken else (),
        refused,
    )


def _form_names(entry: po.Entry, locale: Locale) -> list[tuple[str, tuple[int, ...]]]:
    if entry.plural is None or locale.plural_count == 1:
        return [("text-0", ())]
    rule = gettext.c2py(locale.plural_expression)
    numbers: dict[int, list[int]] = {form: [] for form in range(locale.plural_count)}
    for count in _EXAMPLES:
        numbers[rule(count)].append(count)
    return [(f"text-{form}", tuple(counts[:4])) for form, counts in numbers.items()]
