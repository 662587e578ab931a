"""Pseudo-locales: longer, marked, and with everything that programs read as it was."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.i18n.catalogs import Catalogs
from service.i18n.fill import fill, named
from service.i18n.formats import formats
from service.i18n.locales import ALL_LOCALES, LOCALES, PSEUDO
from service.i18n.pseudo import accented, mirrored
from service.paths import data_dir

KEPT = re.compile(r"%\(\w+\)s|%%|\{[^{}]*\}|</?[a-z][^<>]*>|\]\([^()\s]*\)")
TEXT = st.lists(
    st.sampled_from(
        [
            "Save",
            " ",
            "\n\n",
            "%(name)s",
            "%%",
            "{mpname|your work}",
            '<a href="/x">',
            "</a>",
            "[here](/help)",
            "é保",
        ]
    )
).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Save", "⟦Šåṽé ļö⟧"),
        (" Save\n", " ⟦Šåṽé ļö⟧\n"),
        ("%(num)s rows", "⟦%(num)s ŕöŵš ļö⟧"),
        ("100%% of <b>it</b>", "⟦100%% öƒ <b>îţ</b> ļöŕé⟧"),
        ("[Join]({joinUrl})", "⟦[Ĵöîñ]({joinUrl}) ļö⟧"),
        ("%(name)s", "⟦%(name)s⟧"),
        ("", ""),
        (" \n", " \n"),
    ],
)
def test_wide_texts(text: str, expected: str) -> None:
    assert accented(text) == expected


@given(TEXT)
def test_what_programs_read_stays(text: str) -> None:
    for change in (accented, mirrored):
        assert KEPT.findall(change(text)) == KEPT.findall(text)
        assert named(change(text)) == named(text)
        assert change(text).count("\n") == text.count("\n")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60))
def test_any_text_becomes_a_text_of_its_own(text: str) -> None:
    wide, turned = accented(text), mirrored(text)
    assert bool(wide.strip()) == bool(text.strip())
    assert turned.count("\u202e") - text.count("\u202e") == turned.count("\u202c") - text.count("\u202c")


def test_texts_are_four_tenths_longer() -> None:
    text = "Write an email to one or many prospects, in the language of each"
    assert 1.38 <= len(accented(text).strip("⟦⟧")) / len(text) <= 1.45


def test_they_are_made_of_the_source_and_follow_it() -> None:
    catalogs = Catalogs(data_dir("locales"))
    wide = catalogs.catalog("en-XA")
    assert (wide.gettext("Save"), wide.gettext("No catalog knows this")) == (
        "⟦Šåṽé ļö⟧",
        "No catalog knows this",
    )
    assert fill(wide.ngettext("%(num)s row", "%(num)s rows", 2), {"num": 2}).startswith(("⟦2 ", "2 "))
    assert catalogs.catalog("en-XA") is wide
    assert len(wide) == len(catalogs.catalog("en"))
    assert formats("en-XA").long_date(datetime(2038, 1, 19, tzinfo=UTC)).startswith("⟦Ĵåñûåŕý 19, 2038")
    assert {locale.direction for locale in PSEUDO.values()} == {"ltr", "rtl"}
    assert set(ALL_LOCALES) - set(LOCALES) == set(PSEUDO)
