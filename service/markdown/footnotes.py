"""Footnotes: `[^name]` in a text and `[^name]: words` anywhere; the notes stand at the end of the page.

A reference without its note stays text; a note that nothing refers to is kept, for its words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from service.facts.findings import Finding, Severity
from service.facts.words import N_

NO_NOTE = N_("There is no footnote with this name: %(name)s")
UNUSED = N_("Nothing refers to this footnote: %(name)s")

_NAME = r"\[\^([^\s\[\]\"'<>&{}`\\|]{1,50})\]"
_DEFINITION = re.compile(_NAME + r":[ \t]*")
_REFERENCE = re.compile(_NAME + r"(?!\()")
# A set of characters in a pattern looks much the same.
_LOST = re.compile(r"(?<!\\)\[\^(\w{1,50})\](?![\w*+?(])")
_INDENT = 4


def install(md: MarkdownIt) -> None:
    """Add the block rule for notes and the inline rule for references."""
    md.block.ruler.before(
        "reference", "footnote", _note, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    md.inline.ruler.before("link", "footnote_reference", _reference)


def _note(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    begins, ends = state.bMarks[start] + state.tShift[start], state.eMarks[start]
    if not state.src.startswith("[^", begins) or state.is_code_block(start):
        return False
    match = _DEFINITION.match(state.src, begins, ends)
    if not match:
        return False
    if silent:
        return True
    opening = state.push("footnote_open", "div", 1)
    opening.block, opening.map = True, [start, start + 1]
    opening.meta = {"label": match[1]}
    state.env["footnotes"].setdefault(match[1], 0)
    kept = (state.bMarks[start], state.tShift[start], state.sCount[start], state.blkIndent, state.parentType)
    # The words after the colon are the first line of the note, as those after a list mark are of an item.
    state.bMarks[start], state.tShift[start] = match.end(), 0
    state.blkIndent += _INDENT
    state.sCount[start] = state.blkIndent
    state.parentType = "footnote"
    state.md.block.tokenize(state, start, end)
    if state.line == start:
        state.line = start + 1
    state.bMarks[start], state.tShift[start], state.sCount[start], state.blkIndent, state.parentType = kept
    opening.map[1] = state.line
    state.push("footnote_close", "div", -1).block = True
    return True


def _reference(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("[^", state.pos):
        return False
    match = _REFERENCE.match(state.src, state.pos, state.posMax)
    numbers = state.env["footnotes"]
    if not match or match[1] not in numbers:
        return False
    if not silent:
        token = state.push("footnote_ref", "", 0)
        token.meta, token.markup = {"label": match[1]}, match[0]
    state.pos = match.end()
    return True


def missing(words: str, line: int) -> Iterator[Finding]:
    """Yield a finding for each reference in a text that has no note."""
    for match in _LOST.finditer(words):
        yield Finding("no-footnote", Severity.ADVICE, NO_NOTE, {"name": match[1]}, line, 1)


def gather(tokens: Sequence[Token]) -> tuple[list[Token], list[Finding]]:
    """Return the tokens with all notes at the end, in the order of their references, numbered from 1."""
    body, notes = _apart(tokens)
    found: list[str] = []
    uses: dict[str, int] = {}
    for tokens_of in _in_order(body, notes, found):
        for token in tokens_of:
            _number(token.children or [], found, uses)
    order = {label: number for number, label in enumerate(found, 1)}
    findings: list[Finding] = []
    # Sorting keeps the order in which unused notes, and second notes of one name, were written.
    notes.sort(key=lambda note: order.get(str(note[0].meta["label"]), len(order) + 1))
    seen: dict[str, int] = {}
    for number, note in enumerate(notes, 1):
        opening, label = note[0], str(note[0].meta["label"])
        seen[label] = seen.get(label, 0) + 1
        opening.meta = {"label": label, "number": number, "used": label in order and seen[label] == 1}
        opening.meta["id"] = label if seen[label] == 1 else f"{label}-{seen[label]}"
        if not opening.meta["used"]:
            line = opening.map[0] + 1 if opening.map else 1
            findings.append(Finding("unused-footnote", Severity.ADVICE, UNUSED, {"name": label}, line, 1))
    numbers = {note[0].meta["label"]: note[0].meta["number"] for note in reversed(notes)}
    for token in chain(body, *notes):
        _tell(token.children or [], numbers)
    if notes:
        body.append(Token("footnotes_open", "section", 1, block=True))
        for note in notes:
            body.extend(note)
        body.append(Token("footnotes_close", "section", -1, block=True))
    return body, findings


def _in_order(body: list[Token], notes: Sequence[list[Token]], found: Sequence[str]) -> Iterator[list[Token]]:
    """Yield the body, then the notes in the order of their first references, then the rest."""
    yield body
    waiting: dict[str, list[list[Token]]] = {}
    for note in notes:
        waiting.setdefault(str(note[0].meta["label"]), []).append(note)
    done = 0
    while waiting:
        # While the caller reads a note it may find further references, which `found` then holds.
        label = found[done] if done < len(found) else next(iter(waiting))
        done += done < len(found)
        yield from waiting.pop(label, ())


def _apart(tokens: Sequence[Token]) -> tuple[list[Token], list[list[Token]]]:
    """Take the notes out of the tokens, those inside other notes too."""
    body: list[Token] = []
    notes: list[list[Token]] = []
    open_notes: list[list[Token]] = []
    for token in tokens:
        if token.type == "footnote_open":
            notes.append([])
            open_notes.append(notes[-1])
        (open_notes[-1] if open_notes else body).append(token)
        if token.type == "footnote_close":
            open_notes.pop()
    return body, notes


def _number(children: Sequence[Token], found: list[str], uses: dict[str, int]) -> None:
    """Give each reference the number of its note and tell how often the note was referred to before."""
    for child in children:
        if child.type == "footnote_ref":
            label = str(child.meta["label"])
            if label not in uses:
                found.append(label)
            uses[label] = uses.get(label, 0) + 1
            child.meta["use"] = uses[label]
        elif child.children:
            _number(child.children, found, uses)


def _tell(children: Sequence[Token], numbers: Mapping[object, int]) -> None:
    for child in children:
        if child.type == "footnote_ref":
            child.meta["number"] = numbers[child.meta["label"]]
        elif child.children:
            _tell(child.children, numbers)
