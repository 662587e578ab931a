"""What the cells of a row come to: kept as written, recognised, or refused with the reason and the column."""

import pytest

from service.csvfile.headers import Key
from service.domain import import_values
from service.facts.limits import NAME_CHARACTERS
from service.i18n.folding import name_key

FINE = {Key.NAME: "A", Key.EMAIL: "a@x.example", Key.MEDIA: "https://x.example"}


def read(**cells: str) -> import_values.Values:
    return import_values.read(FINE | {Key(name): cell for name, cell in cells.items()}, {name_key("VIP"): 7})


def rules(values: import_values.Values) -> list[tuple[str, str | None]]:
    return [(one.rule, one.column) for one in values.reasons]


@pytest.mark.parametrize(
    "name",
    [
        "株式会社みどり①",
        "ＡＢＣ",
        "mCdONALD",
        "Éric  L’Été",
        "e\u0301",
        "\u3000".join("山田"),
        "O'Neil, Jr.",
        "👩‍👧",
        "=1+1",
        "x" * NAME_CHARACTERS,
    ],
)
def test_names_are_kept_as_written(name: str) -> None:
    """Not cut, no case or width changed, nothing normalised."""
    values = read(name=name, first_name=name, last_name=f" {name}\t")
    assert (values.fields["name"], values.fields["first_name"], values.fields["last_name"]) == (
        name,
        name,
        name,
    )
    assert values.reasons == []


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("x" * (NAME_CHARACTERS + 1), "text-too-long"),
        ("a\nb", "text-unprintable"),
        ("a\0b", "text-unprintable"),
        ("a\ud800", "text-unprintable"),
        ("a\x07", "text-unprintable"),
        ("a\u2028b", "text-unprintable"),
    ],
)
def test_a_name_that_cannot_be_kept_is_refused_not_changed(name: str, rule: str) -> None:
    """C-7: controls, NUL and lone surrogates."""
    values = read(name=name)
    assert rules(values) == [(rule, Key.NAME)]
    assert "name" not in values.fields


def test_what_is_required() -> None:
    values = import_values.read({Key.NAME: " ", Key.EMAIL: "", Key.FIRST_NAME: "Anna"}, {})
    assert rules(values) == [
        ("value-missing", Key.NAME),
        ("value-missing", Key.EMAIL),
        ("value-missing", Key.MEDIA),
    ]


@pytest.mark.parametrize("cells", [{}, {Key.NAME: "", Key.EMAIL: " ", Key.MEDIA: "\u3000", Key.GROUP: ""}])
def test_a_row_of_delimiters_alone_has_one_reason(cells: dict[Key, str]) -> None:
    values = import_values.read(cells, {})
    assert (rules(values), values.rejected) == ([("row-blank", None)], True)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Anna.Berg+x@Example.COM", "anna.berg+x@example.com"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@faß.example", "anna@xn--fa-hia.example"),
        ("山田@例え.テスト", "山田@xn--r8jz45g.xn--zckzah"),
        ("josé@x.example", "josé@x.example"),
        ("JOSE\u0301@x.example", "josé@x.example"),
        ("ａｎｎａ＠ｘ．ｅｘａｍｐｌｅ", "anna@x.example"),
    ],
)
def test_an_address_by_idna_2008_and_eai(written: str, key: str) -> None:
    """C-14: compared by its key."""
    values = read(email=written)
    assert (values.email_key, values.rejected) == (key, False)


@pytest.mark.parametrize(
    "written",
    [
        "anna",
        "a@b",
        "a@x.example; b@x.example",
        "Anna <a@x.example>",
        "a b@x.example",
        "a@x..example",
        "a@-x.example",
        "a@x.example,",
        "@x.example",
        "a\u200b b@x.example",
        "a@1.2.3.4",
        "-a@x.example",
        "a@" + "x" * 64 + ".example",
    ],
)
def test_what_is_no_address(written: str) -> None:
    assert rules(read(email=written)) == [("email-invalid", Key.EMAIL)]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://x.example/a?b=c#d", "https://x.example/a?b=c#d"),
        ("HTTP://X.example", "HTTP://X.example"),
        ("x.example", "https://x.example"),
        ("www.x.example/日本", "https://www.x.example/日本"),
        ("https://例え.テスト/パス", "https://例え.テスト/パス"),
        ("https://a.example https://b.example\nhttps://a.example", "https://a.example\nhttps://b.example"),
        ("https://a.example,https://b.example", "https://a.example\nhttps://b.example"),
        ("https://a.example、https://b.example", "https://a.example\nhttps://b.example"),
        ("https://a.example/x,y;z", "https://a.example/x,y;z"),
    ],
)
def test_web_addresses(written: str, kept: str) -> None:
    values = read(media_property=written)
    assert (values.fields["media_property"], values.reasons) == (kept, [])


@pytest.mark.parametrize(
    "written",
    [
        "x",
        "ftp://x.example",
        "javascript:alert(1)",
        "https://",
        "https://x y",
        "https://u:p@x.example",
        "https://localhost/",
        "https://x..example",
        "https://x.example:port/",
    ],
)
def test_what_is_no_web_address(written: str) -> None:
    assert rules(read(media_property=written)) == [("web-address-invalid", Key.MEDIA)]


def test_language_zone_and_group_are_recognised_or_refused() -> None:
    """C-14: a group in other case and width; one that does not exist."""
    values = read(language="Japonais", time_zone="東京", group="ｖｉｐ")
    assert (values.fields["language"], values.fields["time_zone"], values.group_id) == ("ja", "Asia/Tokyo", 7)
    assert rules(read(language="Elvish?", time_zone="CST", group="none")) == [
        ("language-unknown", Key.LANGUAGE),
        ("zone-unknown", Key.TIME_ZONE),
        ("group-unknown", Key.GROUP),
    ]


def test_a_description_keeps_its_lines() -> None:
    assert read(description="a\r\nb\rc\vd\te").fields["description"] == "a\nb\nc\nd\te"
    assert rules(read(description="a\0")) == [("text-unprintable", Key.DESCRIPTION)]
