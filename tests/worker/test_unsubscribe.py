"""Unsubscribing from a running service: real mails, web server and worker, clients without cookies."""

import hashlib
import hmac
import http.client
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from service import bootstrap
from service.adapters.jobs import EngineJobs, migrate_engine
from service.bootstrap import Services
from service.config import Settings
from service.db import Base
from service.domain import deliveries, letters
from service.domain.letters import UNSUBSCRIBE
from service.facts.states import CampaignState, DeliveryState
from service.models import Delivery, Program, Suppression, User
from tests.outbound import NOW, make_campaign
from tests.ports import free_port
from tests.sink import Sink
from tests.worker.oracle import finished, wait_for
from tests.worker.process import Worker

Client = Callable[[str, str, bytes], tuple[int, bytes]]
MULTIPART = "multipart/form-data; boundary=mark"
FORMS = {
    "urlencoded": ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
    "multipart": (
        MULTIPART,
        b'--mark\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--mark--\r\n',
    ),
    "empty": ("", b""),
}


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Run `prospectus serve --web-only` as a process of its own and give its address."""
    port = free_port()
    log = settings.data / "web.log"
    environment = {
        **os.environ, "DATA": str(settings.data), "SECRET_KEY": settings.secret_key, "PORT": str(port),
        "BASE_URL": settings.base_url,
    }  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve", "--web-only"],
            env=environment, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        end = time.monotonic() + 150
        while "Prospectus is running" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(90)


def with_urllib(url: str, kind: str, body: bytes) -> tuple[int, bytes]:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    request = urllib.request.Request(
        url, data=body, method="POST", headers={"Content-Type": kind} if kind else {}
    )
    try:
        with urllib.request.build_opener(Stay).open(request) as answer:
            return int(answer.status), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def with_http_client(url: str, kind: str, body: bytes) -> tuple[int, bytes]:
    """As little as HTTP allows: no agent, no accepted types, and no type where the body is empty."""
    host, _, path = url.removeprefix("http://").partition("/")
    with closing(http.client.HTTPConnection(host)) as connection:
        connection.putrequest("POST", f"/{path}", skip_accept_encoding=True)
        if kind:
            connection.putheader("Content-Type", kind)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()


def with_curl(url: str, kind: str, body: bytes) -> tuple[int, bytes]:
    fields = {
        MULTIPART: ["--form", "List-Unsubscribe=One-Click"],
        "": ["--request", "POST"],
    }.get(kind, ["--data", body.decode()])
    run = subprocess.run(
        ["curl", "--silent", "--write-out", "\n%{http_code}", *fields, url],
        capture_output=True,
        check=True,
        timeout=60,
    )
    answer, _, status = run.stdout.rpartition(b"\n")
    return int(status), answer


CLIENTS: dict[str, Client] = {"urllib": with_urllib, "http.client": with_http_client, "curl": with_curl}


def campaign_of(services: Services, recipients: int, **options: object) -> tuple[int, list[bytes]]:
    """Make a campaign and return its program's id and the mails that its recipients get."""
    with services.db.transaction() as session:
        campaign = make_campaign(session, recipients, **options)  # type: ignore[arg-type]
        claimed = deliveries.claim(session, campaign.id, token="t", now=NOW)
        text = letters.text_of(session, campaign.id)
        for row in session.scalars(select(Delivery).where(Delivery.campaign_id == campaign.id)):
            row.state = DeliveryState.SENT.value
        campaign.state = CampaignState.FINISHED.value
        return campaign.program_id, [services.composer.delivery(text, mail) for mail in claimed]


def unsubscribe_path(raw: bytes) -> str:
    header = str(message_from_bytes(raw, policy=policy.default)["List-Unsubscribe"])
    found = re.fullmatch(r"<https://prospectus\.example(/\S+)>", header)
    assert found
    return found[1]


def suppressed(services: Services) -> set[tuple[int, str]]:
    with services.db.reading() as session:
        return {(row.program_id, row.address_key) for row in session.scalars(select(Suppression))}


def test_one_post_of_any_client_in_any_form_is_enough(
    services: Services, settings: Settings, need: Callable[[str], str]
) -> None:
    """M-5, P10: no cookie, no page seen before, no redirect."""
    need("curl")
    pairs = [(client, form) for client in CLIENTS for form in FORMS]
    program_id, mails = campaign_of(services, len(pairs))
    with serving(settings) as address:
        for number, (client, form) in enumerate(pairs):
            answer = CLIENTS[client](address + unsubscribe_path(mails[number]), *FORMS[form])
            assert answer == (200, b""), (client, form)
            expected = {(program_id, f"p{one}@example.com") for one in range(number + 1)}
            assert suppressed(services) == expected, (client, form)


def test_a_scanner_that_follows_every_link_of_a_mail_changes_nothing(
    services: Services, settings: Settings
) -> None:
    """M-5: each address in headers, text and HTML is fetched with HEAD and GET, as gateways do."""
    _, [raw, _] = campaign_of(services, 2)
    message = message_from_bytes(raw, policy=policy.default)
    bodies = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]  # type: ignore[attr-defined]
    everything = "\n".join([str(message["List-Unsubscribe"]), *bodies])
    links = sorted(
        {link.rstrip(".)") for link in re.findall(r"https://prospectus\.example/[^\s<>\"]+", everything)}
    )
    assert unsubscribe_path(raw) in {link.removeprefix("https://prospectus.example") for link in links}
    with serving(settings) as address:
        before = digest(services)
        for link in links:
            for method in ("HEAD", "GET"):
                url = link.replace("https://prospectus.example", address)
                with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:
                    assert answer.status == 200, link
        assert digest(services) == before
        with urllib.request.urlopen(address + unsubscribe_path(raw)) as answer:
            assert answer.headers["Content-Language"] == "en"


def digest(services: Services) -> str:
    """Digest every row of every table of ours."""
    found = hashlib.sha256()
    with services.db.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table).order_by(*table.primary_key.columns)):
                found.update(repr((table.name, tuple(row))).encode())
    return found.hexdigest()


# One process that knows no other time; a server's workers would measure their own health by it.
POST_TWICE = """
import os, sys
from service.bootstrap import build
from service.config import Settings
from service.web.app import create_app
client = create_app(build(Settings.from_env(os.environ), jobs=False)).test_client()
data = {"List-Unsubscribe": "One-Click"}
print(*(client.post(sys.argv[1], data=data).status_code for _ in range(2)))
"""


def test_a_link_works_two_years_later_and_after_the_key_has_changed(
    services: Services, settings: Settings, need: Callable[[str], str]
) -> None:
    """M-6, D-7, P10: the clock of the whole process is 800 days on, its key another one."""
    program_id, [raw, _] = campaign_of(services, 2)
    environment = {
        **os.environ, "DATA": str(settings.data),
        "SECRET_KEY": "n" * 40, "SECRET_KEY_OLD": settings.secret_key,
    }  # fmt: skip
    run = subprocess.run(
        [need("faketime"), "-f", "+800d", sys.executable, "-c", POST_TWICE, unsubscribe_path(raw)],
        env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert run.stdout == "200 200\n"
    assert suppressed(services) == {(program_id, "p0@example.com")}
    with services.db.reading() as session:
        (at,) = session.scalars(select(Suppression.at))
    assert (at - NOW).days > 700


def test_unsubscribing_in_the_middle_of_a_campaign_holds_for_its_next_mail(
    sink: Sink, settings: Settings
) -> None:
    """M-7: while the relay takes one mail, a later recipient uses the link of an older one."""
    settings = replace(settings, mail_url=sink.url, mail_connections=1)
    migrate_engine(settings.database)
    services = bootstrap.build(settings)
    assert isinstance(services.jobs, EngineJobs)
    program_id, older = campaign_of(services, 6)
    statuses: list[tuple[int, bytes]] = []
    with serving(settings) as address:

        def script(step: str, to: str) -> str:
            if (step, to) == ("data", "p1@example.com"):
                statuses.append(with_http_client(address + unsubscribe_path(older[4]), *FORMS["urlencoded"]))
            return "250 Ok"

        sink.script = script
        with services.db.transaction() as session:
            program, author = session.get_one(Program, program_id), session.scalars(select(User)).one()
            campaign = make_campaign(session, 6, program=program, author=author)
            services.jobs.deliver(session, campaign.id)
            campaign_id = campaign.id
        worker = Worker(settings, settings.data / "worker.log")
        try:
            wait_for(lambda: finished(services, campaign_id), log=settings.data / "worker.log")
        finally:
            assert worker.stop() == 0
    assert statuses == [(200, b"")]
    assert sorted(taken.recipient for taken in sink.taken()) == [
        f"p{number}@example.com" for number in (0, 1, 2, 3, 5)
    ]
    with services.db.reading() as session:
        found = {
            row.address: row.state
            for row in session.scalars(select(Delivery).where(Delivery.campaign_id == campaign_id))
        }
    assert found == {
        f"p{number}@example.com": ("suppressed" if number == 4 else "sent") for number in range(6)
    }
    services.jobs.close()
    services.db.dispose()


def test_a_token_is_bound_to_purpose_and_delivery_and_shows_no_address(services: Services) -> None:
    """D-7, M-6: two people's links differ and neither shows who; another purpose reads nothing."""
    _, mails = campaign_of(services, 2)
    tokens = [unsubscribe_path(raw).rpartition("/")[2] for raw in mails]
    assert len(set(tokens)) == 2
    assert not any("example" in token or "p0" in token for token in tokens)
    payloads = [services.signer.read(UNSUBSCRIBE, token) for token in tokens]
    with services.db.reading() as session:
        assert [session.get_one(Delivery, one).address for one in payloads] == [
            "p0@example.com",
            "p1@example.com",
        ]
    assert [services.signer.read("join", token) for token in tokens] == [None, None]


def test_a_signature_is_compared_in_constant_time(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D-7: what decides is the library's constant-time comparison."""
    compared: list[bool] = []

    really = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(really(one, other))
        return compared[-1]

    token = services.signer.sign(UNSUBSCRIBE, 1)
    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert services.signer.read(UNSUBSCRIBE, token) == 1
    assert services.signer.read(UNSUBSCRIBE, token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert compared[0] is True
    assert not any(compared[1:])
