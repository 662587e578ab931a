"""`prospectus person`, and `prospectus db restored` with what was erased since the backup."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from service.adapters.jobs import migrate_engine
from service.bootstrap import Services
from service.config import Settings
from service.domain import accounts, erased, messages, recipients, threads
from service.facts.messages import ScanState, Side
from service.facts.permissions import BuiltInRole
from service.facts.states import CampaignState, DeliveryState
from service.mail.addresses import Mailbox, parse
from service.mail.mime import Letter, serialize
from service.models import (
    Attachment,
    AuditEntry,
    Delivery,
    Erasure,
    Partner,
    Program,
    Prospect,
    SystemMail,
    User,
)
from tests.backups import back_up
from tests.domain import factories
from tests.outbound import make_campaign

Run = Callable[..., "subprocess.CompletedProcess[str]"]
CANARY = "canari-7f3e"
ADDRESS = f"{CANARY}@oiseaux.example"
HTML = '<!doctype html><html lang="en"><head><title>Hello</title></head><body><p>Hello</p></body></html>'


@pytest.fixture
def run(settings: Settings) -> Run:
    """Run a command on the installation."""
    migrate_engine(settings.database)
    environment = {
        **os.environ,
        "DATA": str(settings.data),
        "SECRET_KEY": settings.secret_key,
        "BASE_URL": settings.base_url,
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "",
    }

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "service", *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return call


@pytest.fixture
def person(services: Services) -> int:
    """Somebody with a conversation, a stored file and a captured mail, and their neighbour."""
    for name, address in (("Neighbour", "neighbour@oiseaux.example"), (f"Atelier {CANARY}", ADDRESS)):
        partner_id = _person(services, name, address)
    services.db.fold_log()
    return partner_id


def _person(services: Services, name: str, address: str) -> int:
    now = datetime.now(UTC)
    file_id = services.attachments.put(f"rates of {name}".encode())
    with services.db.transaction() as session:
        program = session.scalars(select(Program)).first() or factories.program(session)
        made = factories.prospect(session, program, name, email=address, messaging_enabled=True, at=now)
        thread = threads.open_with(session, program.id, made.partner_id, now=now)
        said = messages.answer(session, thread.id, body=f"I am {name}.", form_key=address[:20], now=now)
        session.add(
            Attachment(
                thread_id=thread.id, message_id=said.id, upload_key="k", side=Side.PARTNER.value,
                name=f"{name}.csv", kind="csv", size=1, digest="0" * 64, file_id=file_id,
                state=ScanState.CLEAN.value, give_up_at=now, created_at=now,
            )
        )  # fmt: skip
        partner_id = made.partner_id
    _mail(services, name, address, partner_id)
    return partner_id


def _mail(services: Services, name: str, address: str, number: int = 0) -> None:
    assert services.captured is not None
    letter = Letter(
        sender=Mailbox("Alex", parse("noreply@brand.example")),
        recipients=(Mailbox(name, parse(address)),),
        subject=f"Hello {name}",
        date=datetime.now(UTC),
        message_id=f"<{number}@brand.example>",
        language="en",
        text="Hello",
        html=HTML,
    )
    outbox = services.captured.connect()
    outbox.begin(sender="noreply@brand.example", recipient=address, data=serialize(letter))
    outbox.close()


def trail(services: Services) -> list[tuple[str, int | None, int | None]]:
    """What the trail tells of these commands: the act, by whom, about which user."""
    with services.db.reading() as session:
        rows = select(AuditEntry).where(AuditEntry.act != "user_added").order_by(AuditEntry.id)
        return [(row.act, row.user_id, row.subject_id) for row in session.scalars(rows)]


def names(services: Services) -> list[str]:
    with services.db.reading() as session:
        return list(session.scalars(select(Partner.name).order_by(Partner.id)))


def bytes_below(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file()).lower()


def test_a_person_is_exported_with_their_files(
    run: Run, person: int, services: Services, tmp_path: Path
) -> None:
    """D-4: what the page hands out, and nobody else's."""
    file = tmp_path / "person.zip"
    ran = run("person", "export", ADDRESS.upper(), str(file))
    assert (ran.returncode, ran.stdout) == (0, f"Written: {file}\n")
    with zipfile.ZipFile(file) as archive:
        attached = f"attachments/001-Atelier {CANARY}.csv"
        assert archive.namelist() == ["person.json", attached]
        facts = archive.read("person.json").decode()
        assert archive.read(attached) == f"rates of Atelier {CANARY}".encode()
    assert json.loads(facts)["messages"][0]["body"] == f"I am Atelier {CANARY}."
    assert "neighbour" not in facts.lower()
    assert trail(services) == [("person_exported", None, None)]


def test_a_person_is_erased_everywhere(run: Run, person: int, services: Services) -> None:
    """D-5: no byte is left in the database, the store and the outbox; the neighbour keeps theirs."""
    data = services.settings.data
    assert CANARY.encode() in bytes_below(data)
    services.db.dispose()
    ran = run("person", "erase", "--yes", ADDRESS)
    assert (ran.returncode, ran.stdout) == (0, "1 person is erased.\n")
    assert CANARY.encode() not in bytes_below(data)
    assert names(services) == ["Neighbour"]
    assert services.captured is not None
    assert services.captured.count() == 1
    assert b"rates of neighbour" in bytes_below(data / "attachments")
    with services.db.reading() as session:
        assert session.scalars(select(Erasure.subject_id)).all() == [person]
    assert trail(services) == [("person_erased", None, None)]


def test_it_is_asked_before(run: Run, person: int, services: Services) -> None:
    """Without an answer nothing is done."""
    assert run("person", "erase", ADDRESS).returncode == 1
    assert len(names(services)) == 2


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nobody@x.example", "Nobody with this address is stored: nobody@x.example"),
        ("no address", "email address"),
    ],
)
def test_somebody_unknown_is_named(run: Run, person: int, tmp_path: Path, address: str, said: str) -> None:
    for command in (["export", address, str(tmp_path / "x.zip")], ["erase", "--yes", address]):
        ran = run("person", *command)
        assert (ran.returncode, said in ran.stderr) == (2, True)
    assert not (tmp_path / "x.zip").exists()


def test_a_backup_forgets_again(run: Run, person: int, services: Services, tmp_path: Path) -> None:
    """D-5, F-20: erased people who come back with a backup are erased again, with every byte of them."""
    settings = services.settings
    back_up(settings, tmp_path / "backup.db")
    services.db.dispose()
    assert run("person", "erase", "--yes", ADDRESS).returncode == 0
    assert run("db", "restored").stdout.count("erased again") == 0
    for file in settings.data.glob("prospectus.db*"):
        file.unlink()
    (tmp_path / "backup.db").rename(settings.data / "prospectus.db")
    assert CANARY.encode() in bytes_below(settings.data)
    ran = run("db", "restored")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[0] == "1 person who had been erased is erased again."
    assert CANARY.encode() not in bytes_below(settings.data)
    assert names(services) == ["Neighbour"]
    # Nobody writes to them if they are imported anew.
    with services.db.transaction() as session:
        program = session.scalars(select(Program)).one()
        back = factories.prospect(session, program, "Back", email=ADDRESS)
        known = session.scalars(select(Prospect.id).order_by(Prospect.id)).all()
        found = recipients.resolve(session, program, known)
        assert {one.prospect_id: one.suppressed for one in found}[back.id] is True
        assert sum(one.suppressed for one in found) == 1


LEAVER = f"{CANARY}@brand.example"


@pytest.fixture
def user(services: Services, person: int) -> int:
    """A user of the brand who leaves, with a mail of ours, and an administrator who stays."""
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        program = session.scalars(select(Program)).one()
        boss = factories.user(session, program)
        boss.role = accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR)
        leaver = factories.user(session, program, email=LEAVER)
        leaver.name, leaver.created_at = f"Ida {CANARY}", now - timedelta(days=1)
    assert services.captured is not None
    services.captured.forget([ADDRESS])
    _mail(services, leaver.name, LEAVER)
    services.db.fold_log()
    return leaver.id


def test_a_user_is_exported(run: Run, user: int, services: Services, tmp_path: Path) -> None:
    """D-4."""
    file = tmp_path / "user.zip"
    refused = run("person", "export", LEAVER, str(file))
    assert (refused.returncode, file.exists()) == (2, False)
    assert "For the user, add --user." in refused.stderr
    ran = run("person", "export", "--user", LEAVER, str(file))
    assert (ran.returncode, ran.stdout) == (0, f"Written: {file}\n")
    with zipfile.ZipFile(file) as archive:
        facts = json.loads(archive.read("person.json"))
    assert [one["email"] for one in facts["users"]] == [LEAVER]
    assert trail(services) == [("user_exported", None, user)]


def test_a_user_is_erased_and_a_backup_forgets_them_again(
    run: Run, user: int, person: int, services: Services, tmp_path: Path
) -> None:
    """D-5, F-20: no byte is left in the database and the outbox, also after a restore."""
    settings = services.settings
    services.db.dispose()
    assert run("person", "erase", "--yes", ADDRESS).returncode == 0
    back_up(settings, tmp_path / "backup.db")
    assert run("person", "erase", "--yes", LEAVER).returncode == 2
    ran = run("person", "erase", "--yes", "--user", LEAVER)
    assert (ran.returncode, ran.stdout) == (0, "1 person is erased.\n")
    assert CANARY.encode() not in bytes_below(settings.data)
    for file in settings.data.glob("prospectus.db*"):
        file.unlink()
    (tmp_path / "backup.db").rename(settings.data / "prospectus.db")
    assert CANARY.encode() in bytes_below(settings.data)
    ran = run("db", "restored")
    assert ran.stdout.splitlines()[0] == "1 person who had been erased is erased again.", ran.stderr
    assert CANARY.encode() not in bytes_below(settings.data)
    with services.db.reading() as session:
        assert session.get_one(User, user).erased_at is not None
    assert trail(services) == [("person_erased", None, None), ("user_erased", None, user)]


def test_a_backup_from_the_middle_of_a_campaign_forgets_too(
    run: Run, user: int, person: int, services: Services, tmp_path: Path
) -> None:
    """D-5, F-20: what was being sent is held back first; who is still busy is said, the others are erased."""
    settings, now = services.settings, datetime.now(UTC)
    with services.db.transaction() as session:
        program = session.scalars(select(Program)).one()
        author = session.scalars(select(User).where(User.id != user)).one()
        made = factories.prospect(session, program, "Late", email="late@oiseaux.example", at=now)
        sending = make_campaign(session, 3, program=program, author=author)
        over = make_campaign(session, 3, program=program, author=author, state=CampaignState.CANCELLED)
        for campaign, address, state in (
            (sending, ADDRESS, DeliveryState.IN_FLIGHT),
            (over, "late@oiseaux.example", DeliveryState.CLAIMED),
        ):
            mail = session.scalars(select(Delivery).where(Delivery.campaign_id == campaign.id)).first()
            assert mail is not None
            mail.address = mail.address_key = address
            mail.state = state.value
        session.add(
            SystemMail(
                template="password-reset", address=LEAVER, values={}, message_id="m-1", locale="en",
                created_at=now, state=DeliveryState.CLAIMED.value,
            )
        )  # fmt: skip
        marks = erased.marks_of(session)
        gone = [marks.mark(one) for one in (ADDRESS, "late@oiseaux.example", erased.user_key(LEAVER))]
        services.erasure_log.note(gone, at=now + timedelta(minutes=1))
    services.db.dispose()
    ran = run("db", "restored")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert ran.stderr.startswith("late@oiseaux.example: An email to this person is being sent")
    assert ran.stdout.splitlines()[:2] == [
        "2 people who had been erased are erased again.",
        "Emails held back until you decide: 2",
    ]
    assert CANARY.encode() not in bytes_below(settings.data)
    with services.db.transaction() as session:
        assert session.get_one(User, user).erased_at is not None
        assert session.get(Partner, person) is None
        session.execute(update(Delivery).values(state=DeliveryState.SENT.value))
    services.db.dispose()
    ran = run("db", "restored")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "1 person who had been erased is erased again." in ran.stdout
    with services.db.reading() as session:
        assert session.get(Partner, made.partner_id) is None


def test_the_last_administrator_is_not_erased(run: Run, user: int) -> None:
    ran = run("person", "erase", "--yes", "--user", "alex@brand.example")
    assert (ran.returncode, "last account administrator" in ran.stderr) == (2, True)


def test_an_unknown_user_is_named(run: Run, user: int) -> None:
    ran = run("person", "erase", "--yes", "--user", "nobody@x.example")
    assert (ran.returncode, "No user has this address: nobody@x.example" in ran.stderr) == (2, True)
