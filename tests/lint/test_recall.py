"""Every rule finds the defects it is for, planted into correct entries of real catalogs."""

from functools import cache
from random import Random

import pytest

from service.i18n import po
from service.i18n.locales import LOCALES, Locale
from service.lint import recovery
from service.lint.report import Manner, check_catalog, judge
from tests.lint.catalogs import LANGUAGES, entries, ours
from tests.lint.mutations import FILE_MUTATIONS, MUTATIONS

ENOUGH = 20
TRIES = 60
LEAST = 0.95


@cache
def pool(code: str) -> tuple[po.Entry, ...]:
    return tuple(entries(code))


def rules(entry: po.Entry, locale: Locale) -> set[str]:
    """What is found on one entry alone, as in any catalog of its language."""
    head = "Content-Type: text/plain; charset=UTF-8\n"
    head += f"Language: {locale.code}\nPlural-Forms: {locale.plural_forms}\n"
    text = po.serialize([po.Entry(None, "", None, (head,)), po.unplaced(entry)])
    read = recovery.read(text.encode())
    return {finding.rule for finding in judge(read, locale, Manner(ours=False, code=locale.code))}


@pytest.mark.parametrize("rule", sorted(MUTATIONS))
def test_planted_defects_are_found(rule: str) -> None:
    random = Random(rule)
    planted, missed = 0, []
    for code in LANGUAGES:
        locale = LOCALES[code]
        made = 0
        for entry in random.sample(pool(code), len(pool(code))):
            spoiled = MUTATIONS[rule](entry, locale, random)
            if spoiled is None or rule in rules(entry, locale):
                continue
            made += 1
            if rule not in rules(spoiled, locale):
                missed.append(spoiled._replace(references=()))
            if made == TRIES:
                break
        planted += made
    assert planted >= ENOUGH
    assert len(missed) <= (1 - LEAST) * planted, [(e.id, e.strings) for e in missed[:10]]


@pytest.mark.parametrize("rule", sorted(FILE_MUTATIONS))
def test_spoiled_files_are_found(rule: str) -> None:
    random = Random(rule)
    planted, missed = 0, 0
    for path in ours():
        locale = LOCALES[path.parts[-3]]
        blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
        for _ in range(8):
            text = "\n\n".join([blocks[0], *random.sample(blocks[1:], 40)]) + "\n"
            spoiled = FILE_MUTATIONS[rule](text, random)
            if spoiled is None:
                continue
            planted += 1
            missed += rule not in {finding.rule for finding in check_catalog(spoiled.encode(), locale)}
    assert planted >= ENOUGH
    assert missed <= (1 - LEAST) * planted
