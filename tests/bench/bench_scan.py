"""L-6: from a file of 10 MB to its verdict, judged in a process of its own and scanned, four at a time."""

import io
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from service.adapters.clamd import Clamd
from service.adapters.file_judge import FileJudge
from service.facts.limits import ATTACHMENT_BYTES
from service.facts.verdicts import CLEAN
from tests.clamd import Clamd as Daemon
from tests.files.made import encoded, pdf

FILES = 40
AT_ONCE = 4


def photograph() -> bytes:
    """A JPEG of nearly 10 MB that is as hard to decode as any: noise."""
    return encoded(Image.effect_noise((4000, 2900), 80).convert("RGB"), "JPEG", quality=91)


def document() -> bytes:
    """A PDF of 10 MB, most of it one picture."""
    return pdf(stream=random.Random(1).randbytes(ATTACHMENT_BYTES - 2000), filters="/DCTDecode")


def table() -> bytes:
    """A CSV of 10 MB."""
    row = "株式会社ひかり,山田 太郎,yamada@example.jp,https://example.jp\r\n".encode()
    return b"company,name,email,url\r\n" + row * (ATTACHMENT_BYTES // len(row) - 1)


@pytest.mark.parametrize(
    ("name", "make"),
    [("a.jpg", photograph), ("a.pdf", document), ("a.csv", table)],
    ids=["jpg", "pdf", "csv"],
)
def test_from_file_to_verdict(name: str, make: Callable[[], bytes], clamd: Daemon) -> None:
    content = make()
    judge, scanner = FileJudge(), Clamd.from_url(clamd.url, seconds=60)

    def once(_: int) -> tuple[float, float]:
        start = time.perf_counter()
        judged = judge.judge(name, content)
        between = time.perf_counter()
        assert scanner.scan(io.BytesIO(judged.content)) == CLEAN
        return time.perf_counter() - start, time.perf_counter() - between

    before = os.times()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        measured = list(pool.map(once, range(FILES)))
    spent = sum(os.times()[:4]) - sum(before[:4])
    whole, scanned = (sorted(times) for times in zip(*measured, strict=True))
    print(
        f"\n{name}, {len(content) / 2**20:.1f} MB, {AT_ONCE} at a time: p50 {whole[FILES // 2]:.2f} s, "
        f"p99 {whole[-1]:.2f} s (target 2 s), the scan {scanned[FILES // 2]:.2f} and {scanned[-1]:.2f} s; "
        f"processor without the scanner {spent / FILES:.2f} s a file"
    )
