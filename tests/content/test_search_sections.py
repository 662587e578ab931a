"""Telling which section is about a word that several of them name."""

import pytest

from service.content.search_asked import Asked
from service.content.search_passages import Kind, Passage
from service.content.search_sections import Sections


def passage(anchor: str, heading: str, words: str, number: int = 0) -> Passage:
    path = ("A page", heading)
    return Passage("page", "en", anchor, path, Kind.TEXT, words, words, "", ("page", anchor, number))


def test_a_section_that_says_a_word_again_and_again_is_about_it() -> None:
    once = passage("once", "Follow a campaign", "A campaign can be paused.")
    often = [
        passage("often", "Pause a campaign", "Pause it. A paused campaign waits.", one) for one in (0, 1)
    ]
    about = Sections([once, *often], Asked(), "en").about(((("paus",),),))
    assert about[("page", "often")] == 1
    assert 0 < about[("page", "once")] < 1


def test_what_people_call_a_section_counts_and_the_ways_to_say_one_thing_do_not_add_up() -> None:
    pages = [passage("pause", "Pause", "It waits."), passage("send", "Send", "It goes.")]
    sections = Sections(pages, Asked({("page", "pause"): "halt, stop sending"}), "en")
    assert set(sections.about(((("halt",),),))) == {("page", "pause")}
    assert sections.about(((("halt",), ("goes",)),)) == sections.about(((("goes",), ("halt",)),))


def test_nothing_asked_and_nothing_there_is_about_nothing() -> None:
    assert Sections([], Asked(), "ja").about(((("送信",),),)) == {}
    assert Sections([passage("a", "A", "b")], Asked(), "en").about(()) == {}


@pytest.mark.parametrize(
    ("words", "phrases"),
    [
        ("one, two words", ["one", "two words"]),
        ("停止发送、撤回，停下", ["停止发送", "撤回", "停下"]),
        ("", []),
    ],
)
def test_phrases_are_parted_by_the_commas_of_every_language(words: str, phrases: list[str]) -> None:
    assert list(Asked({("page", "a"): words}).phrases(("page", "a"))) == phrases
