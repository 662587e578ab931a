"""The masking tokenizer under all rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.lint.tokenizer import MASK, Kind, mask


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("%(name)s and %(n)d", [(Kind.NAMED, "%(name)s"), (Kind.NAMED, "%(n)d")]),
        ("%(name) lost", [(Kind.NAMED, "%(name)")]),
        ("%(name)sample", [(Kind.NAMED, "%(name)s")]),
        ("%(name) sont", [(Kind.NAMED, "%(name)")]),
        ("100%% %s", [(Kind.POSITIONAL, "%%"), (Kind.POSITIONAL, "%s")]),
        ("100 % des", []),
        ("{a|b c} {} {{ x }} ((y))", [(Kind.BRACE, t) for t in ("{a|b c}", "{}", "{{ x }}", "((y))")]),
        ('<a href="%(u)s">x</a> a < b', [(Kind.TAG, '<a href="%(u)s">'), (Kind.TAG, "</a>")]),
        ("&nbsp;&#39; AT&T", [(Kind.ENTITY, "&nbsp;"), (Kind.ENTITY, "&#39;")]),
        ("見 https://a.example/b?c=d。", [(Kind.URL, "https://a.example/b?c=d")]),
        ("(https://a.example/b).", [(Kind.URL, "https://a.example/b")]),
        ("[x](/y) `z %(a)s`", [(Kind.LINK, "(/y)"), (Kind.CODE, "`z %(a)s`")]),
        ("to a.b@c.example now", [(Kind.EMAIL, "a.b@c.example")]),
        ("a.csv, .po", [(Kind.FILE, "a.csv"), (Kind.FILE, ".po")]),
    ],
)  # fmt: skip
def test_tokens(text: str, tokens: list[tuple[Kind, str]]) -> None:
    assert [(token.kind, token.text) for token in mask(text).tokens] == tokens


@given(st.text(alphabet="%()s{}<>a/b&;`[]@.:hտ保 \n", max_size=60))
def test_masking_keeps_every_place(text: str) -> None:
    masked = mask(text)
    assert len(masked.plain) == len(text)
    covered = {at for token in masked.tokens for at in range(token.start, token.end)}
    for at, (one, other) in enumerate(zip(text, masked.plain, strict=True)):
        assert other == (MASK if at in covered else one)
        assert (masked.at(at) is not None) == (at in covered)
