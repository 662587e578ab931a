"""Names of what a page prints as it is now: `{label:Send}`, `{label(stage):New}`, `{fact:import rows}`.

A label names a catalog entry (its context in brackets) and prints the string on the screen; a fact names a
value of the running code. Both are resolved by `content`, in the page's language.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from service.facts.words import Phrase

REFERENCE = re.compile(r"\{(label|fact)(\([^(){}|\n]{1,50}\))?:([^{}\n]{1,200})\}")


def phrase(name: str) -> Phrase:
    """Return the catalog entry that a label names: `New`, or `(stage)New` with its context.

    A text with `%(num)s` is the singular of an entry with a plural.
    """
    context, bracket, text = name.removeprefix("(").partition(")") if name[:1] == "(" else ("", "", name)
    return Phrase(text, context if bracket else None, text if "%(num)s" in text else None)


def token(match: re.Match[str]) -> Token:
    """Return the token of one reference; its content is the name, with its context; its markup the source."""
    return Token(match[1], "", 0, content=name_of(match), markup=match[0])


def name_of(match: re.Match[str]) -> str:
    """Return the name in a reference: `(stage)New`, `Send`, `import rows`."""
    return (match[2] or "") + match[3].strip()


_ESCAPED = re.compile(r"([\\`*_{}\[\]<>|#~])")


def escape(words: str) -> str:
    """Return plain words as Markdown source that prints them."""
    return _ESCAPED.sub(r"\\\1", words)


def install(md: MarkdownIt) -> None:
    """Add the inline rule; a backslash before the brace prints it literally."""
    md.inline.ruler.before("escape", "reference_name", _reference)


def _reference(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "{":
        return False
    match = REFERENCE.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        pushed = state.push(match[1], "", 0)
        pushed.content, pushed.markup = name_of(match), match[0]
    state.pos = match.end()
    return True
