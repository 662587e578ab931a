"""P12: catalogs and dates, against the libraries that usually do them."""

import re
import shutil
import subprocess
import time
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
from flask.testing import FlaskClient
from jinja2 import BaseLoader, Environment, pass_eval_context

from service import bootstrap
from service.config import Settings
from service.db import Base
from service.i18n import po, po_update
from service.i18n.catalogs import Catalog, Catalogs, read, read_again
from service.i18n.edited import layout
from service.i18n.formats import formats
from service.i18n.locales import LOCALES
from service.paths import data_dir
from service.web.app import create_app
from tests.bench.figures import compare, seconds
from tests.web import tour
from tests.web.browser import Clock

LOOK_UPS = 20_000
DAYS = 10_000
ENTRIES = 5_000


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
        e._replace(id=f"{e.id} new" if e.id in changed else e.id, strings=("",) * len(e.strings))
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


class Literal(BaseLoader):
    """The product's templates with their texts written out in French."""

    def __init__(self, loader: BaseLoader, catalog: Catalog) -> None:
        self.loader, self.catalog = loader, catalog

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:
        source, name, _ = self.loader.get_source(environment, template)
        return MARKED.sub(self._written, source), name, None

    def _written(self, marked: re.Match[str]) -> str:
        return '"' + self.catalog.gettext(marked[1]).replace('"', '\\"') + '"'


MARKED = re.compile(r'\b_\("([^"\\%<>&]+)"\)')


def test_a_page_with_100_texts(tmp_path: Path) -> None:
    """The list of prospects: its texts from the catalog, written out, and through flask_babel.gettext."""
    services = bootstrap.build(Settings(data=tmp_path, secret_key="x" * 40), jobs=False)
    Base.metadata.create_all(services.db.engine)
    clock = Clock()
    asked: list[str] = []
    clients: dict[str, FlaskClient] = {}
    pages: dict[str, bytes] = {}
    for name in ("counted", "catalog", "literal", "flask_babel"):
        app = create_app(services, clock=clock)
        if name == "literal":
            assert app.jinja_loader is not None
            app.jinja_env.loader = Literal(app.jinja_loader, services.catalogs.catalog("fr"))
        if name == "flask_babel":
            app.jinja_env.globals.update(_=flask_babel.gettext, gettext=flask_babel.gettext)
        if name == "counted":
            own = app.jinja_env.globals["_"]
            app.jinja_env.globals["_"] = pass_eval_context(
                lambda ctx, text, own=own, **values: asked.append(text) or own(ctx, text, **values)
            )
        browser = tour.administrator(app, services, clock)
        pages[name] = re.sub(
            rb'name="csrf_token" value="[^"]+"', b"", browser.client.get("/fr/prospects").data
        )
        clients[name] = browser.client
    count = len(asked)
    # In turns, so that what else runs here slows each of them alike.
    times = dict.fromkeys(pages, float("inf"))
    for _ in range(60):
        for name, client in clients.items():
            taken = seconds(lambda client=client: client.get("/fr/prospects"), rounds=1)  # type: ignore[misc]
            times[name] = min(times[name], taken)
    assert pages["literal"] == pages["catalog"]
    print(f"\nlist of prospects, {count} texts: {times['literal'] * 1000:.1f} ms with its texts written out")
    for name, target in (("catalog", " (target ≤ 10 %)"), ("flask_babel", "")):
        more = times[name] / times["literal"] - 1
        print(f"the same, {name}: {more:+.1%}, for 100 texts {more * 100 / count:+.1%}{target}")


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
