"""The tree that Markdown blocks and raw elements form together: every opening gets its closing, in order."""

from collections.abc import Sequence

from markdown_it.token import Token

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.markdown.markup import CHILDREN, FLOW, LINKS, PARENTS, PHRASING

MOST_NESTED = 100

UNCLOSED = N_("This element is not closed: %(tag)s")
STRAY = N_("This closing tag has no opening tag: %(tag)s")
MISPLACED = N_("This element cannot stand here: %(tag)s")

_PHRASING_ONLY = (PHRASING - LINKS) | {"p", "pre", "summary", "h1", "h2", "h3", "h4", "h5", "h6"}
# What holds only its own parts: a browser moves words out of a table, and a list has them in its items.
_FRAMES = frozenset(CHILDREN)


class Elements:
    """The open elements, innermost last; no raw closing tag reaches through one of Markdown."""

    def __init__(self) -> None:
        self.open: list[tuple[str, Token | None]] = []
        self.findings: list[Finding] = []
        self.line = 1

    @property
    def innermost(self) -> str:
        """The tag of the innermost open element, empty at the top of the page."""
        return self.open[-1][0] if self.open else ""

    def inside(self, tag: str) -> bool:
        """Tell whether an element of this tag is open."""
        return any(name == tag for name, _ in self.open)

    @property
    def inside_link(self) -> bool:
        """Tell whether something that leads somewhere is open."""
        return any(name in LINKS for name, _ in self.open)

    @property
    def inside_raw(self) -> bool:
        """Tell whether the innermost open element was written as raw HTML."""
        return bool(self.open) and self.open[-1][1] is not None

    def enter(self, tag: str) -> Sequence[Token]:
        """Open an element of Markdown; return the closings it needs before it."""
        if not self.open or self.open[-1][1] is None:
            self.open.append((tag, None))
            return ()
        closings: list[Token] = []
        while (
            tag in FLOW
            and self.inside_raw
            and (self.innermost in _PHRASING_ONLY or self.innermost in _FRAMES)
        ):
            closings.append(self._close_innermost())
        self.open.append((tag, None))
        return closings

    def words(self) -> list[Token]:
        """Return the closings that words need before them."""
        closings: list[Token] = []
        while self.inside_raw and self.innermost in _FRAMES:
            closings.append(self._close_innermost())
        return closings

    def leave(self) -> Sequence[Token]:
        """Close the innermost element of Markdown; return the closings of raw elements left open in it."""
        if self.open and self.open[-1][1] is None:
            self.open.pop()
            return ()
        closings: list[Token] = []
        while self.inside_raw:
            closings.append(self._close_innermost())
        if self.open:
            self.open.pop()
        return closings

    def raw(self, token: Token) -> list[Token]:
        """Take a raw opening, closing or void tag; return the tokens that keep the tree well formed."""
        if token.nesting == -1:
            return self._raw_close(token)
        closings: list[Token] = []
        if token.tag in FLOW and self.inside_raw and self.innermost == "p":
            closings.append(self._close_innermost())
        if not self._fits(token.tag):
            self._found("misplaced-element", Severity.WARNING, MISPLACED, token)
            return closings
        if token.nesting == 1:
            self.open.append((token.tag, token))
        return [*closings, token]

    def _fits(self, tag: str) -> bool:
        parent = self.innermost
        if len(self.open) >= MOST_NESTED or (tag in PARENTS and parent not in PARENTS[tag]):
            return False
        if tag not in CHILDREN.get(parent, {tag}) or (tag in LINKS and self.inside_link):
            return False
        return not (tag in FLOW and (parent in _PHRASING_ONLY or parent in LINKS))

    def _raw_close(self, token: Token) -> list[Token]:
        reachable = 0
        while reachable < len(self.open) and self.open[-1 - reachable][1] is not None:
            if self.open[-1 - reachable][0] == token.tag:
                closings = [self._close_innermost() for _ in range(reachable)]
                self.open.pop()
                return [*closings, token]
            reachable += 1
        self._found("stray-element", Severity.WARNING, STRAY, token)
        return []

    def _close_innermost(self) -> Token:
        tag, token = self.open.pop()
        assert token is not None
        self._found("unclosed-element", Severity.WARNING, UNCLOSED, token)
        kind = token.type.removesuffix("_open") + "_close"
        return Token(kind, tag, -1, block=token.block, markup=f"</{tag}>")

    def _found(self, rule: str, severity: Severity, phrase: Phrase, token: Token) -> None:
        shown = token.markup if len(token.markup) <= 60 else f"{token.markup[:60]}…"
        self.findings.append(Finding(rule, severity, phrase, {"tag": shown}, self.line, 1))
