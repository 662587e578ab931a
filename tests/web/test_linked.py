"""Web addresses in what people write."""

import pytest

from service.web.linked import pieces


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("資料はhttps://x.example/a.を見てください", ["https://x.example/a"]),
        ("(see https://x.example/a, and http://y.example)", ["https://x.example/a", "http://y.example"]),
        ("nothing", []),
        ("", []),
    ],
)
def test_addresses_in_a_text_end_where_the_sentence_goes_on(text: str, links: list[str]) -> None:
    found = pieces(text)
    assert [piece for piece, is_link in found if is_link] == links
    assert "".join(piece for piece, _ in found) == text
