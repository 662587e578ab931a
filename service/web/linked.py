"""A text somebody wrote, with the web addresses in it."""

import re

# An address in a text of Japanese or Chinese ends where the next character of the sentence begins.
_LINK = re.compile(r"https?://[!#-;=?-~]+")
_BEHIND = ".,;:!?)]}'\""


def pieces(text: str) -> list[tuple[str, bool]]:
    """Return a text in pieces, each with whether it is a web address."""
    found: list[tuple[str, bool]] = []
    end = 0
    for match in _LINK.finditer(text):
        address = match.group().rstrip(_BEHIND)
        found += [(text[end : match.start()], False), (address, True)]
        end = match.start() + len(address)
    found.append((text[end:], False))
    return [piece for piece in found if piece[0]]
