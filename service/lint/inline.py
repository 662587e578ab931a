"""Rules on Markdown inside of messages (MK005, MK006), judged by rendering both texts."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from markdown_it import MarkdownIt

from service.facts.words import N_
from service.lint.pairs import Mark, Pair, error

_SIGNS = re.compile(r"\]\(|`|\*\S|_(?<!\w_)\S|\[\^")
_LINK = re.compile(r"\[[^\[\]\n]+\]\s*[(（]")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
_EMPHASIS = re.compile(r"\*+|(?<!\w)_+|_+(?!\w)")
_TICKS = re.compile("`+")
LINK = N_("A link of the source text is not a link here: no space stands between “]” and “(”.")
CODE = N_("Code of the source text is not code here: its backticks do not pair.")
FOOTNOTE = N_("The footnote %(name)s of the source text is missing.")
FLAT = N_("The emphasis is not rendered here: its “%(sign)s” would be shown.")
UNMARKED = N_("The source text has emphasis; the translation has none.")
_RENDERER = MarkdownIt("commonmark", {"html": True})


def check(pair: Pair) -> Iterator[Mark]:
    """MK005, MK006: what the source's marks make of its text, the translation's make of it too."""
    source = pair.source.text
    if _SIGNS.search(source) is None:
        return
    wanted, found = _made(source), _made(pair.target.text)
    target = pair.target.text
    if wanted["link"] > found["link"]:
        broken = _LINK.search(target)
        yield error("MK005", LINK, broken.start() if broken else max(target.find("["), 0))
    if wanted["code"] > found["code"]:
        tick = _TICKS.search(target)
        yield error("MK005", CODE, tick.start() if tick else 0)
    for name in dict.fromkeys(_FOOTNOTE.findall(source)):
        if name not in target:
            yield error("MK005", FOOTNOTE, 0, name=name)
    for kind in ("strong", "em"):
        if wanted[kind] > found[kind]:
            sign = _EMPHASIS.search(pair.target.plain)
            if sign is not None:
                yield error("MK006", FLAT, sign.start(), sign=sign[0])
                return
            yield error("MK005", UNMARKED, 0)
            return


@lru_cache(maxsize=4096)
def _made(text: str) -> Counter[str]:
    """How many links, code spans and emphases a text renders as."""
    made: Counter[str] = Counter()
    for block in _RENDERER.parseInline(text):
        for token in block.children or ():
            if token.type.endswith("_open") or token.type in ("code_inline", "image"):
                made[token.type.removesuffix("_open").removesuffix("_inline")] += 1
    return made
