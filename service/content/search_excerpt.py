"""The part of a passage to show under a hit, with what was asked for set apart."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.content.search_words import asked, fold, is_cjk

LENGTH = 220
_BEFORE = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a passage; `hit` where they were asked for."""

    words: str
    hit: bool


def excerpt(text: str, question: str, code: str) -> tuple[Piece, ...]:
    """Return a passage, or its part around the first hit, cut into pieces; `…` stands where it goes on."""
    marks = _marks(text, question, code)
    first = next((at for at, hit in enumerate(marks) if hit), 0)
    start = 0 if len(text) <= LENGTH or first <= _BEFORE else _word_start(text, first - _BEFORE)
    end = min(len(text), start + LENGTH)
    pieces = list(_pieces(text[start:end], marks[start:end]))
    if start:
        pieces.insert(0, Piece("… ", hit=False))
    if end < len(text):
        pieces.append(Piece(" …", hit=False))
    return tuple(pieces)


def _pieces(text: str, marks: list[bool]) -> Iterator[Piece]:
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or marks[at] != marks[start]:
            yield Piece(text[start:at], marks[start])
            start = at


def _word_start(text: str, at: int) -> int:
    space = text.find(" ", at, at + 20)
    return space + 1 if space >= 0 else at


def _marks(text: str, question: str, code: str) -> list[bool]:
    """Return for each character whether it was asked for: CJK pairs anywhere, stems where a word begins."""
    folded, origin = [], []
    for number, char in enumerate(text):
        for one in fold(char):
            folded.append(one)
            origin.append(number)
    plain, marks = "".join(folded), [False] * len(text)
    for term in {term for word in asked(question, code) for term in word}:
        at = plain.find(term)
        while at >= 0:
            end = at + len(term)
            begins = is_cjk(term) or not (at and plain[at - 1].isalnum() and not is_cjk(plain[at - 1]))
            if begins:
                while (
                    not is_cjk(term) and end < len(plain) and plain[end].isalnum() and not is_cjk(plain[end])
                ):
                    end += 1
                for place in range(at, end):
                    marks[origin[place]] = True
            at = plain.find(term, end)
    return marks
