"""The dialect: from Markdown source to one stream of safe tokens that every face is made of."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.markdown import (
    dispatch,
    emphasis,
    footnotes,
    front_matter,
    marks,
    references,
    tag_lines,
    tag_scan,
)
from service.markdown.settle import settle

MOST_NESTED_BLOCKS = 100
# markdown-it tries every `[` anew on each level it is nested in: 100 levels cost 5 s for 64 KB of `![`
# (measured, markdown-it-py 4.3), and nobody nests links.
MOST_NESTED_LINKS = 10

TOO_LARGE = N_("The text is longer than %(limit)s characters; it is shown unformatted")
TOO_DEEP = N_("Blocks are nested too deeply here; the rest is shown unformatted")


# No page shows these, and no entity can name them (HTML, "numeric character reference end state").
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


class Profile(Enum):
    """Which constructs a source may use; the value is the longest source in characters."""

    MAIL = 64 * 1024
    HELP = 512 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed source: safe markdown-it tokens, and what was found on the way."""

    tokens: tuple[Token, ...]
    front_matter: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()
    profile: Profile = Profile.HELP


def parse(source: str, profile: Profile = Profile.HELP, *, most: int | None = None) -> Document:
    """Parse a source; never raises: what cannot be read as a construct stays text and becomes a finding.

    `most` is another limit than the profile's, for a source that was measured before it grew.
    """
    limit = profile.value if most is None else most
    if len(source) > limit:
        finding = Finding("too-large", Severity.ERROR, TOO_LARGE, {"limit": limit}, 1, 1)
        return Document((_plain(source, (0, 1)),), findings=(finding,), profile=profile)
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    help_page = profile is Profile.HELP
    if help_page:
        source = _CONTROLS.sub("\ufffd", source.replace("\f", " ").replace("\v", " "))
    matter, body, found = front_matter.split(source) if help_page else ({}, source, [])
    tags, tag_findings = tag_scan.scan(body.split("\n")) if help_page else ({}, [])
    findings: list[Finding] = [*found, *tag_findings]
    env: dict[str, Any] = {"findings": findings, "tags": tags, "footnotes": {}}
    tokens = _parser(profile).parse(body, env)
    if env["footnotes"]:
        tokens, about_notes = footnotes.gather(tokens)
        findings.extend(about_notes)
    settled, more = settle(tokens, source, help_page=help_page)
    ordered = sorted([*findings, *more], key=lambda finding: (finding.line, finding.column))
    return Document(tuple(settled), matter, tuple(ordered), profile)


@functools.cache
def _parser(profile: Profile) -> MarkdownIt:
    md = with_rules(profile)
    dispatch.install(md)
    return md


def with_rules(profile: Profile) -> MarkdownIt:
    """Return a parser of the dialect that asks every rule at every place."""
    md = MarkdownIt("commonmark", {"html": profile is Profile.HELP, "maxNesting": MOST_NESTED_BLOCKS})
    md.enable(["table", "strikethrough"])
    # Every address is let through here and judged in `settle`: the label is kept, a finding is made.
    md.validateLink = lambda url: True  # type: ignore[method-assign]
    md.block.ruler.before("table", "too_deep", _too_deep)
    md.inline.ruler.at("link", _shallow(link, "["))
    md.inline.ruler.at("image", _shallow(image, "!["))
    emphasis.install(md)
    if profile is Profile.HELP:
        # `parse` has done the same before.
        md.disable("normalize")
        tag_lines.install(md)
        references.install(md)
        footnotes.install(md)
        marks.install(md)
    return md


def _plain(text: str, lines: tuple[int, int]) -> Token:
    token = Token("plain", "pre", 0, content=text, block=True)
    token.map = list(lines)
    return token


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Block rule: where markdown-it drops the rest of a too deep container, keep it as plain text."""
    if silent or state.level < MOST_NESTED_BLOCKS - 2:
        return False
    last = start
    while last < end and (state.isEmpty(last) or state.sCount[last] >= state.blkIndent):
        last += 1
    token = _plain(state.getLines(start, last, state.blkIndent, False), (start, last))
    state.tokens.append(token)
    state.env["findings"].append(Finding("too-deep", Severity.WARNING, TOO_DEEP, {}, start + 1, 1))
    state.line = last
    return True


def _shallow(rule: Callable[[StateInline, bool], bool], mark: str) -> Callable[[StateInline, bool], bool]:
    def shallow(state: StateInline, silent: bool) -> bool:
        if state.html_terminator_last("]") < state.pos:
            return False
        if state.level < MOST_NESTED_LINKS or not state.src.startswith(mark, state.pos):
            return rule(state, silent)
        # As markdown-it does at its own limit: looking for a label's end stops here, at the paragraph's end.
        state.pos = state.posMax if silent else state.pos
        return silent

    return shallow
