"""Rules across messages: one text translated two ways, two texts translated alike, labels that are quoted.

CO001 looks at all catalogs of a run, CO002 and CO005 at one.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from service.facts.findings import Finding, Severity
from service.facts.words import N_
from service.i18n import po
from service.i18n.locales import SOURCE, Locale
from service.lint.pairs import Mark, Pair, advice, error
from service.lint.styles import language
from service.lint.tokenizer import mask

DIFFERENT = N_("The same text is translated “%(other)s” in %(place)s.")
REUSED = N_("“%(other)s” has the same translation.")
LABEL = N_("The label “%(label)s” is translated “%(wanted)s”, and quoted here as “%(found)s”.")

_FEW_WORDS = 3
_LABEL_WORDS = 5
_QUOTED = re.compile(
    r"“([^“”\n]{2,60})”|«[\s\u00a0\u202f]*([^«»\n]{2,60}?)[\s\u00a0\u202f]*»|「([^「」\n]{1,60})」|『([^『』\n]{1,60})』"
    r"|\"([^\"\n]{1,60})\"|\*\*([^*\n]{1,60})\*\*|<(?:b|strong|kbd|em)>([^<>\n]{1,60})</"
)
_SIGNS = re.compile(r"“|«|「|『|\"|\*\*|<[bske]")
_ENGLISH_SIGNS = re.compile(r"“|\"|\*\*|<[bske]")
_LETTERS = re.compile(r"[^\W_]+")
_ENDINGS = re.compile(r"(?:ies|ied|ing|ed|es|s|e|y)$")
_EDGES = " \t\n.…:：。!！?？\u00a0\u202f"


class Run:
    """The catalogs of one run, as far as CO001 needs them."""

    def __init__(self) -> None:
        self._read: list[tuple[str | None, Locale, po.PoFile]] = []

    def add(self, path: str | None, locale: Locale, file: po.PoFile) -> None:
        self._read.append((path, locale, file))

    def findings(self) -> Iterator[tuple[po.Entry, Locale, Finding]]:
        """CO001: a text without a context that two catalogs of a language translate differently.

        A word is a warning, a longer text advice; the entry goes with it, so that it can be allowed.
        """
        seen: dict[tuple[str, po.Key], tuple[str, str | None]] = {}
        for path, locale, file in self._read:
            for entry in file.messages:
                if entry.fuzzy or entry.plural is not None or not entry.strings[0]:
                    continue
                text = entry.strings[0]
                other, place = seen.setdefault((locale.code, entry.key), (text, path))
                if place == path or other == text or _folded(other) == _folded(text):
                    continue
                word = entry.context is None and len(entry.id.split()) <= _FEW_WORDS
                values = {"other": other, "place": place or "–", "msgid": entry.id}
                weight = Severity.WARNING if word else Severity.ADVICE
                yield (
                    entry,
                    locale,
                    Finding("CO001", weight, DIFFERENT, values, *file.place(entry, 0, 0), path),
                )


def reused(file: po.PoFile, locale: Locale) -> Iterator[tuple[po.Entry, Mark]]:
    """CO002: two texts that differ in more than inflection, capitals and marks have one translation."""
    if locale.code == SOURCE:
        return
    groups: dict[str, list[po.Entry]] = defaultdict(list)
    for entry in file.messages:
        if not entry.fuzzy and entry.strings[0]:
            groups[entry.strings[0]].append(entry)
    for entries in groups.values():
        if len(entries) < 2:
            continue
        known: dict[str, po.Entry] = {}
        for entry in entries:
            stem = _stem(entry.id)
            other = next((e for s, e in known.items() if s != stem), None)
            known.setdefault(stem, entry)
            if other is not None and other.id != entry.id:
                yield entry, advice("CO002", REUSED, other=other.id)


class Labels:
    """The short texts of one catalog and their translations, ready to be found in quotation marks."""

    def __init__(self, file: po.PoFile, locale: Locale) -> None:
        self._known: dict[str, set[str]] = defaultdict(set)
        self._is_source = locale.code == SOURCE
        for entry in () if self._is_source else file.messages:
            text = entry.strings[0]
            if not text or not entry.id[:1].isupper() or "%" in entry.id or "{" in entry.id:
                continue
            if entry.plural is None and not entry.fuzzy and len(entry.id.split()) <= _LABEL_WORDS:
                self._known[entry.id.strip(_EDGES)].add(text)

    def check(self, pair: Pair) -> Iterator[Mark]:
        """CO005: where the source text quotes a label, the translation quotes that label's translation."""
        if self._is_source or not _ENGLISH_SIGNS.search(pair.source.text):
            return
        quoted = [_inner(found) for found in _QUOTED.finditer(pair.source.text)]
        labels = [text for text, _ in quoted if text.strip(_EDGES) in self._known]
        if not labels or not _SIGNS.search(pair.target.text):
            return
        found = [_inner(match) for match in _QUOTED.finditer(pair.target.text)]
        if len(found) != len(quoted):
            return  # quoted otherwise, or not at all: nobody can tell which is which
        french = language(pair.locale) == "fr"
        left = list(found)
        missing: list[str] = []
        for label in labels:
            wanted = self._known[label.strip(_EDGES)]
            match = next((one for one in left if any(_same(one[0], want, french) for want in wanted)), None)
            if match is None:
                missing.append(label)
            else:
                left.remove(match)
        others = {text for text, _ in quoted} - set(labels)
        left = [one for one in left if one[0] not in others]
        for label, (text, at) in zip(missing, left, strict=False):
            wanted_text = min(self._known[label.strip(_EDGES)])
            yield error("CO005", LABEL, at, label=label, wanted=wanted_text, found=text)


def _inner(found: re.Match[str]) -> tuple[str, int]:
    index = next(i for i, text in enumerate(found.groups(), 1) if text is not None)
    return found[index], found.start(index)


def _same(found: str, wanted: str, inflected: bool) -> bool:
    """Whether a quotation is a label's translation; a French one may be inflected."""
    ours, theirs = _folded(found), _folded(wanted)
    if ours == theirs:
        return True
    if not inflected:
        return False
    pairs = (_LETTERS.findall(ours), _LETTERS.findall(theirs))
    return len(pairs[0]) == len(pairs[1]) and all(
        a[: max(3, len(b) - 3)] == b[: max(3, len(b) - 3)] for a, b in zip(*pairs, strict=True)
    )


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").casefold().strip(_EDGES).split())


@lru_cache(maxsize=8192)
def _stem(text: str) -> str:
    """A text without capitals, marks and the endings of its words."""
    plain = mask(text).plain
    words = [_ENDINGS.sub("", word) or word for word in _LETTERS.findall(plain.casefold())]
    values = [token.text for token in mask(text).tokens]
    return " ".join([*words, *values])
