"""Translation in Jinja templates: the catalog's functions, its formats as filters, and the safe-markup rule.

The safe-markup rule: a translation is text. Where a template escapes, everything in it is escaped except tags
and entities that its source text itself holds, letter for letter; values are escaped unless they are markup.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, pass_context, pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup, escape

from service.facts.words import Phrase
from service.i18n.catalogs import Catalog
from service.i18n.fill import fill
from service.i18n.listening import Listening

_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")
_VOID = frozenset({"br", "img", "hr", "wbr", "input"})
_FILTERS = (
    "long_date", "short_date", "month_year", "date_time", "time", "number", "percent", "relative", "listing",
    "file_size", "language_name", "zone_name", "country_name",
)  # fmt: skip


def install(env: Environment, catalog: Callable[[], Catalog]) -> None:
    """Give an environment `_ gettext ngettext pgettext npgettext say`, `{% trans %}` and the format filters.

    `catalog` is asked at every call, so that one environment serves every language. Blocks are trimmed, as
    extraction trims them. Values are named, integers are written by the locale, and `num` is the count.
    """
    env.policies["ext.i18n.trimmed"] = True
    env.add_extension("jinja2.ext.i18n")
    env.newstyle_gettext = True  # type: ignore[attr-defined]

    @pass_eval_context
    def gettext(ctx: EvalContext, text: str, /, **values: object) -> str:
        words = catalog()
        if values or not ctx.autoescape or type(words) is Listening:
            return _noted(words, None, text, _shown(ctx, words, words.gettext(text), (text,), values))
        known = words.ready.get(text)
        if known is None:
            known = words.ready[text] = _shown(ctx, words, words.gettext(text), (text,), values)
        return known

    @pass_eval_context
    def pgettext(ctx: EvalContext, context: str, text: str, /, **values: object) -> str:
        words = catalog()
        if values or not ctx.autoescape or type(words) is Listening:
            said = _shown(ctx, words, words.pgettext(context, text), (text,), values)
            return _noted(words, context, text, said)
        key = (context, text)
        known = words.ready.get(key)
        if known is None:
            known = words.ready[key] = _shown(ctx, words, words.pgettext(context, text), (text,), values)
        return known

    @pass_eval_context
    def ngettext(ctx: EvalContext, one: str, many: str, num: int, /, **values: object) -> str:
        words = catalog()
        values.setdefault("num", num)
        said = _shown(ctx, words, words.ngettext(one, many, num), (one, many), values)
        return _noted(words, None, one, said)

    @pass_eval_context
    def npgettext(ctx: EvalContext, context: str, one: str, many: str, num: int, /, **values: object) -> str:
        words = catalog()
        values.setdefault("num", num)
        said = _shown(ctx, words, words.npgettext(context, one, many, num), (one, many), values)
        return _noted(words, context, one, said)

    @pass_eval_context
    def say(ctx: EvalContext, phrase: Phrase, /, **values: object) -> str:
        words = catalog()
        sources = (phrase.text,) if phrase.plural is None else (phrase.text, phrase.plural)
        said = _shown(ctx, words, words.words(phrase, values.get("num")), sources, values)
        return _noted(words, phrase.context, phrase.text, said)

    functions: dict[str, Any] = {
        "_": gettext, "gettext": gettext, "ngettext": ngettext,
        "pgettext": pgettext, "npgettext": npgettext, "say": say,
    }  # fmt: skip
    env.globals.update(functions)
    env.filters.update({name: _filter(name, catalog) for name in _FILTERS})


def _filter(name: str, catalog: Callable[[], Catalog]) -> Callable[..., str]:
    @pass_context  # without it Jinja computes a filter of a constant once, for every reader's language
    def apply(context: Context, value: Any) -> str:
        return str(getattr(catalog().formats, name)(value))

    return apply


def _noted(words: Catalog, context: str | None, source: str, shown: str) -> str:
    if type(words) is Listening:  # one that overhears what is no page has noted the text as it looked it up
        words.note(context, source, str(shown))
    return shown


def _shown(
    ctx: EvalContext, words: Catalog, text: str, sources: tuple[str, ...], values: Mapping[str, object]
) -> str:
    if not ctx.autoescape:
        return fill(text, values, words.shown)

    def safe(value: object) -> object:
        if isinstance(value, Phrase):
            return escape(words.say(value))
        return escape(words.shown(value))

    return Markup(fill(safe_markup(text, sources), values, safe))  # noqa: S704 - each part was escaped above


@lru_cache(maxsize=16384)
def safe_markup(text: str, sources: tuple[str, ...]) -> str:
    """Escape a translation except the tags and entities of its sources; those too if they do not nest."""
    if "<" not in text and "&" not in text and ">" not in text:
        return str(escape(text))
    allowed = frozenset(found for source in sources for found in _MARKUP.findall(source))
    tags = [found for found in _MARKUP.findall(text) if found in allowed and found.startswith("<")]
    if text not in sources and not _nest(tags):
        allowed = frozenset()
    pieces: list[str] = []
    last = 0
    for found in _MARKUP.finditer(text):
        if found[0] in allowed:
            pieces += [str(escape(text[last : found.start()])), found[0]]
            last = found.end()
    return "".join([*pieces, str(escape(text[last:]))])


def _nest(tags: list[str]) -> bool:
    opened: list[str] = []
    for tag in tags:
        name = _NAME.match(tag)
        assert name is not None
        if tag.startswith("</"):
            if not opened or opened.pop() != name[1]:
                return False
        elif name[1] not in _VOID and not tag.endswith("/>"):
            opened.append(name[1])
    return not opened
