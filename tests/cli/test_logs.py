"""Log lines: one JSON object each, whatever a value holds."""

import json
import subprocess
import sys

SCRIPT = """
import logging
from service.cli import logs
logs.install()
logging.getLogger("a.b").warning("said: %s", "one\\r\\ntwo\\x1b[31m\\u202e{}")
try:
    raise ValueError("three\\nfour")
except ValueError:
    logging.getLogger("a.b").exception("failed")
logging.getLogger("a.b").info("not written")
"""


def test_a_value_cannot_begin_a_line() -> None:
    """W-12: line breaks, escapes and bidi controls stay inside their string."""
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert [(line["level"], line["logger"], line["event"]) for line in lines] == [
        ("warning", "a.b", "said: one\r\ntwo\x1b[31m\u202e{}"),
        ("error", "a.b", "failed"),
    ]
    assert "three\nfour" in lines[1]["exception"]
    assert run.stderr.isascii()
