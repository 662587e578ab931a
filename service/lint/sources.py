"""Rules on marked texts in sources and templates (SR001 to SR006, SR008, SR009)."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.frontend import parse_mapping_cfg
from babel.util import pathmatch
from jinja2 import Environment, TemplateSyntaxError, nodes

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.i18n import po
from service.i18n.extraction import KEYWORDS

_LAZY = frozenset(
    {
        "_l",
        "lazy_gettext",
        "lazy_ngettext",
        "lazy_pgettext",
        "lazy_npgettext",
        "gettext_lazy",
        "ngettext_lazy",
    }
    | {"pgettext_lazy", "npgettext_lazy", "gettext_noop", "ugettext", "ugettext_lazy"}
)
_HOMONYMS = frozenset(
    {"address", "archive", "back", "block", "book", "change", "charge", "check", "clear"}
    | {"close", "complete", "contact", "draft", "email", "empty", "filter", "free", "from"}
    | {"home", "lead", "left", "light", "like", "link", "mail", "match", "may"}
    | {"note", "object", "open", "order", "post", "present", "record", "report", "reply"}
    | {"request", "right", "save", "second", "set", "share", "sign", "state", "test"}
    | {"to", "type", "view"}
)
_UNNAMED = re.compile(r"%[0-9.]*[sdifrx](?![A-Za-z])|\{\}")
_LOOSE = re.compile(r"[\s.,;:!?…-]+")
_DOTS = re.compile(r"(?<!\.)\.\.\.(?!\.)")

# Nothing is rendered with it.
_READER = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])  # noqa: S701

COMPUTED = N_("This text is put together while the program runs, so that no catalog can have it.")
UNNAMED = N_("“%(text)s” has several placeholders without names, which a translation cannot reorder.")
JOINED = N_("A marked text is joined to others: mark the whole sentence, with placeholders.")
ALIKE = N_("“%(text)s” differs from “%(other)s” in capitals, spaces or punctuation only.")
DOTS = N_("“%(text)s” has three dots where an ellipsis is meant: …")
HOMONYM = N_("“%(text)s” has several meanings: give it a context.")
SHARED = N_(
    "“%(name)s” is imported without context and says texts when it is loaded: all readers get one language."
)
NO_KEYWORD = N_("“%(name)s” is no mark that the extraction knows: its texts are in no catalog.")


@dataclass(frozen=True, slots=True)
class _Source:
    """A file with marked texts: its path below the root, and what reads it."""

    name: str
    method: str
    text: str


def check(root: Path, template: po.PoFile) -> tuple[Finding, ...]:
    """Everything wrong with the marked texts under a root, as `babel.cfg` there maps its files.

    `template` holds what was extracted. Files that do not parse are left to the extraction.
    """
    sources = tuple(_sources(root))
    found: list[Finding] = []
    for source in sources:
        judged = _python(source) if source.method == "python" else _jinja(source, sources)
        found += sorted(judged, key=lambda finding: finding.line)
    return (*found, *texts(template))


def _sources(root: Path) -> Iterator[_Source]:
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        methods, _ = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    tops = sorted({pattern.partition("*")[0].partition("/")[0] for pattern, _ in methods})
    for top in tops:
        for path in sorted((root / top).rglob("*.*")):
            name = path.relative_to(root).as_posix()
            method = next((method for pattern, method in methods if pathmatch(pattern, name)), None)
            if method in ("python", "jinja2") and "/_data/" not in name:
                yield _Source(name, method, path.read_text(encoding="utf-8"))


def _finding(
    rule: str, severity: Severity, phrase: Phrase, source: _Source, line: int, **values: str
) -> Finding:
    return Finding(rule, severity, phrase, values, line, 1, source.name)


def _python(source: _Source) -> Iterator[Finding]:
    """SR001, SR003, SR009 in a program."""
    try:
        tree = ast.parse(source.text)
    except SyntaxError:
        return
    inner = {id(n.left) for n in ast.walk(tree) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _called(node)):
            if name in KEYWORDS and any(map(_is_computed, node.args)):
                yield _finding("SR001", Severity.ERROR, COMPUTED, source, node.lineno)
            elif name in _LAZY and node.args and _is_text(node.args[0]):
                yield _finding("SR009", Severity.ERROR, NO_KEYWORD, source, node.lineno, name=name)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and id(node) not in inner:
            if any(isinstance(part, ast.Call) and _called(part) in KEYWORDS for part in _added(node)):
                yield _finding("SR003", Severity.WARNING, JOINED, source, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            yield from _renamed(node, source)


def _renamed(node: ast.ImportFrom, source: _Source) -> Iterator[Finding]:
    for alias in node.names:
        if alias.name in {*KEYWORDS, *_LAZY} and alias.asname and alias.asname not in {*KEYWORDS, *_LAZY}:
            yield _finding("SR009", Severity.ERROR, NO_KEYWORD, source, node.lineno, name=alias.asname)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_computed(node: ast.expr) -> bool:
    """An f-string, a text with values put in, or one joined; not the name of a text marked elsewhere."""
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp):
        return any(_is_text(part) or isinstance(part, ast.JoinedStr) for part in (node.left, node.right))
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
        and _is_text(node.func.value)
    )


def _added(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _added(node.left)
        yield from _added(node.right)
    else:
        yield node


def _jinja(source: _Source, sources: tuple[_Source, ...]) -> Iterator[Finding]:
    """SR001, SR003, SR008, SR009 in a template."""
    tree = _parsed(source)
    if tree is None:
        return
    for call in tree.find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        if name in KEYWORDS and any(map(_is_made, call.args)):
            yield _finding("SR001", Severity.ERROR, COMPUTED, source, call.lineno)
        elif name in _LAZY and call.args and isinstance(call.args[0], nodes.Const):
            yield _finding("SR009", Severity.ERROR, NO_KEYWORD, source, call.lineno, name=name)
    joins = [(one.lineno, one.nodes) for one in tree.find_all(nodes.Concat)]
    joins += [(one.lineno, [one.left, one.right]) for one in tree.find_all(nodes.Add)]
    for line, parts in joins:
        if any(_marks(part) for part in parts):
            yield _finding("SR003", Severity.WARNING, JOINED, source, line)
    imports: list[nodes.Import | nodes.FromImport] = [*tree.find_all(nodes.Import)]
    for imported in (*imports, *tree.find_all(nodes.FromImport)):
        if imported.with_context or not isinstance(imported.template, nodes.Const):
            continue
        name = str(imported.template.value)
        target = next(
            (s for s in sources if s.method == "jinja2" and f"/{s.name}".endswith(f"/{name}")), None
        )
        if target and (module := _parsed(target)) and any(map(_speaks, module.body)):
            yield _finding("SR008", Severity.ERROR, SHARED, source, imported.lineno, name=name)


def _is_made(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Concat):
        return True
    return isinstance(node, nodes.Add | nodes.Mod | nodes.Filter) and any(
        isinstance(child, nodes.Const) and isinstance(child.value, str) for child in node.iter_child_nodes()
    )


def _parsed(source: _Source) -> nodes.Template | None:
    try:
        return _READER.parse(source.text)
    except TemplateSyntaxError:
        return None


def _marks(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in KEYWORDS


def _speaks(node: nodes.Node) -> bool:
    """Whether a text is said when a template is loaded; in a macro it is said when that is called."""
    if isinstance(node, nodes.Macro):
        return False
    return _marks(node) or any(map(_speaks, node.iter_child_nodes()))


def texts(template: po.PoFile) -> Iterator[Finding]:
    """SR002, SR004, SR005, SR006 on the marked texts."""
    alike: dict[tuple[str | None, str], list[po.Entry]] = defaultdict(list)
    for entry in template.messages:
        for text in filter(None, (entry.id, entry.plural)):
            if len(_UNNAMED.findall(text)) > 1:
                yield _said("SR002", Severity.WARNING, UNNAMED, entry)
            if _DOTS.search(text):
                yield _said("SR005", Severity.WARNING, DOTS, entry)
        if entry.context is None and entry.id.lower() in _HOMONYMS:
            yield _said("SR006", Severity.ADVICE, HOMONYM, entry)
        if key := _LOOSE.sub("", entry.id.casefold()):
            alike[entry.context, key].append(entry)
    for first, *others in alike.values():
        for other in others:
            yield _said("SR004", Severity.WARNING, ALIKE, other, other=first.id)


def _said(rule: str, severity: Severity, phrase: Phrase, entry: po.Entry, **values: str) -> Finding:
    path = entry.references[0].partition(":")[0] if entry.references else None
    return Finding(rule, severity, phrase, {"text": entry.id, **values, "msgid": entry.id}, 0, 0, path)
