"""House style on a page: what deviates is said once for each block, or once for a page with its own style.

Real mistakes are easily overlooked among thirty notes on spaces.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from service.facts.findings import Severity
from service.lint.pairs import Mark
from service.markdown.blocks import Block, Part

_Key = tuple[str, str, str]

_SPACES = frozenset({"JA002", "JA003", "ZH002"})
_FEW = 3
"""Below so many deviations a page has no style of its own: they are slips."""

_JA, _ZH = "ぁ-ゖァ-ヺー々〆〇㐀-䶿一-鿿", "㐀-䶿一-鿿"
_EDGES = (Part.EMPHASIS, Part.LINK, Part.LABEL)


def settle(marks: Iterable[tuple[Block, Mark]], blocks: Sequence[Block]) -> Iterator[tuple[Block, Mark]]:
    """Yield the marks on a page, those on style counted: the first of a block or of the page stands for all.

    A page that deviates more often than not has a style of its own; that is said once. It is advice, as
    spaces always are.
    """
    order: list[tuple[Block, Mark]] = []
    styles: dict[_Key, list[int]] = {}
    counts: dict[tuple[_Key, int], int] = {}
    for block, mark in marks:
        key = (mark.rule, mark.phrase.text, str(mark.values.get("half", "")))
        if key[0] not in _KEPT or key[2] == ".":
            # A full stop of another script ends a sentence that was torn more often than it is a style.
            order.append((block, mark))
            continue
        seen = counts[key, id(block)] = counts.get((key, id(block)), 0) + 1
        if seen == 1:
            styles.setdefault(key, []).append(len(order))
            order.append((block, mark))
    yield from _counted(order, styles, counts, blocks)


def _counted(
    order: Sequence[tuple[Block, Mark]],
    styles: Mapping[_Key, Sequence[int]],
    counts: Mapping[tuple[_Key, int], int],
    blocks: Sequence[Block],
) -> Iterator[tuple[Block, Mark]]:
    told: dict[int, Mark | None] = {}
    for key, places in styles.items():
        times = [counts[key, id(order[place][0])] for place in places]
        own = sum(times) >= _FEW and sum(times) > sum(_KEPT[key[0]](block, key[2]) for block in blocks)
        for number, place in enumerate(places):
            mark = order[place][1]
            severity = Severity.ADVICE if own or key[0] in _SPACES else mark.severity
            count = sum(times) if own else times[number]
            told[place] = None if own and number else replace(mark, times=count, severity=severity)
    for place, (block, mark) in enumerate(order):
        shown = told.get(place, mark)
        if shown is not None:
            yield block, shown


def _marks(full: Mapping[str, str]) -> Callable[[Block, str], int]:
    return lambda block, half: block.words.count(full.get(half, half))


def _edges(block: Block, _half: str) -> int:
    """Return how often emphasis, a link or a label stands beside Japanese text without a space."""
    words = f" {block.words} "
    return sum(
        bool(_INSIDE.fullmatch(words[at : at + 2]))
        for span in block.of(*_EDGES)
        for at in (span.start, span.end)
    )


def _found(pattern: str) -> Callable[[Block, str], int]:
    compiled = re.compile(pattern)
    return lambda block, _half: len(compiled.findall(block.words))


_INSIDE = re.compile(rf"[{_JA}]{{2}}")
_FULL = {":": "：", ";": "；", ",": "，", "!": "！", "?": "？", "(": "（", ")": "）"}
_KEPT: Mapping[str, Callable[[Block, str], int]] = {
    "JA001": _marks(_FULL | {",": "、"}),
    "JA002": _found(rf"(?<=[{_JA}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[{_JA}])"),
    "JA003": _edges,
    "ZH001": _marks(_FULL),
    "ZH002": _found(rf"(?<=[{_ZH}]) (?=[A-Za-z0-9])|(?<=[A-Za-z0-9]) (?=[{_ZH}])|\S[，。；：！？、（）》]\S"),
}
"""For each rule on style: how often a block keeps it."""
