"""The last walk over parsed tokens: unsafe addresses out, line breaks by script, depth of emphasis."""

from collections.abc import Sequence

from markdown_it.token import Token

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.markdown import addresses
from service.markdown.emphasis import MOST_NESTED, joins_lines

UNSAFE_LINK = N_("This address cannot be a link: %(address)s")
UNSAFE_IMAGE = N_("This address cannot be an image: %(address)s")


def settle(tokens: Sequence[Token], source: str, *, keep_breaks: bool) -> tuple[list[Token], list[Finding]]:
    """Return the tokens to render and the findings of the walk; line breaks stay breaks if `keep_breaks`."""
    walk = _Walk(source.splitlines(), keep_breaks)
    return [walk.block(token) for token in tokens], walk.findings


class _Walk:
    def __init__(self, lines: list[str], keep_breaks: bool) -> None:
        self.lines = lines
        self.keep_breaks = keep_breaks
        self.findings: list[Finding] = []

    def block(self, token: Token) -> Token:
        if token.type == "inline" and token.children:
            first = token.map[0] if token.map else 0
            token.children = self.inline(token.children, first)
        return token

    def inline(self, children: Sequence[Token], first: int) -> list[Token]:
        out: list[Token] = []
        line = first
        # One entry for each open mark: whether its tokens are kept.
        open_marks: list[bool] = []
        for position, child in enumerate(children):
            if child.nesting == 1:
                kept = len(open_marks) < MOST_NESTED and self.keep_link(child, line)
                open_marks.append(kept)
                if kept:
                    out.append(child)
            elif child.nesting == -1:
                if open_marks.pop():
                    out.append(child)
            elif child.type == "image":
                out.extend(self.image(child, line))
            elif child.type in ("softbreak", "hardbreak"):
                line += 1
                out.append(self.line_break(child, children, position))
            else:
                out.append(child)
        return out

    def keep_link(self, token: Token, line: int) -> bool:
        if token.type != "link_open":
            return True
        address = str(token.attrs.get("href", ""))
        if addresses.safe(address):
            return True
        self.found("unsafe-link", Finding("", Severity.ERROR, UNSAFE_LINK), address, line)
        return False

    def image(self, token: Token, line: int) -> list[Token]:
        token.children = self.inline(token.children or [], line)
        address = str(token.attrs.get("src", ""))
        if address and addresses.safe(address, addresses.IMAGE_SCHEMES):
            return [token]
        self.found("unsafe-image", Finding("", Severity.ERROR, UNSAFE_IMAGE), address, line)
        return token.children

    def line_break(self, token: Token, around: Sequence[Token], position: int) -> Token:
        if token.type == "hardbreak" or self.keep_breaks:
            return Token("hardbreak", "br", 0)
        before = around[position - 1].content[-1:] if position else ""
        after = around[position + 1].content[:1] if position + 1 < len(around) else ""
        if before and after and joins_lines(before) and joins_lines(after):
            return Token("text", "", 0)
        return token

    def found(self, rule: str, kind: Finding, address: str, line: int) -> None:
        column = self.lines[line].find(address) + 1 if line < len(self.lines) else 0
        values = {"address": address}
        self.findings.append(Finding(rule, kind.severity, kind.phrase, values, line + 1, max(column, 1)))
