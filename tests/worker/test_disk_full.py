"""F-3: a disk of 8 MB fills up under a worker and a web server, and has room again later."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.config import Settings
from service.facts.states import DeliveryState
from service.web.app import create_app
from tests.sink import Sink
from tests.worker.oracle import counts, finished, installed, judge, launch, wait_for
from tests.worker.process import Worker

MEGABYTES = 8


@pytest.fixture
def small_disk(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """The installation on a disk of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(disk)]
    if os.getuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        (disk / "prospectus.db").write_bytes((settings.data / "prospectus.db").read_bytes())
        yield replace(settings, data=disk)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_loses_nothing(small_disk: Settings, sink: Sink, tmp_path: Path) -> None:
    """No row lost, none sent twice, pages are read meanwhile, and all goes on when there is room."""
    sink.pause = 0.01
    settings = replace(small_disk, mail_url=sink.url, mail_connections=2)
    log = tmp_path / "worker.log"
    ballast = settings.data / "ballast"
    with installed(settings) as services:
        campaign_id = launch(services, 300)
        worker = Worker(settings, log)
        wait_for(lambda: len(sink.taken()) > 30, log=log)
        fill(ballast)
        wait_for(lambda: "full" in worker.text() or finished(services, campaign_id), log=log)
        assert not finished(services, campaign_id)
        browser = create_app(services).test_client()
        assert browser.get("/en/sign-in").status_code == 200
        assert browser.get("/en/help").status_code in {200, 301, 308}
        ballast.unlink()
        wait_for(lambda: finished(services, campaign_id), log=log)
        assert worker.stop() == 0
        verdict = judge(services, sink, campaign_id, most_unknown=2)
        assert (verdict.others, len(verdict.sent | verdict.unknown)) == ({}, 300)
        assert counts(services, campaign_id)[DeliveryState.SENT] >= 298


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"\0" * 4096)
        except OSError:
            return
