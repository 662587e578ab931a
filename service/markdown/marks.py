"""Small marks of help pages as inline and block rules: mathematics between `$$`, emoji by name, tasks."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from service.markdown.emoji import EMOJI

_EMOJI = re.compile(r":([a-z0-9_+-]{1,40}):")
_TASK = re.compile(r"\[([ xX])\](?:[ \t]|$)")
_DONE, _OPEN = "☑", "☐"


def install(md: MarkdownIt) -> None:
    """Add the rules."""
    md.block.ruler.before(
        "hr", "math_block", _math_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    md.inline.ruler.before("escape", "math", _math)
    md.inline.ruler.before("escape", "emoji", _emoji)


def _math_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Block rule: lines between two lines of `$$`; without the second one the first is text."""
    begins = state.bMarks[start] + state.tShift[start]
    if state.src[begins : state.eMarks[start]].rstrip() != "$$" or state.is_code_block(start):
        return False
    last = start + 1
    while last < end and (state.isEmpty(last) or state.sCount[last] >= state.blkIndent):
        if state.src[state.bMarks[last] : state.eMarks[last]].rstrip().endswith("$$"):
            break
        last += 1
    else:
        return False
    if silent:
        return True
    lines = state.getLines(start + 1, last + 1, state.blkIndent, False)
    token = state.push("math_block", "", 0)
    token.block, token.map = True, [start, last + 1]
    token.content = lines.rstrip().removesuffix("$$").strip("\n")
    state.line = last + 1
    return True


def _math(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("$$", state.pos):
        return False
    end = state.src.find("$$", state.pos + 2, state.posMax)
    content = " ".join(state.src[state.pos + 2 : end].split()) if end > 0 else ""
    if not content:
        return False
    if not silent:
        state.push("math", "", 0).content = content
    state.pos = end + 2
    return True


def _emoji(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != ":":
        return False
    match = _EMOJI.match(state.src, state.pos, state.posMax)
    char = EMOJI.get(match[1]) if match else None
    if match is None or char is None or (state.pos and state.src[state.pos - 1].isalnum()):
        return False
    if not silent:
        token = state.push("emoji", "", 0)
        token.content, token.markup = char, match[0]
    state.pos = match.end()
    return True


def task(item: Token, inline: Token) -> None:
    """Turn the `[x]` that a list item begins with into a box that a reader sees and hears."""
    children = inline.children or []
    match = _TASK.match(inline.content)
    if not match or not children or not children[0].content.startswith(match[0][:3]):
        return
    if children[0].type != "text":
        return
    mark = Token("task", "", 0, content=_OPEN if match[1] == " " else _DONE)
    children[0].content = children[0].content[len(match[0]) :]
    children.insert(0, mark)
    item.meta = {**item.meta, "task": True}
