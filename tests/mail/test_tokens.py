import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail import tokens
from service.mail.tokens import KNOWN, Kind, check, lookup, nearest, read


def uses(text: str, field: str = "content") -> list[tuple[str, str | None]]:
    return [(use.name, use.fallback) for use in read(text, field=field).uses]


def rules(text: str, field: str = "content", **how: object) -> list[tuple[str, int, int]]:
    return [(found.rule, found.line, found.column) for found in check(text, field=field, **how)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{firstName}", [("firstName", None)]),
        ("Hello {firstName|there},", [("firstName", "there")]),
        ("{firstName|}", [("firstName", "")]),
        ("{firstName|à vous, chère équipe}", [("firstName", "à vous, chère équipe")]),
        (r"{firstName|a\}b\|c\\}", [("firstName", r"a}b|c" + "\\")]),
        ("<currentDay> and {currentDay}", [("currentDay", None), ("currentDay", None)]),
        (
            "<adcode_17>{adcode_999999999999999999}",
            [("adcode_17", None), ("adcode_999999999999999999", None)],
        ),
        ("`{firstName}`", [("firstName", None)]),
        ("    {firstName} in indented code", [("firstName", None)]),
        ("```\n{firstName}\n```\n{lastName}", [("lastName", None)]),
        ("> ~~~ {mpid}\n> {firstName}\n\n{lastName}", [("lastName", None)]),
        ("- ```\n  {firstName}\n\n{lastName}", [("lastName", None)]),
        (r"\{firstName}", []),
        (r"\\{firstName}", [("firstName", None)]),
        (r"\<currentDay>", []),
        ("**{firstName}**様", [("firstName", None)]),
    ],
)
def test_a_use_is_read(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert uses(text) == expected
    assert rules(text) == []


@pytest.mark.parametrize(
    "text",
    ["{{7*7}}", "{% raw %}", "${7*7}", "#{7*7}", "<%= %>", "{0}", "%(x)s", "$firstName", "{}", "{ }", ":-{"],
)
def test_expressions_of_other_languages_are_literal(text: str) -> None:
    """T-1."""
    assert (uses(text), rules(text)) == ([], [])
    assert read(text, field="content").substitute(lambda _number, _use: "!") == text


@pytest.mark.parametrize(
    ("text", "rule", "near"),
    [
        ("{firstName.__class__}", "token-unknown", "{firstName}"),
        ("{firstName!r:>9999999}", "token-unknown", "{firstName}"),
        ("{firstNam}", "token-unknown", "{firstName}"),
        ("{名前}", "token-unknown", None),
        ("{FirstName}", "token-case", "{firstName}"),
        ("<CurrentDay>", "token-case", "<currentDay>"),
        ("{ADCODE_12}", "token-case", "{adcode_12}"),
        ("｛firstName｝", "token-width", "{firstName}"),
        ("{firstName｝", "token-width", "{firstName}"),
        ("｛foo bar｝", "token-width", None),
        ("{first<b>Name</b>}", "token-split", "{firstName}"),
        ("{**firstName**}", "token-split", "{firstName}"),
        ("{__firstName__}", "token-split", "{firstName}"),
        ("{ firstName }", "token-split", "{firstName}"),
        ("{first\nName}", "token-split", "{firstName}"),
        ("{{firstName}}", "token-twice", "{firstName}"),
        ("{firstName, hello", "token-open", "{firstName}"),
        ("{firstName|a\nb}", "token-open", "{firstName}"),
        ("{adcode_}", "ad-id", None),
        ("{adcode_-1}", "ad-id", None),
        ("{adcode_١٢}", "ad-id", None),
        ("{adcode_1234567890123456789}", "ad-id", None),
        ("{adcode_<adid>}", "ad-id", None),
    ],
)
@pytest.mark.parametrize("field", ["subject", "content"])
def test_a_wrong_token_is_found_where_it_stands(field: str, text: str, rule: str, near: str | None) -> None:
    """T-4, T-5."""
    found = [one for one in check(f"a {text}", field=field) if one.rule != "character"]
    assert [(one.rule, one.line, one.column) for one in found] == [(rule, 1, 3)]
    assert found[0].values.get("nearest") == near


def test_lines_and_columns_count_characters_and_every_line_break() -> None:
    assert rules("𠮷{x}\r\n{y}\rz{z}\n\n {w}") == [
        ("token-unknown", 1, 2),
        ("token-unknown", 2, 1),
        ("token-unknown", 3, 2),
        ("token-unknown", 5, 2),
    ]


def test_an_ad_that_is_not_known_reads_the_same_whoever_owns_it() -> None:
    """T-4."""
    (found,) = check("{adcode_1} {adcode_2}", field="content", known_ads={"1"})
    assert (found.rule, found.column, dict(found.values)) == ("ad-unknown", 12, {"token": "{adcode_2}"})


@pytest.mark.parametrize("char", ["\0", "\ud800"])
def test_characters_that_cannot_be_sent_are_found(char: str) -> None:
    """T-9."""
    assert rules(f"a{char}") == [("character", 1, 2)]


@pytest.mark.parametrize("char", list("\r\n\x85\u2028\x0b\x0c\x1c\x1e\0\x7f"))
def test_a_subject_holds_no_character_that_no_header_can(char: str) -> None:
    """H-1."""
    assert ("character", 1, 2) in rules(f"a{char}b", "subject")


def test_a_text_over_its_limit_is_refused_unread() -> None:
    """T-2."""
    assert rules("{x}" * 40_000) == [("text-long", 1, 1)]
    assert rules("あ" * 30_000) == [("text-long", 1, 1)]
    assert rules("x" * 201, "subject") == [("text-long", 1, 1)]


HOSTILE = [
    "{",
    "{a",
    "{x}",
    "<a",
    "\\",
    "｛",
    "{firstName|",
    "{<",
    "> ",
    "- ",
    "[",
    "`",
    "{firstName}",
    "&a",
    "{&a",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_texts_stop_at_a_bounded_number_of_findings(piece: str) -> None:
    """T-2 (growth and figures: tests/bench)."""
    reading = read(piece * (60_000 // len(piece.encode())), field="content")
    assert len(reading.findings) <= tokens.MOST_FINDINGS


@given(st.text(alphabet="{}<>|\\｛｝ab firstName`~\n\r>-*_0", max_size=80))
def test_substitution_changes_nothing_but_uses_and_escapes(text: str) -> None:
    reading = read(text, field="content")
    cut = [(use.start, use.end) for use in reading.uses] + [(at, at + 1) for at in reading.escapes]
    rest = list(text)
    for start, end in sorted(cut, reverse=True):
        rest[start:end] = []
    assert reading.substitute(lambda _number, _use: "") == "".join(rest)
    assert all(lookup(use.name) for use in reading.uses)


@given(st.text(alphabet="ab{}<firstName>\\|\n\r ", max_size=60), st.integers(0, 59))
def test_a_place_in_the_substituted_text_is_found_again(text: str, offset: int) -> None:
    reading = read(text, field="content")

    def mark(number: int, _use: object) -> str:
        return f"MARK{number}"

    marked = reading.substitute(mark)
    offset = min(offset, len(marked))
    line, column = tokens.Lines(marked).place(offset)
    assert reading.place(mark, line, column) <= tokens.Lines(text).place(len(text))


def test_the_table_names_every_token_and_what_it_prints() -> None:
    assert list(KNOWN) == [
        "adcode_<adid>", "mpid", "mpname", "firstName", "lastName", "greetingName", "currentDay",
        "currentTime", "currentMonthYear", "unsubscribeUrl", "joinUrl", "programName", "senderName",
    ]  # fmt: skip
    assert {name for name, token in KNOWN.items() if token.kind is Kind.URL} == {"unsubscribeUrl", "joinUrl"}
    assert (nearest("first_name"), nearest("zzz"), nearest("Adcode_5")) == ("firstName", None, "adcode_5")
