"""Rules on the words of a page: script, typography, register, dates, labels, code (DO018 to DO020)."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n import po
from service.i18n.locales import Locale
from service.lint import house, state, syntax, typography_fr, typography_ja, typography_zh
from service.lint.pairs import Mark, Pair, Rule, error, warning
from service.lint.terms import Terms
from service.lint.tokenizer import MASK, Kind, Masked, Token, mask
from service.markdown.blocks import Block, Part

FOREIGN_DATE = N_("“%(found)s” is a date as another language writes it.")
NOT_ISO = N_("“%(found)s” is not a date in ISO format.")
BACKSLASH = N_("In code a backslash is printed as it is: “%(found)s” cannot be copied.")
FOREIGN_LABEL = N_("“%(found)s” is a label in another language than the page.")
FOREIGN_SCRIPT = N_("“%(found)s” is not written in this language.")
ASCII_STOP = N_("A sentence in this language ends in “。”.")
REGISTER = N_("The page says “%(usual)s” elsewhere, and “%(found)s” here.")
PLAIN_FORM = N_("The page is written in です・ます, and this sentence ends in “%(found)s”.")

_RULES: Mapping[str, tuple[Rule, ...]] = {
    "fr": (typography_fr.check,),
    "ja": (typography_ja.check, state.script),
    "zh": (typography_zh.check, state.script),
}
_NOTHING = mask("")
SENTENCE_WORDS = 4
"""From so many words on a text that stands in another language is a sentence nobody translated."""
_WORD = re.compile(r"[^\W\d_]{2,}")


def check(blocks: Sequence[Block], locale: Locale | None, terms: Terms) -> Iterator[tuple[Block, Mark]]:
    """Judge every block's words; without a locale only what holds in every language."""
    register = _Register(blocks, locale.code if locale else "")
    if locale and locale.code in ("ja", "zh"):
        yield from _foreign_labels(blocks)
    for block in blocks:
        for mark in _code(block):
            yield block, mark
        if locale is None or not block.words:
            continue
        judged = pair(block, locale)
        rules = (*_RULES.get(locale.code, ()), syntax.check, terms.check)
        quoted = _quoted(judged.target.plain)
        for rule in rules:
            for mark in rule(judged):
                # A few words in Latin letters may be a name or an address.
                short = mark.rule == "ST004" and len(_WORD.findall(judged.target.plain)) < SENTENCE_WORDS
                if not short and not (mark.rule == "ST005" and quoted[mark.at]):
                    yield block, mark
        for mark in (*_dates(judged), *_scripts(judged), *_stop(judged), *register.check(block)):
            yield block, mark


_QUOTED = re.compile(r"“[^“”]*”|「[^「」]*」|«[^«»]*»|‘[^‘’]*’")


def _quoted(plain: str) -> bytearray:
    """Tell for each character whether it is quoted: a page may quote the words it speaks of."""
    inside = bytearray(len(plain) + 1)
    for match in _QUOTED.finditer(plain):
        inside[match.start() : match.end()] = b"\1" * len(match[0])
    return inside


def pair(target: Block, locale: Locale, source: Block | None = None) -> Pair:
    """Return a block as the rules on catalogs judge a translation, beside its source or alone."""
    return pair_of(masked(target), locale, masked(source) if source else _NOTHING)


def pair_of(target: Masked, locale: Locale, source: Masked) -> Pair:
    """Return two texts as the rules on catalogs judge an entry."""
    entry = po.Entry(None, source.text, None, (target.text,))
    return Pair(locale, entry, 0, source, target, house.customary(locale))


def words(block: Block) -> int:
    """Return how many words a block has, but for code, references and addresses."""
    return len(_WORD.findall(masked(block).plain))


def masked(block: Block) -> Masked:
    """Return the words of a block with code, references, images and addresses masked."""
    chars = list(block.words)
    own: list[Token] = []
    for span in block.of(Part.CODE, Part.LABEL, Part.FACT):
        kind = Kind.CODE if span.part is Part.CODE else Kind.BRACE
        own.append(Token(kind, block.words[span.start : span.end], span.start, span.end, span.value))
        chars[span.start : span.end] = MASK * (span.end - span.start)
    rest = mask("".join(chars))
    tokens = sorted((*own, *rest.tokens), key=lambda token: token.start)
    return Masked(block.words, rest.plain, tuple(tokens))


_MONTHS = {
    "en": "January|February|March|April|May|June|July|August|September|October|November|December",
    "fr": "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre",
}
_DAY = r"\d{1,2}"
# No word boundaries: beside a Chinese character there is none.
_DATES = {
    "en": re.compile(
        rf"(?<![A-Za-z\d])(?:(?:{_MONTHS['en']})(?: {_DAY})?,?|{_DAY} (?:{_MONTHS['en']})) \d{{4}}(?!\d)"
    ),
    "fr": re.compile(
        rf"(?<![A-Za-z\d])(?:(?:{_DAY}|1er) (?:{_MONTHS['fr']})|(?:{_MONTHS['fr']}) \d{{4}})(?![a-z\d])"
    ),
    "han": re.compile(r"\d{2,4}\s?年(?:\s?\d{1,2}\s?月)?(?:\s?\d{1,2}\s?日)?"),
}
_OWN_DATES = {"en": {"en"}, "fr": {"fr"}, "ja": {"han"}, "zh": {"han"}}
_ISO = re.compile(r"(?<![A-Za-z])ISO(?![A-Za-z])")
_NAMED_MONTH = re.compile(r"(?<!\d)\d{1,2}[- ](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[- ]\d{4}")


def _dates(judged: Pair) -> Iterator[Mark]:
    """DO018: an example's date comes from the language of the page."""
    plain = judged.target.plain
    for name, pattern in _DATES.items():
        if name not in _OWN_DATES.get(judged.locale.code, set()):
            for found in pattern.finditer(plain):
                yield warning("DO018", FOREIGN_DATE, found.start(), found=found[0])
    if _ISO.search(plain):
        for found in _NAMED_MONTH.finditer(plain):
            yield warning("DO018", NOT_ISO, found.start(), found=found[0])


# In English and French a word or a name of a far language may be spoken of.
_STRANGE = {
    "en": re.compile(r"[\u3040-\u30ff㐀-鿿가-힣\u0400-\u04ff\u0590-\u06ff\u0900-\u0fff]{6,}"),
    "fr": re.compile(r"[\u3040-\u30ff㐀-鿿가-힣\u0400-\u04ff\u0590-\u06ff\u0900-\u0fff]{6,}"),
    "ja": re.compile(r"[가-힣\u0370-\u03ff\u0400-\u04ff\u0590-\u06ff\u0900-\u0fff]{2,}"),
    "zh": re.compile(r"[가-힣\u0370-\u03ff\u0400-\u04ff\u0590-\u06ff\u0900-\u0fff]{2,}"),
}


def _scripts(judged: Pair) -> Iterator[Mark]:
    """ST005: words in a script that the language is not written in."""
    for found in _STRANGE.get(judged.locale.code, _NEVER).finditer(judged.target.plain):
        yield warning("ST005", FOREIGN_SCRIPT, found.start(), found=found[0])


_ASCII_STOP = re.compile(r"[^.\s]\.$")
_STOP_RULES = {"ja": "JA001", "zh": "ZH001"}


def _stop(judged: Pair) -> Iterator[Mark]:
    """JA001, ZH001 at the end of a sentence whose last word is in Latin letters."""
    plain = judged.target.plain.rstrip()
    rule = _STOP_RULES.get(judged.locale.code)
    if rule and _ASCII_STOP.search(plain) and _CJK.search(plain) and not _JUDGED.match(plain[-2]):
        yield warning(rule, ASCII_STOP, len(plain) - 1)


# After these the rules on typography see the mark themselves.
_JUDGED = re.compile(r"[ぁ-ゖァ-ヺー々㐀-鿿」』）”》\]]")
_CJK = re.compile(r"[ぁ-ゖァ-ヺー々㐀-鿿]")
_NEVER = re.compile(r"(?!)")
_LATIN_WORD = re.compile(r"[A-Z][a-z]{3,}(?: [A-Za-z]+)*")
_BRACKETED = re.compile(r"\[([^\[\]]{1,40})\]")
_NAMES = frozenset(
    {"Android", "Apple", "Calc", "Chrome", "Excel", "Firefox", "Gmail", "Google", "Linux", "Markdown"}
    | {"Microsoft", "Numbers", "Outlook", "Prospectus", "Safari", "Sheets", "Thunderbird", "Windows"}
)


_TITLES = frozenset({"heading", "tab", "summary"})


def _labels(block: Block) -> Iterator[tuple[int, str]]:
    """Yield what looks like a label, emphasised or in brackets, with its place."""
    inside = bytearray(len(block.words))
    for span in block.of(Part.EMPHASIS):
        inside[span.start : span.end] = b"\1" * (span.end - span.start)
        yield span.start, block.words[span.start : span.end]
    for match in _BRACKETED.finditer(block.words):
        if not inside[match.start()]:
            yield match.start(1), match[1]


def _foreign_labels(blocks: Sequence[Block]) -> Iterator[tuple[Block, Mark]]:
    """DO020: what a page shows as a label must be what the reader's screen shows; titles then have it too."""
    known: set[str] = set()
    for block in blocks:
        for start, text in _labels(block):
            for found in _LATIN_WORD.finditer(text):
                if not _NAMES.intersection(found[0].split()):
                    known.add(found[0])
                    yield block, warning("DO020", FOREIGN_LABEL, start + found.start(), found=found[0])
    for block in blocks:
        if block.kind in _TITLES:
            for found in _LATIN_WORD.finditer(block.words):
                if found[0] in known:
                    yield block, warning("DO020", FOREIGN_LABEL, found.start(), found=found[0])


_IN_CODE = re.compile(r"(?<=\w)\\[_<>*~]|\\[<>]")


def _code(block: Block) -> Iterator[Mark]:
    """DO019 in code spans and blocks: an escape that was meant for prose."""
    for span in block.of(Part.CODE):
        # Code that shows the element is about escapes.
        if "<code>" not in span.value and (found := _IN_CODE.search(span.value)):
            yield error("DO019", BACKSLASH, span.start + found.start(), found=span.value)


_BACKTICKS = re.compile(r"`+")
_ESCAPE = re.compile(r"\\[_<>*~{}\[\]]")


def escaped_code(blocks: Sequence[Block], source: str) -> Iterator[Finding]:
    """DO019 between `<code>` tags: some readers of Markdown take the escape out, others print it."""
    fenced = {line for block in blocks if block.kind == "fence" for line in range(block.line, block.end + 1)}
    for number, line in enumerate(source.split("\n"), 1):
        if number in fenced or "</code>" not in line:
            continue
        spans = bytearray(len(line))
        for start, end in _code_spans(line):
            spans[start:end] = b"\1" * (end - start)
        start = line.find("<code>")
        while start >= 0 and (end := line.find("</code>", start)) >= 0:
            code = line[start + 6 : end]
            if not spans[start] and _ESCAPE.search(code):
                yield Finding("DO019", Severity.ERROR, BACKSLASH, {"found": code}, number, start + 7)
            start = line.find("<code>", end)


def _code_spans(line: str) -> Iterator[tuple[int, int]]:
    """Yield the code spans of a line: from a run of backticks to the next one of the same length."""
    runs = [match.span() for match in _BACKTICKS.finditer(line)]
    following: dict[int, list[int]] = {}
    for at in range(len(runs) - 1, -1, -1):
        following.setdefault(runs[at][1] - runs[at][0], []).append(at)
    done = 0
    for at, (start, end) in enumerate(runs):
        same = following[end - start]
        same.pop()
        if at >= done and same:
            yield start, runs[same[-1]][1]
            done = same[-1] + 1


_ADDRESSING = {
    "fr": (
        re.compile(r"\b(?:tu|toi|tes)\b", re.IGNORECASE),
        re.compile(r"\b(?:vous|votre|vos)\b", re.IGNORECASE),
    ),
    "zh": (re.compile("你"), re.compile("您")),
}
_POLITE = re.compile(r"(?:です|ます|ました|ません|ください|でしょう)(?:か)?。")
_PLAIN = re.compile(r"(?:である|だった|のだ|する|した|しない|できる|できない)。")
_TABLE = frozenset({"th", "td"})


class _Register:
    """How a page speaks to its reader, and the blocks that speak otherwise (CO004)."""

    def __init__(self, blocks: Sequence[Block], code: str) -> None:
        self.code = code
        self.counts = Counter(
            place
            for block in blocks
            for place, pattern in enumerate(_ADDRESSING.get(code, ()))
            for _ in pattern.finditer(block.words)
        )
        self.polite = sum(len(_POLITE.findall(block.words)) for block in blocks)

    def check(self, block: Block) -> Iterator[Mark]:
        if self.code == "ja":
            yield from self.plain_form(block)
        elif self.code in _ADDRESSING and len(self.counts) == 2:
            rare = int(self.counts[1] < self.counts[0])
            usual = _ADDRESSING[self.code][1 - rare]
            for found in _ADDRESSING[self.code][rare].finditer(block.words):
                example = _example(usual)
                yield warning("CO004", REGISTER, found.start(), usual=example, found=found[0])

    def plain_form(self, block: Block) -> Iterator[Mark]:
        """In tables and quotes the plain form is as it should be."""
        if block.kind in _TABLE or self.polite < 3:
            return
        quoted = re.sub(r"「[^」]*」", lambda match: "・" * len(match[0]), block.words)
        for found in _PLAIN.finditer(quoted):
            yield warning("CO004", PLAIN_FORM, found.start(), found=found[0])


def _example(pattern: re.Pattern[str]) -> str:
    return re.sub(r"\\b|\(\?:|\)", "", pattern.pattern).split("|")[0]
