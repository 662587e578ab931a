"""P12, L-4: reading a spreadsheet's rows, against the standard reader with strict decoding."""

import csv
import io

from service import csvfile
from tests.bench.figures import compare, seconds

ROWS = 50_000
HEADER = (
    "パートナー名,連絡先メールアドレス,メディアプロパティ,グループ名,連絡先の名,連絡先の姓,説明,パートナーID"
)


def _file() -> bytes:
    lines = [HEADER]
    lines += [
        f"株式会社みなと出版{number},p{number}@minato.example,https://minato.example/{number},,健太,髙橋,旅と写真,"
        for number in range(ROWS)
    ]
    return "\r\n".join(lines).encode("cp932")


def test_read_rows() -> None:
    data = _file()
    ours = seconds(lambda: sum(1 for _ in csvfile.read(data, locale="ja").rows()), rounds=3)
    peer = seconds(
        lambda: sum(1 for _ in csv.reader(io.StringIO(data.decode("cp932"), newline=""))), rounds=3
    )
    compare(
        f"rows read, CP932, 8 columns, {len(data):,} bytes",
        ours,
        "csv.reader + strict decode",
        peer,
        times=ROWS,
    )
