"""How long after a translator saved a catalog of 5,000 messages the changed text is in the open page."""

import shutil
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from service.i18n import po
from service.i18n.locales import LOCALES
from service.paths import data_dir
from tests.journeys.conftest import ARGUMENTS, CHROMIUM
from tests.journeys.translate_server import serving

EDITS = 20
MESSAGES = 5000
TITLE = 'msgid "Groups"\nmsgstr "グループ"'
WATCH = """
new MutationObserver(() => {
  const found = /グループ(\\d+)/.exec(document.querySelector("h1").textContent);
  if (found) (window.seen ??= {})[found[1]] ??= Date.now();
}).observe(document.body, { childList: true, characterData: true, subtree: true });
"""


def _padded(folder: Path) -> Path:
    """Copy the product's catalogs with messages added until each has 5,000."""
    shutil.copytree(data_dir("locales"), folder)
    for code in LOCALES:
        path = folder / code / "LC_MESSAGES" / "messages.po"
        text = path.read_text(encoding="utf-8")
        missing = MESSAGES - len(po.read_text(text).messages)
        more = (
            f'#: service/somewhere.py:{number}\nmsgid "Message number {number} of %(total)s, as weight"\n'
            f'msgstr "Text {number} / %(total)s 目方のための文章です。"\n'
            for number in range(missing)
        )
        path.write_text("\n".join((text.rstrip("\n") + "\n", *more)), encoding="utf-8")
    return folder


def test_saved_to_visible(tmp_path: Path) -> None:
    source = _padded(tmp_path / "source")
    with serving(tmp_path, source=source) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, chromium_sandbox=False)
        page = server.administrator(browser).new_page()
        page.goto(f"{server.url}/ja/groups")
        page.evaluate(WATCH)
        file = server.file("ja")
        text = file.read_text(encoding="utf-8")
        assert TITLE in text
        spent = []
        for number in range(EDITS):
            page.wait_for_timeout(300 + 17 * number)
            saved = time.time() * 1000
            file.write_text(text.replace(TITLE, f'{TITLE[:-1]}{number}"'), encoding="utf-8")
            while (seen := page.evaluate(f"window.seen?.[{number}]")) is None:
                page.wait_for_timeout(20)
            spent.append(seen - saved)
        browser.close()
    spent.sort()
    print(
        f"\ncatalog of {MESSAGES:,} messages, saved to visible, {EDITS} edits: "
        f"median {spent[len(spent) // 2]:.0f} ms, shortest {spent[0]:.0f} ms, longest {spent[-1]:.0f} ms "
        "(target median ≤ 100 ms)"
    )
