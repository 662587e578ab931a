"""Defects of files, placeholders and plural forms, made of correct translations."""

import re
import unicodedata
from collections.abc import Callable
from random import Random

from service.i18n import po
from service.i18n.locales import Locale
from tests.lint.spoiling import Spoiling, inside, says, swapped

spoils = Spoiling()
FILE_MUTATIONS: dict[str, Callable[[str, Random], str | None]] = {}
_NAMED = re.compile(r"%\((\w+)\)([sd])")
_BRACE = re.compile(r"\{(\w+)[^{}]*\}")
_COUNT = re.compile(r"%\((?:num|count|counter|n)\)[sd]")


def spoils_file(
    rule: str,
) -> Callable[[Callable[[str, Random], str | None]], Callable[[str, Random], str | None]]:
    def add(mutate: Callable[[str, Random], str | None]) -> Callable[[str, Random], str | None]:
        FILE_MUTATIONS[rule] = mutate
        return mutate

    return add


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
