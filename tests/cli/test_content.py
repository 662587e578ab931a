"""`prospectus content`, as a terminal has it."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli.content import group


def test_findings_are_lines_and_the_exit_status_tells_of_errors(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# A\n\n{% hint %}\na")
    result = CliRunner().invoke(group, ["check", str(page)])
    assert result.exit_code == 1
    assert result.output.startswith(f"{page}:3:1: ")
    assert result.output.splitlines()[0].endswith("[unclosed-tag]")


def test_findings_as_json(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# A\n\n{% foo %}")
    result = CliRunner().invoke(group, ["check", "--json", str(tmp_path)])
    assert result.exit_code == 0
    (finding,) = json.loads(result.output)
    assert list(finding) == ["rule", "severity", "path", "line", "column", "message"]
    assert (finding["rule"], finding["severity"], finding["path"]) == ("unknown-tag", "warning", str(page))
    assert (finding["line"], finding["column"]) == (3, 1)
    assert "{% foo %}" in finding["message"]


def test_a_label_nobody_has_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# A\n\n{label:No such label anywhere}")
    result = CliRunner().invoke(group, ["check", "--json", str(page)])
    assert [finding["rule"] for finding in json.loads(result.output)] == ["no-label"]
    assert result.exit_code == 1


def test_a_file_is_rendered_in_the_language_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "fr").mkdir()
    page = tmp_path / "fr" / "a.md"
    page.write_text("# A\n\n{fact:import rows}")
    faces = {
        face: CliRunner().invoke(group, ["render", str(page), "--to", face]).output
        for face in ("html", "text", "markdown")
    }
    assert faces == {
        "html": '<h1 id="a">A</h1>\n<p>1\u202f000\u202f000</p>\n',
        "text": "A\n=\n\n1\u202f000\u202f000\n",
        "markdown": "# A\n\n1\u202f000\u202f000\n",
    }


def test_a_file_that_is_no_page(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_bytes(b"\xff")
    result = CliRunner().invoke(group, ["render", str(page)])
    assert result.exit_code == 2
    assert "[not-utf8]" in result.output


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for code, text in (("en", "# A {#a}\n\nOne.\n\nTwo."), ("fr", "# A {#a}\n\nUn.\n\nDeux.")):
        (tmp_path / code).mkdir()
        (tmp_path / code / "a.md").write_text(text)
    return tmp_path


def checked(tree: Path) -> list[tuple[str, int]]:
    result = CliRunner().invoke(group, ["check", "--json", str(tree)])
    return [(finding["rule"], finding["line"]) for finding in json.loads(result.output)]


def test_a_review_is_recorded_and_what_changes_then_is_told(tree: Path) -> None:
    """DO009, from the command line."""
    result = CliRunner().invoke(group, ["lock", str(tree)])
    assert (result.exit_code, result.output) == (
        0,
        f"{tree}/fr/a.lock: recorded, blocks still behind their source: 0\n",
    )
    assert checked(tree) == []
    (tree / "en" / "a.md").write_text("# A {#a}\n\nOne, really.\n\nThree.")
    assert checked(tree) == [("DO009", 3), ("DO009", 5)]
    result = CliRunner().invoke(group, ["lock", "--line", "3", str(tree / "fr" / "a.md")])
    assert result.output.endswith("blocks still behind their source: 1\n")
    assert checked(tree) == [("DO009", 5)]


def test_a_warning_is_no_failure(tree: Path) -> None:
    CliRunner().invoke(group, ["lock", str(tree)])
    (tree / "en" / "a.md").write_text("# A {#a}\n\nOne, really.\n\nTwo.")
    result = CliRunner().invoke(group, ["check", str(tree)])
    assert result.exit_code == 0
    assert "One{+, really+}." in result.output


def test_there_is_nothing_to_record_on_a_page_in_one_language(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A")
    result = CliRunner().invoke(group, ["lock", str(tmp_path)])
    assert result.exit_code == 2
    assert list(tmp_path.glob("*.lock")) == []


def test_a_page_that_cannot_be_read_is_not_recorded(tree: Path) -> None:
    (tree / "fr" / "a.md").write_bytes(b"\xff")
    result = CliRunner().invoke(group, ["lock", str(tree)])
    assert result.exit_code == 2
    assert f"{tree}/fr/a.md:1:1: " in result.output
    assert not (tree / "fr" / "a.lock").exists()


def test_two_files_anywhere_are_compared(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("# A {#a}\n\n`x`")
    (tmp_path / "two.ja.txt").write_text("# あ {#a}\n\n`y`")
    arguments = ["check", "--json", str(tmp_path / "two.ja.txt"), "--source", str(tmp_path / "one.txt")]
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == 1
    assert [finding["rule"] for finding in json.loads(result.output)] == ["DO005", "DO005"]


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        result = CliRunner().invoke(group, ["preview", str(tmp_path), "--port", port])
    assert (result.exit_code, port in result.output, "--port" in result.output) == (2, True, True)


def test_a_folder_is_shown_on_this_machine_until_it_is_interrupted(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# Hello\n", encoding="utf-8")
    command = [sys.executable, "-m", "service", "content", "preview", str(tmp_path), "--port", "0"]
    # A shell in the background has its children ignore this signal.
    usual = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=usual) as process:
        assert process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert address is not None
        with urllib.request.urlopen(f"{address[0]}page", timeout=30) as answer:
            text = answer.read().decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert "Hello</h1>" in text
