"""`prospectus import` as a person or a program runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.config import Settings
from service.db import Database
from service.domain import accounts, groups
from service.facts.permissions import BuiltInRole
from service.facts.states import ImportState
from service.models import Import, Partner, SystemMail
from tests.domain.factories import NOW, program, user

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
HEADER = "パートナー名;連絡先メールアドレス;メディアプロパティ;グループ名;整理番号\r\n"
FINE = (
    HEADER + "みどり企画;a@x.example;https://a.example;夏;x\r\n株式会社①;b@x.example;https://b.example;;\r\n"
)
REJECTED = FINE + "Nobody;c@@x.example;https://c.example;冬;\r\n"
COMMAND = (sys.executable, "-m", "service", "import")


@pytest.fixture
def run(settings: Settings, db: Database) -> Run:
    """Run the command on an installation with a program, a group, a user and an administrator."""
    with db.transaction() as session:
        made = program(session)
        user(session, made)
        groups.create(session, made.id, name="夏", now=datetime.now(UTC))
        accounts.add_user(
            session,
            email="admin@brand.example",
            name="Admin",
            role=accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR),
            locale="en",
            time_zone="UTC",
            all_programs=True,
            now=NOW,
        )

    def call(*arguments: str, language: str = "C.UTF-8") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [*COMMAND, *arguments],
            env=environment(settings, language),
            capture_output=True,
            timeout=240,
            check=False,
        )

    return call


def environment(settings: Settings, language: str = "C.UTF-8") -> dict[str, str]:
    return {
        **os.environ,
        "DATA": str(settings.data),
        "BASE_URL": "https://p.example",
        "LC_ALL": language,
        "LANGUAGE": "",
    }


def write(tmp_path: Path, text: str, encoding: str = "cp932") -> str:
    path = tmp_path / "people.csv"
    path.write_bytes(text.encode(encoding))
    return str(path)


def names(db: Database) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Partner.name).order_by(Partner.id)))


def test_all_rows_stored(run: Run, db: Database, tmp_path: Path) -> None:
    """Exit 0; everything that a program wants to know as one JSON document; the mail is queued."""
    done = run(write(tmp_path, FINE), "--program", "maison aurore", "--locale", "ja", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    said: dict[str, Any] = json.loads(done.stdout)
    assert said.pop("digest")
    assert said == {
        "file": str(tmp_path / "people.csv"),
        "encoding": "cp932",
        "bom": False,
        "certain": True,
        "candidates": said["candidates"],
        "delimiter": ";",
        "header": ["パートナー名", "連絡先メールアドレス", "メディアプロパティ", "グループ名", "整理番号"],
        "mapping": {"Partner name": 0, "Contact email": 1, "Media property": 2, "Group name": 3},
        "ignored": ["整理番号"],
        "import": 1,
        "state": "done",
        "dry_run": False,
        "default_language": None,
        "counts": {"created": 2, "updated": 0, "unchanged": 0, "rejected": 0},
        "drifted": 0,
        "url": "https://p.example/ja/settings/import/1",
        "findings": [],
    }
    assert names(db) == ["みどり企画", "株式会社①"]
    with db.reading() as session:
        assert [(one.template, one.address) for one in session.scalars(select(SystemMail))] == [
            ("import-report", "admin@brand.example")
        ]


def test_the_language_of_people_without_one(run: Run, db: Database, tmp_path: Path) -> None:
    done = run(
        write(tmp_path, FINE),
        "--program",
        "maison aurore",
        "--default-language",
        "ja",
        "--locale",
        "ja",
        "--json",
    )
    assert json.loads(done.stdout)["default_language"] == "ja"
    with db.reading() as session:
        assert set(session.scalars(select(Partner.locale))) == {"ja"}
    assert run(write(tmp_path, FINE), "--program", "x", "--default-language", "xx").returncode == 2
    assert b"--default-language" in run("--help").stdout


def test_some_rows_rejected(run: Run, db: Database, tmp_path: Path) -> None:
    """Exit 1, reasons with row, line and column, and the result file in the encoding of the file."""
    report = tmp_path / "result.csv"
    path = write(tmp_path, REJECTED)
    done = run(
        *(path, "--program", "Maison Aurore", "--locale", "ja", "--user", "alex@brand.example"),
        *("--report", str(report), "--json"),
    )
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert said["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 1}
    assert [
        (one["rule"], one["severity"], one["row"], one["line"], one["column"]) for one in said["findings"]
    ] == [
        ("email-invalid", "error", 3, 4, "Contact email"),
        ("group-unknown", "error", 3, 4, "Group name"),
    ]
    assert all("\u3040" <= one["message"][-2] <= "\u9fff" for one in said["findings"])
    lines = report.read_bytes().decode("cp932").split("\r\n")
    assert [line.rpartition(";")[2] for line in lines[1:4]] == ["1", "2", "3"]
    assert lines[3].startswith("Nobody;c@@x.example;https://c.example;冬;;")
    with db.reading() as session:
        import_ = session.scalars(select(Import)).one()
        assert session.get_one(type(user_of(session)), import_.user_id).email == "alex@brand.example"


def user_of(session: Any) -> Any:
    return accounts.find_user(session, "alex@brand.example")


def test_a_dry_run_stores_no_prospect(run: Run, db: Database, tmp_path: Path) -> None:
    """C-11: the plan is stored and can be applied on its page; people read a few lines."""
    done = run(write(tmp_path, REJECTED), "--program", "Maison Aurore", "--dry-run", "--locale", "en")
    assert (done.returncode, names(db)) == (1, [])
    # Values stand between marks that keep their direction to themselves.
    said = done.stdout.decode().replace("\u2068", "").replace("\u2069", "")
    assert said.splitlines() == [
        f"{tmp_path}/people.csv:1: This column is unknown and is ignored: 整理番号.",
        f"{tmp_path}/people.csv:4: Row 3 (line 4): Contact email: “c@@x.example” is not a single email "
        "address. Write one such as name@example.com.",
        f"{tmp_path}/people.csv:4: Row 3 (line 4): Group name: "
        "This group does not exist: 冬. Create it first, then import the row again.",
        f"{tmp_path}/people.csv: Checked (Shift_JIS (CP932), Semicolon)",
        "  Created: 2",
        "  Updated: 0",
        "  Unchanged: 0",
        "  Rejected: 1",
        "https://p.example/en/settings/import/1",
    ]
    with db.reading() as session:
        assert session.scalars(select(Import)).one().state == ImportState.PLANNED


@pytest.mark.parametrize(
    ("text", "encoding", "arguments", "words"),
    [
        ("Name;E-mail\nA;a@x.example\n", "utf-8", (), "A required column is missing: Media property."),
        ("", "utf-8", (), "The file is empty."),
        ("PK\x03\x04 xl/workbook.xml", "latin-1", (), "This is an Excel workbook, not a CSV file."),
    ],
)
def test_a_refused_file_stores_nothing(
    run: Run, db: Database, tmp_path: Path, text: str, encoding: str, arguments: tuple[str, ...], words: str
) -> None:
    """Exit 2, with why, as words and as JSON."""
    path = write(tmp_path, text, encoding)
    done = run(path, "--program", "Maison Aurore", "--locale", "en", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert words in done.stderr.decode()
    done = run(path, "--program", "Maison Aurore", "--locale", "en", "--json", *arguments)
    assert done.returncode == 2
    said = json.loads(done.stdout)
    assert (said["state"], said["counts"]) == ("refused", None)
    assert words in " ".join(one["message"] for one in said["findings"])
    with db.reading() as session:
        assert session.scalars(select(Import)).all() == []


# Reads as Japanese in two encodings, and as neither better.
UNCLEAR = "Partner name,Contact email,Media property\n\xc6\xfc,a@x.example,https://x.example\n"


def test_an_unclear_encoding_is_asked_for_with_the_users_own_rows(
    run: Run, db: Database, tmp_path: Path
) -> None:
    """C-1: nothing is guessed; the rows under each candidate, and --encoding decides."""
    path = write(tmp_path, UNCLEAR, "latin-1")
    done = run(path, "--program", "Maison Aurore", "--locale", "en", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["certain"], said["state"]) == (2, False, "refused")
    assert [one["encoding"] for one in said["readings"]] == said["candidates"][: len(said["readings"])]
    read = {one["encoding"]: one["rows"][0]["cells"][0] for one in said["readings"]}
    assert len(set(read.values())) == len(read) > 1
    shown = run(path, "--program", "Maison Aurore", "--locale", "en").stderr.decode()
    for encoding, name in read.items():
        assert f"--encoding {encoding}\n" in shown
        assert f"[{name}]" in shown
    assert names(db) == []
    chosen = next(encoding for encoding in read)
    assert run(path, "--program", "Maison Aurore", "--encoding", chosen).returncode == 0
    assert names(db) == [read[chosen]]


def test_a_file_without_rows_says_so(run: Run, db: Database, tmp_path: Path) -> None:
    """Exit 0, as nothing was rejected; in words and as JSON."""
    path = write(tmp_path, FINE.splitlines(keepends=True)[0].replace("整理番号", "言語"))
    done = run(path, "--program", "Maison Aurore", "--locale", "en")
    assert (done.returncode, names(db)) == (0, [])
    assert (
        done.stdout.decode().splitlines()[0] == f"{path}:1: The file has a header row and no rows below it."
    )
    said = json.loads(run(path, "--program", "Maison Aurore", "--locale", "en", "--json").stdout)
    assert [(one["rule"], one["row"], one["line"]) for one in said["findings"]] == [("file-no-rows", 0, 1)]
    assert set(said["counts"].values()) == {0}


def test_what_cannot_be_is_said(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, FINE)
    for arguments, words in (
        ((path, "--program", "None"), "There is no program with this name: None."),
        ((path, "--program", "Maison Aurore", "--user", "n@x.example"), "n@x.example"),
        ((path, "--program", "Maison Aurore", "--encoding", "klingon"), "klingon"),
        ((path, "--program", "Maison Aurore", "--delimiter", "ab"), "ab"),
        ((f"{path}.no", "--program", "Maison Aurore"), "No such file"),
    ):
        done = run(*arguments)
        assert (done.returncode, words in done.stderr.decode()) == (2, True), done.stderr.decode()


def test_a_result_file_that_cannot_be_written_is_said_before_anything_is_stored(
    run: Run, db: Database, tmp_path: Path
) -> None:
    report = tmp_path / "nowhere" / "result.csv"
    done = run(write(tmp_path, FINE), "--program", "Maison Aurore", "--report", str(report))
    assert (done.returncode, str(report) in done.stderr.decode()) == (2, True)
    assert "Traceback" not in done.stderr.decode()
    assert names(db) == []


def test_a_full_disk_under_the_result_file_leaves_the_counts_on_the_screen(run: Run, tmp_path: Path) -> None:
    done = run(write(tmp_path, FINE), "--program", "Maison Aurore", "--locale", "en", "--report", "/dev/full")
    assert (done.returncode, "Created: 2" in done.stdout.decode()) == (2, True)
    assert done.stderr.decode() == "/dev/full: No space left on device\n"


def test_the_row_is_named_in_the_readers_language(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, REJECTED)
    for locale, row in (
        ("fr", "Ligne 3 (ligne 4 du fichier)"),
        ("ja", "3行目（ファイルの4行目）"),
        ("zh", "第 3 行（文件第 4 行）"),
    ):
        done = run(path, "--program", "Maison Aurore", "--locale", locale)
        assert done.stdout.decode().splitlines()[1].startswith(f"{path}:4: {row}: "), done.stdout.decode()


def test_words_are_those_of_the_terminal(run: Run, tmp_path: Path) -> None:
    done = run(write(tmp_path, "Nom\n", "utf-8"), "--program", "Maison Aurore", language="fr_FR.UTF-8")
    assert "colonne obligatoire" in done.stderr.decode()


def test_interrupted_it_is_cancelled(settings: Settings, run: Run, db: Database, tmp_path: Path) -> None:
    """Ctrl-C: rows that were stored stay and are counted, and no worker goes on with it."""
    rows = "".join(f"N{n};n{n}@x.example;https://x.example/{n};;\r\n" for n in range(20_000))
    started = subprocess.Popen(
        [*COMMAND, write(tmp_path, HEADER + rows), "--program", "Maison Aurore"],
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    end = time.monotonic() + 120
    while not planned_rows(db) and time.monotonic() < end:
        time.sleep(0.01)
    with db.transaction(patience=60):
        # The command waits for the database now, and hears the signal before it does the next rows.
        started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=120)
    assert (started.returncode, said.decode()) == (130, "The import is cancelled.\n")
    with db.reading() as session:
        import_ = session.scalars(select(Import)).one()
        assert import_.state == ImportState.CANCELLED
        assert import_.applied_rows == len(names(db)) < 20_000


def planned_rows(db: Database) -> int:
    with db.reading() as session:
        return session.scalars(select(Import.planned_rows)).first() or 0


def test_where_there_is_no_installation_none_is_made(tmp_path: Path) -> None:
    """Refused in words; neither a database nor a key is left behind."""
    file = write(tmp_path, FINE)
    done = subprocess.run(
        [*COMMAND, str(file), "--program", "Aurore", "--locale", "ja"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATA": "nowhere", "LC_ALL": "C.UTF-8"},
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith(f"There is no installation in {tmp_path / 'nowhere'}.")
    assert list(tmp_path.iterdir()) == [Path(file)]
