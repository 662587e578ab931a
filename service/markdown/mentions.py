"""Mentions: links to a page that show its title, whatever their own words are."""

from collections.abc import Callable, Sequence

from markdown_it.token import Token


def titled(children: Sequence[Token], title_of: Callable[[str], str | None]) -> list[Token]:
    """Return inline tokens whose mentions show the title of the page at their address, where there is one."""
    out: list[Token] = []
    inside = False
    for child in children:
        if child.type == "link_open" and child.meta.get("mention"):
            title = title_of(str(child.attrs.get("href", "")))
            out.append(child)
            if title:
                out.append(Token("text", "", 0, content=title))
                inside = True
        elif child.type == "link_close":
            out.append(child)
            inside = False
        elif not inside:
            out.append(child)
    return out
