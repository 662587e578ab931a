"""Two languages' blocks laid side by side: which block renders which, which is missing, which is too many."""

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from types import MappingProxyType

from service.markdown.blocks import Block, Part

MOST_CELLS = 250_000
"""Beyond this many comparisons only the forms of blocks are compared, not what is in them."""


MOST_PAIRS = 4_000_000
"""Beyond this, two sequences differ as wholes but for their common ends."""
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Row:
    """A block of the source and the one that renders it; None for one that has no counterpart."""

    source: Block | None
    target: Block | None


Known = Mapping[str, str]
"""Digests of source blocks, each with that of the block known to render it."""


def align(source: Sequence[Block], target: Sequence[Block], known: Known = NOTHING) -> tuple[Row, ...]:
    """Lay the blocks of two languages of a page side by side, in order, none left out.

    Pages of one form are paired as they stand. Otherwise ids that both have are pins, and between them the
    pairing is the one with the fewest and smallest differences; pairs that are known are none.
    """
    if [block.form for block in source] == [block.form for block in target]:
        return tuple(Row(*pair) for pair in zip(source, target, strict=True))
    rows: list[Row] = []
    done_source = done_target = 0
    for at_source, at_target in _pins(source, target):
        rows += _between(source[done_source:at_source], target[done_target:at_target], known)
        rows.append(Row(source[at_source], target[at_target]))
        done_source, done_target = at_source + 1, at_target + 1
    rows += _between(source[done_source:], target[done_target:], known)
    return tuple(rows)


def _pins(source: Sequence[Block], target: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Yield headings with the same id, as long as they come in the same order."""
    places = {block.id: at for at, block in enumerate(target) if block.id}
    last = -1
    for at, block in enumerate(source):
        place = places.get(block.id, -1) if block.id else -1
        if place > last:
            yield at, place
            last = place


def _between(source: Sequence[Block], target: Sequence[Block], known: Known) -> list[Row]:
    if [block.form for block in source] == [block.form for block in target]:
        return [Row(*pair) for pair in zip(source, target, strict=True)]
    if len(source) * len(target) > MOST_CELLS:
        return list(_by_form(source, target))
    return _cheapest(source, target, known)


def _by_form(source: Sequence[Block], target: Sequence[Block]) -> Iterator[Row]:
    forms = [block.form for block in source], [block.form for block in target]
    for kind, a, b, c, d in differences(*forms):
        paired = b - a if kind == "equal" else 0
        yield from (Row(source[a + n], target[c + n]) for n in range(paired))
        yield from (Row(block, None) for block in source[a + paired : b])
        yield from (Row(None, block) for block in target[c + paired : d])


Change = tuple[str, int, int, int, int]
"""What difflib's opcodes hold: `equal`, `replace`, `delete` or `insert`, and the places in both."""


def differences(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[Change]:
    """Yield how one sequence becomes another, exactly up to a size, beyond it in less than square time."""
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    tail = next((at for at in range(most - head) if old[-1 - at] != new[-1 - at]), most - head)
    ends = len(old) - tail, len(new) - tail
    if head:
        yield "equal", 0, head, 0, head
    before, after = old[head : ends[0]], new[head : ends[1]]
    if len(before) * len(after) <= MOST_PAIRS:
        for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            yield kind, a + head, b + head, c + head, d + head
    else:
        yield "replace", head, ends[0], head, ends[1]
    if tail:
        yield "equal", ends[0], len(old), ends[1], len(new)


_LONE = 10
"""The cost of a block without a counterpart; the other costs are in its tenths."""

_WORDED = frozenset({"paragraph", "heading", "fence", "summary", "figcaption", "tab", "td", "th"})


def _cheapest(source: Sequence[Block], target: Sequence[Block], known: Known) -> list[Row]:
    """Pair by the least total cost (Needleman and Wunsch, 1970)."""
    ours, theirs = [_Side(block) for block in source], [_Side(block) for block in target]
    claimed = frozenset(known.values())
    pairs = [[one.cost(other, known, claimed) for other in theirs] for one in ours]
    costs = [[_LONE * column for column in range(len(theirs) + 1)]]
    for row in range(len(ours)):
        line = [_LONE * (row + 1)]
        for column, cost in enumerate(pairs[row]):
            line.append(min(costs[row][column] + cost, costs[row][column + 1] + _LONE, line[-1] + _LONE))
        costs.append(line)
    rows: list[Row] = []
    row, column = len(ours), len(theirs)
    while row or column:
        cost = costs[row][column]
        if row and column and cost == costs[row - 1][column - 1] + pairs[row - 1][column - 1]:
            row, column = row - 1, column - 1
            rows.append(Row(source[row], target[column]))
        elif row and cost == costs[row - 1][column] + _LONE:
            row -= 1
            rows.append(Row(source[row], None))
        else:
            column -= 1
            rows.append(Row(None, target[column]))
    return rows[::-1]


_NUMBER = re.compile(r"\d{2,}")
_NAME = re.compile(r"[\w{}<>./:-]+", re.ASCII)
_LETTERS = re.compile(r"[^\W\d_]+")


class _Side:
    """A block made ready to be compared with many."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.digest = block.digest if block.said else ""
        parts = {f"{span.part} {span.value}" for span in block.of(Part.LABEL, Part.FACT, Part.LINK)}
        # A sample may hold words of the language, a name does not.
        codes = [span.value for span in block.of(Part.CODE)]
        parts |= {code if _NAME.fullmatch(code) else _LETTERS.sub("w", code) for code in codes}
        self.marks = frozenset({*parts, *_NUMBER.findall(block.words), block.code})

    def cost(self, other: "_Side", known: Known, claimed: frozenset[str]) -> int:
        """How unlike two blocks are: 0 for the same form with the same marks; `claimed` are known targets."""
        ours, theirs = self.block, other.block
        if ours.kind == theirs.kind:
            cost = 0 if ours.mark == theirs.mark else 6
        elif ours.kind in _WORDED and theirs.kind in _WORDED:
            cost = 12
        else:
            return 3 * _LONE
        cost += 4 * (ours.depth != theirs.depth) + 4 * (bool(ours.words) != bool(theirs.words))
        if self.digest in known or other.digest in claimed:
            return cost if known.get(self.digest) == other.digest else cost + 6
        return cost + min(len(self.marks ^ other.marks), 6)


def word_diff(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Return how words changed: pairs of `=`, `-` or `+` and the words kept, taken out or put in."""
    before, after = _words(old), _words(new)
    parts: list[tuple[str, str]] = []
    for kind, a, b, c, d in differences(before, after):
        if kind == "equal":
            parts.append(("=", "".join(before[a:b])))
            continue
        if b > a:
            parts.append(("-", "".join(before[a:b])))
        if d > c:
            parts.append(("+", "".join(after[c:d])))
    return tuple(parts)


_WORD = re.compile(r"\s+|[^\W㐀-鿿ぁ-ヿ]+|.", re.DOTALL)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


_CONTEXT = 24


def shown_diff(old: str, new: str) -> str:
    """Return a change on one line: `[-taken out-]`, `{+put in+}`, and the few words around them."""
    parts = word_diff(old, new)
    said: list[str] = []
    for at, (kind, text) in enumerate(parts):
        if kind == "-":
            said.append(f"[-{text}-]")
        elif kind == "+":
            said.append(f"{{+{text}+}}")
        else:
            said.append(_near(text, first=at == 0, last=at == len(parts) - 1))
    return "".join(said)


def _near(text: str, *, first: bool, last: bool) -> str:
    if first and last:
        return text
    if len(text) <= (_CONTEXT if first or last else 2 * _CONTEXT):
        return text
    head = "" if first else text[:_CONTEXT]
    tail = "" if last else text[-_CONTEXT:]
    return f"{head}…{tail}"
