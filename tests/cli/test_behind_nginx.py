"""Pages behind a real nginx that caches, set up by the help page: languages, readers, and hosts that lie."""

import re

from tests.cli.conftest import Site
from tests.proxied import (
    HOST,
    advice,
)

LANGUAGES = {"ja": "ja", "fr": "fr", "en": "en", "zh": "zh-Hans"}
PAGE = "/help/contact-a-prospect"
EVIL = "evil.example"
HOSTILE = (
    f"X-Forwarded-Host: {EVIL}",
    f"X-Forwarded-Server: {EVIL}",
    "X-Forwarded-Proto: gopher",
    "X-Forwarded-Ssl: on",
    f"X-Forwarded-Prefix: /{EVIL}",
    f"Forwarded: for=192.0.2.9;host={EVIL};proto=http",
    f"X-Original-URL: /fr/help/?{EVIL}",
    f"X-Rewrite-URL: /fr/help/?{EVIL}",
    f"X-Host: {EVIL}",
    "X-HTTP-Method-Override: POST",
    "SCRIPT_NAME: /fr",
    "Accept-Language: fr;q=1, ja;q=0.9",
    "Cookie: locale=fr",
)


def test_the_pages_of_four_languages_give_the_same_configuration() -> None:
    assert {advice(code) for code in LANGUAGES} == {advice("en")}


def test_each_address_has_its_language_whatever_came_before(site: Site) -> None:
    """W-6, P7: ja, fr, en, zh one after another, cold and kept, and liars before and after them."""
    for _ in range(2):
        for code, tag in LANGUAGES.items():
            for headers in (
                (),
                ("Accept-Language: fr",),
                HOSTILE,
                ("Accept-Language: ja", "Cookie: locale=zh"),
            ):
                answer = site.nginx.door.get(f"/{code}{PAGE}", *headers)
                assert answer.statuses == [200], answer.head
                assert answer.header("Content-Language") == tag
                assert f'<html lang="{tag}"'.encode() in answer.body
                assert EVIL.encode() not in answer.raw
                assert answer.header("Set-Cookie") is None


def test_a_page_is_kept_for_each_kind_of_reader_that_vary_names(site: Site) -> None:
    """W-6: HTML and Markdown at one address, visitors with a cookie and without."""
    path = "/zh/help/groups"
    kinds: dict[str, tuple[str, ...]] = {
        "text/html": (),
        "text/markdown": ("Accept: text/markdown",),
        "text/html;": ("Cookie: locale=zh",),
    }
    for expected in ("MISS", "HIT"):
        for kind, headers in kinds.items():
            answer = site.nginx.door.get(path, *headers)
            assert answer.header("Vary") == "Accept, Cookie"
            assert str(answer.header("Content-Type")).startswith(kind.strip(";"))
        site.nginx.wait_for(path, ["MISS"] * 3 if expected == "MISS" else ["MISS"] * 3 + ["HIT"] * 3)


def test_what_depends_on_the_reader_is_asked_anew(site: Site) -> None:
    """W-6: bare addresses lead each reader to a page of their own, and nothing of that is kept."""
    wishes = ["ja", "fr", "zh-CN", "en", "fr"]
    for wish in wishes:
        answer = site.nginx.door.get(PAGE, f"Accept-Language: {wish}", f"X-Forwarded-Host: {EVIL}")
        assert answer.statuses == [302]
        assert answer.header("Location") == f"/{wish[:2]}{PAGE}"
        assert answer.header("Vary") == "Accept-Language, Cookie"
    site.nginx.wait_for(PAGE, ["MISS"] * len(wishes))


def test_pages_of_somebody_signed_in_are_never_kept(site: Site) -> None:
    """W-6: neither what is theirs alone, nor a public page that shows their menu."""
    for path in ("/en/", "/en/help/inbox"):
        for _ in range(2):
            answer = site.nginx.door.get(path, f"Cookie: {site.cookie}")
            assert answer.statuses == [200]
            assert answer.header("Cache-Control") == "private, no-store"
            assert b"Alexandrine" in answer.body
        assert b"Alexandrine" not in site.nginx.door.get(path).raw
        site.nginx.wait_for(path, ["MISS"] * 3)


def test_static_files_are_kept(site: Site) -> None:
    """W-6: their address names the release."""
    page = site.nginx.door.get("/en/help/").body.decode()
    found = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert found is not None
    first, again = (site.nginx.door.get(found[1]) for _ in range(2))
    assert (first.statuses, first.body) == ([200], again.body)
    assert "immutable" in str(first.header("Cache-Control"))
    site.nginx.wait_for(found[1], ["MISS", "HIT"])


def test_headers_that_name_another_host_change_nothing(site: Site) -> None:
    """W-7: at both doors each of them alone, an odd Host too; nothing of it is in the answer."""
    path = f"/ja{PAGE}"
    for door in site.doors:
        plain = door.get(path)
        assert plain.statuses == [200]
        for header in HOSTILE:
            assert door.get(path, header).body == plain.body, header
        for host in (EVIL, f"{HOST}:99999", "127.0.0.1", f"{HOST}.", "xn--nxasmq6b"):
            answer = door.get(path, host=host)
            assert answer.body == plain.body or answer.statuses == [400], (host, answer.head)
            assert EVIL.encode() not in answer.raw


def test_no_header_of_a_visitor_makes_the_straight_connection_secure(site: Site) -> None:
    """W-7: only TRUSTED_PROXIES says who is believed; gunicorn itself believes nobody, not even 127.0.0.1."""
    for header in ("X-Forwarded-Protocol: ssl", "X-Forwarded-Ssl: on", "PATH_INFO: /fr/help/"):
        both = site.straight.get(f"/ja{PAGE}", header, "X-Forwarded-Proto: http")
        assert both.statuses == [200]
        assert both.header("Content-Language") == "ja"
