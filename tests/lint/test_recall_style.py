"""Recall: of defects planted into correct entries of our catalogs, each rule on style finds nearly all."""

import zlib
from functools import cache
from random import Random

import pytest

from service.i18n import po
from service.i18n.locales import LOCALES, Locale
from service.lint import house
from service.lint.report import check_catalog
from service.paths import PACKAGE, data_dir
from tests.lint.mutations_style import MUTATIONS, Mutation

PLANTED, NEEDED = 40, 20


@cache
def catalog(code: str) -> po.PoFile:
    return po.read((data_dir("locales") / code / "LC_MESSAGES" / "messages.po").read_bytes())


@cache
def pins() -> house.Pins:
    return house.pins(PACKAGE.parent)


def rules(entry: po.Entry, locale: Locale, pinned: dict[str, str]) -> set[str]:
    head = f"Content-Type: text/plain; charset=UTF-8\nLanguage: {locale.code}\n"
    head += f"Plural-Forms: {locale.plural_forms}\n"
    text = po.serialize([po.Entry(None, "", None, (head,)), po.unplaced(entry)])
    return {finding.rule for finding in check_catalog(text.encode(), locale, pinned=pinned)}


def planted(mutation: Mutation, rule: str) -> list[tuple[str, bool]]:
    """The texts with a defect and whether the rule finds it."""
    random = Random(zlib.crc32(rule.encode()))
    found: list[tuple[str, bool]] = []
    entries = [(entry, locale) for code, locale in LOCALES.items() for entry in catalog(code).messages]
    random.shuffle(entries)
    for entry, locale in entries:
        made = mutation(entry, locale, random)
        if made is None or made.strings == entry.strings:
            continue
        pinned = {**house.pinned_for(pins(), locale), **({"particles": "on"} if rule == "ZH006" else {})}
        if rule not in rules(entry, locale, pinned):
            found.append((made.strings[0], rule in rules(made, locale, pinned)))
        if len(found) == PLANTED:
            break
    return found


@pytest.mark.parametrize("rule", sorted(MUTATIONS))
def test_nearly_every_planted_defect_is_found(rule: str) -> None:
    """Issue 6: at least 95 in 100 for each rule, of at least 20."""
    found = planted(MUTATIONS[rule], rule)
    missed = [text for text, seen in found if not seen]
    assert len(found) >= NEEDED
    assert len(missed) * 20 <= len(found), missed
