"""What a reader is told where a translation is behind: a notice, and the source’s words in its own `lang`."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

from markdown_it.token import Token

from service.content.lock import Since, Stale
from service.facts.words import N_, Phrase
from service.i18n.locales import Locale
from service.markdown import references, text
from service.markdown.blocks import Block
from service.markdown.dialect import Document

CHANGED = N_("This part has changed in %(language)s since it was translated. It now says:")
ADDED = N_("This part is not translated yet. In %(language)s it says:")
_PHRASES = {Since.CHANGED: CHANGED, Since.ADDED: ADDED}


@dataclass(frozen=True, slots=True)
class Voice:
    """How notices speak: `locale` is the source's, `say` gives a phrase, with the source's name in it, in the
    reader's words, and `resolve` fills in references as the source language has them.
    """

    locale: Locale
    say: Callable[[Phrase], str]
    resolve: Callable[[Document], Document]


_PLACE = "notice"
_INSIDE = frozenset({"th", "td", "figcaption", "list_item", "blockquote"})


def shown(one: Stale) -> bool:
    """Tell whether readers see it: not where the translation is there and only nobody has recorded it."""
    return one.source.position >= 0 and (one.since is Since.CHANGED or one.target is None)


def place(document: Document, stale: Sequence[Stale]) -> Document:
    """Return a translated page with a sign after each block that is behind; `fill` puts the notices there."""
    signs: dict[int, list[Token]] = {}
    for number, one in enumerate(stale):
        block = one.target or one.after
        if shown(one):
            at = _after(document.tokens, block) if block and block.position >= 0 else 0
            signs.setdefault(at, []).append(Token(_PLACE, "", 0, meta={"number": number}))
    if not signs:
        return document
    tokens: list[Token] = []
    for at, token in enumerate((*document.tokens, None)):
        tokens += signs.get(at, ())
        if token is not None:
            tokens.append(token)
    return Document(tuple(tokens), document.front_matter, document.findings, document.profile)


def _after(tokens: Sequence[Token], block: Block) -> int:
    """Return the place right after a block, or right before the end of one that holds what follows it."""
    start = block.position
    if block.kind == "tab" or not tokens[start].nesting:
        return start + 1
    depth = 0
    for at in range(start, len(tokens)):
        depth += tokens[at].nesting
        if not depth:
            return at if block.kind in _INSIDE else at + 1
    return len(tokens)


def fill(document: Document, source: Document, stale: Sequence[Stale], voice: Voice) -> Document:
    """Return a resolved page with notices in the place of signs: hints that hold the source's own words."""
    tokens: list[Token] = []
    for token in document.tokens:
        if token.type == _PLACE:
            tokens += _notice(stale[int(token.meta["number"])], source, voice)
        else:
            tokens.append(token)
    return Document(tuple(tokens), document.front_matter, document.findings, document.profile)


def _notice(one: Stale, source: Document, voice: Voice) -> list[Token]:
    title = voice.say(_PHRASES[one.since])
    hint = Token("hint_open", "div", 1, block=True, meta={"style": "info", "title": title})
    inside = voice.resolve(_words(one, source, voice.locale))
    return [hint, *inside.tokens, Token("hint_close", "div", -1, block=True)]


def _words(one: Stale, source: Document, locale: Locale) -> Document:
    """Return what a source block says, in an element that bears its language."""
    following = source.tokens[one.source.position :]
    words = next((copy(token) for token in following if token.type == "inline"), None)
    if words is None or one.source.kind == "tab":
        words = Token("inline", "", 0, children=[Token("text", "", 0, content=one.source.words)])
    opening = Token("div_open", "div", 1, block=True, attrs={"lang": locale.tag})
    return Document((opening, words, Token("div_close", "div", -1, block=True)))


def markdown(source: Document, stale: Sequence[Stale], voice: Voice) -> str:
    """Return the same notices for the end of the page served as Markdown, one quote for each."""
    parts = []
    for one in stale:
        if shown(one):
            words = text.render(voice.resolve(_words(one, source, voice.locale)))
            said = references.escape(" ".join(words.split()))
            parts.append(f"\n> {references.escape(voice.say(_PHRASES[one.since]))}\n>\n> {said}\n")
    return "".join(parts)
