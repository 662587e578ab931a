"""Files of a conversation over the web: attached, scanned by the real daemon, handed out inert."""

import gc
import io
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.bootstrap import Services
from service.config import Settings
from service.domain import accounts
from service.domain.letters import CONVERSATION
from service.facts.messages import ScanState
from service.facts.permissions import BuiltInRole
from service.models import Attachment, Thread, User
from service.worker import scan
from tests.clamd import EICAR, EICAR_THREAT, Clamd
from tests.domain import factories
from tests.files.made import pdf, png
from tests.journeys.served import answering
from tests.web.browser import Browser, Clock

KEY = "a form key"
FRAGMENT = {"X-Fragment": "files"}
CSV = "名前,メール\r\n葉山,=1+1\r\n".encode()


@pytest.fixture
def settings(settings: Settings, clamd: Clamd) -> Settings:
    return replace(settings, scanner_url=clamd.url, scanner_local_signatures=True)


@pytest.fixture
def partner_path(parts: Services, thread: Thread) -> str:
    return f"/fr/conversation/{parts.signer.sign(CONVERSATION, [thread.id, 1])}"


def scan_all(parts: Services, clock: Clock) -> None:
    with parts.db.reading() as session:
        waiting = session.scalars(
            select(Attachment.id).where(Attachment.state == ScanState.WAITING.value)
        ).all()
    for attachment_id in waiting:
        scan.scan(parts, attachment_id, clock)


def attach(
    browser: Browser, path: str, name: str, content: bytes, *, headers: dict[str, str] | None = None
) -> TestResponse:
    body, kind = multipart({"csrf_token": browser.token, "form_key": KEY}, name, content)
    return browser.client.post(
        f"{path}/files", data=body, content_type=kind, headers=FRAGMENT if headers is None else headers
    )


def multipart(fields: dict[str, str], name: str, content: bytes) -> tuple[bytes, str]:
    """Put a form together as a browser does; the test client would leave a temporary file behind."""
    parts = [f'name="{field}"\r\n\r\n{value}\r\n'.encode() for field, value in fields.items()]
    parts.append(f'name="files"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n")
    disposed = b"".join(b"--x-boundary\r\nContent-Disposition: form-data; " + part for part in parts)
    return disposed + b"--x-boundary--\r\n", "multipart/form-data; boundary=x-boundary"


def lines(answer: TestResponse) -> list[tuple[str, str]]:
    page = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
    return [
        (found.select_one("bdi").text, found.select_one(".badge").text)  # type: ignore[union-attr]
        for found in page.select("[data-chosen] li")
    ]


def files_in(parts: Services) -> list[tuple[str, str, str | None]]:
    with parts.db.reading() as session:
        query = select(Attachment.name, Attachment.state, Attachment.threat).order_by(Attachment.id)
        return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def test_a_file_goes_from_the_brand_to_the_partner(
    brand: Browser, new_browser: Callable[[], Browser], parts: Services, clock: Clock, thread: Thread,
    partner_path: str,
) -> None:  # fmt: skip
    """U-6, U-12: only once it is clean, under its own name, inert."""
    path = f"/ja/inbox/{thread.id}"
    brand.get(path)
    assert lines(attach(brand, path, "見積り書.csv", CSV)) == [("見積り書.csv", "スキャン待ち")]
    sent = brand.post(path, {"form_key": KEY, "body": "見積もりです。"})
    assert sent.status_code == 303
    partner = new_browser()
    assert "見積もり" not in partner.get(partner_path).get_data(as_text=True)
    assert partner.get(f"{partner_path}/files/1").status_code == 404
    scan_all(parts, clock)
    page = BeautifulSoup(partner.get(partner_path).get_data(as_text=True), "html.parser")
    assert [link["href"] for link in page.select(".attachment-name a")] == [f"{partner_path}/files/1"]
    answer = partner.client.get(f"{partner_path}/files/1")
    assert answer.get_data() == CSV
    kind, _, name = answer.headers["Content-Disposition"].rpartition("filename*=UTF-8''")
    assert (kind, unquote(name)) == ('attachment; filename="attachment.csv"; ', "見積り書.csv")
    assert {name: answer.headers[name] for name in SEALED} == SEALED


SEALED = {
    "Content-Type": "text/csv; charset=utf-8",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
# What is shown in the page of a user; the file itself is handed out under its own type.
SEALED_PICTURE = SEALED | {"Content-Type": "image/webp", "Referrer-Policy": "same-origin"}


def test_a_file_comes_from_the_partner(
    brand: Browser, new_browser: Callable[[], Browser], parts: Services, clock: Clock, thread: Thread,
    partner_path: str,
) -> None:  # fmt: skip
    """U-6: and is shown as a picture that was drawn anew, as inert as the file."""
    partner = new_browser()
    partner.get(partner_path)
    data = {"form_key": KEY, "body": "Voici mon logo.", "files": (io.BytesIO(png((3, 2))), "Mon logo.png")}
    assert partner.post(f"{partner_path}/answer", data).status_code == 303
    scan_all(parts, clock)
    page = BeautifulSoup(brand.get(f"/en/inbox/{thread.id}").get_data(as_text=True), "html.parser")
    picture = page.select_one("img.attachment-picture")
    assert picture is not None
    drawn = brand.client.get(str(picture["src"]))
    assert (drawn.mimetype, drawn.get_data()[:4]) == ("image/webp", b"RIFF")
    assert {name: drawn.headers[name] for name in SEALED_PICTURE} == SEALED_PICTURE


def test_a_threat_is_refused_and_named(brand: Browser, parts: Services, clock: Clock, thread: Thread) -> None:
    """U-7: nobody gets it, and its bytes are gone."""
    path = f"/en/inbox/{thread.id}"
    brand.get(path)
    attach(brand, path, "report.pdf", pdf(stream=EICAR))
    scan_all(parts, clock)
    assert files_in(parts) == [("report.pdf", "refused", EICAR_THREAT)]
    assert list((parts.settings.data / "attachments").rglob("*.*")) == []
    again = brand.post(path, {"form_key": KEY, "body": "See the report."})
    assert (again.status_code, "Remove it first: report.pdf" in again.get_data(as_text=True)) == (400, True)
    assert "See the report." in again.get_data(as_text=True)
    assert (
        brand.post(f"{path}/files/1/remove", {"form_key": KEY, "body": "See the report."}).status_code == 303
    )
    assert files_in(parts) == []
    assert "See the report." in brand.get(path).get_data(as_text=True)


def test_a_silent_scanner_keeps_files_waiting(
    brand: Browser, parts: Services, clock: Clock, thread: Thread, clamd: Clamd
) -> None:
    """U-9, U-10, F-10: the page says so and when it is asked again; then it recovers."""
    path = f"/fr/inbox/{thread.id}"
    brand.get(path)
    attach(brand, path, "a.csv", CSV)
    silent = replace(parts, scanner=replace_timeout(parts))
    clamd.pause()
    try:
        scan.scan(silent, 1, clock)
    finally:
        clamd.go_on()
    page = brand.get(f"{path}/files?form_key={KEY}").get_data(as_text=True)
    assert "L’antivirus est injoignable pour le moment" in page
    assert files_in(parts) == [("a.csv", "waiting", None)]
    scan.scan(parts, 1, clock)
    assert files_in(parts) == [("a.csv", "waiting", None)]  # not before its time
    clock.pass_by(scan.attachments.timedelta(minutes=1))
    scan.scan(parts, 1, clock)
    assert files_in(parts) == [("a.csv", "clean", None)]


def replace_timeout(parts: Services) -> object:
    from service.adapters.clamd import Clamd

    return Clamd.from_url(parts.settings.scanner_url, seconds=0.3)


def test_without_a_scanner_nothing_can_be_attached(
    parts: Services, app: object, brand: Browser, thread: Thread
) -> None:
    """And everything else works."""
    path = f"/en/inbox/{thread.id}"
    app.extensions["prospectus"] = replace(parts, scanner=None)  # type: ignore[attr-defined]
    page = brand.get(path).get_data(as_text=True)
    assert ("no virus scanner is set up" in page, 'type="file"' in page) == (True, False)
    assert attach(brand, path, "a.csv", CSV).status_code == 400
    assert brand.post(path, {"form_key": KEY, "body": "Hello"}).status_code == 303
    assert files_in(parts) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.exe", b"MZ", "are not allowed"),
        ("a.png", pdf(), "its content is of type PDF"),
        ("a.pdf", b"", "The file is empty"),
        ("a.csv", b"x" * (10 * 1024 * 1024 + 1), "larger than 10\u00a0MB"),
    ],
)
def test_what_may_not_be_attached_is_said_by_name_and_reason(
    brand: Browser, parts: Services, thread: Thread, name: str, content: bytes, reason: str
) -> None:
    """U-1, U-2, U-4."""
    path = f"/en/inbox/{thread.id}"
    brand.get(path)
    answer = attach(brand, path, name, content)
    text = answer.get_data(as_text=True)
    assert (answer.status_code, name in text, reason in text, files_in(parts)) == (400, True, True, [])


def test_too_much_is_refused_before_it_is_read(brand: Browser, parts: Services, thread: Thread) -> None:
    """U-4: by the length that is announced."""
    path = f"/en/inbox/{thread.id}"
    brand.get(path)
    answer = brand.post(
        f"{path}/files", {}, headers=FRAGMENT, environ_overrides={"CONTENT_LENGTH": str(10**9)}
    )
    assert answer.status_code == 413


def test_a_csv_file_is_shown_as_text(brand: Browser, parts: Services, clock: Clock, thread: Thread) -> None:
    path = f"/en/inbox/{thread.id}"
    brand.get(path)
    attach(brand, path, "a.csv", CSV)
    scan_all(parts, clock)
    page = BeautifulSoup(brand.get(f"{path}/files/1/table").get_data(as_text=True), "html.parser")
    cells = [[cell.text for cell in row.select("td")] for row in page.select("main tbody tr")]
    assert cells == [["葉山", "=1+1"]]


def test_a_lost_right_is_lost_at_once(
    brand: Browser, new_browser: Callable[[], Browser], parts: Services, clock: Clock, thread: Thread,
    partner_path: str,
) -> None:  # fmt: skip
    """U-12, A-8: an address that was kept, after its user lost the program and then the role, or the link."""
    path = f"/en/inbox/{thread.id}"
    brand.get(path)
    attach(brand, path, "a.csv", CSV)
    brand.post(path, {"form_key": KEY, "body": "Here it is."})
    scan_all(parts, clock)
    kept = ("files/1", "files/1/table")
    partner = new_browser()
    assert [brand.get(f"{path}/{one}").status_code for one in kept] == [200, 200]
    assert [partner.get(f"{partner_path}/{one}").status_code for one in kept] == [200, 200]
    with parts.db.transaction() as session:
        user = session.scalars(select(User)).one()
        user.all_programs = False
        user.programs = [factories.program(session, "Elsewhere")]
        session.get_one(Thread, thread.id).link_version += 1
    assert [brand.get(f"{path}/{one}").status_code for one in kept] == [404, 404]
    assert [partner.get(f"{partner_path}/{one}").status_code for one in kept] == [404, 404]
    with parts.db.transaction() as session:
        user = session.scalars(select(User)).one()
        user.all_programs, user.role = True, accounts.built_in_role(session, BuiltInRole.ANALYST)
    assert [brand.get(f"{path}/{one}").status_code for one in kept] == [403, 403]


def test_a_table_leads_back_and_keeps_its_columns(
    new_browser: Callable[[], Browser], parts: Services, clock: Clock, partner_path: str
) -> None:
    partner = new_browser()
    attach(partner, partner_path, "a.csv", CSV)
    scan_all(parts, clock)
    page = BeautifulSoup(partner.get(f"{partner_path}/files/1/table").get_data(as_text=True), "html.parser")
    assert [cell.text for cell in page.select("main thead th")] == ["名前", "メール"]
    assert [link["href"] for link in page.select(".page-back")] == [partner_path]


def test_a_partner_is_told_that_a_message_waits(
    new_browser: Callable[[], Browser], parts: Services, clock: Clock, partner_path: str
) -> None:
    """D-7: and not that it was sent."""
    partner = new_browser()
    sent = attach(partner, partner_path, "a.csv", CSV)
    assert sent.status_code == 200
    partner.post(f"{partner_path}/answer", {"form_key": KEY, "body": "Voici."})
    page = BeautifulSoup(partner.get(partner_path).get_data(as_text=True), "html.parser")
    assert [note.text.strip() for note in page.select(".notice:not(template *)")] == [
        "Votre message sera envoyé dès que ses fichiers auront été analysés."
    ]


def test_times_of_a_partners_files_are_in_their_zone(
    new_browser: Callable[[], Browser], parts: Services, clock: Clock, thread: Thread, partner_path: str
) -> None:
    """D-7: in the list that the script renews as well."""
    with parts.db.transaction() as session:
        session.get_one(Thread, thread.id).partner.time_zone = "Asia/Tokyo"
    partner = new_browser()
    attach(partner, partner_path, "a.csv", CSV)
    scan.scan(replace(parts, scanner=None), 1, clock)
    again = (clock.now + scan.attachments.timedelta(minutes=1)).astimezone(ZoneInfo("Asia/Tokyo"))
    shown = partner.get(f"{partner_path}/files?form_key={KEY}").get_data(as_text=True)
    assert f"{again:%H:%M}" in shown


def test_a_partner_is_not_told_of_the_installation(
    app: object, new_browser: Callable[[], Browser], parts: Services, partner_path: str
) -> None:
    app.extensions["prospectus"] = replace(parts, scanner=None)  # type: ignore[attr-defined]
    page = new_browser().get(partner_path).get_data(as_text=True)
    assert "Il n’est pas possible de joindre des fichiers ici." in page
    assert ("antivirus" in page, 'type="file"' in page) == (False, False)


def test_a_refusal_is_told_apart_from_the_files_that_are_there(brand: Browser, thread: Thread) -> None:
    """F-4: the script puts it in the place of the file; a reader finds the others with their state."""
    path = f"/en/inbox/{thread.id}"
    brand.get(path)
    attach(brand, path, "a.csv", CSV)
    answer = attach(brand, path, "a.exe", b"MZ")
    page = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
    assert [found.text.strip().startswith("Error a.exe: ") for found in page.select("[data-refused]")] == [
        True
    ]
    assert [line["data-words"] for line in page.select("[data-file-line]")] == ["a.csv: Waiting for scan"]


@contextmanager
def full_disk(most: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as on a disk that is full for it."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


# Werkzeug drops a temporary file that it could not fill, which closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("size", "status", "told"),
    [
        (300_000, 400, "Le fichier n’a pas pu être enregistré"),
        # So long that it goes to a temporary file before anything of ours sees it.
        (1_500_000, 503, "Le serveur ne peut rien enregistrer pour le moment"),
    ],
)
def test_a_full_disk_is_told(
    brand: Browser, parts: Services, thread: Thread, size: int, status: int, told: str
) -> None:
    """F-3: nothing is kept by half, and with room again the same file goes in."""
    path = f"/fr/inbox/{thread.id}"
    brand.get(path)
    content = b"a,b\r\n" * (size // 5)
    with full_disk(200_000):
        answer = attach(brand, path, "a.csv", content)
    gc.collect()
    assert answer.status_code == status
    assert told in answer.get_data(as_text=True)
    assert (files_in(parts), kept_files(parts)) == ([], [])
    assert attach(brand, path, "a.csv", content).status_code == 200
    assert (files_in(parts), kept_files(parts)) == ([("a.csv", "waiting", None)], [size // 5 * 5])


def kept_files(parts: Services) -> list[int]:
    """The sizes of everything in the store, finished or not."""
    folder = parts.settings.data / "attachments"
    return [file.stat().st_size for file in folder.rglob("*") if file.is_file()]


# Werkzeug drops the beginnings it has kept, which closes them.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_partial_upload_leaves_nothing(
    app: Flask, parts: Services, partner_path: str, new_browser: Callable[[], Browser], share: float
) -> None:
    """F-12: over a real connection that ends in the middle; nothing is stored or counted."""
    content = b"a,b\r\n" * 40_000
    body, kind = multipart({"form_key": KEY}, "a.csv", content)
    with answering(app) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            request = f"POST {partner_path}/files HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n"
            request += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(request.encode() + body[: int(len(body) * share)])
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split(b" ")[1] == b"400"
    assert (files_in(parts), kept_files(parts)) == ([], [])
    assert attach(new_browser(), partner_path, "a.csv", content).status_code == 200
    assert kept_files(parts) == [len(content)]
