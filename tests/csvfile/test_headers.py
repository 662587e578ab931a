"""Column names of every language, forgiven their spelling, and what a header may not lack."""

import pytest

from service import csvfile
from service.csvfile import headers
from service.csvfile.headers import BY_KEY, COLUMNS, BadMapping, Key, Match
from service.facts.findings import Severity

REQUIRED = ["Partner name", "Contact email", "Media property"]


def errors(names: list[str]) -> list[tuple[str, str]]:
    return [
        (one.rule, str(one.values["name"]))
        for one in headers.assign(names, "en").findings
        if one.severity is Severity.ERROR
    ]


@pytest.mark.parametrize("locale", ["en", "fr", "ja", "zh"])
def test_the_names_printed_in_a_language_are_read_back(locale: str) -> None:
    """C-8: whatever the language of the reader."""
    found = headers.assign(headers.header_row(locale), "en")
    assert dict(found.columns) == {column.key: index for index, column in enumerate(COLUMNS)}
    assert (found.unknown, found.findings) == ((), ())


def test_a_french_list_of_names_keeps_both() -> None:
    found = headers.assign(["Nom du partenaire", "E-mail", "Site web", "Prénom", "Nom"], "fr")
    assert (found.columns[Key.FIRST_NAME], found.columns[Key.LAST_NAME], found.unknown) == (3, 4, ())


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("Ｅｍａｉｌ", Key.EMAIL),
        ("email ", Key.EMAIL),
        ("\ufeffE-MAIL", Key.EMAIL),
        ("e\u200bmail", Key.EMAIL),
        ("PARTNER_NAME", Key.NAME),
        ("Partner  name *", Key.NAME),
        ("propriete media", Key.MEDIA),
        ("PROPRIÉTÉ MÉDIA", Key.MEDIA),
        ("Proprie\u0301te\u0301 me\u0301dia", Key.MEDIA),
        ("ﾊﾟｰﾄﾅｰ名", Key.NAME),
        ("パートナー　ＩＤ", Key.MPID),
        ("合作伙伴ID", Key.MPID),
        ("ID du partenaire", Key.MPID),
    ],
)
def test_width_case_spaces_accents_and_invisible_characters_are_forgiven(spelling: str, key: Key) -> None:
    """C-8."""
    assert headers.assign([spelling], "en").columns == {key: 0}


def test_names_differ_between_columns_in_every_spelling() -> None:
    seen: dict[str, Key] = {}
    for column in COLUMNS:
        for name in (*column.names.values(), *column.synonyms):
            assert seen.setdefault(headers.key_of(name), column.key) is column.key, name


def test_a_missing_required_column_refuses_by_its_name_in_the_readers_language() -> None:
    """C-8."""
    assert errors(["Partner name"]) == [
        ("header-missing-column", "Contact email"),
        ("header-missing-column", "Media property"),
    ]
    found = headers.assign(["Partner name", "Contact email"], "ja").findings
    assert [one.values["name"] for one in found] == ["メディアプロパティ"]


def test_a_column_given_twice_refuses_also_in_two_languages() -> None:
    """C-8."""
    assert errors([*REQUIRED, "Contact email"]) == [("header-doubled-column", "Contact email")]
    assert errors([*REQUIRED, "連絡先メールアドレス"]) == [("header-doubled-column", "Contact email")]
    assert errors([*REQUIRED, "Description", "説明"]) == [("header-doubled-column", "Description")]


def test_a_name_of_ours_wins_over_a_synonym() -> None:
    found = headers.assign([*REQUIRED, "Website"], "en")
    assert dict(found.columns)[Key.MEDIA] == 2
    assert (found.unknown, [one.rule for one in found.findings]) == ((3,), ["header-unknown-column"])
    assert errors(["Partner name", "Contact email", "Website", "URL"]) == [
        ("header-doubled-column", "Media property")
    ]


def test_unknown_columns_are_listed_and_ignored_in_any_order() -> None:
    """C-8: reordered, unknown, empty."""
    found = headers.assign(["Favorite color", *reversed(REQUIRED), ""], "en")
    assert dict(found.columns) == {Key.MEDIA: 1, Key.EMAIL: 2, Key.NAME: 3}
    assert [(one.rule, one.column, one.severity, one.values["name"]) for one in found.findings] == [
        ("header-unknown-column", 1, Severity.WARNING, "Favorite color")
    ]


def test_every_column_is_described_in_four_languages() -> None:
    for column in COLUMNS:
        assert set(column.names) == set(column.examples) == {"en", "fr", "ja", "zh"}
        assert BY_KEY[column.key] is column
    assert [column.key for column in COLUMNS if column.required] == [Key.NAME, Key.EMAIL, Key.MEDIA]


def test_every_column_of_a_header_says_what_it_was_matched_to() -> None:
    """C-8: ours by name, ours by synonym, twice, unknown, blank, added by a result file."""
    names = ["Partner name", "Mail", "Mots-clés", "URL", "Website", "", "Import reason"]
    found = headers.assign(names, "fr")
    assert [(one.index, one.name, one.key, one.match) for one in found.matches] == [
        (0, "Partner name", Key.NAME, Match.NAME),
        (1, "Mail", Key.EMAIL, Match.SYNONYM),
        (2, "Mots-clés", None, Match.UNKNOWN),
        (3, "URL", Key.MEDIA, Match.DOUBLED),
        (4, "Website", Key.MEDIA, Match.DOUBLED),
        (5, "", None, Match.BLANK),
        (6, "Import reason", None, Match.RESULT),
    ]
    assert (found.missing, found.doubled, found.unclear) == ((), {Key.MEDIA: (3, 4)}, True)
    assert headers.assign(["Mail"], "fr").missing == (Key.NAME, Key.MEDIA)
    assert not headers.assign(REQUIRED, "fr").unclear


def test_a_mapping_chosen_by_a_person_replaces_the_names() -> None:
    names = ["Who", "Name", "Contact email", "URL", "Import status"]
    found = headers.assign_chosen(names, {0: Key.NAME, 2: Key.EMAIL, 3: Key.MEDIA}, "en")
    assert found.columns == {Key.NAME: 0, Key.EMAIL: 2, Key.MEDIA: 3}
    assert [one.match for one in found.matches] == [
        Match.CHOSEN, Match.UNKNOWN, Match.CHOSEN, Match.CHOSEN, Match.RESULT,
    ]  # fmt: skip
    assert (found.unknown, found.escaped, found.findings) == ((1,), True, ())
    assert found.chosen == {0: Key.NAME, 2: Key.EMAIL, 3: Key.MEDIA}


def test_a_chosen_mapping_that_lacks_or_doubles_a_column_refuses_by_name() -> None:
    found = headers.assign_chosen(["a", "b"], {0: Key.NAME, 1: Key.NAME}, "ja")
    assert [(one.rule, one.values["name"]) for one in found.findings] == [
        ("header-doubled-column", "パートナー名"),
        ("header-missing-column", "連絡先メールアドレス"),
        ("header-missing-column", "メディアプロパティ"),
    ]


@pytest.mark.parametrize("index", [-1, 2, 3])
def test_a_mapping_of_a_column_that_is_not_there_is_a_mistake_of_the_program(index: int) -> None:
    with pytest.raises(BadMapping):
        headers.assign_chosen(["a", "b", "Import reason"], {index: Key.NAME}, "en")


def test_a_mapping_is_remembered_by_names_and_forgiving() -> None:
    names = ["Who", "Extra", "Mail-Addr", ""]
    kept = headers.remembered(names, {0: Key.NAME, 2: Key.EMAIL, 3: Key.MEDIA})
    assert kept == {"who": "name", "extra": "", "mailaddr": "email"}
    assert headers.recalled(["mail addr", "ＷＨＯ", "Import reason"], kept) == {0: Key.EMAIL, 1: Key.NAME}
    assert headers.recalled(["Who", "New column"], kept) is None
    assert headers.recalled(["Who", "who"], kept) is None


def test_what_is_unclear_gets_a_suggestion_by_name_or_content() -> None:
    found = headers.assign(["Partner name", "Kontakt", "Seite", "Phone", "Group name (2025)"], "en")
    rows = [["A", "a@x.example", "https://x.example", "03", "VIP"], ["B", "", "www.y.example/b c", "", ""]]
    assert headers.suggested(found, rows) == {0: Key.NAME, 1: Key.EMAIL, 2: Key.MEDIA, 4: Key.GROUP}
    assert headers.suggested(found, []) == {0: Key.NAME, 4: Key.GROUP}


def test_a_file_is_read_with_a_given_mapping() -> None:
    read = csvfile.read(
        b"x;y;z\nu;A;a@b.example\n", locale="en", mapping={1: Key.NAME, 2: Key.EMAIL, 0: Key.MEDIA}
    )
    assert not read.refused
    assert [read.values(row) for row in read.rows()] == [
        {Key.NAME: "A", Key.EMAIL: "a@b.example", Key.MEDIA: "u"}
    ]


def test_a_row_with_an_address_is_no_row_of_names() -> None:
    assert headers.holds_data(["甲社", " kou@kou.example ", "kou.example"])
    for row in (["Name", "E-mail", "@"], ["name@", "a @b.c d"], []):
        assert not headers.holds_data(row)
