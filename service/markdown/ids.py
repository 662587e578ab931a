"""Ids that stay unique when a page takes in other pages: of headings, tabs and footnotes."""

from collections.abc import Iterable, Sequence

from markdown_it.token import Token


def renumber(tokens: Sequence[Token]) -> None:
    """Number the tabs of a page anew, in place, and give each heading an id that no heading before it has."""
    seen: set[str] = set()
    wholes: list[Token] = []
    tabs = 0
    for token in tokens:
        if token.type == "heading_open" and "id" in token.attrs:
            name = unique = str(token.attrs["id"])
            count = 0
            while unique in seen:
                count += 1
                unique = f"{name}-{count}"
            seen.add(unique)
            token.attrs["id"] = unique
        elif token.type == "tabs_open":
            token.meta["tabs"] = []
            wholes.append(token)
        elif token.type == "tabs_close":
            wholes.pop()
        elif token.type == "tab_open":
            tabs += 1
            token.meta["id"] = f"tab-{tabs}"
            if wholes:
                wholes[-1].meta["tabs"].append((token.meta["id"], str(token.meta.get("title", ""))))


def mark_notes(tokens: Iterable[Token], mark: str) -> None:
    """Give the footnotes of a page that is taken in names of their own, in place."""
    for token in tokens:
        if token.type in ("footnote_open", "footnote_ref"):
            for key in ("label", "id"):
                if key in token.meta:
                    token.meta[key] = f"{token.meta[key]}-{mark}"
        mark_notes(token.children or (), mark)
