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
from service.models import Partner
from service.worker import scan
from tests.clamd import Clamd
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
        "KILL_AT": kill_at,
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
