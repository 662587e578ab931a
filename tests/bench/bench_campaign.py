"""P12, L-5: a campaign from its ledger rows to a mail server, against smtplib and Django's mail.

The server is Debian's smtp-sink, on the same machine. Every way sends the same mails over kept connections.
smtplib gets ready-made bytes and keeps no ledger; Django renders and builds each mail, and keeps none either.
"""

import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from service import bootstrap
from service.config import Settings
from service.domain import deliveries, letters, outbox
from service.facts.states import DeliveryState
from service.i18n.catalogs import Catalogs
from service.mail import shipped
from service.models import Delivery, Program, User, Variant
from service.paths import data_dir
from service.worker import deliver
from tests.outbound import NOW, make_campaign

MAILS = int(os.environ.get("BENCH_MAILS", "4000"))
CONNECTIONS = 4
ROUNDS = 3


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def smtp_sink(program: str, *options: str) -> Iterator[int]:
    """Run Debian's smtp-sink on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    user = ["-u", "nobody"] if os.getuid() == 0 else ["-u", pwd.getpwuid(os.getuid()).pw_name]
    process = subprocess.Popen([program, *user, *options, f"127.0.0.1:{port}", "200"], start_new_session=True)
    try:
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.02)
        yield port
    finally:
        os.killpg(process.pid, 15)
        process.wait()


@pytest.fixture
def sink_port(need: Callable[[str], str]) -> Iterator[int]:
    with smtp_sink(need("smtp-sink")) as port:
        yield port


def launch(services: bootstrap.Services, mails: int) -> int:
    """Put a campaign of the shipped invitation into the ledger."""
    with services.db.transaction() as session:
        known = session.scalars(select(Program)).first()
        author = session.scalars(select(User)).first()
        campaign = make_campaign(session, mails, program=known, author=author)
        campaign.variants.clear()
        session.flush()
        for locale in ("en", "ja"):
            draft = shipped.draft("invitation", Catalogs(data_dir("locales")).catalog(locale))
            campaign.variants.append(Variant(locale=locale, subject=draft.subject, content=draft.content))
        for delivery in session.scalars(select(Delivery).where(Delivery.campaign_id == campaign.id)):
            delivery.values = {**delivery.values, "first_name": "Lin", "last_name": "Wei"}
        return campaign.id


def send_all(services: bootstrap.Services, campaign_id: int) -> None:
    room = deliver.open_room(services, now)
    try:
        while deliver.deliver_batch(services, room, campaign_id, now):
            pass
    finally:
        room.close()


def ready_made(services: bootstrap.Services, campaign_id: int) -> list[tuple[str, bytes]]:
    with services.db.reading() as session:
        text = letters.text_of(session, campaign_id)
        rows = outbox.list_deliveries(session, campaign_id, limit=MAILS)
    return [
        (
            row.address,
            services.composer.campaign(
                text, letters.addressee_of(row), message_id=row.message_id, moment=NOW
            ).raw,
        )
        for row in rows
    ]


def by_smtplib(port: int, mails: list[tuple[str, bytes]]) -> None:
    def work(share: list[tuple[str, bytes]]) -> None:
        with smtplib.SMTP("127.0.0.1", port) as server:
            for address, raw in share:
                server.sendmail("noreply@brand.example", [address], raw)

    threads = [
        threading.Thread(target=work, args=(mails[number::CONNECTIONS],)) for number in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_a_campaign_end_to_end(settings: Settings, sink_port: int) -> None:
    """Targets: at least 0.70 of smtplib, at least 10 times Django."""
    url = f"smtp://127.0.0.1:{sink_port}?tls=none"
    services = bootstrap.build(replace(settings, mail_url=url, mail_connections=CONNECTIONS), jobs=False)
    ours, peer = [], []
    for _ in range(ROUNDS):
        campaign_id = launch(services, MAILS)
        mails = ready_made(services, campaign_id)
        peer.append(timed(lambda: by_smtplib(sink_port, mails)))
        ours.append(timed(lambda: send_all(services, campaign_id)))
        with services.db.reading() as session:
            assert outbox.counts(session, campaign_id)[DeliveryState.SENT] == MAILS
    rates = [MAILS / min(seconds) for seconds in (ours, peer)]
    print(
        f"\ncampaign, SQLite, {CONNECTIONS} connections: {rates[0]:,.0f}/s; smtplib: {rates[1]:,.0f}/s; ratio {rates[0] / rates[1]:.2f}"
    )
