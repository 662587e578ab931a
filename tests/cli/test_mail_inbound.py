"""`prospectus mail inbound` as a mail server calls it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from service import bootstrap
from service.adapters.maildir import Maildir
from service.cli.mail_inbound import command
from service.config import Settings
from service.db import Database
from service.facts.states import DeliveryState
from service.mail.verp import ReplyAddresses, ReturnPath
from service.models import Delivery, Message
from tests.domain.talks import talk
from tests.mail.answers import PROGRAMS, mail
from tests.mail.reports import dsn, letter
from tests.outbound import make_campaign

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
BOUNCES = "bounces@brand.example"
KEY = "k" * 40
ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(settings: Settings) -> Run:
    """Run the command on the installation."""

    def call(
        *arguments: str, mail: bytes = b"", language: str = "C.UTF-8", **changed: str
    ) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "-m", "service", "mail", "inbound", *arguments],
            env={
                **os.environ,
                "DATA": str(settings.data),
                "SECRET_KEY": KEY,
                "MAIL_BOUNCE": BOUNCES,
                "LC_ALL": language,
                **changed,
            },
            input=mail,
            capture_output=True,
            timeout=120,
            check=False,
        )

    return call


@pytest.fixture
def sent(db: Database) -> list[str]:
    """Two deliveries that were sent; their envelope senders."""
    path = ReturnPath("news@brand.example", BOUNCES, KEY)
    with db.transaction() as session:
        make_campaign(session, 2)
        rows = session.query(Delivery).order_by(Delivery.id).all()
        for row in rows:
            row.state = DeliveryState.SENT.value
        return [path.of(row.id) for row in rows]


def states(db: Database) -> list[str]:
    with db.reading() as session:
        return [row.state for row in session.query(Delivery).order_by(Delivery.id)]


def test_a_mail_server_pipes_a_report(run: Run, db: Database, sent: list[str]) -> None:
    """M-14: from standard input, with the envelope recipient as an option; one line says what was done."""
    done = run(mail=dsn(sent[0]))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"-: The email bounced for good. The address is suppressed. [1]\n"
    done = run("--recipient", sent[1], "-", mail=dsn(BOUNCES))
    assert done.stdout == b"-: The email bounced for good. The address is suppressed. [2]\n"
    assert states(db) == ["failed", "failed"]


def test_files_are_read_one_after_another(run: Run, db: Database, sent: list[str], tmp_path: Path) -> None:
    """What is ignored is no failure: a mail server must not bounce it."""
    strange = dsn(sent[0]).replace(b"-Recipient:", b"-X:").replace(b"Action:", b"X:")
    mails = {"1.eml": dsn(sent[0]), "2.eml": letter("x@y.example"), "3.eml": strange, "4.eml": dsn(sent[0])}
    for name, data in mails.items():
        (tmp_path / name).write_bytes(data)
    done = run(*(str(tmp_path / name) for name in mails), language="fr_FR.UTF-8")
    assert done.returncode == 0
    said = [line.partition(": ")[2] for line in done.stdout.decode().splitlines()]
    assert said == [
        "L’e-mail est revenu et le rebond est définitif. L’adresse est exclue. [1]",
        "Rien ne prouve que ce message concerne un e-mail de cette installation. Rien n’a été modifié.",
        "Le message ne peut pas être interprété. Rien n’a été modifié.",
        "Cette information était déjà enregistrée. Rien n’a été modifié. [1]",
    ]
    assert states(db) == ["failed", "sent"]


def test_what_is_no_mail_is_said_and_the_others_are_recorded(
    run: Run, db: Database, sent: list[str], tmp_path: Path
) -> None:
    """Garbage in a pipe or among files: 65, as the help says; a mail server's mails all have a header."""
    done = run(mail=b"garbage\n")
    assert (done.returncode, done.stdout) == (65, b"-: This is not an email. Nothing is changed.\n")
    files = [tmp_path / name for name in ("1", "2")]
    files[0].write_bytes(b"\x89PNG\r\n\x1a\n")
    files[1].write_bytes(dsn(sent[0]))
    assert run(*map(str, files)).returncode == 65
    assert states(db) == ["failed", "sent"]
    folder = maildir(tmp_path / "Maildir", a=b"", b=dsn(sent[1]))
    assert run("--maildir", str(folder)).returncode == 65
    assert run("--maildir", str(folder)).returncode == 0
    assert states(db) == ["failed", "failed"]
    assert b"65" in run("--help").stdout


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("mail inbound", 75),  # the mail server keeps the mail
        *(
            (name, 2)
            for name in ("worker", "db restored", "db rotate-secrets", "db reindex", "program add A")
        ),
    ],
)
def test_where_there_is_no_installation_none_is_made(tmp_path: Path, command: str, code: int) -> None:
    """It is refused in words, with nothing left behind."""
    done = subprocess.run(
        [sys.executable, "-m", "service", *command.split()],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATA": "", "LC_ALL": "C.UTF-8"},
        cwd=tmp_path, input=b"garbage", capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (code, b"")
    assert done.stderr.decode() == (
        f"There is no installation in {tmp_path / 'var'}. Set DATA to its folder, or make one with: "
        "prospectus db upgrade\n"
    )
    assert list(tmp_path.iterdir()) == []


def maildir(folder: Path, **mails: bytes) -> Path:
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    for name, data in mails.items():
        (folder / "new" / name).write_bytes(data)
    return folder


def test_a_maildir_is_emptied(run: Run, db: Database, sent: list[str], tmp_path: Path) -> None:
    """Each mail is seen once it is committed; a second run finds nothing."""
    folder = maildir(tmp_path / "Maildir", a=dsn(sent[0]), b=letter("c1.1@brand.example"))
    done = run("--maildir", str(folder))
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    assert sorted(file.name for file in (folder / "cur").iterdir()) == ["a:2,S", "b:2,S"]
    assert list((folder / "new").iterdir()) == []
    assert run("--maildir", str(folder)).stdout == b""
    assert states(db) == ["failed", "sent"]


def test_what_comes_too_early_stays_and_holds_up_nobody(
    run: Run, db: Database, sent: list[str], tmp_path: Path
) -> None:
    """P1: 75 asks the mail server, or the next run, to give it again."""
    with db.transaction() as session:
        session.get_one(Delivery, 1).state = DeliveryState.IN_FLIGHT.value
    folder = maildir(tmp_path / "Maildir", a=dsn(sent[0]), b=dsn(sent[1]))
    assert run("--maildir", str(folder)).returncode == 75
    assert [file.name for file in (folder / "new").iterdir()] == ["a"]
    assert run(mail=dsn(sent[0])).returncode == 75
    assert states(db) == ["in_flight", "failed"]


def test_two_runs_on_one_maildir_are_no_trouble(
    settings: Settings, db: Database, sent: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1: what one of them has listed the other has taken when its turn comes."""
    folder = maildir(tmp_path / "Maildir", a=dsn(sent[0]), b=dsn(sent[1]), c=letter("c1.1@brand.example"))
    list_new = Maildir.new

    def then_the_other_run_takes_one(self: Maildir) -> list[Path]:
        listed = list_new(self)
        self.mark_seen(folder / "new" / "b")
        return listed

    monkeypatch.setattr(Maildir, "new", then_the_other_run_takes_one)
    env = {"DATA": str(settings.data), "SECRET_KEY": KEY, "MAIL_BOUNCE": BOUNCES}
    done = CliRunner().invoke(command, ["--maildir", str(folder)], env=env)
    assert (done.exit_code, done.stderr, len(done.stdout.splitlines())) == (0, "", 2)
    assert sorted(file.name for file in (folder / "cur").iterdir()) == ["a:2,S", "b:2,S", "c:2,S"]
    assert states(db) == ["failed", "sent"]


def test_a_busy_database_means_later(
    run: Run, settings: Settings, db: Database, sent: list[str], tmp_path: Path
) -> None:
    """F-4: another writer holds the lock for longer than is waited; nothing is lost, nothing is half done."""
    folder = maildir(tmp_path / "Maildir", a=dsn(sent[0]))
    lock = sqlite3.connect(settings.data / "prospectus.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    done = run("--maildir", str(folder))
    lock.rollback()
    lock.close()
    assert (done.returncode, done.stdout) == (75, b"")
    assert done.stderr == b"The database is busy or not ready. Try again later.\n"
    assert [file.name for file in (folder / "new").iterdir()] == ["a"]
    assert run("--maildir", str(folder)).returncode == 0
    assert states(db) == ["failed", "sent"]


@pytest.mark.parametrize(
    "changed",
    [
        {"SECRET_KEY": "short"},
        {"MAIL_BOUNCE": "nonsense"},
        {"DATA": "/nowhere"},
        {"DATABASE_URL": "mysql://somewhere/x"},
    ],
)
def test_a_mistake_in_the_settings_sends_no_mail_back(
    run: Run, sent: list[str], changed: dict[str, str]
) -> None:
    """P1: whatever it is, the mail server keeps the mail until it is mended, and says why in its log."""
    done = run(mail=dsn(sent[0]), **changed)
    assert (done.returncode, done.stdout) == (75, b"")
    assert done.stderr != b""
    assert run(mail=dsn(sent[0])).returncode == 0


def test_a_huge_mail_is_read_to_its_end(run: Run, db: Database, sent: list[str]) -> None:
    """A mail server that writes into a closed pipe would call it a failure."""
    done = run(mail=dsn(sent[0]) + b"x" * 30_000_000)
    assert (done.returncode, states(db)) == (0, ["failed", "sent"])


@pytest.mark.parametrize(
    "arguments", [("no-such-file",), ("--maildir", "."), ("--maildir", "no-such-folder")]
)
def test_what_cannot_be_read_is_said(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert done.stderr != b""


@pytest.mark.parametrize("address", ["bounces", "a+b@mail.example", f"{'x' * 40}@mail.example"])
def test_an_address_that_cannot_be_signed_is_refused_at_the_start(settings: Settings, address: str) -> None:
    """The settings say so before any mail leaves."""
    with pytest.raises(bootstrap.SettingsRefused) as refused:
        bootstrap.build(replace(settings, mail_bounce=address), jobs=False)
    (problem,) = refused.value.problems
    assert problem.startswith("MAIL_BOUNCE must be one email address")


def test_an_answer_goes_into_its_conversation(run: Run, db: Database) -> None:
    """From the pipe of a mail server to the message, at the address that this installation signs."""
    with db.transaction() as session:
        here = talk(session)
        here.say(session, key="a")
        address = ReplyAddresses(BOUNCES, KEY).of(here.thread.id, 1)
    own, history = PROGRAMS["gmail fr"]
    done = run(mail=mail(own + history, to=str(address)))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"-: The recipient answered a message. The answer is in the conversation.\n"
    with db.reading() as session:
        found = session.scalars(select(Message).where(Message.side == "partner")).one()
        assert (found.body, found.lang) == (own.strip(), "fr")
