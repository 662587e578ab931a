import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.mail import group
from service.mail.mime import serialize
from service.paths import data_dir
from tests.mail.letters import BASE_URL, letter

pytestmark = pytest.mark.skipif(
    not (data_dir("locales") / "en" / "LC_MESSAGES" / "messages.po").is_file(), reason="no catalogs here"
)


def run(*arguments: str) -> Result:
    return CliRunner(env={"LC_ALL": "C"}).invoke(group, ["check", *arguments])


def test_a_clean_file_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(serialize(letter()))
    done = run(str(file), "--base-url", BASE_URL)
    assert (done.exit_code, done.output) == (0, "")


def test_findings_have_file_line_and_rule(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(serialize(letter()).replace(b"Tue,", b"Mon,"))
    done = run(str(file))
    assert done.exit_code == 1
    assert done.output.startswith(f"{file}:4: ")
    assert done.output.endswith(" [date-weekday]\n")
    done = run(str(file), "--json")
    document = json.loads(done.output)
    assert (done.exit_code, document["file"]) == (1, str(file))
    assert [(one["rule"], one["severity"], one["line"]) for one in document["findings"]] == [
        ("date-weekday", "error", 4)
    ]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert run(str(tmp_path / "none.eml")).exit_code == 2
    assert run().exit_code == 2


def test_a_base_url_is_an_address(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(serialize(letter()))
    done = run(str(file), "--base-url", "prospectus.example")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "The value for {--base-url}" not in done.stderr
    assert "--base-url is not the address of a web page." in done.stderr


def test_what_a_message_holds_does_not_steer_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(serialize(letter()).replace(b"olivia@", b"\x1b[31molivia@"))
    done = run(str(file), "--json")
    assert "\\u001b" not in done.output
    assert "\x1b" not in run(str(file)).output


def test_the_group_starts_without_the_heavy_parts() -> None:
    script = (
        "import sys, service.cli.mail\n"
        "print(sorted({'flask', 'sqlalchemy', 'dbos', 'werkzeug', 'alembic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
