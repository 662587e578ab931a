"""`prospectus content render`: one file and whole folders, ours or not, in every face."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.content import group


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(group, ["render", *map(str, arguments)])


def test_a_folder_becomes_a_folder(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "in" / "out"
    (source / "sub").mkdir(parents=True)
    (source / "a.md").write_text('# A\n\n{% include "sub/b.md" %}')
    (source / "sub" / "b.md").write_text("# B\n\n{% hint %}\nopen")
    (source / "empty.md").write_text("")
    (source / "note.txt").write_text("no Markdown")
    for _ in range(2):
        result = run(source, "--out", out)
        assert result.exit_code == 0
        assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == [
            "a.html",
            "empty.html",
            "sub/b.html",
        ]
    assert (out / "a.html").read_text().startswith('<h1 id="a">A</h1>\n<h1 id="b">B</h1>\n<aside')
    assert (
        result.stderr.splitlines()[:2]
        == [f"{source / 'sub' / 'b.md'}:3:1: Error: This tag is not closed: {{% hint %}} [unclosed-tag]"] * 2
    )


def test_one_bad_file_stops_no_other(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a.md").write_bytes(b"# A\n\xff")
    (source / "b.md").write_text("b")
    result = run(source, "--to", "text", "--out", out)
    assert result.exit_code == 2
    assert "[not-utf8]" in result.stderr
    assert [path.name for path in out.iterdir()] == ["b.txt"]
    assert (out / "b.txt").read_text() == "b\n"


def test_json_holds_every_face_and_the_findings(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\ndate: 2026-01-02\n---\n# A *b*\n\n## C {#x}\n\n{% foo %}\n")
    result = run(path, "--to", "json")
    assert result.exit_code == 0
    made = json.loads(result.stdout)
    assert list(made) == ["path", "front_matter", "title", "headings", "html", "text", "markdown", "findings"]
    assert (made["title"], made["front_matter"]) == ("A b", {"date": "2026-01-02"})
    assert made["headings"] == [
        {"level": 1, "id": "a-b", "words": "A b"},
        {"level": 2, "id": "x", "words": "C"},
    ]
    assert made["markdown"] == "# A *b*\n\n## C {#x}\n\n\\{% foo %}\n"
    (finding,) = made["findings"]
    assert (finding["rule"], finding["severity"], finding["line"], finding["column"]) == (
        "unknown-tag",
        "warning",
        8,
        1,
    )


def test_a_folder_needs_a_place_to_write_to(tmp_path: Path) -> None:
    assert run(tmp_path).exit_code == 2
    assert run(tmp_path, "--out", tmp_path).exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("face", ["html", "text", "markdown"])
def test_front_matter_that_cannot_be_read_hides_no_words(tmp_path: Path, face: str) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\na: [\n---\nwords\n")
    result = run(path, "--to", face)
    assert "words" in result.stdout
    assert "[front-matter]" in result.stderr
