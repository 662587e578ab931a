"""The block rule for lines such as `{% hint style="info" %}`: containers, and what stands alone."""

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.markdown.tags import API, Kind, TagLine

UNCLOSED = N_("This tag is not closed: %(tag)s")
STRAY = N_("This closing tag has no opening tag: %(tag)s")


def install(md: MarkdownIt) -> None:
    """Let a tag line interrupt every block, as the dialect wants it."""
    md.block.ruler.before(
        "fence",
        "tag_line",
        _tag_line,
        {"alt": ["paragraph", "reference", "blockquote", "list", "table", "footnote"]},
    )


def _tag_line(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    tag = state.env["tags"].get(start)
    if tag is None or state.is_code_block(start):
        return False
    if not state.src.startswith("{%", state.bMarks[start] + state.tShift[start]):
        return False
    if silent:
        return True
    state.line = min(tag.first, end)
    if tag.kind is Kind.CLOSE:
        _found(state, "stray-tag", STRAY, tag)
    elif tag.kind is Kind.VOID:
        token = state.push("vendor" if tag.name[0] == "@" else tag.name, "", 0)
        token.map, token.meta = [start, state.line], {**tag.attributes, "name": tag.name}
        token.block = True
    else:
        _container(state, tag, start, end)
    return True


def _found(state: StateBlock, rule: str, phrase: Phrase, tag: TagLine) -> None:
    finding = Finding(rule, Severity.ERROR, phrase, {"tag": tag.shown}, tag.line + 1, tag.column)
    state.env["findings"].append(finding)


def _container(state: StateBlock, tag: TagLine, start: int, end: int) -> None:
    if tag.open:
        _found(state, "unclosed-tag", UNCLOSED, tag)
    kind = "api" if tag.name in API else tag.name
    opening = state.push(f"{kind}_open", "div", 1)
    opening.map, opening.meta = [start, tag.after], dict(tag.attributes)
    if kind == "api":
        opening.meta["name"] = tag.name
    opening.block = True
    if tag.kind is Kind.WHOLE:
        state.push("paragraph_open", "p", 1).map = [start, start + 1]
        inline = state.push("inline", "", 0)
        inline.content, inline.map, inline.children = tag.body, [start, start + 1], []
        state.push("paragraph_close", "p", -1)
    else:
        _body(state, tag, end)
    state.push(f"{kind}_close", "div", -1).block = True


def _body(state: StateBlock, tag: TagLine, end: int) -> None:
    last = min(tag.end, end)
    if last > tag.first:
        outer = state.lineMax
        state.lineMax = last
        state.md.block.tokenize(state, tag.first, last)
        state.lineMax = outer
        if state.line < last:
            # A line that is indented less than the list item it began in ended the body early.
            _found(state, "unclosed-tag", UNCLOSED, tag)
            return
    if tag.end > end and not tag.open:
        _found(state, "unclosed-tag", UNCLOSED, tag)
    state.line = tag.after if tag.after <= end else end
