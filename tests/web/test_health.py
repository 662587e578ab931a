"""What the health page says of the scanner."""

from dataclasses import replace
from typing import Any

from service.adapters.clamd import Clamd
from service.bootstrap import Services
from service.web.app import create_app
from tests.clamd import Clamd as Daemon
from tests.web.browser import Browser, Clock


def health(parts: Services, clock: Clock, url: str, **settings: Any) -> dict[str, Any]:
    """What the page says where a scanner is set up."""
    changed = replace(
        parts,
        settings=replace(parts.settings, scanner_url=url, **settings),
        scanner=Clamd.from_url(url, seconds=30),
    )
    answer = Browser(create_app(changed, clock=clock).test_client()).get("/healthz")
    assert answer.status_code == 200
    return {key: value for key, value in answer.get_json().items() if key != "workers"}


def test_local_signatures_alone_are_a_lack_unless_they_are_meant(
    parts: Services, clock: Clock, clamd: Daemon
) -> None:
    """U-11: what the running scanner says of itself."""
    assert health(parts, clock, clamd.url) == {"status": "degraded", "scanner": "no_signatures"}
    accepted = health(parts, clock, clamd.url, scanner_local_signatures=True)
    assert accepted == {"status": "ok", "scanner": "ready"}


def test_a_scanner_that_is_not_there_is_told(parts: Services, clock: Clock) -> None:
    """F-10."""
    found = health(parts, clock, "clamd://127.0.0.1:1", scanner_local_signatures=True)
    assert found == {"status": "degraded", "scanner": "unreachable"}


def test_where_none_is_set_up_nothing_is_told(browser: Browser) -> None:
    assert "scanner" not in browser.get("/healthz").get_json()
