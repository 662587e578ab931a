"""Defects of markup and of what could do harm, made of correct translations."""

import re
from random import Random

from service.i18n import po
from service.i18n.locales import Locale
from tests.lint.spoiling import Spoiling, says, swapped

spoils = Spoiling()
_TAG = re.compile(r"<(/?)([a-z]+)([^<>]*)>")


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
