"""D-1, D-2, D-3: secrets put in by a user are nowhere to be found afterwards but sealed in their rows."""

import ipaddress
import logging
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select, update

from service import bootstrap
from service.adapters.account_post import AccountPost
from service.cli.db import bring_up_to_date, seal_all
from service.config import Settings
from service.db import Database
from service.domain import accounts, mail_accounts, second_factor, sessions
from service.domain.mail_accounts import Access, AccountUnusable
from service.domain.vault import Vault
from service.facts.permissions import BuiltInRole
from service.mail.servers import START, Reach
from service.migrations import environment
from service.models import Campaign, MailAccount, Program, User
from service.web.app import create_app
from service.worker.account_rooms import AccountRooms
from tests import postgres
from tests.outbound import make_campaign
from tests.sink import Sink
from tests.tls import Authority
from tests.web.browser import COOKIE, Browser

NOW = datetime(2038, 1, 18, 12, 0, 0, tzinfo=UTC)
NAME, USER, PASSWORD = "mail.corp.example", "ada", "canary-password-4711"
TOTP = "CANARYCANARYCANARYCANARYCANARY22"
OLD, NEW = "the old key of the vault is long", "the new key of the vault is long"
BASE = "/en/settings/mail-accounts"


def now() -> datetime:
    return NOW


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Sink, Authority]]:
    """The author's own mail server."""
    folder = tmp_path / "own"
    folder.mkdir()
    authority = Authority(folder)
    with Sink(folder / "journal.jsonl", tls=authority.context(NAME), users={USER: PASSWORD}) as server:
        yield server, authority


def traces(data: Path, *secrets: str) -> list[str]:
    """Return the files under a folder that hold one of these, also in base64 as SMTP writes it."""
    wanted = [secret.encode() for secret in secrets]
    return [
        str(file)
        for file in data.rglob("*")
        if file.is_file() and any(one in file.read_bytes() for one in wanted)
    ]


def dump(data: Path) -> str:
    with closing(sqlite3.connect(data / "prospectus.db")) as connection:
        return "\n".join(connection.iterdump())


def test_a_canary_is_nowhere_after_connecting_and_sending(
    settings: Settings, own: tuple[Sink, Authority], caplog: pytest.LogCaptureFixture
) -> None:
    """D-1, D-2, D-3: connect, refuse, check, send; then look in data folder, dump, pages and logs."""
    caplog.set_level(logging.DEBUG)
    sink, authority = own
    built = bootstrap.build(
        replace(settings, mail_url="smtp://127.0.0.1:9?tls=none", base_url="http://localhost"), jobs=False
    )
    reach = Reach((ipaddress.ip_network("127.0.0.0/8"),), {sink.port: START})
    post = AccountPost(reach, ca_file=str(authority.file), resolve=lambda *_: ("127.0.0.1",))
    services = replace(built, account_post=post)
    with services.db.transaction() as session:
        campaign = make_campaign(session, 3)
        author = session.get_one(User, campaign.author_id)
        author.role = accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR)
        author.all_programs = True
        _, cookie = sessions.open_session(session, author, now=NOW)
        campaign_id, author_id = campaign.id, author.id
    app = create_app(services, clock=now)
    browser = Browser(app.test_client())
    browser.client.set_cookie(COOKIE, cookie)
    pages = [browser.get("/en/settings/profile")]
    entry = {"address": "ada@corp.example", "host": NAME, "port": str(sink.port), "user_name": USER}
    sent = (
        (f"{BASE}/new", {"host": "127.1", "password": PASSWORD}),
        (f"{BASE}/new", {"password": "wrong-canary"}),
        (f"{BASE}/1", {"password": PASSWORD}),
    )
    for path, changed in sent:
        pages.append(browser.post(path, {**entry, **changed}))
        pages.append(browser.get(BASE))
    assert "You can send from it." in pages[-1].get_data(as_text=True)
    with services.db.transaction() as session:
        account = session.scalars(select(MailAccount)).one()
        campaign = session.get_one(Campaign, campaign_id)
        campaign.mail_account_id, campaign.from_address = account.id, account.address
        offer = second_factor.propose(services.signer, session.get_one(User, author_id), now=NOW)
        secret = second_factor.secret_offered(
            services.signer, session.get_one(User, author_id), offer, now=NOW
        )
        code = pyotp.TOTP(secret).at(NOW)
        user = session.get_one(User, author_id)
        second_factor.turn_on(session, services.signer, user, offer, code, vault=services.vault, now=NOW)
    rooms = AccountRooms(services, now)
    assert rooms.deliver_batch(campaign_id) == 3
    rooms.close()
    for path in (BASE, f"{BASE}/1", f"{BASE}/1/disconnect", f"/en/campaigns/{campaign_id}", "/en/notices"):
        pages.append(browser.get(path))
        assert pages[-1].status_code == 200
    services.db.dispose()
    secrets = (PASSWORD, "wrong-canary", "Y2FuYXJ5LXBhc3N3b3Jk", secret)
    html = "\n".join(page.get_data(as_text=True) for page in pages)
    written = "\n".join(
        f"{line.getMessage()} {line.exc_text or ''}" for line in caplog.records if line.name != "mail.log"
    )
    everything = f"{html}\n{written}\n{dump(settings.data)}\n{services!r}\n{settings!r}"
    assert [one for one in secrets if one in everything] == []
    assert traces(settings.data, *secrets) == []
    assert [word for word in ("ada@corp.example", "p1@example.com") if word in written] == []


def filled(db: Database, vault: Vault) -> None:
    """Two mail accounts and a second factor, sealed with a vault."""
    with db.transaction() as session:
        program = Program(name="A", name_key="a", default_locale="en", time_zone="UTC", created_at=NOW)
        session.add(program)
        for name in ("ada", "bo"):
            user = accounts.add_user(
                session,
                email=f"{name}@brand.example",
                name=name,
                role=accounts.built_in_role(session, BuiltInRole.COMMUNITY_MANAGER),
                locale="en",
                time_zone="UTC",
                programs=[program],
                now=NOW,
            )
            access = Access("smtp.corp.example", 587, name, f"{PASSWORD}-{name}")
            mail_accounts.connect(
                session, vault, user, f"{name}@corp.example", access, reach=Reach(), now=NOW
            )
            user.totp_secret = vault.seal(TOTP, "second factor", user.id)


def opened(db: Database, vault: Vault) -> list[str]:
    with db.reading() as session:
        found = [mail_accounts.server_of(vault, one).password for one in session.scalars(select(MailAccount))]
        users = session.scalars(select(User).order_by(User.id))
        return found + [vault.open(user.totp_secret or "", "second factor", user.id) for user in users]


EVERYTHING = [f"{PASSWORD}-ada", f"{PASSWORD}-bo", TOTP, TOTP]


def rotate(db: Database) -> None:
    """Rotate from OLD to NEW, twice; a key that is missing is counted and changes nothing."""
    filled(db, Vault(OLD))
    assert seal_all(db, Vault(NEW)) == (0, 4)
    assert opened(db, Vault(OLD)) == EVERYTHING
    assert seal_all(db, Vault(NEW, OLD)) == (4, 0)
    assert seal_all(db, Vault(NEW, OLD)) == (0, 0)
    assert opened(db, Vault(NEW)) == EVERYTHING
    with pytest.raises(AccountUnusable):
        opened(db, Vault(OLD))


def test_rotation_with_two_keys(services: bootstrap.Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """D-1."""
    monkeypatch.setattr("service.cli.db.BATCH", 1)
    rotate(services.db)


def test_rotation_on_postgresql(postgres_server: postgres.Server) -> None:
    """D-1, on the other database."""
    url = postgres_server.migrated_database()
    built = bootstrap.build(Settings(database_url=url, vault_key=OLD, secret_key="k" * 40), jobs=False)
    with built.db.engine.connect() as connection:
        assert environment.differences(connection) == []
    rotate(built.db)
    built.db.dispose()


def test_the_upgrade_seals_what_stood_in_clear(settings: Settings, services: bootstrap.Services) -> None:
    """D-1: second factors from before there was a vault; not even the file's free pages keep them."""
    filled(services.db, services.vault)
    with services.db.transaction() as session:
        session.execute(update(User).values(totp_secret=TOTP))
    assert traces(settings.data, TOTP) != []
    for _ in range(2):
        bring_up_to_date(settings, services.db)
    assert opened(services.db, services.vault) == EVERYTHING
    services.db.dispose()
    assert traces(settings.data, TOTP, PASSWORD) == []


def test_the_command_rotates_and_says_what_it_did(settings: Settings, services: bootstrap.Services) -> None:
    """D-1, D-2: keys come by the environment; nothing of them or of a secret is printed."""
    filled(services.db, Vault(OLD))
    services.db.dispose()

    def run(**keys: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "DATA": str(settings.data), "LC_ALL": "C.UTF-8", **keys}
        return subprocess.run(
            [sys.executable, "-m", "service", "db", "rotate-secrets"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    lost = run(VAULT_KEY=NEW)
    assert lost.returncode == 2
    assert "4 secrets cannot be read with these keys. Add the earlier key to VAULT_KEY_OLD." in lost.stdout
    done, again = run(VAULT_KEY=NEW, VAULT_KEY_OLD=OLD), run(VAULT_KEY=NEW)
    assert [(one.returncode, one.stdout) for one in (done, again)] == [
        (0, "4 secrets have been sealed again.\n"),
        (0, "0 secrets have been sealed again.\n"),
    ]
    told = "".join(one.stdout + one.stderr for one in (lost, done, again))
    assert not re.search(f"{OLD}|{NEW}|{PASSWORD}|{TOTP}", told)
    assert opened(services.db, Vault(NEW)) == EVERYTHING
