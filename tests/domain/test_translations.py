"""Catalogs as translators see them: findings at their messages, terms of a source text, one text changed."""

import pytest

from service.domain import translations
from service.domain.errors import DomainError
from service.domain.translations import Message, TextState
from service.facts.findings import Severity
from service.facts.refusals import Refusal
from service.i18n import glossary, po
from service.i18n.folding import fold
from service.i18n.locales import LOCALES
from service.paths import data_dir

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: fr\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n'
)
CATALOG = (
    HEADER
    + """
msgid "Save"
msgstr "Enregistrer"

#, fuzzy
msgid "Open"
msgstr "Ouvre"

msgctxt "menu"
msgid "Open"
msgstr ""

msgid "Hello %(name)s"
msgstr "Bonjour"

msgid "%(num)s day"
msgid_plural "%(num)s days"
msgstr[0] "%(num)s jour"
msgstr[1] "%(num)s jours"
"""
)
FR = LOCALES["fr"]


def version_of(key: po.Key) -> str:
    return Message("", next(one for one in po.read(CATALOG.encode()).messages if one.key == key)).version


def test_messages_have_their_state_and_their_own_findings() -> None:
    sheet = translations.sheet_of(CATALOG.encode(), FR)
    found = {
        message.entry.key: (message.state, [f.rule[:2] for f in message.findings])
        for message in sheet.messages.values()
    }
    assert found[None, "Save"] == (TextState.TRANSLATED, [])
    assert found[None, "Open"][0] is TextState.FUZZY
    assert found["menu", "Open"] == (TextState.MISSING, ["ST"])
    assert found[None, "Hello %(name)s"] == (TextState.TRANSLATED, ["PH"])
    assert sheet.share == 0.6
    assert sheet.broken is None


def test_a_file_that_cannot_be_read_has_no_messages_and_a_place() -> None:
    sheet = translations.sheet_of(CATALOG.replace('"Enregistrer"', '"Enregistrer').encode(), FR)
    assert (len(sheet.messages), sheet.share) == (0, 0.0)
    assert sheet.broken is not None
    assert sheet.broken.line == 8


def test_contexts_make_different_messages() -> None:
    assert translations.message_id((None, "Open")) != translations.message_id(("menu", "Open"))


def test_search_looks_at_source_and_text_and_narrows() -> None:
    sheet = translations.sheet_of(CATALOG.encode(), FR)

    def found(words: str = "", **narrowed: object) -> list[str]:
        return [one.entry.id for one in translations.search(sheet, words, fold=fold, **narrowed)]  # type: ignore[arg-type]

    assert found("ENREGISTRER") == ["Save"]
    assert found("menu") == ["Open"]
    assert found(state=TextState.FUZZY) == ["Open"]
    assert found(with_findings=True, state=TextState.TRANSLATED) == ["Hello %(name)s"]


def test_errors_come_before_warnings_and_advice() -> None:
    """Within each in the order of the file."""
    text = HEADER + "".join(
        f'\nmsgid "{source} %(name)s"\nmsgstr "{translated}"\n'
        for source, translated in {
            "Same": "Same %(name)s",
            "Left": "",
            "Lost": "Perdu",
            "Good": "Bon %(name)s",
            "Again": "",
            "Gone": "Parti",
        }.items()
    )
    found = translations.search(translations.sheet_of(text.encode(), FR), "", fold=fold, with_findings=True)
    assert [(one.entry.id.split()[0], one.worst) for one in found] == [
        ("Lost", Severity.ERROR),
        ("Gone", Severity.ERROR),
        ("Left", Severity.WARNING),
        ("Again", Severity.WARNING),
        ("Same", Severity.ADVICE),
    ]


def test_revising_changes_one_entry_and_confirms_it() -> None:
    key = (None, "Open")
    made = translations.revise(CATALOG.encode(), FR, key, ["Ouvrir"], fuzzy=False, seen=version_of(key))
    assert made.decode() == CATALOG.replace(
        '#, fuzzy\nmsgid "Open"\nmsgstr "Ouvre"', 'msgid "Open"\nmsgstr "Ouvrir"'
    )


@pytest.mark.parametrize(
    ("key", "strings", "seen", "refusal"),
    [
        ((None, "Gone"), ["x"], None, Refusal.NOT_FOUND),
        ((None, "Save"), ["x"], "earlier", Refusal.TRANSLATION_OVERTAKEN),
        ((None, "Hello %(name)s"), ["Bonjour %(nom)s"], None, Refusal.TRANSLATION_HAS_ERRORS),
        ((None, "Save"), ["<b>Enregistrer</b>"], None, Refusal.TRANSLATION_HAS_ERRORS),
        ((None, "%(num)s day"), ["", "%(num)s jours"], None, Refusal.TRANSLATION_INCOMPLETE),
    ],
)
def test_what_is_refused(key: po.Key, strings: list[str], seen: str | None, refusal: Refusal) -> None:
    known = key != (None, "Gone")
    with pytest.raises(DomainError) as refused:
        translations.revise(
            CATALOG.encode(), FR, key, strings, fuzzy=False, seen=seen or (version_of(key) if known else "")
        )
    assert refused.value.refusal is refusal


def test_a_broken_file_is_not_changed() -> None:
    with pytest.raises(DomainError) as refused:
        translations.revise(b'msgid "', FR, (None, "Save"), ["x"], fuzzy=False, seen="")
    assert refused.value.refusal is Refusal.CATALOG_UNREADABLE
    assert refused.value.values["line"] == 1


def test_an_emptied_text_is_untranslated_again() -> None:
    key = (None, "Save")
    made = translations.revise(CATALOG.encode(), FR, key, [""], fuzzy=False, seen=version_of(key))
    assert made.decode() == CATALOG.replace('"Enregistrer"', '""')


@pytest.mark.parametrize(
    ("key", "terms"),
    [
        ((None, "Groups"), ["group"]),
        ((None, "The prospects of this program"), ["prospect", "program"]),
        ((None, "A programmer prospects"), ["prospect"]),
        ((None, "Nothing of ours"), []),
    ],
)
def test_the_terms_of_a_source_text(key: po.Key, terms: list[str]) -> None:
    known = glossary.read(data_dir("locales") / "glossary.toml")
    found = [term.source for term in translations.terms_in(known, key)]
    assert sorted(found) == sorted(terms)
