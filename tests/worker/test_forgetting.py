"""A worker on a later day forgets what nobody needs any more, by itself."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.config import Settings
from service.models import Notice, User
from tests.mail.letters import clean_bytes, letter
from tests.outbound import make_campaign
from tests.worker.oracle import installed, wait_for
from tests.worker.process import Worker

# Waits go by another clock, which is left alone.
STEADY = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
KINDS = ("read", "unread")


@pytest.fixture
def installation(settings: Settings) -> Iterator[Services]:
    with installed(settings) as made:
        yield made


def kept(services: Services) -> tuple[list[str], int]:
    """The notices that are left, and how many captured mails."""
    assert services.captured is not None
    with services.db.reading() as session:
        notices = select(Notice.kind).where(Notice.kind.in_(KINDS)).order_by(Notice.id)
        return list(session.scalars(notices)), services.captured.count()


@pytest.mark.parametrize(("later", "left"), [("+20d", (["read", "unread"], 1)), ("+400d", (["unread"], 0))])
def test_time_alone_makes_a_worker_forget(
    installation: Services, need: Callable[[str], str], later: str, left: tuple[list[str], int]
) -> None:
    """D-6: with its clock put ahead, and nothing else done, what was read and captured long ago is gone."""
    now = datetime.now(UTC)
    with installation.db.transaction() as session:
        make_campaign(session, 0)
        user = session.scalars(select(User)).one()
        for kind, read_at in (("read", now), ("unread", None)):
            session.add(Notice(user_id=user.id, kind=kind, values={}, created_at=now, read_at=read_at))
    assert installation.captured is not None
    connection = installation.captured.connect()
    connection.begin(sender="a@brand.example", recipient="r@x.example", data=clean_bytes(letter()))
    connection.close()
    assert kept(installation) == (["read", "unread"], 1)
    log = installation.settings.data / "worker.log"
    worker = Worker(installation.settings, log, wrap=(need("faketime"), "-f", later), env=STEADY)
    wait_for(lambda: hours(installation) == 1, log=log)
    os.killpg(worker.process.pid, signal.SIGTERM)
    worker.process.wait(60)
    assert kept(installation) == left


def hours(services: Services) -> int:
    """How often what is done once an hour has been done to its end."""
    with services.db.engine.connect() as connection:
        done = "SELECT count(*) FROM workflow_status WHERE name = 'every_hour' AND status = 'SUCCESS'"
        return int(connection.exec_driver_sql(done).scalar_one())
