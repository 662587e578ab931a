"""Rules on words: the glossary's terms and banned forms (CO003) and what nobody may write (CO004)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from service.facts.findings import Severity
from service.facts.words import N_
from service.i18n.glossary import EMPTY, Glossary, Never, Row, Term
from service.i18n.locales import SOURCE
from service.lint.pairs import Mark, Pair, warning
from service.lint.tokenizer import Masked

_QUOTED = re.compile(r"“([^“”]+)”|\*\*([^*]+)\*\*")
_WORD = re.compile(r"[^\W\d_]+")
_LABEL_WORDS = 4
_START = 3
"""Terms are looked up by so many letters of their first word; where that has fewer, in every text."""
_STARTS = re.compile(rf"([^\W\d_]{{1,{_START}}})[^\W\d_]*+")
_SMALL = frozenset(
    {"a", "à", "au", "d’", "de", "des", "du", "en", "l’", "la", "le", "les", "par", "se", "s’", "non"}
)


@dataclass(frozen=True, slots=True)
class _Hit:
    """A term found in a source text."""

    row: Row
    term: Term
    start: int
    end: int


class Terms:
    """The glossary made ready for one run over a catalog."""

    def __init__(self, glossary: Glossary) -> None:
        self._never: dict[str, list[Never]] = {}
        for never in glossary.never:
            self._never.setdefault(never.locale, []).append(never)
        self._any_never = {code: _any(some) for code, some in self._never.items()}
        self._known: dict[tuple[str, str | None], list[_Hit]] = {}
        self._labels: dict[str, list[tuple[Row, Term]]] = {}
        self._contexts = {context for row in glossary.rows for term in row.terms for context in term.contexts}
        concepts: list[tuple[Row, Term, str]] = []
        for row in glossary.rows:
            for term in row.terms:
                if term.is_label:
                    self._labels.setdefault(term.source, []).append((row, term))
                else:
                    concepts.append((row, term, _stem(term.source)))
        self._concepts = sorted(concepts, key=lambda concept: -len(concept[1].source))
        self._starts: dict[str, list[int]] = {}
        self._short: list[int] = []
        for place, (_, _, stem) in enumerate(self._concepts):
            start = _STARTS.match(stem)
            long = start is not None and len(start[1]) == _START
            (self._starts.setdefault(stem[:_START], []) if long else self._short).append(place)

    def check(self, pair: Pair) -> Iterator[Mark]:
        """CO003 and CO004 on one form."""
        code, plain = pair.locale.code, pair.target.plain
        if code in self._never and self._any_never[code].search(plain):
            for never in self._never[code]:
                for found in never.pattern.finditer(plain):
                    phrase = N_("“%(found)s” is not written here; write: %(write)s")
                    yield warning("CO004", phrase, found.start(), found=found[0], write=never.write)
        if pair.locale.code != SOURCE:
            yield from self._terms(pair)

    def _terms(self, pair: Pair) -> Iterator[Mark]:
        context = pair.entry.context if pair.entry.context in self._contexts else None
        key = pair.source.text, context
        hits = self._known.get(key)
        if hits is None:  # the same source text comes in every language
            hits = self._known[key] = self._hits(pair)
        code, plain = pair.locale.code, pair.target.plain
        if not hits or not (hits := [hit for hit in hits if code in hit.term.words]):
            return
        text = _sought(plain, code)
        named: set[int] = set()
        for start, end in _refused(text, code, hits):
            banning = [hit for hit in hits if _bans(hit.row, code, text[start:end])]
            named |= {id(hit.row) for hit in banning}
            terms = ", ".join(dict.fromkeys(hit.term.words[code] for hit in banning))
            phrase = N_("“%(found)s” is not the term; write: %(term)s")
            yield warning("CO003", phrase, start, found=plain[start:end], term=terms)
        for hit in hits:
            if id(hit.row) not in named and not _says(text, code, hit.term):
                phrase = N_("“%(source)s” is “%(term)s” here.")
                values = {"source": hit.term.source, "term": hit.term.words[code]}
                yield Mark("CO003", _weight(pair.source), phrase, values)

    def _hits(self, pair: Pair) -> list[_Hit]:
        """The terms of a source text, the longest where they overlap, each once."""
        source, context = pair.source, pair.entry.context
        whole = self._label(source.text, context)
        if whole is not None:
            return [_Hit(*whole, 0, len(source.text))]
        found: dict[str, _Hit] = {}
        taken: list[tuple[int, int]] = []
        for quoted in _QUOTED.finditer(source.text):
            taken.append(quoted.span())  # quoted words are a label or literal, not prose
            label = self._label(quoted[1] or quoted[2], None)
            if label is not None:
                found.setdefault(label[1].source, _Hit(*label, *quoted.span()))
        lower = source.plain.lower()
        starts = self._starts.keys() & _STARTS.findall(lower)
        for place in sorted([*self._short, *(place for start in starts for place in self._starts[start])]):
            row, term, stem = self._concepts[place]
            if stem not in lower or (term.contexts and context not in term.contexts):
                continue
            for match in _english(term.source).finditer(lower):
                if not any(start < match.end() and match.start() < end for start, end in taken):
                    taken.append(match.span())
                    found.setdefault(term.source, _Hit(row, term, *match.span()))
        return list(found.values())

    def _label(self, text: str, context: str | None) -> tuple[Row, Term] | None:
        known = self._labels.get(text)
        if known is None:
            return None
        exact = [pair for pair in known if context is not None and context in pair[1].contexts]
        free = [pair for pair in known if not pair[1].contexts]
        return next(iter(exact or free), None)


NO_TERMS = Terms(EMPTY)


def _any(some: Sequence[Never]) -> re.Pattern[str]:
    """One pattern that finds what any of them finds: most texts have nothing of all these."""
    patterns = [never.pattern.pattern for never in some]
    if any(re.search(r"\\[1-9]|\(\?P", pattern) for pattern in patterns):
        return re.compile("")
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def _weight(source: Masked) -> Severity:
    """A term left out of a label is a mistake; a sentence may have been worded without it."""
    return Severity.WARNING if len(_WORD.findall(source.plain)) <= _LABEL_WORDS else Severity.ADVICE


def _stem(term: str) -> str:
    """What every inflection of an English concept starts with."""
    return term.rstrip("ey").lower()


@cache
def _english(term: str) -> re.Pattern[str]:
    """A concept in any inflection, in small letters: plural, past, -ing."""
    *first, last = term.lower().split()
    stem, endings = re.escape(last), "(?:s|es|ed|ing)?"
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        stem, endings = re.escape(last[:-1]), "(?:y|ies|ied|ying)"
    elif last.endswith("e"):
        stem, endings = re.escape(last[:-1]), "(?:e|es|ed|ing)"
    words = r"\s+".join([*map(re.escape, first), stem + endings])
    return re.compile(rf"(?<![\w@/.{{-])(?:{words})(?![\w@/-])")


def _sought(text: str, code: str) -> str:
    """A text as forms are sought in it: French ones in small letters."""
    return text.lower() if code == "fr" else text


def _forms(row: Row, code: str) -> list[str]:
    return [
        form
        for term in row.terms
        for form in (term.words.get(code, ""), term.compounds.get(code, ""))
        if form
    ]


def _says(text: str, code: str, term: Term) -> bool:
    forms = [term.words[code], *([term.compounds[code]] if code in term.compounds else [])]
    if code != "fr":
        return any(form in text for form in forms)
    return any(_target(form, code).search(text) for form in forms)


def _spans(text: str, code: str, forms: Sequence[str]) -> list[tuple[int, int]]:
    return [match.span() for form in set(forms) for match in _target(form, code).finditer(text)]


def _refused(text: str, code: str, hits: Sequence[_Hit]) -> list[tuple[int, int]]:
    """Banned forms that no longer approved form covers; of overlapping ones the longest."""
    lower = text.lower()
    found = {
        match.span()
        for hit in hits
        for form in hit.row.banned.get(code, ())
        if _sign(form, code) in lower
        for match in _banned(form, code).finditer(text)
    }
    if not found:
        return []
    allowed = _spans(text, code, [form for hit in hits for form in _forms(hit.row, code)])
    bare = [
        span for span in found if span not in allowed and not any(_covers(form, span) for form in allowed)
    ]
    return sorted(span for span in bare if not any(_covers(other, span) for other in bare))


@cache
def _sign(form: str, code: str) -> str:
    """What a lower-case text has wherever a banned form may stand."""
    return (form.split(maxsplit=1)[0][:3] if code == "fr" else form).lower()


def _covers(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
    return outer != inner and outer[0] <= inner[0] and inner[1] <= outer[1]


def _bans(row: Row, code: str, found: str) -> bool:
    return any(_banned(form, code).fullmatch(found) for form in row.banned.get(code, ()))


@cache
def _banned(form: str, code: str) -> re.Pattern[str]:
    if code == "fr":
        words = r"\s+".join(re.escape(word).replace("’", "['’]") for word in form.lower().split())
        return re.compile(rf"(?<![\w-])(?:{words})s?(?![\w-])")
    return re.compile(re.escape(form), re.IGNORECASE)


@cache
def _target(form: str, code: str) -> re.Pattern[str]:
    """An approved form: in French any inflection of it, elsewhere as it is."""
    if code != "fr":
        return re.compile(re.escape(form))
    words = r"[\s\u00a0\u202f]+".join(_french(word) for word in form.lower().split() if word not in ("se",))
    return re.compile(rf"(?<![^\W_]){words}(?![^\W_])")


def _french(word: str) -> str:
    """One French word in any number, gender or conjugation, as far as its stem stays."""
    head, mark, tail = word.rpartition("’")
    if mark:
        return re.escape(head) + "['’]" + _french(tail)
    if word in ("de", "du"):
        return "(?:de|du|des)"
    if word in _SMALL:
        return re.escape(word)
    if len(word) <= 3:
        return re.escape(word) + "e?[sx]?"
    stem = re.sub(r"(?:eur|euse|rice|dre|tre|er|ir|re|és?|ée?s?|e?s|e|x|al)$", "", word)
    if len(stem) < 3:
        stem = word[:3]
    return re.escape(stem) + r"[^\W\d_]{0,7}"
