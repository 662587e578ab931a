import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.i18n.catalogs import Catalog
from service.mail import variants
from service.mail.addresses import Mailbox, parse
from service.mail.check import check
from service.mail.merge import Merge, RowRefused
from tests.mail.letters import BASE_URL, MOMENT
from tests.mail.test_mime import H1

SUBJECTS = {
    "en": "Hello {firstName|there}",
    "ja": "招待 {greetingName|皆様}",
    "fr": "Bonjour {firstName|à vous}",
}
CONTENT = (
    "# {programName|x}\n\n{currentDay} {currentTime} {senderName|s} {mpid|m} {adcode_7|ad}\n\n{joinUrl|j}\n"
)
CONTENT = CONTENT.replace("{joinUrl|j}", "<https://x.example/?n={mpname|n}>")


def merge_of(catalogs: dict[str, Catalog], content: str = CONTENT, **subjects: str) -> Merge:
    found = {
        locale: variants.read(f"---\nlocale: {locale}\nsubject: '{subject}'\n---\n{content}".encode())
        for locale, subject in (subjects or SUBJECTS).items()
    }
    return Merge(
        variants=found,
        source=next(iter(found)),
        catalogs=catalogs,
        moment=MOMENT,
        sender=Mailbox("Emma Reed", parse("emma@brand.example")),
    )


def parsed(raw: bytes) -> EmailMessage:
    assert check(raw) == ()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text(raw: bytes) -> str:
    body = parsed(raw).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def refused(merge: Merge, **cells: str) -> list[tuple[str, str | None]]:
    with pytest.raises(RowRefused) as refusal:
        merge.write(1, {"email": "a@x.example", **cells})
    return [(finding.rule, finding.path) for finding in refusal.value.findings]


def test_each_row_gets_its_language_zone_and_values(catalogs: dict[str, Catalog]) -> None:
    """M-9, T-10."""
    merge = merge_of(catalogs)
    row = {"email": "k@x.example", "locale": "ja-JP", "timezone": "America/New_York", "lastName": "髙橋"}
    raw = merge.write(1, row).raw
    assert parsed(raw)["Subject"] == "招待 髙橋様"
    assert parsed(raw)["Content-Language"] == "ja"
    assert "2038年1月18日 19-Jan-2038 03:14:08 UTC Emma Reed m ad" in text(raw)


def test_language_and_zone_default_to_the_sources_and_utc(catalogs: dict[str, Catalog]) -> None:
    raw = merge_of(catalogs).write(1, {"email": "k@x.example", "locale": "", "timezone": " "}).raw
    assert parsed(raw)["Content-Language"] == "en"
    assert "January 19, 2038" in text(raw)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("currentDay", "today"), ("currentTime", "now"), ("senderName", "Ada"),
        ("adcode_7", "Spring <sale> {mpid}"), ("mpid", "0042"), ("programName", "Northwind"),
    ],
)  # fmt: skip
def test_any_column_fills_its_token(catalogs: dict[str, Catalog], name: str, cell: str) -> None:
    """T-3, T-6."""
    assert cell in text(merge_of(catalogs).write(1, {"email": "k@x.example", name: cell}).raw)


def test_the_greeting_can_be_said(catalogs: dict[str, Catalog]) -> None:
    raw = merge_of(catalogs).write(1, {"email": "k@x.example", "locale": "ja", "greetingName": "王先生"}).raw
    assert parsed(raw)["Subject"] == "招待 王先生"


def test_a_missing_value_is_named(catalogs: dict[str, Catalog]) -> None:
    """T-8."""
    merge = merge_of(catalogs, en="Hello {firstName}")
    assert refused(merge) == [("value-missing", "firstName")]
    assert refused(merge, firstName="\u3164 ") == [("value-missing", "firstName")]


@pytest.mark.parametrize("char", [char for char in H1 if char != "\ud800"])
def test_no_cell_breaks_out_of_a_header(catalogs: dict[str, Catalog], char: str) -> None:
    """H-1."""
    merge = merge_of(catalogs)
    for cell in (f"a{char}b", f"a{char}"):
        assert ("character", "firstName") in refused(merge, firstName=cell) or char == "\0"
        assert ("character", "lastName") in refused(merge, lastName=cell, locale="ja") or char == "\0"
    assert refused(merge, email=f"a@x.example{char}b") == [("address", "email")]


def test_a_line_break_in_a_body_is_a_space(catalogs: dict[str, Catalog]) -> None:
    raw = merge_of(catalogs).write(1, {"email": "k@x.example", "mpid": "a\r\nb\u2028c"}).raw
    assert "Emma Reed a b c ad" in text(raw)


def test_bidi_controls_leave_headers_and_stay_in_bodies(catalogs: dict[str, Catalog]) -> None:
    """T-9."""
    merge = merge_of(catalogs, "{firstName|x}", en="Hello {firstName}")
    raw = merge.write(1, {"email": "k@x.example", "firstName": "a\u202eb\U000e0041"}).raw
    assert parsed(raw)["Subject"] == "Hello ab"
    assert "\u2068a\u202eb\U000e0041\u2069" in text(raw)


@pytest.mark.parametrize(
    ("name", "cell", "rule"),
    [
        ("email", "", "address"), ("email", "a@b@c.example", "address"),
        ("unsubscribeUrl", "javascript:x", "value"),
        ("unsubscribeUrl", f"https://x.example/{'a' * 1000}", "header"),
    ],
)  # fmt: skip
def test_an_unusable_cell_is_named(catalogs: dict[str, Catalog], name: str, cell: str, rule: str) -> None:
    """H-4, T-7."""
    found = refused(merge_of(catalogs), **{name: cell})
    assert found == [(rule, name)]


def test_a_zone_that_is_none_is_told_and_is_utc(catalogs: dict[str, Catalog]) -> None:
    written = merge_of(catalogs).write(1, {"email": "k@x.example", "timezone": "Mars/Olympus"})
    assert [(found.rule, found.path) for found in written.findings] == [("time-zone", "timezone")]
    assert "January 19, 2038" in text(written.raw)


def test_one_click_headers_stand_where_the_row_has_the_address(catalogs: dict[str, Catalog]) -> None:
    """M-4, M-13."""
    merge = merge_of(catalogs)
    raw = merge.write(1, {"email": "k@x.example", "unsubscribeUrl": f"{BASE_URL}/u/1"}).raw
    assert check(raw, base_url=BASE_URL) == ()
    assert parsed(raw)["List-Unsubscribe"] == f"<{BASE_URL}/u/1>"
    assert f"{BASE_URL}/u/1" in text(raw)
    without = merge.write(1, {"email": "k@x.example"}).raw
    assert {"List-Unsubscribe", "Precedence"} & set(parsed(without).keys()) == set()


def test_the_same_row_is_the_same_bytes(catalogs: dict[str, Catalog]) -> None:
    """M-8, T-11."""
    one, other = merge_of(catalogs), merge_of(catalogs)
    row = {"email": "k@x.example", "firstName": "Olivia"}
    assert one.write(1, row) == other.write(1, row)
    assert one.write(1, row).raw != one.write(2, row).raw


CELL = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")) | st.sampled_from("{}<>|[](){}招é👩‍👧\u202e"),
    max_size=40,
)


@given(
    cells=st.fixed_dictionaries(
        {
            "firstName": CELL,
            "mpname": CELL,
            "programName": CELL,
            "adcode_7": CELL,
            "lastName": CELL,
            "mpid": CELL,
        }
    ),
    locale=st.sampled_from(["en", "fr", "ja", "zh", ""]),
)
@settings(max_examples=60, deadline=None)
def test_any_words_make_a_clean_message(
    catalogs: dict[str, Catalog], cells: dict[str, str], locale: str
) -> None:
    """M-1, M-2, M-9, T-3, T-6."""
    raw = merge_of(catalogs).write(1, {"email": "k@x.example", "locale": locale, **cells}).raw
    assert check(raw) == ()
