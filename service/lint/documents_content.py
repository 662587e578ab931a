"""Rules on what two languages of a block share: code, links, numbers, tokens (DO005, DO006, DO012, DO015)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from service.facts.words import N_
from service.lint.pairs import Mark, error
from service.lint.tokenizer import Kind, mask
from service.markdown.align import Row
from service.markdown.blocks import Block, Part

CODE = N_("The code must be that of the source page, byte for byte.")
NO_CODE = N_("The source page has this code here: %(code)s")
OTHER_CODE = N_("The source page does not have this code here: %(code)s")
NO_LINK = N_("The source page has a link or image here that is missing: %(address)s")
OTHER_LINK = N_("The source page does not have this link or image here: %(address)s")
NO_NUMBER = N_("The source page has a number here that is missing: %(number)s")
OTHER_NUMBER = N_("The source page does not have this number here: %(number)s")
NO_TOKEN = N_("The source page has %(token)s here, this page does not.")
OTHER_TOKEN = N_("The source page does not have this here: %(token)s")


def check(
    rows: Sequence[Row], source: Sequence[Block], target: Sequence[Block]
) -> Iterator[tuple[Block, Mark]]:
    """DO005, DO006, DO012, DO015 on every pair of blocks."""
    places = _places(source, target), _places(target, source)
    for row in rows:
        if row.source and row.target:
            for found in (*_code(row.source, row.target), *_parts(row.source, row.target)):
                yield row.target, found
            for found in (*_links(row.source, row.target, *places), *_numbers(row.source, row.target)):
                yield row.target, found


def _code(source: Block, target: Block) -> Iterator[Mark]:
    """DO005: a code block as it is, a code span but for words of the language in a sample."""
    if source.code != target.code:
        yield error("DO005", CODE)
    ours = [span.value for span in source.of(Part.CODE)]
    theirs = [span.value for span in target.of(Part.CODE)]
    missing, extra = _difference(ours, theirs)
    shapes = Counter(_shape(one) for one in extra)
    for one in missing:
        if shapes[_shape(one)] and not _plain_name(one):
            shapes[_shape(one)] -= 1
            extra.remove(next(other for other in extra if _shape(other) == _shape(one)))
        else:
            yield error("DO005", NO_CODE, code=one)
    for one in extra:
        yield error("DO005", OTHER_CODE, _at(target, one), code=one)


_NAME = re.compile(r"[\w.@/:%\\-]+|\{\w+\}|<\w+>", re.ASCII)
_KEPT = re.compile(r"https?://[^\s)]*|\{[^{}|]*\|?|<[^<>]*>|[^\W\d_]+(?:[ ’'][^\W\d_]+)*")


def _plain_name(code: str) -> bool:
    """Tell whether code is one name, which nobody translates."""
    return _NAME.fullmatch(code) is not None


def _shape(code: str) -> str:
    """Code with its words left out: those outside tokens, tags and addresses."""
    return _KEPT.sub(lambda part: part[0] if part[0].startswith(("{", "<", "http")) else "w", code)


def _parts(source: Block, target: Block) -> Iterator[Mark]:
    """DO015: labels, facts, and tokens in prose."""
    ours, theirs = list(_named(source)), list(_named(target))
    missing, extra = _difference(ours, theirs)
    for one in missing:
        yield error("DO015", NO_TOKEN, token=one)
    for one in extra:
        yield error("DO015", OTHER_TOKEN, _at(target, one), token=one)


def _named(block: Block) -> Iterator[str]:
    covered = bytearray(len(block.words))
    for span in block.of(Part.LABEL, Part.FACT, Part.CODE):
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
        if span.part is not Part.CODE:
            yield block.words[span.start : span.end]
    for token in mask(block.words).of(Kind.BRACE):
        if not covered[token.start]:
            yield f"{{{token.name}}}" if token.name else token.text


def _at(block: Block, words: str) -> int:
    return max(block.words.find(words), 0)


_LOCALE_PART = re.compile(r"(?<=/)(?:en|fr|ja|zh)(?:-[A-Za-z]{2,4})?(?=/)")
_OPAQUE = re.compile(r"[0-9a-f]{32,}")


def _places(blocks: Sequence[Block], others: Sequence[Block]) -> dict[str, int]:
    """Return the number of each heading whose id is its language's own: links to it are told by that."""
    known = {block.id for block in others if block.kind == "heading"}
    headings = [block.id for block in blocks if block.kind == "heading"]
    return {name: place for place, name in enumerate(headings) if name not in known}


def _links(source: Block, target: Block, ours: dict[str, int], theirs: dict[str, int]) -> Iterator[Mark]:
    """DO006; a locale in an address, the id of an upload or of a heading may be the language's own."""
    wanted = [(_address(span.value, ours), span) for span in source.of(Part.LINK, Part.IMAGE)]
    found = [(_address(span.value, theirs), span) for span in target.of(Part.LINK, Part.IMAGE)]
    missing, extra = _difference([one for one, _ in wanted], [one for one, _ in found])
    spans = dict(reversed(wanted))
    for address in missing:
        yield error("DO006", NO_LINK, address=spans[address].value)
    spans = dict(reversed(found))
    for address in extra:
        yield error("DO006", OTHER_LINK, spans[address].start, address=spans[address].value)


def _address(address: str, places: dict[str, int]) -> str:
    if address.startswith("#") and address[1:] in places:
        return f"#{places[address[1:]]}"
    return _OPAQUE.sub("*", _LOCALE_PART.sub("*", address))


def _numbers(source: Block, target: Block) -> Iterator[Mark]:
    """DO012: the same numbers. A single digit may be a word in another language, and a month has a name."""
    ours, theirs = dict.fromkeys(numbers(source)), dict.fromkeys(numbers(target))
    lost = [one for one in ours if one not in theirs]
    new = [one for one in theirs if one not in ours]
    digits = any(len(one) == 1 for one in new)
    for number in lost:
        if len(number) > 1 or digits:
            yield error("DO012", NO_NUMBER, number=number)
    for number in new:
        if len(number) > 1:
            yield error("DO012", OTHER_NUMBER, _at(target, number), number=number)


_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})+(?!\d)")
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)\s*(万|億|亿|million|thousand|mille)?")
_TIMES = {"万": 10**4, "億": 10**8, "亿": 10**8, "million": 10**6, "thousand": 1000, "mille": 1000, "": 1}


def numbers(block: Block) -> Iterator[str]:
    """Yield the numbers in a block's prose in one form for all languages: `1000`, `1.5`."""
    words = list(block.words)
    for span in block.of(Part.CODE, Part.LABEL, Part.FACT):
        words[span.start : span.end] = " " * (span.end - span.start)
    for token in mask("".join(words)).of(Kind.URL, Kind.EMAIL, Kind.FILE, Kind.LINK, Kind.BRACE):
        words[token.start : token.end] = " " * (token.end - token.start)
    # Full-width digits are digits; the spaces between groups of digits stay what they are.
    prose = "".join(
        char if char in "\u00a0\u202f" else unicodedata.normalize("NFKC", char)[:1] for char in words
    )
    prose = _GROUPED.sub(lambda group: re.sub(r"\D", "", group[0]), prose)
    for match in _NUMBER.finditer(prose):
        value = float(match[1].replace(",", ".")) * _TIMES[match[2] or ""]
        yield str(int(value)) if value == int(value) else f"{value:g}"


def _difference(ours: Iterable[str], theirs: Iterable[str]) -> tuple[list[str], list[str]]:
    wanted, found = Counter(ours), Counter(theirs)
    return list((wanted - found).elements()), list((found - wanted).elements())
