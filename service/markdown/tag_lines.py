"""The block rule for lines such as `{% hint style="info" %}`: containers, and what stands alone."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.markdown.tags import API, PARTS, Kind, TagLine

UNCLOSED = N_("This tag is not closed: %(tag)s")
STRAY = N_("This closing tag has no opening tag: %(tag)s")

_MARKS, _ESCAPED = re.compile(r"([!-/:-@\[-`{-~])"), r"\\\1"


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
        _alone(state, tag, start)
    else:
        _container(state, tag, start, end)
    return True


def _alone(state: StateBlock, tag: TagLine, start: int) -> None:
    if tag.name == "content-ref":
        _open(state, tag, "content-ref", start)
        _reference(state, tag, start)
        state.push("content-ref_close", "div", -1).block = True
        return
    token = state.push("vendor" if tag.name[0] == "@" else tag.name, "", 0)
    token.map, token.meta = [start, state.line], {**tag.attributes, "tag": tag.name}
    token.block = True


def _open(state: StateBlock, tag: TagLine, kind: str, start: int) -> None:
    opening = state.push(f"{kind}_open", "div", 1)
    opening.map, opening.meta = [start, tag.after], {**tag.attributes, "tag": tag.name}
    opening.block = True


def _words(state: StateBlock, words: str, line: int) -> None:
    state.push("paragraph_open", "p", 1).map = [line, line + 1]
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = words, [line, line + 1], []
    state.push("paragraph_close", "p", -1)


def _reference(state: StateBlock, tag: TagLine, line: int) -> None:
    """Put the link into a reference to a page that has no words of its own."""
    url = tag.attributes.get("url", "")
    if url and not re.search(r"[<>\n]", url):
        _words(state, f"[{_MARKS.sub(_ESCAPED, url)}](<{url}>)", line)


def _found(state: StateBlock, rule: str, phrase: Phrase, tag: TagLine) -> None:
    finding = Finding(rule, Severity.ERROR, phrase, {"tag": tag.shown}, tag.line + 1, tag.column)
    state.env["findings"].append(finding)


def _container(state: StateBlock, tag: TagLine, start: int, end: int) -> None:
    if tag.open:
        _found(state, "unclosed-tag", UNCLOSED, tag)
    kind = "api" if tag.name in API else tag.name
    wholes: list[tuple[str, int]] = state.env.setdefault("wholes", [])
    # A part is one only right inside its whole, not in a list or quote there.
    apart = tag.name in PARTS and wholes[-1:] != [(PARTS[tag.name], state.level - 1)]
    wholes.append((kind, state.level))
    _open(state, tag, kind, start)
    state.tokens[-1].meta["apart"] = apart
    before = len(state.tokens)
    if tag.kind is Kind.WHOLE:
        _words(state, tag.body, start)
    else:
        _body(state, tag, end)
    if tag.name == "content-ref" and len(state.tokens) == before:
        _reference(state, tag, start)
    wholes.pop()
    closing = state.push(f"{kind}_close", "div", -1)
    closing.block, closing.meta = True, {"apart": apart}


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
