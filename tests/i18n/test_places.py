"""The table of places: what it says of a text, and a table that is none."""

import json
from pathlib import Path

import pytest

from service.i18n import places
from service.i18n.places import NONE_KNOWN, EmptyState

TABLE = {
    "frame": ["f"],
    "pages": {"/groups": {"title": "a", "texts": ["a", "b"]}, "/ads": {"title": "", "texts": ["b"]}},
    "errors": [],
    "mails": {"welcome": ["c"]},
    "notices": ["d"],
    "refusals": ["e"],
    "commands": [],
    "empty": [{"title": "g", "text": "h", "icon": "ads", "template": "ads/index.html"}],
    "known": [*"abcdefghxy"],
}


def test_a_text_is_led_to_its_pages_and_mails_and_the_rest_is_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "places.json"
    path.write_text(json.dumps(TABLE), encoding="utf-8")
    known = places.read(path)
    assert known.pages_of("b") == ("/groups", "/ads")
    assert known.mails_of("c") == ("welcome",)
    assert known.titles == {"/groups": "a"}
    assert known.empty == (EmptyState("g", "h", "ads", "ads/index.html"),)
    assert known.nowhere() == {"x", "y"}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({**TABLE, "pages": []})])
def test_a_table_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "places.json"
    path.write_text(text, encoding="utf-8")
    assert places.read(path) == NONE_KNOWN
    assert places.read(tmp_path / "absent") == NONE_KNOWN
