"""Pictures that a mail only shows: those of signatures and quoted mails are no files that somebody attached.

A picture that stands in the text by its Content-ID (RFC 2392) may be a logo, or the very thing that somebody
wants to show: no field tells. A small one is taken for a part of the look, and so is one that stands only in
the quoted mail; a larger one in the text is a file, lest something be lost. So is any that no text shows,
unless it is small, has a Content-ID and no name.
"""

import re
from collections.abc import Iterable, Sequence
from html import unescape
from urllib.parse import unquote

from service.mail.file_names import claims_a_name
from service.mail.received import Part

# Encoded, as they stand in the mail: icons and logos are smaller, photos and pictures of a screen larger.
SMALL_OCTETS = 64 * 1024
# Where the mail programs of most people begin the mail that they quote.
_HISTORY = re.compile(
    r"<blockquote\b|class=[\"']?(?:gmail_quote|moz-cite-prefix|yahoo_quoted|protonmail_quote)"
    r"|id=[\"']?(?:divRplyFwdMsg|appendonsend|x_divRplyFwdMsg|isReplyContent)"
    r"|border-top:\s*solid #(?:E1E1E1|B5C4DF)",
    re.IGNORECASE,
)
_SHOWN = re.compile(r"[\"'(=\s]cid:([^\"'()<>\s]{1,300})", re.IGNORECASE)


def without(files: Sequence[Part], pages: Iterable[str]) -> list[Part]:
    """Return the files among the parts of a mail that are no texts; `pages` are its texts in HTML."""
    own: set[str] = set()
    quoted: set[str] = set()
    for page in pages:
        history = _HISTORY.search(page)
        end = history.start() if history is not None else len(page)
        for shown in _SHOWN.finditer(page):
            (own if shown.start() < end else quoted).add(unquote(unescape(shown[1])))
    return [file for file in files if not _is_look(file, own, quoted - own)]


def _is_look(part: Part, own: set[str], quoted: set[str]) -> bool:
    disposition = part.fields.first("content-disposition").partition(";")[0].strip().lower()
    if not part.kind.startswith("image/") or disposition == "attachment":
        return False
    name = part.fields.first("content-id").strip().strip("<>")
    if name and name in quoted:
        return True
    is_small = len(part.octets) <= SMALL_OCTETS
    return is_small and (bool(name) and (name in own or not claims_a_name(part)))
