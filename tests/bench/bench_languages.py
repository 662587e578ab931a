"""P12: catalogs and dates, against the libraries that usually do them."""

from datetime import UTC, datetime, timedelta
from gettext import GNUTranslations
from io import BytesIO

import polib
from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from service.i18n import po
from service.i18n.catalogs import Catalogs
from service.i18n.formats import formats
from service.i18n.locales import LOCALES
from service.paths import data_dir
from tests.bench.figures import compare, seconds

LOOK_UPS = 20_000
DAYS = 3_000


def test_parse_a_catalog() -> None:
    data = (data_dir("locales") / "ja" / "LC_MESSAGES" / "messages.po").read_bytes()

    def by_babel() -> None:
        made = BytesIO()
        write_mo(made, read_po(BytesIO(data), locale="ja"))
        made.seek(0)
        GNUTranslations(made)

    ours = seconds(lambda: po.read(data))
    compare("catalogs read", ours, "Babel read, write, load", seconds(by_babel), times=1)
    compare("catalogs read", ours, "polib", seconds(lambda: polib.pofile(data.decode())), times=1)


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
