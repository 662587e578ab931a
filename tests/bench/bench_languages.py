"""P12: catalogs and dates, against the libraries that usually do them."""

import shutil
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import flask_babel
import polib
from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import Environment

from service.i18n import po, po_update
from service.i18n.catalogs import Catalogs, read, read_again
from service.i18n.edited import layout
from service.i18n.formats import formats
from service.i18n.jinja import install
from service.i18n.locales import LOCALES
from service.paths import data_dir
from tests.bench.figures import compare, seconds

LOOK_UPS = 20_000
DAYS = 10_000
ENTRIES = 5_000
TEXTS = 100


def made_catalog(entries: int = ENTRIES) -> bytes:
    """A catalog of so many entries in the manner of ours, a tenth of them plural; repeatable."""
    chance = Random(1)
    head = po.Entry(
        None, "", None,
        ("MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n"
         "Language: fr\nPlural-Forms: nplurals=2; plural=(n > 1);\n",),
    )  # fmt: skip
    words = [
        "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(2500)
    ]
    made = [head]
    for number in range(entries):
        text = " ".join(chance.choices(words, k=chance.randint(2, 14))) + f" {number}"
        plural = f"%(num)s {text}s" if number % 10 == 0 else None
        translated = f"{text.capitalize()} traduit à l’été"
        strings = (translated,) if plural is None else (f"%(num)s {translated}", f"%(num)s {translated}s")
        made.append(po.Entry(None, text if plural is None else f"%(num)s {text}", plural, strings,
                             references=(f"service/web/{text[:5].strip()}.py",)))  # fmt: skip
    return po.serialize(made).encode()


def by_babel(data: bytes) -> GNUTranslations:
    """What editors of catalogs wait for elsewhere: read, compile, load."""
    made = BytesIO()
    write_mo(made, read_po(BytesIO(data), locale="fr"))
    made.seek(0)
    return GNUTranslations(made)


def test_parse_and_swap_a_catalog() -> None:
    data = made_catalog()
    at = data.index(b'msgstr "', len(data) // 2) + len(b'msgstr "')
    edited = data[:at] + b"X" + data[at:]
    ours = seconds(lambda: read(data, LOCALES["fr"], Path("x.po")))
    before, known = read(data, LOCALES["fr"], Path("x.po"))[0], layout(po.read(data))
    again = seconds(lambda: read_again(edited, Path("x.po"), before, known))
    peer = seconds(lambda: by_babel(data), rounds=3)
    compare(f"catalogs of {ENTRIES:,} entries read into use", ours, "Babel read, write, load", peer, times=1,
            target="≥ 4")  # fmt: skip
    compare(
        "the same after an edit of one entry", again, "Babel read, write, load", peer, times=1, target="≥ 4"
    )
    compare("catalogs read", seconds(lambda: po.read(data)), "polib",
            seconds(lambda: polib.pofile(data.decode()), rounds=3), times=1)  # fmt: skip


def test_update_a_catalog() -> None:
    """50 of 5,000 messages changed; msgmerge guesses for them, we offer."""
    data = made_catalog()
    old = po.read(data)
    changed = {entry.id for entry in old.messages[:: ENTRIES // 50]}
    entries = [old.entries[0], *(
        replace(e, id=f"{e.id} new" if e.id in changed else e.id, strings=("",) * len(e.strings))
        for e in old.messages
    )]  # fmt: skip
    template = po.read_text(po.serialize(entries))
    ours = seconds(lambda: po_update.update(po.read(data), template, LOCALES["fr"]), rounds=3)
    tool = shutil.which("msgmerge")
    if tool is None:
        print(f"\nupdate of {ENTRIES:,} entries, 50 changed: {ours:.2f} s")
        return
    with TemporaryDirectory() as folder:
        for name, text in (("a.po", data), ("b.pot", template.text.encode())):
            (Path(folder) / name).write_bytes(text)
        start = time.perf_counter()
        command = [tool, "-q", "-o", "c.po", "a.po", "b.pot"]
        subprocess.run(command, cwd=folder, check=True)
        peer = time.perf_counter() - start
    compare(f"updates of {ENTRIES:,} entries, 50 changed", ours, "msgmerge", peer, times=1)


PAGE = (
    "<tr><th>%s<td>{{ name }}<td>{{ mail }}<td>{{ stage }}<td><a href='/x/{{ number }}'>{{ name }}</a></tr>"
)


def plain_texts() -> list[po.Entry]:
    """Texts of ours without values, markup and quotes."""
    file = po.read((data_dir("locales") / "fr" / "LC_MESSAGES" / "messages.po").read_bytes())
    plain = (
        e for e in file.messages if e.plural is None and e.context is None and not set('%<>&{"\n') & set(e.id)
    )
    return list(plain)[:TEXTS]


def test_a_page_with_100_texts() -> None:
    """A request for a table with 100 texts: from the catalog, as literal text, by flask_babel.gettext."""
    catalog = Catalogs(data_dir("locales")).catalog("fr")
    texts = plain_texts()
    app = Flask("bench")
    flask_babel.Babel(app, default_locale="fr", default_translation_directories=str(data_dir("locales")))
    pages = {}
    for name, mark in (
        ("catalog", '{{ _("%s") }}'),
        ("literal", "%s"),
        ("flask_babel", '{{ theirs("%s") }}'),
    ):
        env = Environment(autoescape=True)
        install(env, lambda: catalog)
        env.globals["theirs"] = flask_babel.gettext
        source = "".join(PAGE % (mark % (e.strings[0] if name == "literal" else e.id)) for e in texts)
        pages[name] = env.from_string(source)
    values = {"name": "Partner & Sons", "mail": "p@x.example", "stage": "new", "number": 7}
    for name, made in pages.items():
        app.add_url_rule(f"/{name}", name, lambda made=made: made.render(values))  # type: ignore[misc]
    client = app.test_client()
    assert client.get("/catalog").data == client.get("/flask_babel").data
    times = {name: seconds(lambda name=name: client.get(f"/{name}"), rounds=60) for name in pages}  # type: ignore[misc]
    for name in ("catalog", "flask_babel"):
        more = times[name] / times["literal"] - 1
        target = " (target ≤ 10 %)" if name == "catalog" else ""
        print(f"\npage with {TEXTS} texts, {name} against literal text: {more:+.1%}{target}")


def test_look_up_a_text() -> None:
    catalog = Catalogs(data_dir("locales")).catalog("ja")
    made = BytesIO()
    data = (data_dir("locales") / "ja" / "LC_MESSAGES" / "messages.po").read_bytes()
    write_mo(made, read_po(BytesIO(data), locale="ja"))
    made.seek(0)
    standard = GNUTranslations(made)
    ours = seconds(lambda: [catalog.gettext("Prospects") for _ in range(LOOK_UPS)])
    peer = seconds(lambda: [standard.gettext("Prospects") for _ in range(LOOK_UPS)])
    compare("texts looked up", ours, "gettext.GNUTranslations", peer, times=LOOK_UPS)


def test_write_dates() -> None:
    days = [datetime(2038, 1, 19, tzinfo=UTC) + timedelta(days=number) for number in range(DAYS)]
    for code, locale in LOCALES.items():
        ours_format, theirs = formats(code), Locale.parse(locale.cldr)
        assert [ours_format.long_date(day) for day in days] == [
            format_date(day.date(), "long", locale=theirs) for day in days
        ]
        ours = seconds(lambda said=ours_format: [said.long_date(day) for day in days])  # type: ignore[misc]
        peer = seconds(
            lambda said=theirs: [format_date(day, "long", locale=said) for day in days],  # type: ignore[misc]
            rounds=3,
        )
        compare(f"dates, {code}", ours, "babel.dates.format_date", peer, times=DAYS, target="≥ 4")
