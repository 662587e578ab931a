"""An author's own mail server, an installation that may reach it, and a campaign that goes out through it."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import bootstrap
from service.adapters.account_post import AccountPost
from service.bootstrap import Services
from service.config import Settings
from service.domain import mail_accounts
from service.domain.mail_accounts import Access
from service.facts.mail_checks import MailCheck
from service.mail.servers import START, Checked, Reach
from service.models import Campaign, MailAccount, Notice, Program, User
from service.worker.account_rooms import AccountRooms
from tests.adapters.conversation import PATIENT
from tests.outbound import NOW, make_campaign
from tests.sink import Sink
from tests.tls import Authority

NAME, USER, PASSWORD = "mail.corp.example", "ada", "canary-password"


def now() -> datetime:
    """Return the moment that all of it happens at."""
    return NOW


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signed the certificate of their server."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def own(tmp_path: Path, authority: Authority) -> Iterator[Sink]:
    """The author's own mail server: encrypted, and it wants to know who sends."""
    tls = authority.context(NAME)
    with Sink(tmp_path / "own.jsonl", tls=tls, users={USER: PASSWORD}) as server:
        yield server


@pytest.fixture
def services(settings: Settings, sink: Sink, own: Sink, authority: Authority) -> Iterator[Services]:
    """An installation with a relay of its own (`sink`), which may reach the author's server."""
    built = bootstrap.build(replace(settings, mail_url=sink.url), jobs=False)
    reach = Reach((ipaddress.ip_network("127.0.0.0/8"),), {own.port: START})
    post = AccountPost(
        reach, ca_file=str(authority.file), timeouts=PATIENT, resolve=lambda _host, _port: ("127.0.0.1",)
    )
    yield replace(built, account_post=post)
    built.db.dispose()


@pytest.fixture
def campaign_id(services: Services, own: Sink) -> int:
    """A campaign to five people from a checked account."""
    with services.db.transaction() as session:
        campaign = make_campaign(session, 5)
        account = mail_accounts.connect(
            session,
            services.vault,
            author_of(session, campaign.id),
            "ada@corp.example",
            Access(NAME, own.port, USER, PASSWORD),
            reach=services.account_post.reach,
            now=NOW,
        )
        mail_accounts.record(session, account.id, Checked(MailCheck.OK), version=account.version, now=NOW)
        campaign.mail_account_id, campaign.from_address = account.id, account.address
        return campaign.id


def author_of(session: Session, campaign_id: int) -> User:
    """Return whose campaign it is."""
    return session.get_one(User, session.get_one(Campaign, campaign_id).author_id)


def another(session: Session, campaign_id: int, recipients: int) -> Campaign:
    """Make another campaign of the same author, from the installation's address."""
    program = session.get_one(Program, session.get_one(Campaign, campaign_id).program_id)
    return make_campaign(session, recipients, program=program, author=author_of(session, campaign_id))


@contextmanager
def rooms_of(services: Services, **options: object) -> Iterator[AccountRooms]:
    """Open the rooms of accounts for as long as the block runs."""
    rooms = AccountRooms(services, now, **options)  # type: ignore[arg-type]
    try:
        yield rooms
    finally:
        rooms.close()


def send_all(services: Services, campaign_id: int) -> None:
    """Deliver whatever of a campaign can go out now."""
    with rooms_of(services) as rooms:
        while rooms.deliver_batch(campaign_id):
            pass


def account_of(services: Services) -> MailAccount:
    """Return the account as it is now."""
    with services.db.reading() as session:
        return session.scalars(select(MailAccount)).one()


def news(services: Services) -> list[str]:
    """Return the kinds of what users were told, the oldest first."""
    with services.db.reading() as session:
        return list(session.scalars(select(Notice.kind).order_by(Notice.id)))


def change(services: Services, password: str) -> None:
    """Give the account another password, which its server takes."""
    with services.db.transaction() as session:
        account = session.scalars(select(MailAccount)).one()
        access = Access(account.host, account.port, account.user_name, password)
        mail_accounts.change(session, services.vault, account, access, reach=services.account_post.reach)
        mail_accounts.record(session, account.id, Checked(MailCheck.OK), version=account.version, now=NOW)
