"""The Markdown face: a page written again from its tokens, which reads as the same page.

What came from raw elements is written as raw elements; a run of them has no blank line in it, because a blank
line is where Markdown begins again.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from markdown_it.token import Token

from service.markdown import source_inline
from service.markdown.dialect import Document
from service.markdown.headings import BRACED_ID, slug

_LINE_START = re.compile(
    r"(?P<before>\d{1,9})(?=[.)](?:\s|$))|(?=[-+](?:\s|$)|#{1,6}(?:\s|$)|>|[=-]+[ \t]*$|[-:|][-:| \t]*$)"
)
# A tag alone on the first line would make all lines raw, a comment behind it keeps them Markdown.
_ONE_TAG = re.compile(r"\A(<[^<>\n]*>)[ \t]*(?=\n|\Z)")
_RULE = re.compile(r"(?:[ \t]*-){3,}[ \t]*")
_CLOSING_HASHES = re.compile(r"(?:^|(?<=[ \t]))(?=#+$)")
_LARGEST_NUMBER = 999_999_999
_LISTS = ("bullet_list_open", "ordered_list_open")
# Comments print nothing; one of them makes a list loose, or a line of words raw.
_COMMENT = "<!-- -->"


def render(document: Document) -> str:
    """Return Markdown that ends in one newline; front matter is not part of it."""
    lines = _Blocks().all(list(document.tokens))
    return "\n".join(lines) + "\n" if lines else ""


@dataclass(slots=True)
class _Chunk:
    """Lines of one block; a raw one still has its pieces, which grow together with its neighbours'."""

    lines: list[str]
    pieces: list[tuple[str, str]] | None = None
    list_kind: str = ""


class _Blocks:
    """Writes sibling blocks; one for each container."""

    def __init__(self) -> None:
        self.chunks: list[_Chunk] = []
        self.in_code = 0

    def all(self, tokens: Sequence[Token], *, tight: bool = False) -> list[str]:
        """Return the lines of sibling blocks, with blank lines between them but in a tight list."""
        self.take(tokens)
        out: list[str] = []
        for place, chunk in enumerate(self.chunks):
            followed = place + 1 < len(self.chunks)
            lines = chunk.lines if chunk.pieces is None else _run(chunk.pieces, one_line=tight and followed)
            if out and not tight:
                out.append("")
            out.extend(lines)
        return out

    def take(self, tokens: Sequence[Token]) -> None:
        position = 0
        while position < len(tokens):
            token = tokens[position]
            end = _end(tokens, position)
            inside = tokens[position + 1 : end]
            position = end + 1
            if token.markup[:1] == "<" and token.type != "inline":
                self.raw(token, inside)
            elif token.type == "inline":
                self.raw_words(token)
            else:
                self.block(token, inside)

    def raw(self, token: Token, inside: Sequence[Token]) -> None:
        kind = "pre" if token.tag == "pre" else "tag"
        self.piece(kind, source_inline.tag(token))
        if token.nesting == 1:
            self.in_code += token.tag == "pre"
            if token.type == "heading_open" and inside:
                # A stray tag between its words may have parted them.
                words = Token(
                    "inline", "", 0, children=[one for part in inside for one in part.children or ()]
                )
                inside = [_with_id(token, words)]
            self.take(inside)
            self.in_code -= token.tag == "pre"
            self.piece(f"/{kind}", f"</{token.tag}>")

    def raw_words(self, token: Token) -> None:
        written = source_inline.html(token.children or [], in_code=self.in_code > 0)
        self.piece("code" if self.in_code else "words", written)

    def piece(self, kind: str, written: str) -> None:
        if self.chunks and (pieces := self.chunks[-1].pieces) is not None:
            pieces.append((kind, written))
        else:
            self.chunks.append(_Chunk([], [(kind, written)]))

    def block(self, token: Token, inside: Sequence[Token]) -> None:
        if token.type in _LISTS:
            last = self.chunks[-1].list_kind if self.chunks else ""
            items = _items(token, inside)
            marks = "-+*" if token.type == "bullet_list_open" else ".)"
            mark = (marks.replace(last, "") if last else marks)[0]
            if mark == "-" and any(_RULE.fullmatch(f"- {lines[0] if lines else ''}") for lines in items):
                # Dashes alone in a line, one within the other, are a rule.
                mark = "*" if last == "+" else "+"
            self.chunks.append(_Chunk(_list(token, inside, items, mark), None, mark))
            return
        lines = list(_lines(token, inside))
        if lines:
            self.chunks.append(_Chunk(lines))


def _end(tokens: Sequence[Token], position: int) -> int:
    depth = 0
    while True:
        depth += tokens[position].nesting
        if depth <= 0:
            return position
        position += 1


def _lines(token: Token, inside: Sequence[Token]) -> Iterator[str]:
    """Yield the lines of one block of Markdown."""
    if token.type == "paragraph_open":
        yield from _paragraph(inside[0])
    elif token.type == "heading_open":
        yield _heading(token, inside[0])
    elif token.type == "hr":
        yield "***"
    elif token.type in ("fence", "code_block"):
        yield from _fence(token)
    elif token.type == "blockquote_open":
        yield from (f"> {line}" if line else ">" for line in _Blocks().all(inside) or [""])
    elif token.type == "table_open":
        yield from _table(inside)
    elif token.type == "math_block":
        yield from ("$$", *token.content.split("\n"), "$$")
    elif token.type == "footnotes_open":
        yield from _notes(inside)
    elif token.type == "plain":
        yield from _run([("pre", "<pre>"), ("code", _plain(token.content)), ("/pre", "</pre>")])
    elif token.nesting == 1:
        yield from _container(token, inside)
    else:
        yield f"{{% {token.meta.get('tag', token.type)}{_tag_attributes(token)} %}}"


def _paragraph(inline: Token) -> Iterator[str]:
    written = source_inline.write(inline.children or [])
    written = _ONE_TAG.sub(rf"\1{_COMMENT}", written)
    for number, line in enumerate(written.split("\n")):
        if number == 0 and (inline.children or [Token("", "", 0)])[0].type == "task":
            yield line
        else:
            yield _LINE_START.sub(r"\g<before>\\", line, count=1) if _LINE_START.match(line) else line


def _heading(token: Token, inline: Token) -> str:
    written = source_inline.write((_with_id(token, inline)).children or [], one_line=True)
    text = _CLOSING_HASHES.sub(r"\\", written)
    return f"{'#' * int(token.tag[1:])} {text}".rstrip()


def _with_id(token: Token, inline: Token) -> Token:
    """Return the words of a heading with its id behind them, where they do not say it themselves."""
    children = inline.children or []
    words = "".join(child.content for child in children)
    name = str(token.attrs.get("id", ""))
    if not name or (name == slug(words) and not BRACED_ID.search(words)):
        return inline
    return Token("inline", "", 0, children=[*children, Token("text", "", 0, content=f" {{#{name}}}")])


def _fence(token: Token) -> Iterator[str]:
    content = token.content.removesuffix("\n")
    info = token.info.strip()
    mark = "~" if "`" in info else "`"
    longest = max((len(run) for run in re.findall(f"{mark}+", content)), default=0)
    line = mark * max(3, longest + 1)
    yield line + info
    if token.content:
        yield from content.split("\n")
    yield line


def _plain(content: str) -> str:
    return escape(content, quote=False).replace("{", "&#123;").replace("\n", "&#10;")


def _items(token: Token, inside: Sequence[Token]) -> list[list[str]]:
    """Return the lines of each item, without its mark."""
    tight = _tight(token, inside)
    items: list[list[str]] = []
    position = most = 0
    while position < len(inside):
        end = _end(inside, position)
        blocks = _Blocks()
        items.append(blocks.all(inside[position + 1 : end], tight=tight))
        most = max(most, len(blocks.chunks))
        position = end + 1
    if not tight and len(items) == 1 and most < 2:
        items[0] += ["", _COMMENT]
    return items


def _tight(token: Token, inside: Sequence[Token]) -> bool:
    direct = [one for one in inside if one.type == "paragraph_open" and one.level == token.level + 2]
    return not direct or any(one.hidden for one in direct)


def _list(token: Token, inside: Sequence[Token], items: Sequence[Sequence[str]], mark: str) -> list[str]:
    start = int(token.attrs.get("start", 1))
    tight = _tight(token, inside)
    out: list[str] = []
    for count, item in enumerate(items):
        if out and not tight:
            out.append("")
        number = "" if mark in "-+*" else str(min(start + count, _LARGEST_NUMBER))
        out.extend(_indented(item, f"{number}{mark} "))
    return out


def _indented(lines: Sequence[str], mark: str) -> list[str]:
    room = " " * len(mark)
    written = [(mark + line if number == 0 else room + line) for number, line in enumerate(lines or [""])]
    return [line.rstrip() if not line.strip() or line == mark else line for line in written]


def _table(inside: Sequence[Token]) -> Iterator[str]:
    rows: list[list[str]] = []
    aligned: list[str] = []
    for token in inside:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            aligned.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
        elif token.type == "inline":
            cell = source_inline.write(token.children or [], one_line=True)
            rows[-1].append(re.sub(r"\|", r"\\|", cell))
    rules = {"left": ":---", "right": "---:", "center": ":---:"}
    rows.insert(1, [rules.get(side, "---") for side in aligned])
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _container(token: Token, inside: Sequence[Token]) -> Iterator[str]:
    name = str(token.meta.get("tag", token.type.removesuffix("_open")))
    yield f"{{% {name}{_tag_attributes(token)} %}}"
    lines = _Blocks().all(inside)
    yield from lines
    if lines or name not in ("embed", "file"):
        yield f"{{% end{name} %}}"


def _tag_attributes(token: Token) -> str:
    parts = []
    for key, value in token.meta.items():
        if key in ("tag", "apart", "tabs", "id"):
            continue
        if token.type == "if_open":
            parts.append(" " + " ".join(str(value).split()))
            continue
        said = escape(str(value)).replace("\n", "&#10;").replace("{", "&#123;").replace("}", "&#125;")
        parts.append(f' "{said}"' if key.isdigit() else f' {key}="{said}"')
    return "".join(parts)


def _notes(inside: Sequence[Token]) -> Iterator[str]:
    position = 0
    while position < len(inside):
        end = _end(inside, position)
        if position:
            yield ""
        note = inside[position + 1 : end]
        lines = _Blocks().all(note)
        mark = f"[^{inside[position].meta['label']}]:"
        starts = note and note[0].type == "paragraph_open" and not note[0].markup
        yield f"{mark} {lines[0]}" if starts else mark
        yield from (
            f"    {line}".rstrip() if not line.strip() else f"    {line}" for line in lines[bool(starts) :]
        )
        position = end + 1


def _run(pieces: Sequence[tuple[str, str]], *, one_line: bool = False) -> list[str]:
    """Return raw pieces as lines: a line for each tag that follows another, all else as it is."""
    first = pieces[0][0]
    open_code = first == "pre" and all(kind != "/pre" for kind, _ in pieces)
    alone = one_line or first in ("words", "code") or open_code
    out = _COMMENT if alone else ""
    before = "words"
    for kind, written in pieces:
        tags = kind in ("tag", "/tag", "pre") and before in ("tag", "/tag", "/pre")
        out += ("\n" if tags and not alone else "") + written
        before = kind
    return out.split("\n")
