"""Defects made of correct translations, rule by rule: what a checker that is right must find again.

`MUTATIONS` has for each rule what spoils one entry, or None where an entry cannot be spoiled that way;
`FILE_MUTATIONS` what spoils the text of a file. More are added with `@spoils("RULE")`.
"""

import re
import unicodedata
from collections.abc import Callable
from random import Random

from service.i18n import po
from service.i18n.locales import Locale

Mutate = Callable[[po.Entry, Locale, Random], po.Entry | None]
MUTATIONS: dict[str, Mutate] = {}
FILE_MUTATIONS: dict[str, Callable[[str, Random], str | None]] = {}

_NAMED = re.compile(r"%\((\w+)\)([sd])")
_BRACE = re.compile(r"\{(\w+)[^{}]*\}")
_TAG = re.compile(r"<(/?)([a-z]+)([^<>]*)>")
_COUNT = re.compile(r"%\((?:num|count|counter|n)\)[sd]")
_OLD = str.maketrans(
    "设发复制选择删码传单这时间个为实现关闭错误输", "設發複製選擇刪碼傳單這時間個為實現關閉錯誤輸"
)
_NEW = str.maketrans(
    "設発選択録検証変更開閉認語読書込間問時電車", "设发选择录检证变更开闭认语读书込间问时电车"
)


def spoils(*rules: str) -> Callable[[Mutate], Mutate]:
    def add(mutate: Mutate) -> Mutate:
        MUTATIONS.update(dict.fromkeys(rules, mutate))
        return mutate

    return add


def spoils_file(
    rule: str,
) -> Callable[[Callable[[str, Random], str | None]], Callable[[str, Random], str | None]]:
    def add(mutate: Callable[[str, Random], str | None]) -> Callable[[str, Random], str | None]:
        FILE_MUTATIONS[rule] = mutate
        return mutate

    return add


def says(entry: po.Entry, string: str | None, form: int = 0) -> po.Entry | None:
    """The entry with another text in one form; None where it is the same."""
    if string is None or string == entry.strings[form]:
        return None
    return entry._replace(strings=(*entry.strings[:form], string, *entry.strings[form + 1 :]))


def swapped(entry: po.Entry, pattern: re.Pattern[str], by: Callable[[re.Match[str]], str], random: Random,
            *, plain: bool = True) -> po.Entry | None:  # fmt: skip
    """The entry with one place that matches written otherwise; entries with a plural only if not `plain`."""
    if plain and entry.plural is not None:
        return None
    places = list(pattern.finditer(entry.strings[0]))
    if not places:
        return None
    found = random.choice(places)
    return says(entry, entry.strings[0][: found.start()] + by(found) + entry.strings[0][found.end() :])


def inside(entry: po.Entry, sign: str, random: Random) -> po.Entry | None:
    """The entry with something put between two of its letters."""
    text = entry.strings[0]
    places = [at for at in range(1, len(text)) if text[at - 1].isalpha() and text[at].isalpha()]
    places = [at for at in places if not _covered(text, at)]
    if not places:
        return None
    at = random.choice(places)
    return says(entry, text[:at] + sign + text[at:])


def _covered(text: str, at: int) -> bool:
    parts = re.finditer(
        r"%\(\w+\)[sd]|\{[^{}]*\}|<[^<>]*>|`[^`]*`|\S+://\S+|\[\[.*?\]\]|“[^”]*”|「[^」]*」", text
    )
    return any(part.start() < at < part.end() for part in parts)


@spoils_file("PO001")
def unclosed(text: str, random: Random) -> str | None:
    places = [found.end() for found in re.finditer(r'\nmsgstr "[^"\n\\]+(?=")', text)]
    at = random.choice(places)
    return text[:at] + text[at + 1 :]


@spoils_file("PO002")
def doubled(text: str, random: Random) -> str | None:
    blocks = [block for block in text.strip().split("\n\n")[1:] if "\nmsgid " in f"\n{block}"]
    return text.rstrip() + "\n\n" + random.choice(blocks) + "\n"


@spoils_file("PO003")
def other_charset(text: str, random: Random) -> str | None:
    return text.replace(
        "charset=UTF-8", f"charset={random.choice(['ASCII', 'EUC-JP', 'CHARSET', 'latin-1'])}", 1
    )


@spoils_file("PO004")
def other_plural(text: str, random: Random) -> str | None:
    wrong = random.choice(
        [
            "nplurals=2; plural=(n == 7);",
            "nplurals=3; plural=n;",
            "nplurals=0;",
            "x",
            "nplurals=2; plural=n/0;",
        ]
    )
    return re.sub(r"Plural-Forms: [^\\]*", f"Plural-Forms: {wrong}", text, count=1)


@spoils_file("PO005")
def conflict(text: str, random: Random) -> str | None:
    blocks = text.split("\n\n")
    at = random.randrange(1, len(blocks) - 1)
    blocks[at] = f"<<<<<<< HEAD\n{blocks[at]}\n=======\n{blocks[at]}\n>>>>>>> other"
    return "\n\n".join(blocks)


@spoils_file("PO006")
def shadowed(text: str, random: Random) -> str | None:
    blocks = [
        one for one in text.split("\n\n")[1:] if re.search(r'^msgstr "[^"]+"$', one, re.M) and "#~" not in one
    ]
    block = random.choice(blocks)
    empty = re.sub(r'^msgstr "[^"]+"$', 'msgstr ""', block, flags=re.M)
    if re.search(r'msgstr ""\n"', empty):
        return None
    gone = "\n".join("#~ " + line for line in block.split("\n") if not line.startswith("#"))
    return text.replace(block, empty, 1).rstrip() + "\n\n" + gone + "\n"


@spoils_file("PO008")
def stray_previous(text: str, random: Random) -> str | None:
    blocks = text.split("\n\n")
    at = random.randrange(1, len(blocks) - 1)
    if "fuzzy" in blocks[at] or "#~" in blocks[at]:
        return None
    blocks[at] = re.sub(r"^(?=msgid|msgctxt)", '#| msgid "Old"\n', blocks[at], count=1, flags=re.M)
    return "\n\n".join(blocks)


@spoils("PO007")
def unknown_flag(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    return entry._replace(flags=(*entry.flags, random.choice(["fuzy", "pyton-fmt", "nowrap", "x-done"])))


@spoils("PO009")
def wrong_encoding(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if random.random() < 0.3:
        return inside(entry, random.choice("\ufffd\x07\x1b\ufeff"), random)
    found = [at for at, sign in enumerate(entry.strings[0]) if sign.isalpha() and not sign.isascii()]
    if not found:
        return None
    at = random.choice(found)
    raw = entry.strings[0][at].encode()
    bad = "".join(
        bytes([b]).decode("latin-1" if b in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "cp1252") for b in raw
    )
    return says(entry, entry.strings[0][:at] + bad + entry.strings[0][at + 1 :])


@spoils("PO010")
def apart(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    one, other = "éèàêç文方がプデ日用人", "é è à ê ç ⽂ ⽅ が プ デ ⽇ ⽤ ⼈"
    pairs = dict(zip(one, (unicodedata.normalize("NFD", two) for two in other.split()), strict=True))
    return swapped(
        entry, re.compile("[" + "".join(pairs) + "]"), lambda found: pairs[found[0]], random, plain=False
    )


@spoils("PH001")
def invented(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    return swapped(entry, _NAMED, lambda found: f"%({found[1]}x){found[2]}", random, plain=False)


@spoils("PH002")
def dropped(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    names = [found[0] for found in _NAMED.finditer(entry.strings[0])]
    return swapped(entry, _NAMED, lambda found: "", random) if len(names) == len(set(names)) else None


@spoils("PH003")
def retyped(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    def other(found: re.Match[str]) -> str:
        changed = "d" if found[2] == "s" else "f"
        after = found.string[found.end() : found.end() + 1]
        return (
            f"%({found[1]}){changed if after.isascii() and after.isalpha() else random.choice(['', changed])}"
        )

    return swapped(entry, _NAMED, other, random, plain=False)


@spoils("PH004")
def reordered(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is not None or "%" in entry.strings[0] or len(entry.strings[0]) < 2 or "%" in entry.id:
        return None
    one, other = random.sample(["%s", "%d"], 2)
    source = entry._replace(id=f"{entry.id} {one} {other}", flags=("python-format",))
    return says(source, f"{entry.strings[0]} {other} {one}")


@spoils("PH005")
def other_brace(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if _BRACE.search(entry.strings[0]) is None and entry.plural is None and "%" not in entry.id:
        entry = entry._replace(id=entry.id + " {name}", strings=(entry.strings[0] + " {name}",))
    wrong = random.choice(["{nom}", "{名前}", "｛name｝", "", "{ name}"])
    return swapped(entry, _BRACE, lambda found: wrong, random)


@spoils("PH006")
def other_token(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is not None:
        return None
    wrong = random.choice(["((nom))", "（（name））", "(( name))", "( (name))", "", "((名前))"])
    return says(entry._replace(id=entry.id + " ((name))"), f"{entry.strings[0]} {wrong}".rstrip())


@spoils("PH007")
def bare_percent(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if not _NAMED.search(entry.id) or "python-format" not in entry.flags:
        return None
    return says(entry, entry.strings[0] + random.choice([" 100 %", " (5%)", " 12 % sûr", "50%。"]))


@spoils("PH008")
def out_of_address(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is not None or "<" in entry.id or "%" in entry.id:
        return None
    source = entry._replace(id=f'<a href="%(url)s">{entry.id}</a>')
    return says(source, f'<a href="/x">{entry.strings[0]}</a>%(url)s')


@spoils("PL001")
def too_many(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    return entry._replace(strings=(*entry.strings, entry.strings[-1])) if entry.plural is not None else None


@spoils("PL002")
def one_empty(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is None or locale.plural_count < 2 or len(entry.strings) != locale.plural_count:
        return None
    return says(entry, "", random.randrange(len(entry.strings)))


@spoils("PL003")
def one_form(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural in (None, entry.id) or locale.plural_count < 2 or len(entry.strings) != 2:
        return None
    return says(entry, entry.strings[1])


@spoils("PL004")
def hard_number(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is None or locale.code != "fr" or len(entry.strings) != 2:
        return None
    return swapped(entry, _COUNT, lambda found: random.choice(["1", "Un", "une"]), random, plain=False)


@spoils("PL005")
def no_count(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is None or locale.plural_count != 1 or not _COUNT.search(entry.plural):
        return None
    return says(entry, _COUNT.sub("", entry.strings[0]))


@spoils("MK001")
def other_tag(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if "<" not in entry.id and entry.plural is None:
        entry = entry._replace(id=f"<b>{entry.id}</b>", strings=(f"<b>{entry.strings[0]}</b>",))
    return swapped(
        entry, _TAG, lambda found: random.choice(["", "<u>", f'<{found[1]}{found[2]} id="x">']), random
    )


@spoils("MK002")
def unclosed_tag(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is not None or "<" in entry.id or "&" in entry.id:
        return None
    source = entry._replace(id=f"<b>{entry.id}</b> R&amp;D")
    text = entry.strings[0]
    return says(
        source, random.choice([f"</b>{text}<b> R&amp;D", f"<b>{text}</b R&amp;D", f"<b>{text}</b> R&D"])
    )


@spoils("SEC001")
def with_code(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    return says(entry, entry.strings[0] + random.choice(
        ["<script>x()</script>", "<img src=x onerror=x()>", '<b style="x">', '<a href="javascript:x()">x</a>',
         "<form action=/x>", "<iframe src=/x>", "<svg/onload=x()>", "[x](javascript:x)"]))  # fmt: skip


@spoils("SEC002")
def with_markup(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if "<" in entry.id:
        return None
    return says(
        entry,
        random.choice([f"<b>{entry.strings[0]}</b>", f"{entry.strings[0]}<br>", f"<i {entry.strings[0]}"]),
    )


@spoils("SEC003")
def with_invisible(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    return says(entry, entry.strings[0] + random.choice("\u200b\u200d\u202e\u2066\u00ad\u200e"))


@spoils("MK003")
def other_address(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is not None or "://" in entry.id:
        return None
    source = entry._replace(id=entry.id + " https://example.org/help")
    wrong = random.choice(
        ["https://example.com/help", "https://example.org/aide", "example.org/help", "", "https://"]
    )
    return says(source, f"{entry.strings[0]} {wrong}".rstrip())


@spoils("MK004")
def translated_token(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is not None:
        return None
    token = random.choice(
        ["prospects.csv", "help@example.org", "`make run`", "--strict", "MAX_SIZE", "Ctrl+S"]
    )
    return says(
        entry._replace(id=f"{entry.id} {token}"),
        f"{entry.strings[0]} {random.choice(['fichier', 'x', '名'])}",
    )


@spoils("MK005")
def broken_link(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is not None or set("[]()`*_（") & set(entry.id + entry.strings[0]):
        return None
    links = [("[{}](/help)", "[{}] (/help)"), ("[{}](/help)", "[{}]（/help）")]
    good, bad = random.choice([*links, ("{} `x`", "{} `x"), ("{} [^1]", "{}")])
    return says(entry._replace(id=good.format(entry.id)), bad.format(entry.strings[0]))


@spoils("MK006")
def flat_emphasis(entry: po.Entry, locale: Locale, random: Random) -> po.Entry | None:
    if entry.plural is not None or set("[]()`*_") & set(entry.id + entry.strings[0]):
        return None
    bad = random.choice(["あ**「{}」**です", "** {}**", "**{} **", "**{}*"])
    return says(entry._replace(id=f"**{entry.id.strip()}**"), bad.format(entry.strings[0].strip()))


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
        "".join(b if not _covered(text, at) else a for at, (a, b) in enumerate(zip(text, made, strict=False)))
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
        if not _covered(entry.strings[0], one.start())
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
