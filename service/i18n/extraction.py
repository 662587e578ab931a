"""Finding every marked text in the sources: what `locales/messages.pot` must hold."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from jinja2 import Environment, TemplateSyntaxError, nodes

from service.facts.words import N_, Phrase
from service.i18n import po

KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "N_": None,
    "NP_": ((1, "c"), 2),
    "NN_": (1, 2),
}
_TEXTS = {"_": 1, "gettext": 1, "ngettext": 2, "pgettext": 2, "npgettext": 3, "N_": 1, "NP_": 2, "NN_": 2}
"""How many first arguments of each must be written out, since extraction reads and does not run."""
PLAIN_ONLY = N_("%(mark)s takes a plain string only.")
_TEMPLATES = frozenset({".html", ".txt", ".md"})
_COMMENT_TAG = "Translators:"
HEADER = (
    "Project-Id-Version: Prospectus\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
)


@dataclass(frozen=True, slots=True)
class _Found:
    file: str
    line: int
    context: str | None
    text: str
    plural: str | None
    comments: tuple[str, ...]


class ExtractionError(Exception):
    """A source whose texts cannot be taken: the file and line, and the reason as a phrase with values."""

    def __init__(self, path: str, line: int, phrase: Phrase, **values: object) -> None:
        super().__init__(f"{path}:{line}: {phrase.text}")
        self.path, self.line, self.phrase, self.values = path, line, phrase, values


def template(root: Path) -> str:
    """The text of `messages.pot` for the sources under `root`, as `babel.cfg` there maps them.

    References name files only and no date is written, so that it changes only when a text does.
    ExtractionError for a template that does not parse, a marked text that is not a plain string, or one text
    marked both with and without a plural.
    """
    merged: dict[po.Key, po.Entry] = {}
    for found in sorted(_found(root), key=lambda f: (f.file, f.line)):
        entry = _entry(found)
        known = merged.get(entry.key)
        if known is not None:
            if None not in (known.plural, entry.plural) and known.plural != entry.plural:
                raise ExtractionError(
                    found.file,
                    found.line,
                    N_("“%(text)s” is marked with two different plurals."),
                    text=found.text,
                )
            entry = _merge(known, entry)
        merged[entry.key] = entry
    header = po.Entry(None, "", None, (HEADER,))
    return po.serialize([header, *merged.values()])


def _merge(known: po.Entry, entry: po.Entry) -> po.Entry:
    plural = known.plural if known.plural is not None else entry.plural
    return po.Entry(
        known.context,
        known.id,
        plural,
        ("",) if plural is None else ("", ""),
        extracted=tuple(dict.fromkeys(known.extracted + entry.extracted)),
        references=tuple(dict.fromkeys(known.references + entry.references)),
        flags=known.flags or entry.flags,
    )


def _entry(found: _Found) -> po.Entry:
    texts = (found.text, found.plural or "")
    return po.Entry(
        found.context,
        found.text,
        found.plural,
        ("",) if found.plural is None else ("", ""),
        extracted=found.comments,
        references=(found.file,),
        flags=("python-format",) if any("%(" in text for text in texts) else (),
    )


def _found(root: Path) -> Iterator[_Found]:
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    reading = "babel.cfg"

    def note(name: str, method: str, options: object) -> None:
        nonlocal reading
        reading = name

    try:
        for file_name, line, message, comments, context in extract_from_dir(
            root, methods, options, KEYWORDS, (_COMMENT_TAG,), note, strip_comment_tags=True,
            directory_filter=lambda name: not Path(name).name.startswith((".", "_data", "node_modules")),
        ):  # fmt: skip
            texts = (message,) if isinstance(message, str) else tuple(message)
            if texts[0]:
                plural = texts[1] if len(texts) > 1 else None
                yield _Found(Path(file_name).as_posix(), line, context, texts[0], plural, tuple(comments))
    except TemplateSyntaxError as error:
        raise ExtractionError(reading, error.lineno, N_("The template does not parse: %(reason)s"),
                              reason=error.message or "") from error  # fmt: skip
    for path in sorted((root / "service").rglob("*.py")):
        _refuse_computed(path, path.relative_to(root).as_posix())
    for path in sorted((root / "templates").rglob("*")):
        if path.suffix in _TEMPLATES:
            _refuse_computed_in_template(path, path.relative_to(root).as_posix())


def _refuse_computed(path: Path, name: str) -> None:
    """Babel passes silently over marks around computed strings; they would never be translated (SR001)."""
    for node in ast.walk(ast.parse(path.read_bytes(), name)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TEXTS:
            for argument in node.args[: _TEXTS[node.func.id]]:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    raise ExtractionError(name, node.lineno, PLAIN_ONLY, mark=node.func.id)


def _refuse_computed_in_template(path: Path, name: str) -> None:
    """The same in templates, where a text may also be joined of parts with `~`."""
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text(encoding="utf-8"))  # noqa: S701
    for node in tree.find_all(nodes.Call):
        if isinstance(node.node, nodes.Name) and node.node.name in _TEXTS:
            for argument in node.args[: _TEXTS[node.node.name]]:
                if not (isinstance(argument, nodes.Const) and isinstance(argument.value, str)):
                    raise ExtractionError(name, node.lineno, PLAIN_ONLY, mark=node.node.name)
