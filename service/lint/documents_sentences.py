"""Rules on sentences that fell apart (DO016, DO017, DO021, DO022): torn at labels, or in another block.

Machine translation cuts a sentence at every label and fills the slots one by one. What it leaves is seen
without knowing the source: a block that begins with a particle, a verb before its object, a heading that is
a sentence, prose where code belongs.
"""

import re
from collections.abc import Iterator, Sequence

from service.facts.words import N_
from service.lint.pairs import Mark, warning
from service.markdown.blocks import GAP, Block, Part

PARTICLE = N_("The block begins with the particle “%(found)s”: the beginning of the sentence is missing.")
STOP = N_("The block begins with “%(found)s”: the beginning of the sentence is missing.")
NO_TITLE = N_("This tab has no title.")
NO_HEADING = N_("This heading or summary is empty.")
HALF_TITLE = N_("This title breaks off: “%(found)s” needs something beside it.")
NO_VERB = N_("The sentence ends with a label and says nothing about it.")
ORDER = N_("The words around this label are in the order of another language.")
TWICE = N_("“%(found)s” stands both before and after the label.")
DANGLING = N_("The sentence breaks off after “%(found)s”.")
SENTENCE_HEADING = N_("This heading is a whole sentence: it belongs in a paragraph.")
PROSE_CODE = N_("This code block holds a sentence, not code.")
NOTHING_FOLLOWS = N_("The colon announces something, and nothing follows.")
NO_STOP = N_("This paragraph has no closing mark: it may be a heading or a title.")
LONE_WORD = N_("This list is a single bare word: “%(found)s”.")

LABEL = "◆"
"""Stands for a label, or several joined by arrows, in the outline of a block."""


def check(blocks: Sequence[Block], code: str) -> Iterator[tuple[Block, Mark]]:
    """Judge every block of a page in a language, given by its code; empty for one that is not known."""
    for place, block in enumerate(blocks):
        following = blocks[place + 1] if place + 1 < len(blocks) else None
        for mark in (*_beginning(block, code), *_titles(block, code), *_placed(blocks, place, code)):
            yield block, mark
        if block.kind == "paragraph":
            in_item = place > 0 and blocks[place - 1].kind in ("list_item", "step")
            for mark in _around_labels(block, code, in_item=in_item):
                yield block, mark
            if _ends_in_colon(block, following):
                yield block, warning("DO022", NOTHING_FOLLOWS, max(len(block.words.rstrip()) - 1, 0))


# を begins no Japanese word; the others do, but hardly before a kanji, a katakana or a letter.
_PARTICLE = re.compile(
    r"を|(?:から(?!揚)|まで|として|によって|は|が|に|で|と|の|も|へ)(?=[一-鿿ァ-ヺA-Za-z「『◆])"
)
_STOP = re.compile(r"[,;、，。；）」』”»](?!\S?$)|[.:：](?=\s)")


def _beginning(block: Block, code: str) -> Iterator[Mark]:
    """DO016."""
    words = block.words or block.code
    start = next((at for at, char in enumerate(words) if not char.isspace() and char != GAP), len(words))
    begins_with_part = any(
        span.start <= start < span.end for span in block.of(Part.CODE, Part.LABEL, Part.FACT)
    )
    if begins_with_part or GAP in words[:start] or (block.code and code not in ("ja", "zh")):
        return
    if code == "ja" and (found := _PARTICLE.match(words, start)):
        yield warning("DO016", PARTICLE, start if block.words else 0, found=found[0])
    elif not block.code and (stop := _STOP.match(words, start)):
        yield warning("DO016", STOP, start, found=stop[0])


_HALF_TITLES = {
    "en": re.compile(r"(?:via|by|with|through|from|to|in|on|of|for)", re.IGNORECASE),
    "fr": re.compile(r"(?:via|par|avec|depuis|à|de|du|dans|pour|sur)", re.IGNORECASE),
    "ja": re.compile(
        r"(?:を|に|で|と|の|から|まで|へ)?(?:通じて|使って|よって|経由で|用いて|を|に|で|と|の|から|まで|へ)"
    ),
    "zh": re.compile(r"(?:通过|经由|来自|使用|从|在|向|由|用|以|的)"),
}


def _titles(block: Block, code: str) -> Iterator[Mark]:
    """DO017: a title that is empty, or a preposition that lost its noun."""
    if block.kind not in ("tab", "heading", "summary"):
        return
    if not block.said:
        yield warning("DO017", NO_TITLE if block.kind == "tab" else NO_HEADING)
        return
    half = _HALF_TITLES.get(code)
    if half and half.fullmatch(block.said.rstrip(".…。：:")):
        yield warning("DO017", HALF_TITLE, found=block.said)


_ARROWS = re.compile(rf"{LABEL}(?:[\s{GAP}]*(?:→|›|>|＞)?[\s{GAP}]*{LABEL})+")
_BRACKETED = re.compile(r"\[[^\[\]]{1,40}\]")
_LONGEST_LABEL = 60


def outline(block: Block) -> str:
    """Return a block's words with a sign for each label: emphasised words, references, words in brackets."""
    words = list(block.words)
    for span in block.of(Part.EMPHASIS, Part.LABEL):
        text = block.words[span.start : span.end].strip()
        if span.part is Part.EMPHASIS and (len(text) > _LONGEST_LABEL or text[-1:] in "：:。.!！"):
            continue
        words[span.start : span.end] = [LABEL, *[""] * (span.end - span.start - 1)]
    said = _BRACKETED.sub(LABEL, "".join(words).replace(GAP, " "))
    return _ARROWS.sub(LABEL, " ".join(said.split()))


_TORN: dict[str, tuple[tuple[re.Pattern[str], bool], ...]] = {
    # The flag tells whether only a step or an item is judged so: what is short elsewhere may be a title.
    "ja": ((re.compile(r"(?:[、。をばて]|から|たら|ある|いる|する)\s*◆\s*[.。]?$"), True),),
    "zh": ((re.compile(r"(?<!例如)(?<!比如)[，。]\s*◆\s*[.。]?$"), True),),
}
_ORDER: dict[str, re.Pattern[str]] = {
    "ja": re.compile(
        r"(?:ます|ください|(?:^|[。、])(?:選択|入力|クリック))\s*◆"
        # A label, a space, and no particle: what follows belonged before it.
        r"|、 ◆ (?!画面|欄|列|行|項目|機能|権限|設定|一覧|状態|以外|以下)[一-鿿]{2}"
    ),
    "zh": re.compile(r"(?:选择|点击|单击)\s*◆\s*(?:完成后|之后|后|时|在[^。，.]{1,12})[。.]"),
}
_BROKEN: dict[str, re.Pattern[str]] = {
    "ja": re.compile(r"(たら|れば|けれど|ので|から|を)[。.]$"),
    "zh": re.compile(r"(把|将|和)[。.]$"),
}


def _around_labels(block: Block, code: str, *, in_item: bool) -> Iterator[Mark]:
    """DO021."""
    said = outline(block)
    if said.strip(" .。◆"):
        for pattern, items_only in _TORN.get(code, ()):
            if (in_item or not items_only) and pattern.search(said):
                yield warning("DO021", NO_VERB, _last_label(block))
        order = _ORDER.get(code)
        if LABEL in said and order and order.search(said):
            yield warning("DO021", ORDER, _first_label(block))
            return
    for word in _repeated(said):
        yield warning("DO021", TWICE, max(block.words.find(word), 0), found=word)
    broken = _BROKEN.get(code)
    if broken and (ending := broken.search(block.said)):
        yield warning("DO021", DANGLING, max(block.words.rfind(ending[1]), 0), found=ending[1])


_LAST_WORD = re.compile(r"[^\W\d_]{4,20}$")
_LAST_SIGNS = re.compile(r"[一-鿿ァ-ヺー]{2,20}$")


def _repeated(said: str) -> Iterator[str]:
    """Yield words that stand both before and after a label: a whole one, or the end of Chinese signs."""
    place = said.find(LABEL)
    while place >= 0:
        before, after = said[max(place - 24, 0) : place].rstrip(), said[place + 1 : place + 26].lstrip()
        signs = _LAST_SIGNS.search(before)
        if signs:
            ends = (signs[0][start:] for start in range(len(signs[0]) - 1))
            yield from [end for end in ends if after.startswith(end)][:1]
        elif (word := _LAST_WORD.search(before)) and re.match(rf"{word[0]}(?!\w)", after):
            yield word[0]
        place = said.find(LABEL, place + 1)


def _labels(block: Block) -> list[int]:
    return [span.start for span in block.of(Part.EMPHASIS, Part.LABEL)]


def _first_label(block: Block) -> int:
    return min(_labels(block), default=0)


def _last_label(block: Block) -> int:
    return max(_labels(block), default=0)


_TITLE_WORDS = 6
_CODE_SIGNS = re.compile(r"[A-Za-z0-9{}()\[\]=<>;,/\\|#$@]")
_ENDED = re.compile(r"[。．.！!？?：:…」』）)”\"»]$|^\W*$")
_CJK = re.compile(r"[一-鿿ぁ-ヺ]")


def _placed(blocks: Sequence[Block], place: int, code: str) -> Iterator[Mark]:
    """DO022: what stands in a block that is made for something else."""
    block = blocks[place]
    said = block.said
    if block.kind == "heading":
        if said.endswith("。") or (said.endswith(".") and len(said.split()) > _TITLE_WORDS):
            yield warning("DO022", SENTENCE_HEADING)
    elif block.code and block.code.rstrip().endswith("。"):
        if len(_CODE_SIGNS.findall(block.code)) * 10 < len(block.code):
            yield warning("DO022", PROSE_CODE)
    elif block.kind == "paragraph" and code in ("ja", "zh") and not block.depth:
        if len(said) >= 10 and _CJK.search(said) and not _ENDED.search(said) and not _all_marked(block):
            yield warning("DO022", NO_STOP)
    elif block.kind in ("bullet_list", "ordered_list") and code in ("ja", "zh"):
        yield from _lone_word(blocks, place)


def _all_marked(block: Block) -> bool:
    """Tell whether a paragraph is nothing but one emphasised stretch, a link, or an image."""
    spans = block.of(Part.EMPHASIS, Part.LINK, Part.IMAGE)
    return any(not (block.words[: span.start] + block.words[span.end :]).strip() for span in spans)


_BARE = re.compile(r"[一-鿿ァ-ヺー]{2,10}")


def _lone_word(blocks: Sequence[Block], place: int) -> Iterator[Mark]:
    depth = blocks[place].depth
    inside = []
    for at in range(place + 1, min(place + 4, len(blocks))):
        if blocks[at].depth <= depth:
            break
        inside.append(blocks[at])
    if [block.kind for block in inside] != ["list_item", "paragraph"]:
        return
    only = inside[1]
    announced = place > 0 and blocks[place - 1].said.endswith((":", "："))
    if not announced and not only.spans and _BARE.fullmatch(only.said):
        yield warning("DO022", LONE_WORD, found=only.said)


def _ends_in_colon(block: Block, following: Block | None) -> bool:
    """A colon at the end of the last paragraph in its surroundings, or right before a heading."""
    if not block.said.endswith((":", "：")):
        return False
    return following is None or following.depth < block.depth or following.kind == "heading"
