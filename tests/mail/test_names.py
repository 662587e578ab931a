import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.names import full_name, greeting

GREETINGS = [
    # variant, first, last, company, own language, greeting
    ("ja", "花子", "山田", "花の店", "ja", "山田様"),
    ("ja", None, "山田", None, "ja", "山田様"),
    ("ja", "花子", None, "花の店", "ja", "花子様"),
    ("ja", None, "山田 太郎", None, "ja", "山田 太郎様"),
    ("ja", "山田太郎", None, None, "ja", "山田太郎様"),
    ("ja", None, None, "株式会社花の店", "ja", "株式会社花の店御中"),
    ("ja", None, None, "花の店御中", "ja", "花の店御中"),
    ("ja", None, "山田様", None, "ja", "山田様"),
    ("ja", None, "山田 さん", None, "ja", "山田 さん"),
    ("ja", None, "田中殿", None, "ja", "田中殿"),
    ("ja", "進", "鵜殿", None, "ja", "鵜殿様"),
    ("ja", "Marie", "Dupont", None, "fr", "Dupont様"),
    ("ja", "Juan", "de la Cruz", None, "es", "de la Cruz様"),
    ("ja", "秀英", "欧阳", None, "zh", "欧阳様"),
    ("ja", "マリー", "デュポン", None, "fr", "デュポン様"),
    ("ja", None, None, None, "ja", None),
    ("zh", "秀英", "王", None, "zh", "王秀英"),
    ("zh", "娜娜", "欧阳", None, "zh", "欧阳娜娜"),
    ("zh", "王秀英", "王", None, "zh", "王秀英"),
    ("zh", "林", "林", None, "zh", "林林"),
    ("zh", "林林", "林", None, "zh", "林林林"),
    ("zh", "Xiuying", "Wang", None, "zh", "Wang Xiuying"),
    ("zh", "Xiuying", "Wang", None, "zh_CN", "Wang Xiuying"),
    ("zh", "Marie", "Dupont", None, "fr", "Marie Dupont"),
    ("zh", "Marie", "Dupont", None, None, "Marie Dupont"),
    ("zh", "Marie Dupont", "Dupont", None, "fr", "Marie Dupont"),
    ("zh", "太郎", "山田", None, "ja", "山田太郎"),
    ("zh", "マリー", "デュポン", None, "ja", "マリー・デュポン"),
    ("zh", "민수", "김", None, "ko", "김민수"),
    ("zh", "秀英", None, None, "zh", "秀英"),
    ("zh", None, "王秀英", None, "zh", "王秀英"),
    ("zh", None, "王女士", None, "zh", "王女士"),
    ("zh", None, "王", None, "zh", None),
    ("zh", None, "诸葛", None, "zh", None),
    ("zh", None, None, "秀英的厨房", "zh", None),
    ("en", "Olivia", "Carter", "X", "en", "Olivia"),
    ("en", None, "Carter", "X", "en", None),
    ("en", "Olivia Carter", None, None, "en", "Olivia Carter"),
    ("en", "𠮷野", None, None, "ja", "𠮷野"),
    ("fr", "Jean Pierre", "Martin", None, "fr", "Jean Pierre"),
    ("fr", "花子", "山田", None, "ja", "花子"),
    ("fr", None, "Martin", None, "fr", None),
]


@pytest.mark.parametrize(("variant", "first", "last", "company", "own", "wanted"), GREETINGS)
def test_the_greeting_is_a_whole_name_as_the_language_greets(
    variant: str,
    first: str | None,
    last: str | None,
    company: str | None,
    own: str | None,
    wanted: str | None,
) -> None:
    assert greeting(first, last, company, locale=variant, own=own) == wanted


NAME = (
    st.none() | st.text(min_size=1, max_size=12) | st.sampled_from(["王", "王秀英", "山田", "Olivia Carter"])
)


@given(NAME, NAME, st.sampled_from(["ja", "zh", "fr", "en"]))
def test_a_greeting_never_cuts_a_name(first: str | None, last: str | None, locale: str) -> None:
    """What is greeted with holds one of the two names whole, and nothing that is not of them."""
    said = greeting(first, last, None, locale=locale)
    if said is not None:
        rest = {said.removesuffix("様"), said}
        joined = [first, last, f"{first}{last}", f"{last}{first}", f"{first} {last}", f"{first}・{last}"]
        assert rest & set(joined)


@pytest.mark.parametrize(
    ("first", "last", "own", "whole"),
    [
        ("花子", "山田", "fr", "山田花子"),
        ("Ken", "Sato", "ja", "Sato Ken"),
        ("Ken", "Sato", "en-US", "Ken Sato"),
        ("Ken", "Sato", None, "Ken Sato"),
        ("An", "Nguyễn", "vi-VN", "Nguyễn An"),
        (None, "Sato", "en", "Sato"),
        (None, None, "en", None),
    ],
)
def test_the_order_of_names_is_their_own(
    first: str | None, last: str | None, own: str | None, whole: str | None
) -> None:
    assert full_name(first, last, own) == whole
