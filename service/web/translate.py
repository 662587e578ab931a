"""Translate: how far each language is, what was found in its catalog, and the messages to look at."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.content.behind import Behind, behind
from service.domain import translations
from service.domain.translations import TEXT_STATE_LABELS, Message, Sheet, TextState
from service.facts.findings import SEVERITY_LABELS, Finding, Severity
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import Permission
from service.facts.words import N_
from service.i18n.folding import fold
from service.i18n.locales import LOCALES, SOURCE, Locale
from service.web import help_site
from service.web.context import here, services
from service.web.forms import number
from service.web.routes import one_of, page
from service.web.translate_places import known_places
from service.web.translate_sheets import sheets

bp = Blueprint("translate", __name__)

WITH_FINDINGS = "findings"
SHOW_FINDINGS = N_("With findings")
NOWHERE = "nowhere"
SHOW_NOWHERE = N_("Found nowhere")


@dataclass(frozen=True, slots=True)
class Row:
    """One language on the dashboard."""

    locale: Locale
    sheet: Sheet
    severities: Mapping[Severity, int]
    changed_at: datetime | None
    stale: tuple[Behind, ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule on the dashboard: a finding as an example, and how many there are in each language."""

    rule: str
    severity: Severity
    example: Finding
    counts: Mapping[str, int]


@page(bp, "/translate", needs=Permission.TRANSLATIONS_EDIT)
def index() -> ResponseReturnValue:
    """Show every language: how much is translated, what was found, which help blocks are behind."""
    found = {code: _sheet(code) for code in LOCALES}
    pages = help_site.pages()
    rows = [
        Row(
            LOCALES[code],
            sheet,
            Counter(finding.severity for finding in sheet.findings),
            sheets().changed_at(code),
            _behind(pages.directory, code, pages.revision(code)),
        )
        for code, sheet in found.items()
    ]
    return render_template(
        "translate/index.html",
        rows=rows,
        rules=_rules(found),
        severities=Severity,
        severity_labels=SEVERITY_LABELS,
        states=TextState,
        editing=services().settings.translation_editing,
    )


def _sheet(code: str) -> Sheet:
    return sheets().sheet(code).beside(sheets().sheet(SOURCE))


@lru_cache(maxsize=len(LOCALES))
def _behind(directory: Path, code: str, _revision: str) -> tuple[Behind, ...]:
    return behind(directory, code)


def _rules(found: Mapping[str, Sheet]) -> list[RuleRow]:
    examples: dict[str, Finding] = {}
    counts: dict[str, Counter[str]] = {}
    for code, sheet in found.items():
        for finding in sheet.findings:
            examples.setdefault(finding.rule, finding)
            counts.setdefault(finding.rule, Counter())[code] += 1
    order = list(Severity)
    return [
        RuleRow(rule, examples[rule].severity, examples[rule], counts[rule])
        for rule in sorted(examples, key=lambda rule: (order.index(examples[rule].severity), rule))
    ]


@page(bp, f"/translate/{one_of('code', LOCALES)}", needs=Permission.TRANSLATIONS_EDIT)
def messages(code: str) -> ResponseReturnValue:
    """List the messages of a language, narrowed by words, state and rule."""
    sheet = _sheet(code)
    words, show, rule = (request.args.get(name, "").strip() for name in ("q", "show", "rule"))
    matching = translations.search(
        sheet,
        words[:200],
        fold=fold,
        state=TextState(show) if show in set(TextState) else None,
        rule=rule,
        with_findings=show == WITH_FINDINGS,
        among=known_places().nowhere() if show == NOWHERE else None,
    )
    first = min(number(request.args.get("from")), max(len(matching) - 1, 0))
    shown = matching[first : first + PAGE_ROWS]
    return render_template(
        "translate/messages.html",
        target=LOCALES[code],
        sheet=sheet,
        tabs_of=_tabs(code),
        state_labels=TEXT_STATE_LABELS,
        severity_labels=SEVERITY_LABELS,
        editing=services().settings.translation_editing,
        shown=shown,
        first=first,
        total=len(matching),
        words=words,
        show=show,
        rule=rule,
        shows=_shows(),
        # Names of rules are words of no language (RFC 5646).
        rules=[(one, one, "zxx") for one in _rules_of(sheet.messages.values())],
        previous_href=_href(code, max(first - PAGE_ROWS, 0)) if first else None,
        next_href=_href(code, first + PAGE_ROWS) if first + PAGE_ROWS < len(matching) else None,
    )


def _href(code: str, first: int = 0) -> str:
    """Return the address of this list, in a language and from a row on."""
    q, show, rule = (request.args.get(name) or None for name in ("q", "show", "rule"))
    more: dict[str, Any] = {"from": first or None}
    return url_for(".messages", code=code, q=q, show=show, rule=rule, **more)


def _tabs(current: str) -> list[dict[str, object]]:
    return [
        {"label": one.name, "href": _href(code), "current": code == current} for code, one in LOCALES.items()
    ]


def _shows() -> list[tuple[str, str]]:
    say = here().catalog.say
    states = [(state.value, say(TEXT_STATE_LABELS[state])) for state in (TextState.MISSING, TextState.FUZZY)]
    return [*states, (WITH_FINDINGS, say(SHOW_FINDINGS)), (NOWHERE, say(SHOW_NOWHERE))]


def _rules_of(found: Iterable[Message]) -> list[str]:
    return sorted({finding.rule for message in found for finding in message.findings})
