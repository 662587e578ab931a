"""The commands of an installation, run as a user runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from service.db import Database
from service.domain import accounts, programs
from service.models import AuditEntry

HEAVY = ("sqlalchemy", "flask", "werkzeug", "dbos", "alembic")


def prospectus(*arguments: str, data: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        env={**os.environ, "DATA": str(data), "LC_ALL": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_installation_without_the_demo_can_be_filled(tmp_path: Path) -> None:
    """Empty directory, tables, a program, a user who signs in by a link: three commands."""
    assert prospectus("db", "upgrade", data=tmp_path).returncode == 0
    assert prospectus("db", "upgrade", data=tmp_path).returncode == 0
    made = prospectus("program", "add", "Kumo", "--time-zone", "Asia/Tokyo", data=tmp_path)
    assert (made.returncode, made.stdout) == (0, "The program has been added: Kumo.\n")
    added = prospectus(
        *("user", "add", "ada@brand.example", "--name", "Ada", "--role", "administrator", "--locale", "ja"),
        data=tmp_path,
        BASE_URL="https://prospectus.example",
    )
    assert added.returncode == 0
    assert re.search(r"^https://prospectus\.example/ja/sign-in/link/\S+$", added.stdout, re.MULTILINE)
    database = Database(f"sqlite:///{tmp_path / 'prospectus.db'}")
    with database.reading() as session:
        program = programs.find_by_name(session, "kumo")
        user = accounts.find_user(session, "ada@brand.example")
        assert program is not None
        assert user is not None
        assert (program.time_zone, user.all_programs, user.locale) == ("Asia/Tokyo", True, "ja")
        # The trail tells of both, without a user who did it.
        assert [
            (entry.act, entry.user_id, entry.subject_id)
            for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        ] == [("program_added", None, program.id), ("user_added", None, user.id)]
    database.dispose()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("program", "add", "Kumo"),
            "A program with this name already exists: Kumo.",
        ),
        (
            ("user", "add", "nobody", "--name", "N"),
            "nobody",
        ),
        (
            ("user", "add", "n@brand.example", "--name", "N", "--program", "None"),
            "There is no program with this name: None.",
        ),
    ],
)
def test_a_refusal_is_words_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """No traceback: what was refused, on standard error."""
    prospectus("db", "upgrade", data=tmp_path)
    prospectus("program", "add", "kumo", data=tmp_path)
    refused = prospectus(*arguments, data=tmp_path)
    assert refused.returncode == 2
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr


def test_all_problems_of_the_settings_are_told_at_once(tmp_path: Path) -> None:
    """Two bad variables, two lines, one start."""
    refused = prospectus("db", "upgrade", data=tmp_path, PORT="x", LOCALE="xx")
    assert refused.returncode == 2
    assert [line.split(" ")[0] for line in refused.stderr.splitlines()[:2]] == ["PORT", "LOCALE"]
    for bad in ({"MAIL_URL": "smtp://a:b@mx.example?tls=none"}, {"MAIL_FROM": "nobody"}):
        refused = prospectus("db", "upgrade", data=tmp_path, **bad)
        assert refused.returncode == 2
        assert refused.stderr.startswith(next(iter(bad)))
        assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("language", ["en_US.UTF-8", "fr_FR.UTF-8", "ja_JP.UTF-8", "zh_CN.UTF-8"])
def test_help_lists_every_command_in_the_users_language(tmp_path: Path, language: str) -> None:
    """The words come from the catalogs; the names of the commands are the same everywhere."""
    shown = prospectus("--help", data=tmp_path, LC_ALL=language)
    assert shown.returncode == 0
    listed = re.findall(r"^  ([a-z]+)  ", shown.stdout, re.MULTILINE)
    assert listed == [
        *("demo", "serve", "worker", "db", "user", "person", "program"),
        *("import", "mail", "csv", "content", "catalog"),
    ]


@pytest.mark.parametrize("arguments", [(), ("mail",), ("csv",), ("catalog",), ("content",)])
def test_light_commands_do_not_load_the_heavy_parts(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Judging a file needs no database and no web server."""
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "service", *arguments, "--help"],
        env={**os.environ, "DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in shown.stderr.splitlines()}
    assert loaded & set(HEAVY) == set()
