"""The last walk over parsed tokens: raw HTML, addresses, line breaks and heading ids become final here."""

import re
from collections.abc import Sequence

from markdown_it.token import Token

from service.facts.findings import Finding, Severity
from service.facts.words import N_, Phrase
from service.markdown import addresses, footnotes, marks, markup, shapes
from service.markdown.elements import Elements
from service.markdown.emphasis import joins_lines
from service.markdown.headings import HeadingIds
from service.markdown.lists import Lists

MOST_NESTED_MARKS = 30

UNSAFE_LINK = N_("This address cannot be a link: %(address)s")
UNSAFE_IMAGE = N_("This address cannot be an image: %(address)s")
LOST_PAGE = N_("This address lost its page when it was exported: %(address)s")

_LEAVES = frozenset({"text", "code_inline", "label", "fact"})
_NOTED = frozenset(
    {
        "footnotes_open",
        "tabs_open",
        "tabs_close",
        "tab_open",
        "fence",
        "code_block",
        "paragraph_open",
        "paragraph_close",
    }
    | {"bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close"}
)
# Blocks whose token bears another tag than the element that will stand in the page, or none.
_BLOCK_TAGS = {"fence": "pre", "code_block": "pre", "plain": "pre", "generated": "div"}
# What GitBook writes for a page that was deleted, and the inner names of pages that leak out of it.
_LOST = re.compile(r"broken-reference|/?pages/[0-9a-f]{40}(?:#.*)?")
# Not \s: a no-break space is a letter of French typography.
_SPACES = re.compile(r"[ \t\n\r\f]+")


def settle(tokens: Sequence[Token], source: str, *, help_page: bool) -> tuple[list[Token], list[Finding]]:
    """Return the final tokens and the findings of the walk.

    A help page has raw HTML, heading ids and soft line breaks; in a mail every line break is one.
    """
    walk = _Walk(source.split("\n"), help_page)
    for token in tokens:
        walk.block(token)
    walk.out.extend(walk.elements.leave())
    if walk.raw:
        shapes.name(walk.out)
    return walk.out, [*walk.findings, *walk.elements.findings]


class _Walk:
    def __init__(self, lines: list[str], help_page: bool) -> None:
        self.lines = lines
        self.help_page = help_page
        self.findings: list[Finding] = []
        self.elements = Elements()
        self.out: list[Token] = []
        self.ids = HeadingIds()
        self.tabs: list[Token] = []
        self.tab_count = 0
        self.raw = False
        self.lists = Lists()
        self.line = 0

    def block(self, token: Token) -> None:
        if token.nesting == -1:
            self.closing(token)
            return
        if token.map:
            self.line = token.map[0]
            self.elements.line = self.line + 1
        if token.type == "inline":
            token.children = self.inline(token.children or [])
            self.first_words(token)
            self.out.append(token)
        elif token.type == "html_block":
            self.raw_block(token)
        else:
            self.opening(token)

    def first_words(self, inline: Token) -> None:
        """Let the words that a block begins with name a heading or mark a task."""
        if not self.help_page or not self.out:
            return
        if self.out[-1].type == "heading_open":
            self.findings.extend(self.ids.name(self.out[-1], inline, self.line + 1))
        elif len(self.out) > 1 and self.out[-2].type == "list_item_open":
            marks.task(self.out[-2], inline)

    def opening(self, token: Token) -> None:
        if token.type in _NOTED:
            self.note(token)
        closings = self.elements.enter(_BLOCK_TAGS.get(token.type, token.tag))
        if closings:
            self.out.extend(closings)
        self.out.append(token)
        if not token.nesting:
            self.elements.leave()

    def note(self, token: Token) -> None:
        """Take what openings say about tabs and lists, and end the last line of code."""
        if token.type == "footnotes_open":
            # The notes stand below the page, not in what it leaves open.
            self.out.extend(self.elements.leave())
        self.name_tab(token)
        self.lists.enter(token)
        code = token.type in ("fence", "code_block")
        if code and self.help_page and token.content[-1:] not in ("", "\n"):
            # Nothing but the end of the file ended its last line.
            token.content += "\n"

    def closing(self, token: Token) -> None:
        if token.type in _NOTED:
            if token.type == "tabs_close":
                self.tabs.pop()
            self.lists.leave(token)
        closings = self.elements.leave()
        if closings:
            self.out.extend(closings)
        if token.type == "paragraph_close" and self.help_page and self.says_nothing():
            del self.out[-2:]
        else:
            self.out.append(token)

    def says_nothing(self) -> bool:
        """Tell whether the paragraph that ends here held nothing but comments and stray tags."""
        return not self.out[-1].children and len(self.out) > 1 and self.out[-2].type == "paragraph_open"

    def name_tab(self, token: Token) -> None:
        """Number the tabs of a page, and let each group of tabs know the titles of its own."""
        if token.type == "tabs_open":
            token.meta["tabs"] = []
            self.tabs.append(token)
        elif token.type == "tab_open":
            self.tab_count += 1
            token.meta["id"] = f"tab-{self.tab_count}"
            if self.tabs:
                self.tabs[-1].meta["tabs"].append((token.meta["id"], str(token.meta.get("title", ""))))

    def raw_block(self, token: Token) -> None:
        self.raw = True
        run: list[Token] = []
        for piece in markup.pieces(token.content):
            if piece.block:
                self.raw_words(run, token)
                run = []
                self.out.extend(self.elements.raw(piece))
            else:
                run.append(piece)
        self.raw_words(run, token)

    def raw_words(self, run: list[Token], around: Token) -> None:
        """Put a run of words and small elements between raw blocks into one inline token."""
        if not any(piece.type != "text" or piece.content.strip(" \t\n\r\f") for piece in run):
            return
        self.out.extend(self.elements.words())
        inline = Token("inline", "", 0, map=around.map)
        bare = not self.elements.inside_raw
        if bare:
            self.out.extend(self.elements.enter("p"))
            self.out.append(Token("paragraph_open", "p", 1, map=around.map, block=True, level=around.level))
            self.lists.raw_paragraph(around.level)
        inline.children = self.inline(run)
        if not self.elements.inside("pre"):
            inline.children = _tidied(inline.children)
        if not inline.children:
            if bare:
                self.out.pop()
                self.out.extend(self.elements.leave())
            return
        self.first_words(inline)
        self.out.append(inline)
        if bare:
            self.out.extend(self.elements.leave())
            self.out.append(Token("paragraph_close", "p", -1, block=True))

    def inline(self, children: Sequence[Token]) -> list[Token]:
        """Return inline tokens with raw tags balanced, unsafe links removed, marks nested 30 deep at most."""
        if len(children) == 1 and children[0].type == "text" and not self.raw:
            return self.words(children[0], self.line)
        out: list[Token] = []
        self.elements.open.append((self.elements.innermost, None))
        # One entry for each open mark of Markdown: whether its tokens are kept.
        kept: list[bool] = []
        line = self.line
        for position, child in enumerate(children):
            if self.raw and child.nesting != -1 and (child.content.strip() or child.nesting):
                out.extend(self.closed_frames(child))
            if child.type in _LEAVES and "[^" not in child.content:
                # Most of a page, so it is asked first.
                out.append(child)
            elif child.type == "html_inline":
                self.raw = True
                for piece in markup.pieces(child.content):
                    out.extend(self.piece(piece, line))
            elif child.markup.startswith("<") and (child.nesting or child.type == "source"):
                out.extend(self.piece(child, line))
            elif child.nesting:
                out.extend(self.mark(child, kept, line))
            elif child.type in ("softbreak", "hardbreak"):
                line += not child.markup.startswith("<")
                out.append(self.line_break(child, children, position))
            else:
                out.extend(self.words(child, line))
        out.extend(self.elements.leave())
        return out

    def mark(self, child: Token, kept: list[bool], line: int) -> list[Token]:
        """Take an opening or closing of Markdown, and tell in `kept` which of those that are open stay."""
        if child.nesting == -1:
            return [*self.elements.leave(), child] if kept.pop() else []
        kept.append(len(kept) < MOST_NESTED_MARKS and self.fits(child, line))
        if not kept[-1]:
            return []
        self.elements.open.append((child.tag, None))
        return [child]

    def words(self, child: Token, line: int) -> list[Token]:
        if child.type == "image":
            return self.image(child, line)
        if child.type == "footnote_ref":
            child.meta["plain"] = self.elements.inside_link
        elif self.help_page and child.type == "text" and "[^" in child.content:
            self.findings.extend(footnotes.missing(child.content, line + 1))
        return [child]

    def closed_frames(self, child: Token) -> list[Token]:
        """Close what holds only its own parts, as `<picture>`, before words and marks of Markdown."""
        if (child.markup[:1] == "<" and child.tag) or child.type in ("html_inline", "image"):
            return []
        return self.elements.words()

    def piece(self, piece: Token, line: int) -> list[Token]:
        """Take one raw tag, text or reference among inline tokens."""
        if piece.type == "image":
            return self.image(piece, line)
        if not piece.tag or piece.type == "hardbreak":
            return [*self.elements.words(), piece] if piece.content.strip() else [piece]
        if piece.tag == "iframe":
            return self.frame(piece, line)
        if piece.type == "source" and not self.picture(piece, line):
            return []
        if piece.type == "link_open" and "href" in piece.attrs and not self.safe(piece, line):
            del piece.attrs["href"]
            piece.meta["raw"].pop("href", None)
        return self.elements.raw(piece)

    def frame(self, piece: Token, line: int) -> list[Token]:
        """A frame with another page becomes a link to it; what stands inside a frame is shown."""
        address = str(piece.attrs.get("src", ""))
        if not address:
            return []
        closings = self.elements.words()
        words = Token("text", "", 0, content=address)
        link = Token("link_open", "a", 1, attrs={"href": address})
        if self.elements.inside_link or not self.safe(link, line):
            return [*closings, words]
        return [*closings, link, words, Token("link_close", "a", -1)]

    def picture(self, source: Token, line: int) -> bool:
        """Judge the one address of a picture for one colour scheme."""
        address = str(source.attrs.get("srcset", ""))
        if address and addresses.safe(address, addresses.IMAGE_SCHEMES) and not re.search(r"[\s,]", address):
            return True
        self.found("unsafe-image", UNSAFE_IMAGE, address, line)
        return False

    def fits(self, mark: Token, line: int) -> bool:
        if mark.type != "link_open":
            return True
        if mark.attrs.get("title") == "mention":
            del mark.attrs["title"]
            mark.meta["mention"] = True
        return self.safe(mark, line) and not self.elements.inside_link

    def safe(self, link: Token, line: int) -> bool:
        address = str(link.attrs.get("href", ""))
        if _LOST.fullmatch(address):
            self.found("lost-page", LOST_PAGE, address, line, Severity.WARNING)
            return False
        if addresses.safe(address):
            return True
        self.found("unsafe-link", UNSAFE_LINK, address, line)
        return False

    def image(self, token: Token, line: int) -> list[Token]:
        token.children = self.inline(token.children or [])
        address = str(token.attrs.get("src", ""))
        if address and addresses.safe(address, addresses.IMAGE_SCHEMES):
            return [token]
        self.found("unsafe-image", UNSAFE_IMAGE, address, line)
        return token.children

    def line_break(self, token: Token, around: Sequence[Token], position: int) -> Token:
        if token.markup == "<br>":
            return token
        if token.type == "hardbreak" or not self.help_page:
            return Token("hardbreak", "br", 0)
        before = around[position - 1].content[-1:] if position else ""
        after = around[position + 1].content[:1] if position + 1 < len(around) else ""
        if before and after and joins_lines(before) and joins_lines(after):
            return Token("text", "", 0)
        return token

    def found(
        self, rule: str, phrase: Phrase, address: str, line: int, severity: Severity = Severity.ERROR
    ) -> None:
        column = self.lines[line].find(address) + 1 if line < len(self.lines) else 0
        values = {"address": address}
        self.findings.append(Finding(rule, severity, phrase, values, line + 1, max(column, 1)))


def _tidied(children: Sequence[Token]) -> list[Token]:
    """Return raw words with single spaces, and none beside the blocks around them."""
    out: list[Token] = []
    for child in children:
        if child.type == "text" and out and out[-1].type == "text":
            out[-1].content += child.content
        else:
            out.append(child)
    for place, child in enumerate(out):
        if child.type == "text":
            words = _SPACES.sub(" ", child.content)
            words = words.lstrip(" ") if place == 0 else words
            child.content = words.rstrip(" ") if place == len(out) - 1 else words
    return [child for child in out if child.type != "text" or child.content]
