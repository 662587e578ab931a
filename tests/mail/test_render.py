import email
import email.policy
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from service.cli.mail import group
from service.mail.check import check
from service.paths import data_dir
from tests.mail.test_mime import H1

pytestmark = pytest.mark.skipif(
    not (data_dir("locales") / "en" / "LC_MESSAGES" / "messages.po").is_file(), reason="no catalogs here"
)

EN = '---\nlocale: en\nsubject: "Hello {firstName|there}"\n---\nDear {firstName},\n\n{currentDay}\n'
JA = '---\nlocale: ja\nsubject: "招待：{greetingName}"\n---\n{greetingName}\n\n{currentDay}\n'
ROWS = """\
email,locale,timezone,firstName,lastName
olivia@x.example,en,,Olivia,
k@x.example,ja,Asia/Tokyo,健太,髙橋
"""
MISSING = "{firstName} has neither a value nor a fallback value. [value-missing]"
AT = ("--at", "2038-01-19T03:14:08Z")


class Merge:
    """Variants and recipients in a directory, and the command on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.rows(ROWS)
        self.variant("en.md", EN)
        self.variant("ja.md", JA)

    def rows(self, text: str, encoding: str = "utf-8") -> None:
        (self.folder / "people.csv").write_bytes(text.encode(encoding))

    def variant(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, newline="")

    def run(self, *arguments: str, files: tuple[str, ...] = ("en.md", "ja.md")) -> Result:
        given = [str(self.folder / name) for name in files]
        people = ("--recipients", str(self.folder / "people.csv"), "--out", str(self.out))
        return CliRunner(env={"LC_ALL": "C"}).invoke(group, ["render", *given, *people, *AT, *arguments])

    def refused(self, *arguments: str, files: tuple[str, ...] = ("en.md", "ja.md")) -> list[str]:
        """The lines said, without the directory, after nothing was written."""
        before = sorted(self.folder.iterdir())
        done = self.run(*arguments, files=files)
        assert (done.exit_code, done.stdout) == (2, "")
        assert sorted(self.folder.iterdir()) == before
        return done.stderr.replace(f"{self.folder}/", "").splitlines()

    def subjects(self) -> dict[str, str]:
        found = {}
        for path in sorted(self.out.iterdir()):
            raw = path.read_bytes()
            assert check(raw) == ()
            found[path.name] = str(email.message_from_bytes(raw, policy=email.policy.default)["Subject"])
        return found


@pytest.fixture
def merge(tmp_path: Path) -> Merge:
    return Merge(tmp_path)


def test_one_message_a_row_in_its_language(merge: Merge) -> None:
    done = merge.run()
    assert (done.exit_code, done.output) == (0, f"2 emails written to {merge.out}\n")
    assert merge.subjects() == {"0001.eml": "Hello Olivia", "0002.eml": "招待：髙橋様"}


def test_who_sends_and_gets_answers(merge: Merge) -> None:
    merge.run()
    raw = (merge.out / "0001.eml").read_bytes()
    assert raw.startswith(b"From: noreply@localhost.invalid\r\nTo: olivia@x.example\r\nSubject: ")
    merge.run("--from-name", "山田 太郎", "--from", "hi@例え.jp", "--reply-to", "re@x.example")
    message = email.message_from_bytes((merge.out / "0001.eml").read_bytes(), policy=email.policy.default)
    assert message["From"].addresses[0].addr_spec == "hi@xn--r8jz45g.jp"
    assert message["From"].addresses[0].display_name == "山田 太郎"
    assert message["Reply-To"].addresses[0].addr_spec == "re@x.example"
    assert message["Date"] == "Tue, 19 Jan 2038 03:14:08 +0000"


def test_a_sender_whose_domain_passes_for_another_is_told(merge: Merge) -> None:
    """H-8."""
    done = merge.run("--from", "a@аррӏе.example", "--reply-to", "a@apple.example")
    assert (done.exit_code, done.stderr.count("\n")) == (0, 1)
    assert done.stderr.startswith("--from: Warning: The domain “аррӏе.example” looks like “apple.example”")
    assert done.stderr.endswith(" xn--80ak6aa92e.example [address-lookalike]\n")


def test_the_source_is_the_first_file_unless_said(merge: Merge) -> None:
    merge.rows("email,firstName,lastName\na@x.example,A,B\n")
    merge.run(files=("ja.md", "en.md"))
    assert merge.subjects() == {"0001.eml": "招待：B様"}
    merge.run("--source", "en", files=("ja.md", "en.md"))
    assert merge.subjects() == {"0001.eml": "Hello A"}
    merge.run("--source", "en_GB", files=("ja.md", "en.md"))
    assert merge.subjects() == {"0001.eml": "Hello A"}
    assert merge.refused("--source", "fr")[-1].startswith("Error: Invalid value for --source: ")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp932"])
def test_the_file_people_really_have(merge: Merge, encoding: str) -> None:
    merge.rows(ROWS.replace("髙橋", "高橋").replace(",", "\t").replace("\n", "\r\n"), encoding)
    assert merge.run(files=("ja.md", "en.md")).exit_code == 0
    assert merge.subjects()["0002.eml"] == "招待：高橋様"


def test_an_unknown_token_has_its_place(merge: Merge) -> None:
    """T-5."""
    merge.variant(
        "en.md",
        EN.replace("Dear {firstName}", "Dear {firstNam}")
        .replace("|there", "")
        .replace("firstName", "FirstName", 1),
    )
    said = merge.refused()
    assert [line.split(" ")[0] for line in said] == ["en.md:3:17:", "en.md:5:6:"]
    assert [line.rpartition(" ")[2] for line in said] == ["[token-case]", "[token-unknown]"]
    assert "Did you mean {firstName}?" in said[1]


def test_a_missing_value_names_its_row(merge: Merge) -> None:
    """T-8."""
    merge.rows(ROWS.replace("Olivia", " "))
    assert merge.refused() == [f"people.csv:2:4: Error: Row 1, firstName: {MISSING}"]
    merge.rows("email\na@x.example\n\nb@x.example\n")
    assert [line.partition(" Error: ")[0::2] for line in merge.refused()] == [
        (
            f"people.csv:{line}:1:",
            f"Row {row}, firstName: {MISSING}",
        )
        for line, row in ((2, 1), (4, 2))
    ]


@pytest.mark.parametrize("char", [char for char in H1 if char not in ("\ud800", "\0")])
def test_a_control_in_a_header_value_names_its_row(merge: Merge, char: str) -> None:
    """H-1."""
    merge.rows(ROWS.replace("Olivia", f'"O{char}x"'))
    said = merge.refused()
    assert len(said) == 1
    assert (
        said[0].startswith("people.csv:2:4: Error: Row 1, firstName: The character U+00")
        or char in "\u2028\u2029"
    )
    assert said[0].endswith("[character]")


def test_a_control_in_an_option_is_refused(merge: Merge) -> None:
    """H-1, H-4, H-5."""
    for option, value in (
        ("--from-name", "a\nb"), ("--from", "a@x.example\r\nBcc: b@y.example"),
        ("--reply-to", "a@x.example, b@y.example"), ("--at", "yesterday"), ("--encoding", "nope"),
        ("--reply-to", ""), ("--from", "=?utf-8?q?a?=@x.example"),
    ):  # fmt: skip
        assert merge.refused(option, value)[-1].startswith(f"Error: Invalid value for {option}: ")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("name\nx\n", ["people.csv:1:1: Warning", "people.csv:1:1: Error"]),
        ("email,Email\nx@y.example,x@y.example\n", ["people.csv:1:2: Error"]),
        ("email,firstname\nx@y.example,A\n", ["people.csv:1:2: Error"]),
        ("", ["people.csv:0:0: Error"]),
        ("email,firstName,lastName\nx,A,B\n", ["people.csv:2:1: Error"]),
        ('email,firstName,lastName\nx@y.example,"A,B\n', ["people.csv:2:0: Error"]),
    ],
)
def test_what_is_wrong_with_the_recipients_has_its_place(merge: Merge, rows: str, said: list[str]) -> None:
    merge.rows(rows)
    assert [": ".join(line.split(": ")[:2]) for line in merge.refused()] == said


def test_unknown_columns_are_told_and_ignored(merge: Merge) -> None:
    merge.rows("Email,firstName,favorite color\na@x.example,A,red\n")
    done = merge.run()
    assert (done.exit_code, merge.subjects()) == (0, {"0001.eml": "Hello A"})
    assert done.stderr.endswith("favorite color. [column-unknown]\n")


def test_the_end_of_the_calendar_is_refused_and_the_day_before_it_is_not(merge: Merge) -> None:
    """T-10: a moment that some zone would carry out of the calendar."""
    for moment in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
        assert merge.refused("--at", moment)[-1].startswith("Error: Invalid value for --at: ")
    assert merge.run("--at", "9999-12-30T23:59:59Z").exit_code == 0


def test_as_many_tokens_as_a_content_holds(merge: Merge) -> None:
    """T-2: the limit is of what the author wrote, not of what stands for the tokens."""
    merge.variant("en.md", f"---\nlocale: en\nsubject: Hi\n---\n{'<mpid> ' * 9000}\n")
    merge.rows("email,mpid\na@x.example,7\n")
    assert merge.run(files=("en.md",)).exit_code == 0
    assert merge.subjects() == {"0001.eml": "Hi"}


def test_many_errors_of_a_variant_are_cut_short(merge: Merge) -> None:
    """X-4."""
    merge.variant("en.md", f"---\nlocale: en\nsubject: Hi\n---\n{'![[]()' * 8000}\n")
    said = merge.refused(files=("en.md",))
    assert (len(said), said[-1]) == (51, "There may be more errors. These are the first.")
    assert {line.rpartition(" ")[2] for line in said[:-1]} == {"[address-relative]"}


@pytest.mark.parametrize("name", ["é", "محمد", "עִבְרִית", "Հայկ", "©", "Łukasz"])
def test_valid_utf_8_is_read_as_such_where_nobody_is_asked(merge: Merge, name: str) -> None:
    """C-1: a guess would go to people as it is."""
    merge.variant("zh.md", "---\nlocale: zh\nsubject: 您好 {firstName}\n---\n您好\n")
    merge.rows(f"email,firstName\na@x.example,{name}\n")
    assert merge.run(files=("zh.md",)).exit_code == 0
    assert merge.subjects() == {"0001.eml": f"您好 {name}"}
    merge.rows("email,firstName\na@x.example,小明\n", "gb18030")
    assert merge.run(files=("zh.md",)).exit_code == 0
    assert merge.subjects() == {"0001.eml": "您好 小明"}


def test_recipients_come_through_a_pipe(merge: Merge) -> None:
    (merge.folder / "people.csv").unlink()
    os.mkfifo(merge.folder / "people.csv")
    writer = Thread(target=merge.rows, args=(ROWS,))
    writer.start()
    assert merge.run().exit_code == 0
    writer.join()
    assert merge.subjects() == {"0001.eml": "Hello Olivia", "0002.eml": "招待：髙橋様"}


def test_a_language_that_there_is_not_is_told(merge: Merge) -> None:
    merge.rows(
        "email,locale,firstName,lastName\n"
        "a@x.example,jp,A,B\nb@x.example,de,A,B\nc@x.example,ｊａ-JP,A,B\nd@x.example,ja_JP.UTF-8,A,B\n"
    )
    done = merge.run()
    assert (done.exit_code, done.stderr.count("\n")) == (0, 1)
    assert done.stderr.startswith(f"{merge.folder}/people.csv:2:2: Warning: Row 1, locale: “jp” is not a ")
    assert list(merge.subjects().values()) == ["Hello A", "Hello A", "招待：B様", "招待：B様"]


def test_french_messages_keep_their_spaces(merge: Merge) -> None:
    merge.variant("en.md", EN.replace("Dear {firstName}", "Dear {firstNam}"))
    command = [sys.executable, "-m", "service", "mail", "render", str(merge.folder / "en.md"), "--recipients"]
    command += [str(merge.folder / "people.csv"), "--out", str(merge.out)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "fr_FR.UTF-8"}
    )
    assert done.returncode == 2
    assert "\u202f? [token-unknown]" in done.stderr


def test_a_sender_of_a_long_domain_is_no_fault_of_the_rows(merge: Merge) -> None:
    domain = ".".join(["d" * 60] * 3) + ".example"
    assert merge.run("--from", f"emma@{domain}").exit_code == 0
    assert f"@{domain}>\r\n".encode() in (merge.out / "0001.eml").read_bytes()
    assert check((merge.out / "0001.eml").read_bytes()) == ()


def test_headers_of_columns_forgive_width_and_spaces(merge: Merge) -> None:
    merge.rows("ｅｍａｉｌ , firstName\na@x.example,Ann\n")
    assert merge.run().exit_code == 0
    assert merge.subjects() == {"0001.eml": "Hello Ann"}


def test_two_files_of_one_language_are_refused(merge: Merge) -> None:
    merge.variant("ja.md", EN)
    assert merge.refused()[0].endswith("[locale-twice]")
    assert merge.refused(files=("en.md", "en.md"))[0].endswith("[locale-twice]")


def test_only_the_first_errors_are_printed(merge: Merge) -> None:
    merge.rows("email\n" + "x\n" * 80)
    said = merge.refused()
    assert (len(said), said[-1]) == (51, "There may be more errors. These are the first.")


def test_files_that_are_not_there_are_told(merge: Merge) -> None:
    assert merge.refused(files=("none.md",)) == ["none.md: No such file or directory"]
    (merge.folder / "people.csv").unlink()
    assert merge.refused() == ["people.csv: No such file or directory"]


def test_a_later_run_replaces_an_earlier_one_but_leaves_no_stranger(merge: Merge) -> None:
    merge.run()
    assert merge.run("--from-name", "Emma").exit_code == 0
    assert b"From: Emma" in (merge.out / "0001.eml").read_bytes()
    merge.rows("email,firstName,lastName\na@x.example,A,B\n")
    before = {path: path.read_bytes() for path in merge.out.iterdir()}
    said = merge.refused()
    assert "such as 0002.eml." in said[0]
    assert {path: path.read_bytes() for path in merge.out.iterdir()} == before


def test_a_directory_in_the_way_lets_nothing_be_written(merge: Merge) -> None:
    (merge.out / "0002.eml").mkdir(parents=True)
    assert merge.refused() == ["out/0002.eml: Is a directory"]
    assert [path.name for path in merge.out.iterdir()] == ["0002.eml"]


def test_what_cannot_be_made_is_told_by_its_name(merge: Merge) -> None:
    merge.out = merge.folder / "en.md" / "out"
    assert merge.refused() == ["en.md/out: Not a directory"]


def test_no_rows_are_no_messages(merge: Merge) -> None:
    merge.rows("email\n")
    merge.out = merge.folder / "a" / "b"
    assert merge.run().exit_code == 0
    assert list(merge.out.iterdir()) == []


def test_nothing_heavy_is_started(merge: Merge) -> None:
    script = (
        "import sys; from service.cli.mail import group\n"
        "group(sys.argv[1:], standalone_mode=False)\n"
        "print(sorted({'flask', 'sqlalchemy', 'dbos', 'werkzeug', 'alembic'} & set(sys.modules)))"
    )
    given = ["render", str(merge.folder / "en.md"), str(merge.folder / "ja.md"), "--recipients"]
    given += [str(merge.folder / "people.csv"), "--out", str(merge.out)]
    done = subprocess.run([sys.executable, "-c", script, *given], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
