"""`prospectus content`, as a terminal has it."""

import json
from pathlib import Path

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
