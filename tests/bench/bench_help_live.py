"""How long after a writer saved a page the changed block is in the browser."""

import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.journeys.conftest import ARGUMENTS, CHROMIUM
from tests.journeys.help_server import serving

EDITS = 20
WATCH = """
new MutationObserver(() => {
  const found = /Edit number (\\d+)\\./.exec(document.querySelector("article")?.textContent ?? "");
  if (found) (window.seen ??= {})[found[1]] ??= Date.now();
}).observe(document.body, { childList: true, subtree: true });
"""


def test_saved_to_visible(tmp_path: Path) -> None:
    with serving(tmp_path) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, chromium_sandbox=False)
        page = server.administrator(browser).new_page()
        page.goto(f"{server.url}/ja/help/contact-a-prospect")
        page.evaluate(WATCH)
        file = server.content / "ja" / "contact-a-prospect.md"
        text = file.read_text(encoding="utf-8")
        spent = []
        for number in range(EDITS):
            page.wait_for_timeout(300 + 17 * number)
            saved = time.time() * 1000
            file.write_text(f"{text}\n\nEdit number {number}.\n", encoding="utf-8")
            while (seen := page.evaluate(f"window.seen?.[{number}]")) is None:
                page.wait_for_timeout(20)
            spent.append(seen - saved)
        browser.close()
    spent.sort()
    print(
        f"\nhelp, saved to visible, {EDITS} edits: median {spent[len(spent) // 2]:.0f} ms, "
        f"longest {spent[-1]:.0f} ms (target median ≤ 100 ms)"
    )
