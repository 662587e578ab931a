"""P12, L-4, C-13: reading a spreadsheet's rows, against the standard reader with strict decoding."""

import csv
import resource
from pathlib import Path

from service import csvfile
from tests.bench.figures import compare, seconds

ROWS = 1_000_000
HEADER = (
    "パートナー名,連絡先メールアドレス,メディアプロパティ,グループ名,連絡先の名,連絡先の姓,説明,パートナーID"
)


def _file(path: Path, *, quoted: bool) -> None:
    with path.open("w", encoding="cp932", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
        writer.writerow(HEADER.split(","))
        writer.writerows(
            (
                f"株式会社みなと出版{number}",
                f"p{number}@minato.example",
                f"https://minato.example/{number}",
                "",
                "健太",
                "髙橋",
                "旅と写真",
                "",
            )
            for number in range(ROWS)
        )


def _standard(path: Path) -> int:
    with path.open(encoding="cp932", newline="") as file:
        return sum(1 for _ in csv.reader(file, strict=True))


def test_read_rows(tmp_path: Path) -> None:
    """From disk, our header and rows against theirs; memory does not grow with the file."""
    for quoted in (False, True):
        path = tmp_path / "partners.csv"
        _file(path, quoted=quoted)
        peer = seconds(lambda path=path: _standard(path), rounds=2)  # type: ignore[misc]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ours = seconds(lambda path=path: sum(1 for _ in csvfile.read(path, locale="ja").rows()), rounds=2)  # type: ignore[misc]
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        what = f"rows read, CP932, 8 columns{', quoted' if quoted else ''}, {path.stat().st_size:,} bytes"
        compare(what, ours, "csv.reader + strict decode", peer, times=ROWS)
        print(f"  memory grew by {grown / 1024:.0f} MB")
