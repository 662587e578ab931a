"""Pictures for help, taken from the running demo in each language: `python -m tests.journeys.help_figures`.

A picture is written again only where it looks different, so that a run without a change changes no file.
"""

import base64
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from service.i18n.locales import LOCALES
from service.paths import data_dir
from tests.journeys.conftest import ARGUMENTS, CHROMIUM, running, sign_in

QUALITY = 80
SAME = 0.01
"""The share of pixels that may differ: dates move on by themselves."""

# Two pictures drawn and compared in the browser; 1 where the sizes differ.
DIFFERENCE = """
async ([one, other]) => {
  const draw = async (data) => {
    const image = await createImageBitmap(await (await fetch("data:image/webp;base64," + data)).blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height);
  };
  const [a, b] = [await draw(one), await draw(other)];
  if (a.width !== b.width || a.height !== b.height) return 1;
  let different = 0;
  for (let at = 0; at < a.data.length; at += 4) {
    const far = [0, 1, 2].some((part) => Math.abs(a.data[at + part] - b.data[at + part]) > 48);
    different += far;
  }
  return different / (a.data.length / 4);
}
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture: its name, the page below the locale, and how much of it to show."""

    name: str
    path: str
    width: int = 1100
    height: int = 620


FIGURES = (
    Figure("marketplace", "creators/marketplace"),
    Figure("prospects", "prospects"),
    Figure("groups", "groups", height=460),
)


def main() -> None:
    """Take every picture and say which ones were written."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(
            # Pages that follow the catalogs never stop asking.
            Path(folder),
            TRANSLATION_EDITING="0",
        ) as demo,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, chromium_sandbox=False)
        state = sign_in(browser, demo, Path(folder))
        for code in LOCALES:
            for figure in FIGURES:
                _take(browser, state, f"{demo.url}/{code}/{figure.path}", figure, code)
        browser.close()


def _take(browser: Browser, state: Path, url: str, figure: Figure, code: str) -> None:
    context = browser.new_context(
        viewport={"width": figure.width, "height": figure.height},
        storage_state=state,
        reduced_motion="reduce",
        color_scheme="light",
    )
    page = context.new_page()
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    page.wait_for_load_state("networkidle")
    session = context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})["data"]
    target = data_dir("content") / code / "images" / f"{figure.name}.webp"
    if not target.exists() or _differs(browser, target.read_bytes(), base64.b64decode(shot)):
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(base64.b64decode(shot))
        sys.stdout.write(f"{target}\n")
    context.close()


def _differs(browser: Browser, one: bytes, other: bytes) -> bool:
    page: Page = browser.new_page()
    pictures = [base64.b64encode(picture).decode() for picture in (one, other)]
    share = float(page.evaluate(DIFFERENCE, pictures))
    page.close()
    return share > SAME


if __name__ == "__main__":
    main()
