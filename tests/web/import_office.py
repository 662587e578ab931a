"""A signed-in browser and the worker it waits for: what tests of the import pages use."""

import io
import re

from service.bootstrap import Services
from service.domain import import_runs
from service.domain.import_runs import Runner
from tests.web.browser import Browser, Clock

HEADER = "Partner name,Contact email,Media property,Group name\n"
FILE = (
    HEADER + "Blue <b>Harbor</b>,anna@blue.example,https://blue.example,\nBad,bad,https://x.example,Winter\n"
)


class Office:
    """A signed-in browser, and the worker it waits for."""

    def __init__(self, browser: Browser, parts: Services, clock: Clock) -> None:
        self.browser, self.parts, self.clock = browser, parts, clock

    def upload(self, data: str | bytes, locale: str = "en", name: str = "people.csv", **fields: str) -> str:
        """Send the form and return where it leads."""
        body = self.browser.get(f"/{locale}/settings/import").get_data(as_text=True)
        program = re.findall(r'<option value="(\d+)"', body)[0]
        raw = data.encode() if isinstance(data, str) else data
        response = self.browser.post(
            f"/{locale}/settings/import",
            {"program": program, "mode": "fill", "file": (io.BytesIO(raw), name), **fields},
            content_type="multipart/form-data",
        )
        assert response.status_code == 303, response.get_data(as_text=True)
        return response.location

    def work(self) -> None:
        """Do what a worker would."""
        with self.parts.db.reading() as session:
            waiting = import_runs.list_interrupted(session, now=self.clock.now)
        for import_id in waiting:
            runner = Runner(import_id, base_url="https://p.example")
            more = 1
            while more:
                with self.parts.db.transaction() as session:
                    more = runner.step(session, self.parts.jobs, now=self.clock.now)

    def page(self, path: str) -> str:
        response = self.browser.get(path)
        assert response.status_code == 200
        return response.get_data(as_text=True)

    def upload_and_work(self, data: str | bytes, locale: str = "en", **fields: str) -> str:
        """Send the form, let the worker work, and return where the import is."""
        path = self.upload(data, locale, **fields)
        self.work()
        return path
