"""CO004: how a catalog speaks to its reader, learned by majority, and the texts that speak otherwise."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from service.facts.words import N_
from service.lint.pairs import Mark, Pair, warning
from service.lint.styles import language

OTHER = N_("The catalog says “%(usual)s” elsewhere, and “%(found)s” here.")
PLAIN_FORM = N_("The catalog is written in です・ます, and this sentence ends in “%(found)s”.")
POLITE_FORM = N_("The catalog is written in だ・である, and this sentence ends in “%(found)s”.")

_VOUS = re.compile(r"[vV](?<!\w.)(?i:ous|otre|os)\b")
_TU = re.compile(
    r"[tT-](?i:(?<=\bt)(?:(?:u|oi|es|on|a)\b(?! de )|['’](?=[aeiouyhéèê]))"
    r"|(?<=-)t-toi\b|(?<=[a-zé]-)(?:toi|la)\b(?=$))"
)
_PLAIN = re.compile(
    r"(?:である|のだ|だろう|(?<!まし)(?<!でし)た|する|できる|れる|いる|ある|なる|える|(?<!しょ)う|ない)(?=。)"
)
_POLITE = re.compile(r"(?:です|ます|ました|ません|ください|でしょう)(?=。)")
_QUOTED = re.compile(r"「[^」]*」|（[^）]*）|“[^”]*”|«[^»]*»|\"[^\"]*\"")

_PATTERNS: Mapping[str, Mapping[str, tuple[re.Pattern[str], str]]] = MappingProxyType({
    "fr": {"vous": (_TU, "vous"), "tu": (_VOUS, "tu")},
    "zh": {"您": (re.compile("你"), "您"), "你": (re.compile("您"), "你")},
})  # fmt: skip


def check(pair: Pair) -> Iterator[Mark]:
    """A label or a title has no register, and a quotation has its own."""
    made = pair.house["register"]
    if made is None:
        return
    code = language(pair.locale)
    if code == "ja":
        yield from _japanese(pair, made)
        return
    known = _PATTERNS.get(code, {}).get(made)
    if known is None or not known[0].search(pair.target.plain):
        return
    for found in known[0].finditer(_unquoted(pair.target.plain)):
        yield warning("CO004", OTHER, found.start(), usual=known[1], found=found[0])


def _japanese(pair: Pair, made: str) -> Iterator[Mark]:
    plain = pair.target.plain
    if "。" not in plain:
        return
    plain = _unquoted(plain)
    pattern, phrase = (_PLAIN, PLAIN_FORM) if made == "desu" else (_POLITE, POLITE_FORM)
    for found in pattern.finditer(plain):
        yield warning("CO004", phrase, found.start(), found=found[0])


def _unquoted(plain: str) -> str:
    return _QUOTED.sub(lambda match: "\ufffc" * len(match[0]), plain)
