"""What raw elements stand for: each closing learns what its opening says, and hints are named hints.

Inside lists and cells GitBook writes a hint as `<div data-gb-custom-block data-tag="hint">`, an emoji as
`<span data-gb-custom-inline>`, an icon as `<i class="fa-x">:x:</i>`.
"""

from collections.abc import Mapping, Sequence

from markdown_it.token import Token


def name(tokens: Sequence[Token]) -> None:
    """Finish balanced tokens in place: meanings on openings, and on closings the meta of their openings."""
    openings: list[Token] = []
    for token in tokens:
        if token.children:
            name(token.children)
        if token.nesting == 1:
            if token.markup[:1] == "<" and "raw" in token.meta:
                _mean(token, token.meta["raw"])
            openings.append(token)
        elif token.nesting == -1 and openings:
            opening = openings.pop()
            if opening.markup[:1] == "<":
                token.meta = opening.meta
                token.type = opening.type.removesuffix("_open") + "_close"


def _mean(token: Token, raw: Mapping[str, str]) -> None:
    if token.tag == "div" and raw.get("data-tag") == "hint":
        token.type = "hint_open"
        token.meta["style"] = raw.get("data-style", "info")
    elif token.tag == "i" and (icon := icon_name(raw)):
        token.type, token.meta["icon"] = "icon_open", icon
    elif token.tag == "span" and (char := _emoji(raw)):
        token.type, token.meta["emoji"] = "emoji_open", char
    elif token.tag == "pre" and raw.get("data-title"):
        token.meta["title"] = raw["data-title"]


def icon_name(raw: Mapping[str, str]) -> str:
    """Return the words for an icon, `circle check` of `fa-circle-check`; empty for an ordinary element."""
    names = [one for one in raw.get("class", "").split() if one.startswith("fa-")]
    return names[-1].removeprefix("fa-").replace("-", " ") if names else ""


def _emoji(raw: Mapping[str, str]) -> str:
    """Return the character that `data-code` names in hexadecimal, several joined by hyphens."""
    if raw.get("data-tag") != "emoji":
        return ""
    codes = raw.get("data-code", "").split("-")
    try:
        chars = [chr(int(code, 16)) for code in codes]
    except (ValueError, OverflowError):
        return ""
    return "".join(char for char in chars if char.isprintable() or char in "\u200d\ufe0f")
