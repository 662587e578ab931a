"""Judging in a process of its own: the same answers, and an end to what takes too much."""

import sys

import pytest

from service.adapters.file_judge import FileJudge
from service.facts.file_refusals import FileNote, FileRefusal
from service.facts.filetypes import FileType
from service.files import FileRefused, Judged, judge
from tests.files.made import gif, pdf


@pytest.mark.parametrize(
    ("name", "content"),
    [("見積り\u3000書.gif", gif() + b"more"), ("a.pdf", pdf()), ("a.csv", b"name\r\n\xff\n\x80\n")],
)
def test_it_judges_as_the_engine_does(name: str, content: bytes) -> None:
    assert FileJudge().judge(name, content) == judge(name, content)


def test_notes_come_back() -> None:
    kept = gif()
    judged = FileJudge().judge("a.gif", kept + b"more")
    assert judged == Judged("a.gif", FileType.GIF, kept, (FileNote.REST_REMOVED,))


@pytest.mark.parametrize(
    ("name", "content"), [("a\nb.pdf", pdf()), ("a.exe", b"MZ"), ("a.png", pdf()), ("a.pdf", b"")]
)
def test_it_refuses_as_the_engine_does(name: str, content: bytes) -> None:
    with pytest.raises(FileRefused) as here:
        judge(name, content)
    with pytest.raises(FileRefused) as there:
        FileJudge().judge(name, content)
    assert there.value.reason is here.value.reason
    assert {
        key: list(value) if isinstance(value, tuple) else value for key, value in here.value.values.items()
    } == (there.value.values)


def refusal_of(*command: str, seconds: float = 60) -> FileRefusal:
    with pytest.raises(FileRefused) as caught:
        FileJudge(seconds=seconds, command=(sys.executable, "-c", *command)).judge("a.csv", b"a\n")
    return caught.value.reason


def test_what_does_not_end_is_ended() -> None:
    """U-3."""
    assert refusal_of("while True: pass", seconds=0.5) is FileRefusal.NOT_JUDGED


def test_what_takes_too_much_memory_takes_only_its_own() -> None:
    """U-3: within the limits of the real program."""
    hungry = (
        "import service.files.__main__ as program\n"
        "program.judge = lambda name, content: bytearray(program.MEMORY_BYTES)\n"
        "program.main()"
    )
    assert refusal_of(hungry) is FileRefusal.NOT_JUDGED


def test_what_breaks_the_program_breaks_nothing_else() -> None:
    assert refusal_of("import os; os.kill(os.getpid(), 11)") is FileRefusal.NOT_JUDGED
