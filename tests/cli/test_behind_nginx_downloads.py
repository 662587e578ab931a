"""The host for downloads behind a real nginx: what it hands out, and that it is nothing else."""

import re
from datetime import UTC, datetime

import pytest

from service.domain import attachments, messages, threads
from service.domain.attachments import Sender, Upload
from service.facts import verdicts
from service.facts.filetypes import FileType
from service.facts.messages import Side
from service.models import User
from service.web.security import PAGE_POLICY
from tests.cli.conftest import Site
from tests.domain import factories
from tests.proxied import (
    FILES,
    Answer,
)

CONTENT = "名前\r\n葉山\r\n".encode()


@pytest.fixture(scope="module")
def download(site: Site) -> str:
    """The path under which a user finds a clean file that they sent."""
    now = datetime.now(UTC)
    with site.services.db.transaction() as session:
        user = session.query(User).one()
        prospect = factories.prospect(
            session, factories.program(session), "Lumière", messaging_enabled=True, at=now
        )
        thread = threads.open_with(session, prospect.program_id, prospect.partner_id, now=now)
        upload = Upload(
            "見積り書.csv", FileType.CSV, len(CONTENT), "digest", site.services.attachments.put(CONTENT)
        )
        file = attachments.take(
            session, site.services.jobs, thread, upload,
            by=Sender(Side.BRAND, user.id), upload_key="key", now=now,
        )  # fmt: skip
        attachments.settle(session, file.id, verdicts.CLEAN, now=now)
        messages.send(session, thread.id, actor=user, body="Bonjour", form_key="key", now=now)
        return f"/ja/inbox/{thread.id}/files/{file.id}"


def _led_to(answer: Answer) -> str:
    assert answer.statuses == [303], answer.head
    origin, path = f"https://{FILES}", str(answer.header("Location"))
    assert path.startswith(f"{origin}/ja/download/")
    return path.removeprefix(origin)


def test_a_file_is_handed_out_by_the_other_host(site: Site, download: str) -> None:
    """U-6: at both doors the pages' host gives an address, the other one the file, which is kept nowhere."""
    for door in site.doors:
        path = _led_to(door.get(download, f"Cookie: {site.cookie}"))
        answer = door.get(path, host=FILES)
        assert (answer.statuses, answer.body) == ([200], CONTENT), answer.head
        assert {name: answer.header(name) for name in HANDED_OUT} == HANDED_OUT
        assert door.get(path, f"Cookie: {site.cookie}").statuses == [404]
    site.nginx.wait_for(path, ["-", "MISS"])


HANDED_OUT = {
    "Content-Type": "text/csv; charset=utf-8",
    "Content-Disposition": 'attachment; filename="attachment.csv"; '
    "filename*=UTF-8''%E8%A6%8B%E7%A9%8D%E3%82%8A%E6%9B%B8.csv",
    "Content-Length": str(len(CONTENT)),
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Set-Cookie": None,
}


def test_no_page_is_on_the_other_host(site: Site) -> None:
    """U-6, W-3: neither what is public and kept, nor what a session opens; a page of its own says so."""
    found = re.search(r'href="(/static/[^"]+\.css)"', site.nginx.door.get("/en/help/").body.decode())
    assert found is not None
    for door in site.doors:
        for path in (
            "/",
            "/en/",
            "/en/sign-in",
            "/en/help/",
            found[1],
            "/healthz",
            "/metrics",
            "/en/download/x",
        ):
            answer = door.get(path, f"Cookie: {site.cookie}", "Accept-Language: fr", host=FILES)
            assert answer.statuses == [404], path
            assert answer.header("Set-Cookie") is None
            assert answer.header("Cache-Control") == "private, no-store"
            assert str(answer.header("Content-Security-Policy")).startswith(
                "default-src 'none'; style-src 'sha256-"
            )
            assert answer.header("Content-Language") == ("en" if path.startswith("/en/") else "fr")
    assert site.nginx.door.get("/en/help/").header("Content-Security-Policy") == PAGE_POLICY


def test_cookies_are_bound_to_the_host_of_the_pages(site: Site) -> None:
    """U-6, A-4: no Domain, which `__Host-` forbids, so that no host of the same domain gets or sets them."""
    set_there = re.findall(r"(?im)^Set-Cookie: (.*?)\r?$", site.nginx.door.get("/en/sign-in").head)
    assert {line.partition("=")[0] for line in set_there} == {"__Host-prospectus_form", "locale"}
    assert [line for line in set_there if "domain" in line.lower() or "; Secure" not in line] == []
