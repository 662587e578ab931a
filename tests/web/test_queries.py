"""Hostile values in the query of every page: nothing breaks, nothing is stored, nothing becomes markup."""

import re
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

import pytest
from flask import Flask

import service.web
from service.bootstrap import Services
from tests.web import tour
from tests.web.browser import Browser, Clock
from tests.web.test_access import state_of

# The names that the views read, wherever they stand in the source; a filter of a table names its own.
_READ = re.compile(r"""request\.args(?:\.get|\.getlist)?[(\[]\s*"([a-z_]+)["]""")
FILTERS = {
    "stage",
    "source",
    "group",
    "import",
    "language",
    "q",
    "sort",
    "who",
    "area",
    "program",
    "from",
    "to",
    "show",
}

_QUOTES = ("'", '"', "`", "')", '")', "'))", "\\'", "%27", "\u2019", "\uff07", "\u02bc", "%2527")
_TAILS = (
    " OR 1=1 --", " OR '1'='1", "; DROP TABLE users; --", " UNION SELECT NULL,NULL,NULL --",
    " AND 1=(SELECT COUNT(*) FROM users) --", "||(SELECT password_hash FROM users)||",
    "; UPDATE users SET role_id=1; --", " AND SLEEP(5) --", "; SELECT pg_sleep(5); --", " ORDER BY 99 --",
    " HAVING 1=1 --", "/**/OR/**/1=1#", " AND randomblob(1000000000) --", " LIMIT 1 OFFSET 1 --",
    ") OR (1=1", " COLLATE NOCASE --", " IS NOT NULL --", " LIKE '%' ESCAPE '\\'", "; ATTACH 'x' AS y; --",
    " IN (SELECT sql FROM sqlite_master) --",
)  # fmt: skip
_NUMBERS = (
    "-1", "0", "1e9", "1e400", "-1e400", "1000000", "9223372036854775807", "9223372036854775808", "9" * 400,
    "0x10", "0b1", "1_000", "+1", " 1", "1 ", "1.0", "NaN", "Infinity", "-0",
    "\u0661\u0662", "\uff11\uff12", "\u00b2", "1;2", "1,2",
    "true", "null", "undefined", "None", "[]", "{}",
)  # fmt: skip
_TEXTS = (
    "", " ", "\0", "a\0b", "\r\nSet-Cookie: x=1", "\x1b[31m", "\U0001f600", "\u202e", "\ufeff",
    "%", "_", "\\",
    "%%", "%s", "%(num)s", "{0}", "{{7*7}}", "${7*7}", "<script>alert(1)</script>", "../../etc/passwd",
    "file:///etc/passwd", "//evil.example", "javascript:alert(1)", "x" * 9000,
    "\uff05" * 3000, "\U0001f3f3\ufe0f\u200d\U0001f308" * 200,
    "name", "-name", "id;", "sort=id", "before:1", "after:1", "before:", ":", "2038-01-19", "0000-00-00",
    "9999-12-31", "2038-02-30", "en", "xx", "*", "?", "&", "#",
)  # fmt: skip
PAYLOADS = (*(quote + tail for quote, tail in product(_QUOTES, _TAILS)), *_NUMBERS, *_TEXTS)


def parameters() -> list[str]:
    """Every name of a query value that a view reads."""
    found = set(FILTERS)
    for file in Path(service.web.__path__[0]).glob("*.py"):
        found |= set(_READ.findall(file.read_text("utf-8")))
    return sorted(found)


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) > 300
    assert {"after", "ask", "before", "q", "role", "scheme", "sort", "stage", "state"} <= set(parameters())


def pages(app: Flask, world: tour.World) -> Iterator[str]:
    """One address of every page that can be looked at."""
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if "GET" in (rule.methods or ()):
            yield from islice(tour.paths(app, rule, world, "en"), 1)


def hold(app: Flask, parts: Services, clock: Clock, requests: int) -> int:
    """Open every page so often, each time with another payload in each value; return how often that was."""
    browser: Browser = tour.administrator(app, parts, clock)
    world = tour.make(parts, clock, browser)
    names, count = parameters(), 0
    before = state_of(parts)
    for number, path in enumerate(pages(app, world)):
        assert browser.client.open(path, method="HEAD", buffered=True).status_code < 500, path
        for request in range(requests):
            # Begun elsewhere for each page and name, so that few requests try all payloads over all pages.
            query = {
                name: PAYLOADS[(number * requests + request + place * 9) % len(PAYLOADS)]
                for place, name in enumerate(names)
            }
            answer = browser.client.get(path, query_string=query, buffered=True)
            count += 1
            assert answer.status_code < 500, (path, query)
            if answer.mimetype == "text/html":
                text = answer.get_data()
                assert b"<script>alert" not in text, path
                assert b"sqlite3." not in text, path
    assert state_of(parts) == before
    return count


def test_a_hostile_query_breaks_no_page(app: Flask, parts: Services, clock: Clock) -> None:
    """W-1, W-4, W-5: every page with every query value, a few payloads each; `make sweep` tries them all."""
    assert hold(app, parts, clock, requests=3) > 200


@pytest.mark.sweep
def test_every_payload_in_every_value_of_every_page(app: Flask, parts: Services, clock: Clock) -> None:
    """W-4, W-5: as many requests as payloads, so that each value of each page gets each of them."""
    hold(app, parts, clock, requests=len(PAYLOADS))
