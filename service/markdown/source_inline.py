"""The Markdown face of what stands in a line: escapes where they are needed, marks where they will be read.

A mark that its neighbours would keep from being read, as `**` between letters and a bracket, is written as
the element it makes: `<strong>`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from service.markdown import attributes
from service.markdown.emoji import EMOJI
from service.markdown.emphasis import can_mark, joins_lines
from service.markdown.references import REFERENCE

_BREAKS = ("softbreak", "hardbreak")
_MARKS = {"em": "*", "strong": "**", "s": "~~"}
_SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~\n]|\s*\Z)"
    r"|[`*\[\]~]"
    r"|_"
    r"|<(?=[A-Za-z/!?]|\Z)"
    r"|&(?=#?\w+;|\Z)"
    r"|\$(?=\$|\Z)|(?<=\$)\$|\A\$"
    r"|!\Z"
    r"|\{(?=%|" + REFERENCE.pattern[2:] + r"|\Z)"
    r"|:(?=[a-z0-9_+-]{1,40}:)"
)
_SPACES = {"\n": "&#10;", "\r": "&#13;"}
# A line break beside another one would make a blank line, which ends a paragraph; so does an option's tag.
_BLANK = re.compile(r"\A\n|\n(?=[ \t]*(?:\n|\Z)|</?option)")
_PLAIN_ADDRESS = re.compile(r"[^\s<>()\\&\x00-\x20\x7f]+")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_TAG_MARK = re.compile(r"\{(?=[%#]|(?:label|fact)[(:])")


@dataclass(slots=True)
class _Mark:
    """Half of a pair of marks, whose other half stands at `peer` in the list of parts."""

    tag: str
    opening: bool
    peer: int = -1
    # It stands inside others of its character.
    nested: bool = False


Part = str | _Mark


def write(children: Sequence[Token], *, one_line: bool = False) -> str:
    """Return inline tokens as Markdown; in one line, as headings and cells need it, breaks are entities."""
    parts: list[Part] = []
    _Writer(parts, one_line).all(_merged(children))
    _decide(parts)
    written = "".join(part for part in parts if isinstance(part, str))
    return _BLANK.sub("&#10;", written) if "\n" in written else written


def _merged(children: Sequence[Token]) -> list[Token]:
    """Join texts that stand side by side, so that escapes see what follows."""
    out: list[Token] = []
    for child in children:
        plain = child.type in ("text", "emoji")
        if plain and not child.content:
            continue
        if plain and out and out[-1].type == "text":
            out[-1] = Token("text", "", 0, content=out[-1].content + child.content)
        else:
            out.append(Token("text", "", 0, content=child.content) if plain else child)
    return out


class _Writer:
    def __init__(self, parts: list[Part], one_line: bool) -> None:
        self.parts = parts
        self.one_line = one_line
        self.open: list[int] = []
        self.links = 0

    def all(self, children: Sequence[Token]) -> None:
        last = len(children) - 1
        for place, child in enumerate(children):
            begins = place == 0 or children[place - 1].type in _BREAKS
            ends = place == last or children[place + 1].type in _BREAKS
            if child.type == "softbreak" and 0 < place < last:
                before, after = children[place - 1].content[-1:], children[place + 1].content[:1]
                if before and after and joins_lines(before) and joins_lines(after):
                    # A plain one would be no space between these; something stood here that was left out.
                    self.parts.append("&#10;")
                    continue
            self.one(child, begins=begins, ends=ends)

    def one(self, token: Token, *, begins: bool, ends: bool) -> None:
        if token.type == "text":
            written = self.text(token.content, begins=begins, ends=ends)
            note = written[0] in ":(" and self.parts and str(self.parts[-1]).startswith("[^")
            self.parts.append(f"\\{written}" if note else written)
        elif token.markup[:1] == "<" and token.type != "autolink" and (token.tag or token.nesting):
            self.parts.append(tag(token))
        elif token.type in _BREAKS:
            self.line_break(token, ends=ends)
        elif token.tag in _MARKS and token.nesting:
            self.mark(token.tag, opening=token.nesting == 1)
        elif token.type in ("link_open", "link_close"):
            self.link(token)
        else:
            self.rest(token)

    def rest(self, token: Token) -> None:
        if token.type == "image":
            alt = write(token.children or [], one_line=True)
            self.parts.append(f"![{alt}]({_target(token, 'src')})")
        elif token.type == "code_inline":
            if self.parts and isinstance(self.parts[-1], str) and self.parts[-1][-1:] == "`":
                # Two runs of backticks side by side would be one.
                self.parts.append(f"<code>{self.text(token.content, begins=True, ends=True)}</code>")
            else:
                self.parts.append(_code(token.content))
        elif token.type == "label" and "quotes" in token.meta:
            self.mark("strong", opening=True)
            self.parts.append(self.text(token.content))
            self.mark("strong", opening=False)
        elif token.type == "math":
            before, after = (" " if token.content[end] == "$" else "" for end in (0, -1))
            self.parts.append(f"$${before}{token.content}{after}$$")
        elif token.type == "footnote_ref":
            self.parts.append(f"[^{token.meta['label']}]")
        elif token.type == "task":
            self.parts.append("[ ] " if token.content == "☐" else "[x] ")
        elif token.nesting or token.tag:
            self.parts.append(tag(token))
        else:
            self.parts.append(token.markup or token.content)

    def text(self, words: str, *, begins: bool = False, ends: bool = False) -> str:
        def escaped(match: re.Match[str]) -> str:
            char = match[0]
            if char == "]" and not self.links:
                return char
            if char == "_" and _between_letters(words, match.start()):
                return char
            if char == ":" and not _names_emoji(words, match.start()):
                return char
            return f"\\{char}"

        out = _SPECIAL.sub(escaped, words)
        out = re.sub(r"[\n\r]", lambda match: _SPACES[match[0]], out)
        if begins and out[:1].isspace():
            bare = out.lstrip()
            out = _named(out[: len(out) - len(bare)]) + bare
        if ends and out[-1:].isspace():
            bare = out.rstrip()
            out = bare + _named(out[len(bare) :])
        return out

    def line_break(self, token: Token, *, ends: bool) -> None:
        if self.one_line or ends:
            self.parts.append("&#10;" if token.type == "softbreak" else "<br>")
        else:
            self.parts.append("\n" if token.type == "softbreak" else "\\\n")

    def mark(self, name: str, *, opening: bool) -> None:
        if opening:
            around = [self.parts[place] for place in self.open]
            nested = any(isinstance(one, _Mark) and _MARKS[one.tag][0] == _MARKS[name][0] for one in around)
            self.open.append(len(self.parts))
            self.parts.append(_Mark(name, opening=True, nested=nested))
            return
        start = self.open.pop()
        mark = self.parts[start]
        assert isinstance(mark, _Mark)
        mark.peer = len(self.parts)
        self.parts.append(_Mark(name, opening=False, peer=start))

    def link(self, token: Token) -> None:
        if token.nesting == 1:
            self.links += 1
            self.open.append(len(self.parts))
            self.parts.append("[")
            # The closing says where it leads, and closings know nothing.
            self.parts.append(_target(token, "href"))
            return
        self.links -= 1
        start = self.open.pop()
        target = self.parts[start + 1]
        self.parts[start + 1] = ""
        self.parts.append(f"]({target})")


def _named(spaces: str) -> str:
    """Return spaces as entities, which nothing takes away at the end of a line."""
    return "".join(f"&#{ord(one)};" for one in spaces)


def _names_emoji(words: str, place: int) -> bool:
    return words[place + 1 : words.find(":", place + 1)] in EMOJI


def _between_letters(words: str, place: int) -> bool:
    around = words[place - 1 : place] + words[place + 1 : place + 2]
    return len(around) == 2 and around.isascii() and around.isalnum()


def _target(token: Token, name: str) -> str:
    address = str(token.meta.get("page") or token.attrs.get(name, ""))
    title = "mention" if token.meta.get("mention") else str(token.attrs.get("title") or "")
    if not _PLAIN_ADDRESS.fullmatch(address):
        escaped = re.sub(r"([\\<>])", r"\\\1", _ENTITY.sub("&amp;", address))
        address = "<" + escaped.replace("\n", "&#10;") + ">" if address else "<>" if title else ""
    if not title:
        return address
    said = re.sub(r"([\\\"])", r"\\\1", _ENTITY.sub("&amp;", title)).replace("\n", "&#10;")
    return f'{address} "{said}"'


def _code(content: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    # The shortest run of backticks that the code does not hold itself.
    held = {len(run) for run in re.findall(r"`+", content)}
    fence = "`" * next(length for length in range(1, longest + 2) if length not in held)
    padded = (
        content[:1] == "`"
        or content[-1:] == "`"
        or (content[:1] == content[-1:] == " " and content.strip(" "))
    )
    room = " " if padded else ""
    return f"{fence}{room}{content}{room}{fence}"


def tag(token: Token) -> str:
    """Return the tag of a raw element, or of a mark that is written as one."""
    name = token.tag or "span"
    if token.nesting == -1:
        return f"</{name}>"
    raw = dict(token.meta.get("raw", {}))
    if name == "a" and "data-footnote-ref" not in raw and token.attrs.get("href"):
        raw["href"] = str(token.meta.get("page") or token.attrs["href"])
    if name == "img":
        raw = {"src": str(token.attrs.get("src", "")), **raw}
    return f"<{name}{attributes.write(raw)}>"


def html(children: Sequence[Token], *, in_code: bool) -> str:
    """Return inline tokens inside raw HTML, where nothing is Markdown; `in_code` keeps lines as they are.

    No line of it is blank or begins with a mark that a scan of lines would take for one.
    """
    parts = []
    for child in children:
        if child.type in ("text", "emoji", "code_inline"):
            parts.append(_html_text(child.content, in_code=in_code))
        elif child.type == "label" and "quotes" in child.meta:
            parts.append(f"<strong>{_html_text(child.content, in_code=in_code)}</strong>")
        elif child.type == "softbreak":
            parts.append(" ")
        elif child.tag:
            parts.append(tag(child))
        else:
            parts.append(child.markup or child.content)
    return "".join(parts)


def _html_text(words: str, *, in_code: bool) -> str:
    out = _TAG_MARK.sub("&#123;", re.sub(r"[&<>\r]", lambda match: _HTML[match[0]], words))
    if not in_code:
        return re.sub(r"[\n\t\f]", lambda match: f"&#{ord(match[0])};", out)
    return out.replace("\n", "&#10;")


def _decide(parts: list[Part]) -> None:
    """Write every mark as Markdown where it will be read as one, else as an element; inner ones first."""
    for place, part in enumerate(parts):
        if isinstance(part, _Mark) and not part.opening:
            start = part.peer
            readable = _readable(parts, start, place)
            parts[start] = _MARKS[part.tag] if readable else f"<{part.tag}>"
            parts[place] = _MARKS[part.tag] if readable else f"</{part.tag}>"


def _readable(parts: Sequence[Part], start: int, end: int) -> bool:
    opening = parts[start]
    assert isinstance(opening, _Mark)
    before, first = _last_char(parts, start), _first_char(parts, start)
    final, after = _last_char(parts, end), _first_char(parts, end)
    mark = _MARKS[opening.tag][0]
    if mark in (before, first, final, after) or "" in (first, final):
        return False
    return can_mark(before or " ", first, final, after or " ", nested=opening.nested)


def _last_char(parts: Sequence[Part], place: int) -> str:
    """Return the character before a part; a mark not yet decided counts as one."""
    while place:
        place -= 1
        part = parts[place]
        if isinstance(part, _Mark):
            return _MARKS[part.tag][0]
        if part:
            return part[-1]
    return ""


def _first_char(parts: Sequence[Part], place: int) -> str:
    for following in range(place + 1, len(parts)):
        part = parts[following]
        if isinstance(part, _Mark):
            return _MARKS[part.tag][0]
        if part:
            return part[0]
    return ""
