"""An installation as operators run it, straight and behind nginx, for all tests that ask it over the wire."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service import bootstrap
from service.bootstrap import Services
from service.domain import accounts, sessions
from service.facts.permissions import BuiltInRole
from service.web.identity import cookie_name
from tests.proxied import (
    Door,
    Nginx,
    nginx,
    served,
    settings_of,
)


@dataclass(frozen=True, slots=True)
class Site:
    """An installation that runs, straight and through nginx."""

    services: Services
    straight: Door
    nginx: Nginx
    cookie: str
    log: Path

    @property
    def doors(self) -> tuple[Door, Door]:
        return self.straight, self.nginx.door


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path, need: Callable[[str], str]
) -> Iterator[Site]:
    """That installation, with somebody signed in."""
    program = need("nginx")
    folder = tmp_path_factory.mktemp("site")
    settings = settings_of(folder / "var", migrated)
    services = bootstrap.build(settings, jobs=False)
    with (
        served(settings, folder / "log") as straight,
        nginx(program, straight, folder / "nginx") as front,
    ):
        yield Site(services, straight, front, _signed_in(services), folder / "log")
    services.db.dispose()
    log = (folder / "log").read_text()
    assert re.findall("Traceback|Error handling request", log) == [], log


def _signed_in(services: Services) -> str:
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        user = accounts.add_user(
            session,
            email="alex@brand.example",
            name="Alexandrine Morgan",
            role=accounts.built_in_role(session, BuiltInRole.ADMINISTRATOR),
            locale="en",
            time_zone="UTC",
            all_programs=True,
            now=now,
        )
        _, secret = sessions.open_session(session, user, now=now)
    return f"{cookie_name(services.settings)}={secret}"
