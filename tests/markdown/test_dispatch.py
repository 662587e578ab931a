"""Rules sorted by their first character read a text as all rules at every place do."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from service.markdown import dispatch, tag_scan
from service.markdown.dialect import Profile, with_rules
from service.paths import data_dir
from tests.markdown.pieces import PIECES

PLAIN = {profile: with_rules(profile) for profile in Profile}
SORTED = {profile: with_rules(profile) for profile in Profile}
for parser in SORTED.values():
    dispatch.install(parser)


def read(parser: MarkdownIt, source: str) -> list[Token]:
    tags, _ = tag_scan.scan(source.split("\n"))
    return parser.parse(source, {"findings": [], "tags": tags, "footnotes": {}})


@given(
    st.lists(PIECES | st.sampled_from("!#$%&*+-:<=>@[\\]^_`{}~|.0 \n\t"), max_size=40).map("".join),
    st.sampled_from(Profile),
)
@settings(max_examples=500, deadline=None)
def test_any_source_gives_the_same_tokens(source: str, profile: Profile) -> None:
    assert read(SORTED[profile], source) == read(PLAIN[profile], source)


@pytest.mark.parametrize("path", sorted(data_dir("content").glob("*/*.md")), ids=lambda path: path.stem)
def test_our_pages_give_the_same_tokens(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert read(SORTED[Profile.HELP], source) == read(PLAIN[Profile.HELP], source)


def test_every_rule_is_asked_somewhere() -> None:
    """A rule whose name is not known here is asked everywhere; a name that no rule has would say nothing."""
    named = {name for chars in (dispatch.INLINE, dispatch.BLOCK) for name in chars}
    used = {
        rule.name
        for ruler in (PLAIN[Profile.HELP].inline.ruler, PLAIN[Profile.HELP].block.ruler)
        for rule in ruler.__rules__
    }
    assert named - used == set()
