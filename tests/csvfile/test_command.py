"""`prospectus csv read`: one JSON document for each file, and an exit status that says how it went."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import csv as command
from service.i18n.locales import LOCALES

FINE = "パートナー名,連絡先メールアドレス,メディアプロパティ,好きな色\nみどり,a@x.example,u,緑\n".encode(
    "cp932"
)
ONE_BAD = b'Partner name,Contact email,Media property\nA,"open,u\nB,b@x.example,v\n'
NOT_OURS = b"a;b\n1;2\n"


@pytest.fixture
def _catalogs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalogs with one translation."""
    for code, locale in LOCALES.items():
        path = tmp_path / "locales" / code / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        path.write_text(
            'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
            f'"Language: {code}\\n"\n"Plural-Forms: {locale.plural_forms}\\n"\n\n'
            'msgid "A quotation mark opens a cell and is never closed."\n'
            f'msgstr "{code}: never closed."\n',
            encoding="utf-8",
        )
    monkeypatch.setattr(command, "data_dir", lambda name: tmp_path / name)


def run(tmp_path: Path, *args: str, **files: bytes) -> Result:
    paths = []
    for name, data in files.items():
        path = tmp_path / f"{name}.csv"
        path.write_bytes(data)
        paths.append(str(path))
    return CliRunner().invoke(command.group, ["read", *args, *paths])


@pytest.mark.usefixtures("_catalogs")
def test_a_file_that_reads_well(tmp_path: Path) -> None:
    result = run(tmp_path, "--locale", "ja", "--json", fine=FINE)
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "file": str(tmp_path / "fine.csv"),
        "encoding": "cp932",
        "bom": False,
        "certain": True,
        "candidates": json.loads(result.stdout)["candidates"],
        "delimiter": ",",
        "header": ["パートナー名", "連絡先メールアドレス", "メディアプロパティ", "好きな色"],
        "mapping": {"Partner name": 0, "Contact email": 1, "Media property": 2},
        "ignored": ["好きな色"],
        "rows": [["みどり", "a@x.example", "u", "緑"]],
        "findings": [
            {
                "rule": "header-unknown-column",
                "severity": "warning",
                "row": 0,
                "line": 1,
                "column": 4,
                "message": "This column is unknown and is ignored: 好きな色.",
            }
        ],
    }


@pytest.mark.usefixtures("_catalogs")
def test_a_bad_row_stays_out_and_is_told_in_the_readers_language(tmp_path: Path) -> None:
    result = run(tmp_path, "--locale", "fr", "--json", bad=ONE_BAD)
    document = json.loads(result.stdout)
    assert (result.exit_code, document["rows"]) == (1, [["B", "b@x.example", "v"]])
    assert document["findings"] == [
        {
            "rule": "row-unclosed-quote",
            "severity": "error",
            "row": 1,
            "line": 2,
            "column": 0,
            "message": "fr: never closed.",
        }
    ]


@pytest.mark.usefixtures("_catalogs")
def test_a_refused_file_is_still_shown_and_the_worst_status_wins(tmp_path: Path) -> None:
    result = run(tmp_path, "--locale", "en", "--json", fine=FINE, other=NOT_OURS, pdf=b"%PDF-1.7\n")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 2
    assert [document["rows"] for document in documents[1:]] == [[["1", "2"]], []]
    assert [one["rule"] for one in documents[2]["findings"]] == ["file-not-csv"]


@pytest.mark.usefixtures("_catalogs")
def test_what_is_known_can_be_said(tmp_path: Path) -> None:
    result = run(
        tmp_path, "--locale", "en", "--json", "--encoding", "mac_roman", "--delimiter", ",", fine=NOT_OURS
    )
    assert json.loads(result.stdout)["header"] == ["a;b"]
    assert run(tmp_path, "--encoding", "base64", fine=NOT_OURS).exit_code == 2
    assert run(tmp_path, "--delimiter", ";;", fine=NOT_OURS).exit_code == 2


@pytest.mark.usefixtures("_catalogs")
def test_a_file_that_cannot_be_read_is_refused_with_a_document(tmp_path: Path) -> None:
    """As many documents as files, whatever becomes of them."""
    result = run(tmp_path, "--json", str(tmp_path / "nowhere.csv"), str(tmp_path), fine=FINE)
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 2
    assert [[one["rule"] for one in document["findings"]] for document in documents] == [
        ["file-unreadable"],
        ["file-unreadable"],
        ["header-unknown-column"],
    ]


@pytest.mark.usefixtures("_catalogs")
def test_a_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(FINE,))
    writer.start()
    result = run(tmp_path, "--json", str(pipe))
    writer.join(60)
    assert json.loads(result.stdout)["rows"] == [["みどり", "a@x.example", "u", "緑"]]


@pytest.mark.usefixtures("_catalogs")
@pytest.mark.parametrize("name", ["\\t", "tab", "\t"])
def test_a_tab_can_be_typed(tmp_path: Path, name: str) -> None:
    result = run(tmp_path, "--json", "--delimiter", name, tabs=b"a,b\tc\n1\t2\n")
    assert json.loads(result.stdout)["header"] == ["a,b", "c"]


@pytest.mark.usefixtures("_catalogs")
@pytest.mark.parametrize("as_json", [False, True])
def test_a_byte_that_does_not_decode_is_told_by_its_offset(tmp_path: Path, as_json: bool) -> None:
    """C-2: also in the name of a column, under an encoding that is not the file's."""
    arguments = ("--locale", "en", "--encoding", "utf-8", *(("--json",) if as_json else ()))
    result = run(tmp_path, *arguments, bad=b"Email,caf\xff,Colour\nx,y,z\na,\x83p,c\n")
    assert result.exit_code == 2
    said = [one["message"] for one in json.loads(result.stdout)["findings"]] if as_json else [
        line.partition(": ")[2] for line in result.stdout.splitlines()[1:]
    ]  # fmt: skip
    row = "" if as_json else "Row 2 (line 3): "
    assert said == [
        "A byte is not valid in the encoding UTF-8, at offset 9 of the file.",
        "A required column is missing: Partner name.",
        "A required column is missing: Media property.",
        "This column is unknown and is ignored: Colour.",
        f"{row}A byte is not valid in the encoding UTF-8, at offset 26 of the file.",
    ]


@pytest.mark.usefixtures("_catalogs")
def test_a_file_without_rows_says_so(tmp_path: Path) -> None:
    result = run(tmp_path, "--locale", "en", none=b"Partner name,Contact email,Media property\n")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:] == [
        f"{tmp_path / 'none.csv'}:1: The file has a header row and no rows below it."
    ]


@pytest.mark.usefixtures("_catalogs")
def test_people_read_a_few_lines(tmp_path: Path) -> None:
    result = run(tmp_path, "--locale", "en", bad=ONE_BAD)
    assert result.stdout.splitlines() == [
        f"{tmp_path / 'bad.csv'}: UTF-8, Comma, 1",
        f"{tmp_path / 'bad.csv'}:2: Row 1 (line 2): en: never closed.",
    ]


def test_it_starts_without_flask_and_sqlalchemy() -> None:
    program = (
        "import sys, service.cli.csv; "
        "print([name for name in ('flask', 'werkzeug', 'sqlalchemy', 'dbos') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
