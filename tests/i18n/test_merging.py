"""Bringing a catalog up to date."""

import pytest

from service.i18n import po
from service.i18n.locales import LOCALES
from service.i18n.merging import update
from tests.i18n.conftest import header

POT = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def updated(code: str, old: str, template: str, head: str | None = None) -> str:
    catalog = po.read_text((header(code) if head is None else head) + old)
    entries = update(catalog, po.read_text(POT + template), LOCALES[code])
    return po.serialize(entries[1:]) if len(entries) > 1 else ""


SAVE = '#: a.py\nmsgid "Save"\nmsgstr ""\n'


def test_a_translation_stays_with_its_comments_and_gets_the_new_references() -> None:
    old = '# mine\n#. old\n#: z.py\nmsgid "Save"\nmsgstr "Enregistrer"\n'
    assert updated("fr", old, "#. new\n" + SAVE) == (
        '# mine\n#. new\n#: a.py\nmsgid "Save"\nmsgstr "Enregistrer"\n'
    )


def test_a_new_message_is_empty_and_in_the_source_locale_written_out() -> None:
    plural = '\nmsgid "%(num)s row"\nmsgid_plural "%(num)s rows"\nmsgstr[0] ""\nmsgstr[1] ""\n'
    assert updated("ja", "", SAVE + plural) == (
        SAVE + '\nmsgid "%(num)s row"\nmsgid_plural "%(num)s rows"\nmsgstr[0] ""\n'
    )
    assert updated("en", "", SAVE + plural) == (
        '#: a.py\nmsgid "Save"\nmsgstr "Save"\n\n'
        'msgid "%(num)s row"\nmsgid_plural "%(num)s rows"\n'
        'msgstr[0] "%(num)s row"\nmsgstr[1] "%(num)s rows"\n'
    )


def test_a_similar_text_is_offered_and_not_taken() -> None:
    old = 'msgid "Save it"\nmsgstr "Enregistrer"\n'
    offered = "# Suggestion: Save it → Enregistrer\n" + SAVE
    gone = '\n#~ msgid "Save it"\n#~ msgstr "Enregistrer"\n'
    assert updated("fr", old, SAVE) == offered + gone
    assert updated("fr", offered + gone, SAVE) == offered + gone
    done = offered.replace('msgstr ""', 'msgstr "Enregistrer"')
    assert updated("fr", done, SAVE) == SAVE.replace('msgstr ""', 'msgstr "Enregistrer"')
    unused = 'msgid "Delete"\nmsgstr ""\n'
    assert updated("fr", done, unused) == unused + '\n#~ msgid "Save"\n#~ msgstr "Enregistrer"\n'
    assert updated("fr", 'msgid "Delete"\nmsgstr "Supprimer"\n', SAVE).startswith(SAVE)


@pytest.mark.parametrize(
    ("before", "after"),
    [("It's 'new'", "It’s ‘new’"), ("Wait...", "Wait…"), ("a - b", "a – b"), ("Save :", "Save\u00a0:")],
)
def test_a_text_renamed_in_typography_only_keeps_its_translations(before: str, after: str) -> None:
    template = f'#: a.py\nmsgid "{after}"\nmsgstr ""\n'
    assert updated("ja", f'# mine\nmsgid "{before}"\nmsgstr "訳"\n', template) == (
        f'# mine\n#: a.py\nmsgid "{after}"\nmsgstr "訳"\n'
    )
    assert updated("en", f'msgid "{before}"\nmsgstr "{before}"\n', template) == (
        f'#: a.py\nmsgid "{after}"\nmsgstr "{after}"\n'
    )


def test_other_changes_are_no_typography() -> None:
    for before in ("save", "Save!", "Sav"):
        assert 'msgid "Save"\nmsgstr ""\n' in updated("fr", f'msgid "{before}"\nmsgstr "x"\n', SAVE)


def test_an_obsolete_message_comes_back_with_its_source() -> None:
    old = '#~ msgid "Save"\n#~ msgstr "Enregistrer"\n'
    assert updated("fr", old, SAVE) == '#: a.py\nmsgid "Save"\nmsgstr "Enregistrer"\n'


def test_an_unused_message_without_a_text_of_its_own_goes() -> None:
    assert updated("fr", 'msgid "Gone"\nmsgstr ""\n', SAVE) == SAVE
    saved = '#: a.py\nmsgid "Save"\nmsgstr "Save"\n'
    assert updated("en", 'msgid "Gone"\nmsgstr "Gone"\n', SAVE) == saved
    assert (
        updated("en", 'msgid "Gone"\nmsgstr "Away"\n', SAVE)
        == saved + '\n#~ msgid "Gone"\n#~ msgstr "Away"\n'
    )


def test_wording_changed_in_the_source_locale_stays() -> None:
    assert updated("en", 'msgid "Save"\nmsgstr "Keep"\n', SAVE) == '#: a.py\nmsgid "Save"\nmsgstr "Keep"\n'


def test_fuzzy_stays_until_a_translator_takes_it_away() -> None:
    old = '#, fuzzy\n#| msgid "Store"\nmsgid "Save"\nmsgstr "Stocker"\n'
    assert updated("fr", old, SAVE) == '#: a.py\n#, fuzzy\n#| msgid "Store"\nmsgid "Save"\nmsgstr "Stocker"\n'


def test_a_message_that_became_plural_is_translated_anew() -> None:
    new = 'msgid "row"\nmsgid_plural "rows"\nmsgstr[0] ""\nmsgstr[1] ""\n'
    assert updated("fr", 'msgid "row"\nmsgstr "ligne"\n', new) == new


def test_the_header_is_ours_and_keeps_what_translators_wrote() -> None:
    old = (
        '# The team\nmsgid ""\nmsgstr ""\n"Language: xx\\n"\n"Last-Translator: Zoé\\n"\n'
        '"POT-Creation-Date: 2024\\n"\n"Plural-Forms: nplurals=9;\\n"\n\n'
    )
    entries = update(po.read_text(old), po.read_text(POT), LOCALES["zh"])
    assert entries[0].comments == ("The team",)
    assert po.parse_header(entries[0].strings[0]) == {
        "Project-Id-Version": "Prospectus",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": "zh",
        "Plural-Forms": "nplurals=1; plural=0;",
        "Last-Translator": "Zoé",
    }


def test_updating_twice_changes_nothing() -> None:
    old = '# mine\nmsgid "Save"\nmsgstr "Enregistrer"\n\nmsgid "Gone"\nmsgstr "Parti"\n'
    template = po.read_text(POT + SAVE)
    once = po.serialize(update(po.read_text(header("fr") + old), template, LOCALES["fr"]))
    assert po.serialize(update(po.read_text(once), template, LOCALES["fr"])) == once
