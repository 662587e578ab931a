"""French typography (FR001 to FR006): high punctuation, quotes, apostrophes, numbers, accents."""

import re
from collections.abc import Iterator

from service.facts.findings import Fix, Severity
from service.facts.words import N_, Phrase
from service.i18n.locales import Locale
from service.lint.pairs import Mark, Pair, advice
from service.lint.tokenizer import MASK

NARROW, WIDE = "\u202f", "\u00a0"
_SPACE_OF = {"narrow": NARROW, "no-break": WIDE, "none": ""}
_CODE_OF = {NARROW: "U+202F", WIDE: "U+00A0"}
_SPACES = " \u00a0\u202f\u2009\t"
_MARK = re.compile("[;!?:]")
_HIGH = re.compile(rf"([{_SPACES}]*)([;!?:])(?=[\s*_)»”]|$)")
_LITERAL = re.compile(r"[\w-]+[:;] \S+")
_DECLARATION = re.compile(r"\b[a-z-]+:\s?[^;:\n]{1,40};")
_OPENING = re.compile(rf"«([{_SPACES}]*)")
_CLOSING = re.compile(rf"([{_SPACES}]*)»")
_QUOTED = re.compile(r'"([^"\n]{2,})"|“([^“”\n]{2,})”')
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
_CURLY_APOSTROPHE = re.compile(r"(?<=[^\W\d_])’(?=[^\W\d_])")
_UNIT = re.compile(r"(?<=\d)([ \u2009]?)(%|€|(?:[kKMGT]?o|octets?|px|ms|min|h|s)\b)")
_BYTES = re.compile(r"(?<=\d)([\s]?)([kKMG])B\b")
_DIGIT = re.compile(r"\d")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:([ ,])\d{3})(?:\1\d{3})*(?![\d.,])")
_DOTS = re.compile(r"\.\.\.(?<!\.{4})(?!\.)")
_BEFORE_ELLIPSIS = re.compile(rf"(?<=\w)[{_SPACES}]+(?=…)")
_ORDINAL = re.compile(r"\b(\d+)(ième|ieme|ème|eme|ère|iers?|ers|nde)\b")
_ORDINALS = {"ère": "re", "ier": "er", "iers": "ers", "nde": "de"}
_LIGATURE = re.compile(
    r"\b(?:(?:(?:s|c|ch)oeur|noeud|voeu|moeur|oeuf|boeuf|oeuvre|manoeuvre|oeillet|foetu)s?|oeil"
    r"|main-d['’]oeuvre)\b",
    re.IGNORECASE,
)
_CAPITAL = re.compile(
    r"E(?<!\wE)(?=tats?\b|tapes?\b|cran|cri(?:re|t|vez)|dit(?:er|ez|ion|eur)|tes\b|tre\b|v[éè]nement|conom|coles?\b"
    r"|ducation|lectron|l[ée]ment|quip|tranger|tudiant|tudes?\b|chec|change|chelle|chantillon|tiquette|mett|gal"
    r"|num[ée]r|viter|puis|teign|tendu)"
    r"|A(?<!\wA)(?= (?:partir|propos|venir|noter|bient[ôo]t|c[ôo]t[ée]|moins)\b)|C(?<!\wC)(?=a\b)"
)
_ACCENTED = {"E": "É", "A": "À", "C": "Ç"}
_GRAVE = frozenset({"Etes", "Etre"})
_SOME = re.compile(r"[;!?:«»\"'’“…\d%€]|\.\.\.|oe|OE|\b[EAC]")

NO_BREAK = N_("A no-break space (%(code)s) stands before “%(mark)s”.")
NO_SPACE = N_("No space stands before “%(mark)s”.")
INSIDE = N_("Inside « » stand no-break spaces (%(code)s).")
MARKS = N_("Quotation marks are « and », inside them “ and ”.")
CURLY = N_("The apostrophe is ’ (U+2019).")
STRAIGHT = N_("The apostrophe of this catalog is ' (U+0027).")
UNIT = N_("A no-break space (U+00A0) stands before “%(unit)s”.")
BYTES = N_("Sizes are written in ko, Mo and Go.")
GROUPS = N_("Thousands are set off by a narrow no-break space (U+202F).")
ONE_CHARACTER = N_("The ellipsis is one character: …")
WRITE = N_("“%(found)s” is written “%(wanted)s”.")


def check(pair: Pair) -> Iterator[Mark]:
    plain = pair.target.plain
    if not _SOME.search(plain):
        return
    has_digits = _DIGIT.search(plain) is not None
    if _MARK.search(plain):
        yield from _high_punctuation(pair)
    yield from _quotes(pair)
    yield from _apostrophes(pair)
    if has_digits:
        yield from _numbers(pair)
    yield from _spelling(pair, has_digits=has_digits)
    if pair.house["ellipsis"] != "dots" and "..." in plain:
        for found in _DOTS.finditer(plain):
            yield advice("FR006", ONE_CHARACTER, found.start(), fix=Fix(*found.span(), "…"))
    if "…" in plain:
        for found in _BEFORE_ELLIPSIS.finditer(plain):
            yield advice("FR006", NO_SPACE, found.start(), fix=Fix(*found.span(), ""), mark="…")


def is_canadian(locale: Locale) -> bool:
    """Whether no space is customary before `; ! ?`."""
    return "CA" in locale.cldr.replace("-", "_").split("_")


def _severity(pair: Pair, space: str) -> Severity:
    """A wrong space is a warning; not so where a catalog does it throughout, or differs in the kind only."""
    if space == " " and pair.house["spaces"] == "plain":
        return Severity.ADVICE
    if space in (NARROW, WIDE) and not {"high-punctuation", "colon", "quote-space"} & pair.house.pinned:
        return Severity.ADVICE
    return Severity.WARNING


def _high_punctuation(pair: Pair) -> Iterator[Mark]:
    """FR001, but not in times, ratios, style sheets, quoted headers, repeated marks, nor at the start."""
    plain, house = pair.target.plain, pair.house
    styled = "none" if is_canadian(pair.locale) else "narrow"
    for found in _HIGH.finditer(plain):
        space, mark = found.groups()
        before = plain[found.start() - 1 : found.start()]
        if not before or before in ".!?;:\n([" or (mark == ":" and not space and before == MASK):
            continue
        made = house["colon"] if mark == ":" else house["high-punctuation"]
        wanted = _SPACE_OF[made or ("no-break" if mark == ":" else styled)]
        if space == wanted or (made is None and space in (NARROW, WIDE)):
            continue
        if _is_literal(pair, found):
            continue
        yield Mark(
            "FR001",
            _severity(pair, space),
            NO_BREAK if wanted else NO_SPACE,
            {"code": _CODE_OF.get(wanted, ""), "mark": mark},
            found.start(2),
            fix=Fix(*found.span(1), wanted),
        )


def _is_literal(pair: Pair, found: re.Match[str]) -> bool:
    """Whether a mark is part of code: a smiley, a header as in the source text, a declaration of a style."""
    plain, at = pair.target.plain, found.start(2)
    if plain[at : at + 2] == ":)":
        return True
    if found[1] or found[2] not in ":;":
        return False
    start = max(plain.rfind(" ", 0, at), plain.rfind("«", 0, at), plain.rfind("\n", 0, at)) + 1
    if (literal := _LITERAL.match(plain, start)) and literal[0] in pair.source.plain:
        return literal[0].split()[1][0] != MASK
    return any(css.start() < at < css.end() for css in _DECLARATION.finditer(plain))


def _quotes(pair: Pair) -> Iterator[Mark]:
    """FR002."""
    plain = pair.target.plain
    if "«" in plain or "»" in plain:
        yield from _inside(pair)
    if '"' not in plain and "“" not in plain:
        return
    style = pair.house["quotes"]
    space = _SPACE_OF[pair.house["quote-space"] or "no-break"]
    for found in _QUOTED.finditer(plain):
        inner = plain.count("«", 0, found.start()) > plain.count("»", 0, found.start())
        text = found[1] or found[2]
        if inner and found[2]:
            continue
        fix = f"“{text}”" if inner else f"«{space}{text.strip()}{space}»"
        if MASK in fix:  # the characters under a mask are the text's own
            fix = fix.replace(text, pair.target.text[found.start() + 1 : found.end() - 1])
        usual = style == ("straight" if found[1] else "curly")
        severity = Severity.ADVICE if usual else Severity.WARNING
        yield Mark("FR002", severity, MARKS, {}, found.start(), fix=Fix(*found.span(), fix))


def _inside(pair: Pair) -> Iterator[Mark]:
    plain, made = pair.target.plain, pair.house["quote-space"]
    wanted = _SPACE_OF[made or "no-break"]
    places = [(f.span(1), f.start(), f[1]) for f in _OPENING.finditer(plain)]
    places += [(f.span(1), f.end() - 1, f[1]) for f in _CLOSING.finditer(plain)]
    for span, at, space in places:
        if space == wanted or (made is None and space in (NARROW, WIDE)):
            continue
        values = {"code": _CODE_OF[wanted]}
        yield Mark("FR002", _severity(pair, space), INSIDE, values, at, fix=Fix(*span, wanted))


def _apostrophes(pair: Pair) -> Iterator[Mark]:
    """FR003, by the catalog's own choice."""
    plain, made = pair.target.plain, pair.house["apostrophe"]
    if made == "curly" and "'" in plain:
        for found in _APOSTROPHE.finditer(plain):
            yield advice("FR003", CURLY, found.start(), fix=Fix(*found.span(), "’"))
    elif made == "straight" and "’" in plain:
        for found in _CURLY_APOSTROPHE.finditer(plain):
            yield advice("FR003", STRAIGHT, found.start(), fix=Fix(*found.span(), "'"))


def _numbers(pair: Pair) -> Iterator[Mark]:
    """FR004."""
    plain = pair.target.plain

    def say(phrase: Phrase, at: int, fix: Fix, **values: object) -> Mark:
        return Mark("FR004", Severity.WARNING, phrase, values, at, fix=fix)

    for found in _UNIT.finditer(plain):
        if found[1] or found[2] in "%€":
            yield say(UNIT, found.start(2), Fix(*found.span(1), WIDE), unit=found[2])
    if pair.house["byte-units"] == "octet":
        for found in _BYTES.finditer(plain):
            yield say(
                BYTES, found.start(2), Fix(found.start(2), found.end(), f"{found[2].replace('K', 'k')}o")
            )
    for found in _THOUSANDS.finditer(plain):
        if found[1] == " " or found[0] in pair.source.plain:  # else a comma is of decimals
            yield say(GROUPS, found.start(), Fix(*found.span(), found[0].replace(found[1], NARROW)))


def _spelling(pair: Pair, *, has_digits: bool) -> Iterator[Mark]:
    """FR005: 1er and 2e, œ, and accents on capitals too."""
    plain = pair.target.plain
    places: list[tuple[int, int, str]] = []
    for found in _ORDINAL.finditer(plain) if has_digits else ():
        places.append((*found.span(), found[1] + _ORDINALS.get(found[2], "e")))
    for found in _LIGATURE.finditer(plain) if "oe" in plain.lower() else ():
        places.append((*found.span(), found[0].replace("oe", "œ").replace("Oe", "Œ").replace("OE", "Œ")))
    for found in _CAPITAL.finditer(plain):
        word = re.match(r"\w+", plain[found.start() :])
        accent = "Ê" if word and word[0] in _GRAVE else _ACCENTED[found[0]]
        places.append((*found.span(), accent))
    for start, end, wanted in places:
        found_text = plain[start:end]
        whole = re.match(r"\w*", plain[end:])
        if found_text + (whole[0] if whole else "") in pair.source.plain:
            continue  # a name, as in the source text
        yield advice("FR005", WRITE, start, fix=Fix(start, end, wanted), found=found_text, wanted=wanted)
