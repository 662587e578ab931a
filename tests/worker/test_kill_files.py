"""SIGKILL at each step of an upload and of an erasure: done whole or not at all, and done the second time."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.config import Settings
from service.domain.letters import CONVERSATION
from service.mail.verp import ReplyAddresses
from service.models import Message, Partner
from service.worker import scan
from tests.clamd import Clamd
from tests.mail.answers import part, parts
from tests.worker.attaching import ADDRESS, Conversation, begin, known, stored
from tests.worker.oracle import installed, wait_for
from tests.worker.process import FAULTS, Worker, environment_of

SWEEP = pytest.mark.sweep
ROOT = Path(__file__).parents[2]
# The module at whose import the fault is put in comes first, or everything else would be there before it.
UPLOAD = """
import io, os, sys
import service.worker.deliver
from service.bootstrap import build
from service.config import Settings
from service.web.app import create_app

client = create_app(build(Settings.from_env(os.environ))).test_client()
data = {"form_key": "form", "files": (io.BytesIO(b"name,rate\\r\\nLumiere,12\\r\\n"), "rates.csv")}
sys.exit(0 if client.post(sys.argv[1], data=data).status_code == 200 else 1)
"""
INBOUND = """
import io, sys
import service.worker.deliver
from service.cli import main

sys.stdin = io.TextIOWrapper(io.BytesIO(open(sys.argv[1], "rb").read()))
main(["mail", "inbound"])
"""
ERASE = """
import sys
import service.worker.deliver
from service.cli import main

main(["person", "erase", "--yes", sys.argv[1]])
"""


@pytest.fixture
def settings(settings: Settings, clamd: Clamd) -> Settings:
    return replace(settings, scanner_url=clamd.url, scanner_local_signatures=True)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """An installation with the engine's tables and client."""
    with installed(settings) as made:
        yield made


@pytest.fixture
def here(services: Services) -> Conversation:
    return begin(services)


def run(settings: Settings, program: str, argument: str, *, kill_at: str = "") -> int:
    """Run a program on the installation, and return how it ended."""
    environment = {
        **environment_of(settings), "LC_ALL": "C.UTF-8", "PYTHONPATH": f"{FAULTS}{os.pathsep}{ROOT}",
        "KILL_AT": kill_at, "MAIL_REPLIES": "replies@brand.example",
    }  # fmt: skip
    command = [sys.executable, "-c", program, argument]
    return subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False).returncode


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("service.adapters.file_judge:FileJudge.judge:after:1", marks=SWEEP),
        pytest.param("service.adapters.attachment_files:AttachmentFiles.put:before:1", marks=SWEEP),
        "service.adapters.attachment_files:AttachmentFiles.put:after:1",
        pytest.param("service.domain.attachments:take:before:1", marks=SWEEP),
        "service.domain.attachments:take:after:1",
        pytest.param("service.adapters.jobs:EngineJobs.scan:before:1", marks=SWEEP),
        pytest.param("service.adapters.jobs:EngineJobs.scan:after:1", marks=SWEEP),
        pytest.param("service.web.uploads:fragment:before:1", marks=SWEEP),
    ],
)
def test_a_kill_at_each_step_of_an_upload(
    settings: Settings, services: Services, here: Conversation, place: str
) -> None:
    """F-1: sent again it is there once, is scanned, and no file is left that nobody knows."""
    path = f"/en/conversation/{services.signer.sign(CONVERSATION, [here.thread_id, 1])}/files"
    assert run(settings, UPLOAD, path, kill_at=place) == -signal.SIGKILL
    assert known(services) <= stored(services)
    assert run(settings, UPLOAD, path) == 0
    assert len(here.states()) == 1
    worker = Worker(settings, settings.data / "worker.log")
    wait_for(here.is_clean, log=settings.data / "worker.log")
    assert worker.stop() == 0
    scan.clear(services, now=datetime.now(UTC) + timedelta(hours=2))
    assert stored(services) == known(services)
    assert len(stored(services)) == 1


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("service.adapters.file_judge:FileJudge.judge:after:1", marks=SWEEP),
        pytest.param("service.adapters.attachment_files:AttachmentFiles.put:before:1", marks=SWEEP),
        "service.adapters.attachment_files:AttachmentFiles.put:after:2",
        pytest.param("service.domain.attachments:take:before:1", marks=SWEEP),
        pytest.param("service.domain.attachments:take:after:2", marks=SWEEP),
        "service.domain.messages:answer:after:1",
        pytest.param("service.domain.inbound:take:after:1", marks=SWEEP),
        "service.cli.mail_inbound:_say:before:1",
    ],
)
def test_a_kill_at_each_step_of_a_mail_with_files(
    settings: Settings, services: Services, here: Conversation, place: str
) -> None:
    """F-1: given again by the mail server it is one message with its files, and none is left over."""
    replies = ReplyAddresses("replies@brand.example", settings.secret_key)
    tables = [part(f"name,rate\n{name},12\n", "text/csv", more=ATTACHED.format(name)) for name in "ab"]
    mail = settings.data / "answer.eml"
    mail.write_bytes(parts("mixed", part("Here."), *tables, to=str(replies.of(here.thread_id, 1))))
    assert run(settings, INBOUND, str(mail), kill_at=place) == -signal.SIGKILL
    assert known(services) <= stored(services)
    assert run(settings, INBOUND, str(mail)) == 0
    assert len(here.states()) == 2
    worker = Worker(settings, settings.data / "worker.log")
    wait_for(here.is_clean, log=settings.data / "worker.log")
    assert worker.stop() == 0
    with services.db.reading() as session:
        (message,) = session.scalars(select(Message))
        assert (message.body, message.shown_at is not None) == ("Here.", True)
    scan.clear(services, now=datetime.now(UTC) + timedelta(hours=2))
    assert stored(services) == known(services)
    assert len(stored(services)) == 2


ATTACHED = "Content-Disposition: attachment; filename={}.csv\n"


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("service.domain.erasure:erase_partner:before:1", marks=SWEEP),
        "service.domain.erasure:erase_partner:after:1",
        pytest.param("service.domain.import_clearing:naming:after:1", marks=SWEEP),
        pytest.param("service.adapters.erasure_log:ErasureLog.note:before:1", marks=SWEEP),
        pytest.param("service.adapters.erasure_log:ErasureLog.note:after:1", marks=SWEEP),
        "service.bootstrap:Services.clear_outside:before:1",
        pytest.param("service.db:Database.fold_log:after:1", marks=SWEEP),
        pytest.param("service.adapters.attachment_files:AttachmentFiles.delete:after:1", marks=SWEEP),
    ],
)
def test_a_kill_at_each_step_of_an_erasure(
    settings: Settings, services: Services, here: Conversation, place: str
) -> None:
    """F-1: the person is there whole, or gone for good, down to the last byte, once it was asked again."""
    here.attach(b"name\r\n" + ADDRESS.encode())
    here.send()
    services.db.dispose()
    assert run(settings, ERASE, ADDRESS, kill_at=place) == -signal.SIGKILL
    with services.db.reading() as session:
        was_there = session.scalars(select(Partner.id)).all() != []
    assert len(here.states()) == was_there
    services.db.dispose()
    assert run(settings, ERASE, ADDRESS) == (0 if was_there else 2)
    scan.clear(services, now=datetime.now(UTC) + timedelta(hours=2))
    services.db.dispose()
    assert stored(services) == set()
    left = b"".join(file.read_bytes() for file in settings.data.glob("prospectus.db*"))
    assert ADDRESS.encode() not in left
