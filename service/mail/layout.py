"""The frame around a mail's content: one sober layout in the reader's language, styles written inline."""

import functools
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import css_inline
import jinja2
from markupsafe import Markup

from service import paths
from service.facts.words import N_, Phrase
from service.i18n import jinja
from service.i18n.catalogs import Catalog
from service.i18n.locales import ALL_LOCALES
from service.mail.pieces import one_line

log = logging.getLogger(__name__)

OUTREACH = N_("You receive this email because we would like to work with you on this program: %(program)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the layout says around the content.

    `why` tells the reader why they get the mail, with `why_values`; `program` among them is filled in.
    `preheader` is the line an inbox shows beside the subject.
    """

    program_name: str
    sender_name: str = ""
    why: Phrase = OUTREACH
    why_values: Mapping[str, object] = field(default_factory=dict)
    has_unsubscribe: bool = True
    preheader: str = ""


_environments: dict[str, tuple[Catalog, jinja2.Environment]] = {}


def environment(catalog: Catalog) -> jinja2.Environment:
    """Return the templates of `templates/email` in a catalog's language; one environment for each locale.

    Separate ones, because overlays share their globals and with them the language.
    """
    code = catalog.locale.code
    known = _environments.get(code)
    if known and known[0] is catalog:
        return known[1]
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.data_dir("templates") / "email"),
        autoescape=jinja2.select_autoescape(["html"], default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    jinja.install(env, lambda: catalog)
    _environments[code] = (catalog, env)
    return env


def template(catalog: Catalog, name: str) -> jinja2.Template:
    """Return a template; while its file is broken, the last good version, and the log says where."""
    env = environment(catalog)
    try:
        found = env.get_template(name)
    except jinja2.TemplateSyntaxError as error:
        good = _good.get((catalog.locale.code, name))
        if good is None:
            raise
        log.error(
            "email template refused, last good one in use: %s:%s: %s", name, error.lineno, error.message
        )
        return good
    _good[catalog.locale.code, name] = found
    return found


_good: dict[tuple[str, str], jinja2.Template] = {}


def surround(
    subject: str,
    html: str,
    text: str,
    *,
    frame: Frame,
    locale: str,
    catalog: Catalog,
    unsubscribe: str | None,
) -> tuple[str, str]:
    """Return the whole HTML document and the whole text part around a rendered content.

    `unsubscribe` is the mark the address will stand at, None where the mail has no such link.
    """
    frame = replace(
        frame,
        program_name=one_line(frame.program_name),
        sender_name=one_line(frame.sender_name),
        preheader=one_line(frame.preheader),
        why_values={
            name: one_line(value) if isinstance(value, str) else value
            for name, value in {"program": frame.program_name, **frame.why_values}.items()
        },
    )
    names = {
        "subject": subject,
        "locale": ALL_LOCALES[locale],
        "frame": frame,
        "why": catalog.say(frame.why, **frame.why_values),
        "unsubscribe": unsubscribe,
    }
    page = template(catalog, "_layout/body.html").render(names, content=Markup(html))  # noqa: S704 - the dialect writes safe HTML
    plain = template(catalog, "_layout/body.txt").render(names, content=text.strip("\n"))
    return _inliner().inline(page), plain.strip("\n") + "\n"


@functools.cache
def _inliner() -> css_inline.CSSInliner:
    # The style element marked to be kept (dark mode) stays; the rest goes into the elements.
    return css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)
