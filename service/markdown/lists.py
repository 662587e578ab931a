"""Which lists of a page are loose: those in which raw words stand as a paragraph of their own are, too."""

from dataclasses import dataclass, field

from markdown_it.token import Token

_OPENINGS = frozenset({"bullet_list_open", "ordered_list_open"})
_CLOSINGS = frozenset({"bullet_list_close", "ordered_list_close"})


@dataclass(slots=True)
class _List:
    level: int
    # Openings and closings of the paragraphs that stand right in its items.
    paragraphs: list[Token] = field(default_factory=list)
    raw: bool = False


class Lists:
    """The open lists, innermost last; a list that closes with raw words in it shows all its paragraphs."""

    def __init__(self) -> None:
        self.open: list[_List] = []

    def enter(self, token: Token) -> None:
        """Take an opening."""
        if token.type in _OPENINGS:
            self.open.append(_List(token.level))
        elif token.type == "paragraph_open":
            self._paragraph(token)

    def leave(self, token: Token) -> None:
        """Take a closing."""
        if token.type in _CLOSINGS:
            closed = self.open.pop()
            for paragraph in closed.paragraphs if closed.raw else ():
                paragraph.hidden = False
        elif token.type == "paragraph_close":
            self._paragraph(token)

    def raw_paragraph(self, level: int) -> None:
        """Take a paragraph that raw words make."""
        if self.open and self.open[-1].level + 2 == level:
            self.open[-1].raw = True

    def _paragraph(self, token: Token) -> None:
        if token.hidden and self.open:
            self.open[-1].paragraphs.append(token)
