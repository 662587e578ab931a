"""Asking a real name server on loopback."""

import pytest

from service.adapters.dns import DnsLookup
from service.mail.published import LookupFailed
from tests.nameserver import BROKEN, SILENCE, NameServer


def asking(server: NameServer, seconds: float = 5.0) -> DnsLookup:
    return DnsLookup(("127.0.0.1",), port=server.port, seconds=seconds)


def test_texts_are_joined_and_absent_names_are_empty() -> None:
    """M-22: a record of several strings is one text; no name and no text are the same to us."""
    long = "v=DKIM1; k=rsa; p=" + "A" * 400
    with NameServer(
        {"brand.example": ["v=spf1 -all", "other"], "k.brand.example": [long], "e.example": []}
    ) as server:
        lookup = asking(server)
        assert sorted(lookup.txt("brand.example")) == ["other", "v=spf1 -all"]
        assert lookup.txt("k.brand.example.") == (long,)
        assert lookup.txt("e.example") == ()
        assert lookup.txt("none.example") == ()
        assert lookup.txt("a" * 64 + ".example") == ()
        assert lookup.txt("a..example") == ()
        assert server.asked == ["brand.example", "k.brand.example", "e.example", "none.example"]


def test_a_broken_server_is_told_apart_from_no_record() -> None:
    """M-22: DNS down is told as such."""
    with NameServer({"broken.example": BROKEN}) as server, pytest.raises(LookupFailed):
        asking(server).txt("broken.example")


def test_the_questions_of_a_page_share_one_span_of_time() -> None:
    with NameServer({"mute.example": SILENCE, "brand.example": ["here"]}) as server:
        lookup = asking(server, seconds=0.3)
        with pytest.raises(LookupFailed):
            lookup.txt("mute.example")
        with pytest.raises(LookupFailed):
            lookup.txt("brand.example")
        assert "brand.example" not in server.asked
        assert asking(server).txt("brand.example") == ("here",)


def test_a_server_that_is_not_there() -> None:
    with NameServer({}) as server:
        port = server.port
    with pytest.raises(LookupFailed):
        DnsLookup(("127.0.0.1",), port=port, seconds=0.3).txt("brand.example")
