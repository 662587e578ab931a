"""Judging as a program of its own, with little memory and time: what a hostile file breaks is only this.

In: the name as a line of JSON, then the content. Out: a line of JSON, then what to keep.
"""

import json
import resource
import sys

from service.files import FileRefused, judge

MEMORY_BYTES = 1536 * 1024 * 1024
CPU_SECONDS = 20


def main() -> None:
    """Judge what is on the standard input; a refusal is an answer like any other."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    name = json.loads(sys.stdin.buffer.readline())
    try:
        judged = judge(name, sys.stdin.buffer.read())
    except FileRefused as refused:
        _say({"refused": refused.reason.name, "values": refused.values})
    else:
        _say({"type": judged.type.value, "notes": [note.name for note in judged.notes]}, judged.content)


def _say(answer: dict[str, object], content: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + content)


if __name__ == "__main__":
    main()
