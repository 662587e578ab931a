"""X-4: what a parse does grows with the length of the source and no faster, counted and not timed."""

import sys
from types import FrameType

import pytest

from service.markdown import html, source, text
from service.markdown.dialect import parse

# What grew as the square of the length somewhere, or would with a rule that looks ahead.
HOSTILE = {
    "openings": "{% hint %}\n",
    "closings": "{% endhint %}\n",
    "parts": '{% tabs %}\n{% tab title="t" %}\na\n{% endtab %}\n{% endtabs %}\n',
    "tags without an end": "{% hint\n",
    "tags over lines": '{% @a/b content="x\ny" %}\n',
    "words of tags": "a {% x\n",
    "embeds": '{% embed url="x" %}\na\n',
    "notes": "a[^1]\n\n[^1]: b\n\n",
    "references": "[^1] ",
    "names of notes": "[^a",
    "mathematics": "$$a$$ $ ",
    "dollars": "$$\n",
    "colons": ":bulb: :a",
    "tasks": "- [x] a\n",
    "fences": "```\na\n",
    "raw openings": "<b>",
    "raw closings": "</b>",
    "raw blocks": "<div>\n\n",
    "paragraphs": "<p>a",
    "cells": "<table><tr><td>a</td></tr></table>\n",
    "cards": '<table data-view="cards"><tr><th></th></tr><tr><td><a href="x">a</a></td></tr></table>\n',
    "comments": "<!-- a --> ",
    "open comments": "<!--",
    "pictures": "<picture><source srcset=x>",
    "frames": "<iframe src=https://e.example>",
    "icons": '<i class="fa-x">:x:</i>',
    "headings": "## a\n\n",
    "ids": "## a {#b}\n\n",
    "emphasis": "**a *b* ",
    "East Asian": "**「重要」**です。",
    "quotes": "> a\n\n",
    "lists": "- a\n\n",
    "code": "`a` ``",
    "spaces": "# a" + " " * 60 + "b\n\nc" + " " * 60 + "d\n\n",
    "labels": "{label:Send} {label:",
}
CALLS_FOR_TWICE = 2.3


def calls(written: str) -> int:
    """Return how many functions parsing and writing a source calls, those of C included."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    document = parse(written)
    sys.setprofile(counted)
    try:
        document = parse(written)
        html.render(document)
        text.render(document)
        source.render(document)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_twice_the_source_is_twice_the_work(piece: str) -> None:
    once, twice, more = (calls(piece * (times * 600 // len(piece))) for times in (1, 2, 4))
    assert twice <= CALLS_FOR_TWICE * once
    assert more <= CALLS_FOR_TWICE * twice
