"""Defects of state, script, spaces and numbers, made of correct translations."""

import re
from random import Random

from service.i18n import po
from service.i18n.locales import Locale
from tests.lint.spoiling import Spoiling, covered, inside, says

spoils = Spoiling()
_OLD = str.maketrans(
    "设发复制选择删码传单这时间个为实现关闭错误输", "設發複製選擇刪碼傳單這時間個為實現關閉錯誤輸"
)
_NEW = str.maketrans(
    "設発選択録検証変更開閉認語読書込間問時電車", "设发选择录检证变更开闭认语读书込间问时电车"
)


@spoils("ST001")
def emptied(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    return entry._replace(strings=("",) * len(entry.strings))


@spoils("ST002")
def doubted(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    return entry._replace(flags=("fuzzy", *entry.flags))


def _english(entry: po.Entry) -> bool:
    words = re.sub(r"%\(\w+\)[sd]|\{[^{}]*\}|<[^<>]*>|`[^`]*`|\S*://\S*|\S*[._@/-]\S*", "", entry.id)
    return re.search(r"\b[a-z]{3,}\b", words) is not None


@spoils("ST003")
def not_translated(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if locale.code != "fr" or entry.plural is not None or not _english(entry):
        return None
    return says(entry, entry.id)


@spoils("ST004")
def still_latin(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if locale.code not in ("ja", "zh") or entry.plural is not None or not _english(entry):
        return None
    return says(entry, entry.id)


@spoils("ST005")
def other_script(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    text = entry.strings[0]
    if locale.code == "zh":
        made = text.translate(_OLD) if random.random() < 0.7 else text + "ユーザー"
    elif locale.code == "ja":
        made = text.translate(_NEW)
    else:
        return None
    made = (
        "".join(b if not covered(text, at) else a for at, (a, b) in enumerate(zip(text, made, strict=False)))
        + made[len(text) :]
    )
    changed = [b for a, b in zip(text, made, strict=False) if a != b]
    return says(entry, made) if changed or len(made) > len(text) else None


@spoils("ST006")
def too_long(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    limit = max(len(string) for string in entry.strings) - 1
    return entry._replace(flags=(*entry.flags, f"max-length:{limit}")) if limit > 0 else None


@spoils("WS001")
def other_edge(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    text = entry.strings[0]
    if text != text.strip() or entry.id != entry.id.strip():
        return None
    return says(entry, random.choice([text + " ", " " + text, text + "\n", "\n" + text]))


@spoils("WS002")
def double_space(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    found = [
        one
        for one in re.finditer(r"(?<=\w) (?=\w)", entry.strings[0])
        if not covered(entry.strings[0], one.start())
    ]
    if not found or "  " in entry.id:
        return None
    at = random.choice(found).start()
    return says(entry, entry.strings[0][:at] + " " + entry.strings[0][at:])


@spoils("WS003")
def other_paragraphs(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    return inside(entry, "\n\n", random)


@spoils("NU001")
def other_number(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is not None or re.search(r"\d", entry.id):
        return None
    one, other = random.sample(["3", "8", "24", "90", "120", "1,500", "2038"], 2)
    return says(entry._replace(id=f"{entry.id} {one}"), f"{entry.strings[0]} {other}")
