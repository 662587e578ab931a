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
        for name in (*column.names.values(), *column.synonyms, *column.loose):
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


EXPORTERS = {
    "Google Contacts": (
        "First Name,Middle Name,Last Name,Nickname,File As,Organization Name,Organization Title,Notes,Labels,"
        "E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Value,Website 1 - Label,"
        "Website 1 - Value",
        "first_name=First Name,last_name=Last Name,name=Organization Name,description=Notes,"
        "email=E-mail 1 - Value,media_property=Website 1 - Value",
    ),
    "Google Contacts, before": (
        "Name,Given Name,Family Name,Notes,Language,E-mail 1 - Type,E-mail 1 - Value,Organization 1 - Name,"
        "Website 1 - Value",
        "name=Organization 1 - Name,first_name=Given Name,last_name=Family Name,description=Notes,"
        "language=Language,email=E-mail 1 - Value,media_property=Website 1 - Value",
    ),
    "Outlook, en": (
        "Title,First Name,Middle Name,Last Name,Company,Department,Job Title,Business Phone,E-mail Address,"
        "E-mail Type,E-mail Display Name,E-mail 2 Address,Categories,Language,Notes,Web Page",
        "first_name=First Name,last_name=Last Name,name=Company,email=E-mail Address,language=Language,"
        "description=Notes,media_property=Web Page",
    ),
    "Outlook, fr": (
        "Titre,Prénom,Deuxième prénom,Nom,Société,Service,Adresse de messagerie,Catégories,Langue,Notes,"
        "Page Web",
        "first_name=Prénom,last_name=Nom,name=Société,email=Adresse de messagerie,language=Langue,"
        "description=Notes,media_property=Page Web",
    ),
    "Outlook, ja": (
        "敬称,名,ミドル ネーム,姓,会社名,部署,役職,電子メール アドレス,電子メールの種類,分類,言語,メモ,"
        "Web ページ",
        "first_name=名,last_name=姓,name=会社名,email=電子メール アドレス,language=言語,description=メモ,"
        "media_property=Web ページ",
    ),
    "Outlook, zh": (
        "称谓,名,中间名,姓,公司,部门,职务,电子邮件地址,电子邮件类型,电子邮件 2 地址,附注,类别,网页,语言",
        "first_name=名,last_name=姓,name=公司,email=电子邮件地址,description=附注,media_property=网页,language=语言",
    ),
    "HubSpot, en": (
        "Record ID,First Name,Last Name,Email,Phone Number,Company Name,Associated Company,Website URL,"
        "Preferred language,Time Zone",
        "first_name=First Name,last_name=Last Name,email=Email,name=Company Name,media_property=Website URL,"
        "language=Preferred language,time_zone=Time Zone",
    ),
    "HubSpot, fr": (
        "Prénom,Nom,E-mail,Nom de l'entreprise,URL du site web,Langue préférée,Fuseau horaire",
        "first_name=Prénom,last_name=Nom,email=E-mail,name=Nom de l'entreprise,"
        "media_property=URL du site web,language=Langue préférée,time_zone=Fuseau horaire",
    ),
    "HubSpot, ja": (
        "名,姓,Eメール,電話番号,会社名,ウェブサイトURL,優先言語,タイムゾーン",
        "first_name=名,last_name=姓,email=Eメール,name=会社名,media_property=ウェブサイトURL,language=優先言語,"
        "time_zone=タイムゾーン",
    ),
    "Salesforce, en": (
        "First Name,Last Name,Title,Account Name,Email,Website,Description,Lead Source",
        "first_name=First Name,last_name=Last Name,name=Account Name,email=Email,media_property=Website,"
        "description=Description",
    ),
    "Salesforce, fr": (
        "Prénom,Nom,Nom du compte,Adresse e-mail,Site Web,Description",
        "first_name=Prénom,last_name=Nom,name=Nom du compte,email=Adresse e-mail,media_property=Site Web,"
        "description=Description",
    ),
    "Salesforce, ja": (
        "名,姓,取引先名,メール,Web サイト,説明",
        "first_name=名,last_name=姓,name=取引先名,email=メール,media_property=Web サイト,description=説明",
    ),
    "Salesforce, zh": (
        "名字,姓氏,客户名,电子邮件,网站,描述",
        "first_name=名字,last_name=姓氏,name=客户名,email=电子邮件,media_property=网站,description=描述",
    ),
    "Shopify": (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
        "Default Address City,Note,Tags,Website",
        "first_name=First Name,last_name=Last Name,email=Email,name=Default Address Company,description=Note,"
        "media_property=Website",
    ),
    "an office in Tokyo": (
        "No.,会社,氏名,部署,E-mail,ホームページ,備考",
        "name=会社,email=E-mail,media_property=ホームページ,description=備考",
    ),
    "a list of creators in Tokyo": (
        "お名前,メールアドレス,チャンネルURL,プロフィール",
        "name=お名前,email=メールアドレス,media_property=チャンネルURL,description=プロフィール",
    ),
    "an office in Beijing": (
        "序号,企业,联系人,职位,邮箱,网站,备注",
        "name=企业,email=邮箱,media_property=网站,description=备注",
    ),
    "a list of creators in Beijing": (
        "姓名,邮箱,主页链接,简介",
        "name=姓名,email=邮箱,media_property=主页链接,description=简介",
    ),
    "an office in Lyon": (
        "Entreprise,Nom,Prénom,Fonction,Mail,Site internet,Commentaires",
        "name=Entreprise,last_name=Nom,first_name=Prénom,email=Mail,media_property=Site internet,"
        "description=Commentaires",
    ),
    "anybody": ("Name,Company,Email,Website", "name=Company,email=Email,media_property=Website"),
}


@pytest.mark.parametrize("name", EXPORTERS)
def test_what_programs_and_offices_write_above_their_columns(name: str) -> None:
    """C-8: the names of exports as their makers document them, and of lists that people keep."""
    row, expected = EXPORTERS[name]
    header = row.split(",")
    wanted = {
        Key(key): header.index(text) for key, _, text in (one.partition("=") for one in expected.split(","))
    }
    for locale in ("en", "fr", "ja", "zh"):
        found = headers.assign(header, locale)
        assert dict(found.columns) == wanted
        assert (found.doubled, found.missing, found.guessed) == ({}, (), False)


@pytest.mark.parametrize(
    ("row", "locale", "expected"),
    [
        ("Nom,E-mail,Site web", "fr", {Key.NAME: 0}),
        ("Nom,Prénom,E-mail,Site web", "fr", None),
        ("Société,Nom,E-mail,Site web", "fr", None),
        ("名字,邮箱,网站", "zh", {Key.NAME: 0}),
        ("名字,姓,邮箱,网站", "zh", None),
        ("会社名,名字,名前,メール,URL", "ja", {Key.NAME: 0, Key.LAST_NAME: 1}),
    ],
)
def test_a_name_with_two_meanings_is_a_guess(row: str, locale: str, expected: dict[Key, int] | None) -> None:
    """The whole name where no other column is one, and people are asked whether that is right."""
    found = headers.assign(row.split(","), locale)
    assert found.guessed is (expected is not None)
    assert found.unclear or expected is None
    assert [one.rule for one in found.findings if one.rule == "header-guessed-column"] == (
        ["header-guessed-column"] if expected else []
    )
    assert (expected or {}).items() <= dict(found.columns).items()
    chosen = headers.assign_chosen(row.split(","), found.chosen, locale)
    assert not chosen.guessed


def test_of_loose_names_the_first_counts_and_the_others_are_unknown() -> None:
    found = headers.assign(["担当者名", "メディア", "氏名", "メール"], "ja")
    assert dict(found.columns) == {Key.NAME: 2, Key.MEDIA: 1, Key.EMAIL: 3}
    assert found.unknown == (0,)
    assert headers.assign(["氏名", "氏名"], "ja").doubled == {Key.NAME: (0, 1)}


def test_a_contact_beside_a_company_is_offered_as_a_family_name() -> None:
    """山田 花子様 is how such a mail begins; whether it is, a person says."""
    found = headers.assign(["会社名", "担当者名", "メール", "URL"], "ja")
    assert headers.suggested(found, [])[1] is Key.LAST_NAME
    assert 1 not in headers.suggested(headers.assign(["会社名", "担当者名", "姓"], "ja"), [])
    assert 1 not in headers.suggested(headers.assign(["Company", "Name"], "en"), [])


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
