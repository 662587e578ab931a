"""The file people really have, in each language: tried, corrected, imported, undone; its columns chosen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from service.csvfile.headers import COLUMNS
from service.i18n.catalogs import Catalog, Catalogs
from tests.journeys.conftest import Demo, Traveller, travel, until

pytestmark = pytest.mark.journey
NARROW, WIDE = {"width": 390, "height": 900}, {"width": 1280, "height": 900}
# language of the reader, of the file, codec, delimiter, with scripts
WAYS = (
    ("ja", "ja", "cp932", ",", True),
    ("zh", "zh", "gb18030", ",", True),
    ("fr", "fr", "cp1252", ";", True),
    ("en", "ja", "cp932", "\t", False),
)
# Somebody who comes in at once, and somebody whose address must be corrected first.
NAMES = {
    "ja": ("髙橋商店㈱", "株式会社ソ能表"),
    "zh": ("镕创传媒", "杭州𠀀工作室"),
    "fr": ("Œuvres d’été", "Crèmerie à 12 €"),
}


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{way[2]}")
def journey(
    request: pytest.FixtureRequest, browser: Browser, demo: Demo, storage: Path, catalogs: Catalogs
) -> Iterator[tuple[Traveller, Catalog, tuple[str, str, str, str, bool]]]:
    """A signed-in tab, its words, and the kind of file."""
    way = request.param
    context, traveller = travel(browser, demo, scripts=way[4], storage=storage)
    yield traveller, catalogs.catalog(way[0]), way
    context.close()
    assert traveller.errors == []


def test_a_file_is_tried_corrected_imported_and_undone(
    journey: tuple[Traveller, Catalog, tuple[str, str, str, str, bool]], tmp_path: Path
) -> None:
    """C-1, C-10: the rejected rows come back in the encoding and dialect of the file, and go in again."""
    traveller, words, (code, language, codec, delimiter, _) = journey
    good, bad = NAMES[language]
    header = [column.names[language] for column in COLUMNS if column.required]
    lines = [header, [good, f"a@{code}.example", f"{code}.example"], [bad, "nowhere", f"{code}.example"]]
    file = tmp_path / "見込み先 été.csv"
    file.write_bytes("".join(delimiter.join(line) + "\r\n" for line in lines).encode(codec))

    _submit(traveller, words, file, dry_run=True)
    apply = traveller.page.get_by_role("button", name=words.gettext("Apply"), exact=True)
    until(traveller.page, lambda: apply.count() > 0)
    _look(traveller)
    rejected = _download(traveller, words, codec)
    assert rejected.split("\r\n")[0].split(delimiter)[: len(header)] == header
    assert rejected.split("\r\n")[1].split(delimiter)[:2] == [bad, "nowhere"]
    apply.click()
    _finish(traveller, words)

    corrected = tmp_path / "corrected.csv"
    corrected.write_bytes(rejected.replace("nowhere", f"b@{code}.example").encode(codec))
    _submit(traveller, words, corrected, dry_run=False)
    _finish(traveller, words)
    traveller.page.get_by_role("link", name=words.gettext("Show imported prospects")).click()
    expect(traveller.page.locator("tbody tr th a bdi")).to_have_text([bad])
    expect(traveller.page.locator(".chips bdi").last).to_have_text("corrected.csv")
    traveller.page.go_back()
    _undo(traveller, words)
    assert _listed(traveller, code) == [good]


def _submit(traveller: Traveller, words: Catalog, file: Path, *, dry_run: bool) -> None:
    traveller.open(f"/{words.locale.code}/settings/import")
    if dry_run:
        _look(traveller)
    traveller.page.locator("input[type=file]").set_input_files(file)
    if dry_run:
        traveller.page.locator("input[name=dry_run]").check()
    traveller.page.get_by_role("button", name=words.gettext("Submit"), exact=True).click()
    traveller.page.wait_for_url(re.compile(r"/settings/import/\d+$"))


def _download(traveller: Traveller, words: Catalog, codec: str) -> str:
    with traveller.page.expect_download() as saved:
        traveller.page.get_by_role("link", name=words.gettext("Rejected rows only")).click()
    return saved.value.path().read_bytes().decode(codec)


def _finish(traveller: Traveller, words: Catalog) -> None:
    undo = traveller.page.get_by_role("link", name=words.gettext("Undo"), exact=True)
    until(traveller.page, lambda: undo.count() > 0)
    _look(traveller)


def _undo(traveller: Traveller, words: Catalog) -> None:
    page = traveller.page
    page.get_by_role("link", name=words.gettext("Undo"), exact=True).click()
    button = page.get_by_role("button", name=words.gettext("Undo the import"), exact=True)
    expect(button).to_be_visible()
    _look(traveller)
    button.click()
    one, many = (
        "The import is undone: %(num)s row in all.",
        "The import is undone: %(num)s rows in all.",
    )
    told = page.get_by_text(words.ngettext(one, many, 1) % {"num": 1})
    until(page, lambda: told.count() > 0)
    _look(traveller)


def _listed(traveller: Traveller, code: str) -> list[str]:
    traveller.open(f"/{code}/prospects?source=import&q=@{code}.example")
    return traveller.page.locator("tbody tr th a bdi").all_inner_texts()


def _look(traveller: Traveller) -> None:
    """Look at the page on a phone and on a desk."""
    for size in (NARROW, WIDE):
        traveller.page.set_viewport_size(size)  # type: ignore[arg-type]
        traveller.see_no_overflow()
    if traveller.scripts:
        traveller.see_no_barrier()


def test_columns_are_chosen_once(
    browser: Browser, demo: Demo, storage: Path, catalogs: Catalogs, tmp_path: Path
) -> None:
    """C-8: names nobody knows are asked about, and understood the next time."""
    words = catalogs.catalog("fr")
    context, traveller = travel(browser, demo, storage=storage)
    page = traveller.page
    file = tmp_path / "Werbepartner.csv"
    file.write_bytes(
        "Firma;Kontakt;Seite;Ort\r\nMüller;m@kolumne.example;https://kolumne.example;Köln".encode("cp1252")
    )
    _submit(traveller, words, file, dry_run=True)
    expect(page.locator("#columns tbody tr th bdi")).to_have_text(["Firma", "Kontakt", "Seite", "Ort"])
    _look(traveller)
    page.locator("#column-0").select_option("name")
    page.get_by_role("button", name=words.gettext("Use these columns"), exact=True).click()
    apply = page.get_by_role("button", name=words.gettext("Apply"), exact=True)
    until(page, lambda: apply.count() > 0)
    _look(traveller)
    _submit(traveller, words, file, dry_run=True)
    until(page, lambda: apply.count() > 0)
    expect(page.locator("#rows tbody th bdi")).to_have_text(["Müller"])
    context.close()
    assert traveller.errors == []
