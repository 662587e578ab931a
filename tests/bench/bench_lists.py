"""L-3: page 20,000 of a program's prospects against page 1, whole pages through the web application, by each
column that sorts."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.domain import partners, prospect_list
from service.domain.prospect_list import Sort
from service.facts.limits import PAGE_ROWS
from service.facts.stages import Stage
from service.models import Partner, Program, Prospect
from service.web.app import create_app
from service.web.prospect_query import cursor_text
from tests.bench.figures import by_turns
from tests.journeys.served import signed_in

PAGES = int(os.environ.get("LIST_PAGES") or 20_000)
ROWS = PAGES * PAGE_ROWS
BATCH = 20_000
STAGES = [stage.value for stage in Stage]


def test_last_page_against_the_first(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, secret_key="k" * 40)
    services = bootstrap.build(settings, jobs=False)
    cookie = signed_in(services)
    began = time.perf_counter()
    program = _fill(services)
    print(f"\n{ROWS:,} prospects written in {time.perf_counter() - began:.0f} s")
    client = create_app(services).test_client()
    client.set_cookie(*cookie)
    for sort in Sort:
        first = f"/ja/prospects?sort={sort.value}"
        pages = (first, f"{first}&after={_place(services, program, sort)}")
        for path in pages:
            assert b"Bench " in client.get(path).data
        one, far = by_turns(*(lambda at=path: client.get(at) for path in pages))  # type: ignore[misc]
        print(
            f"prospects by {sort.value}, page {PAGES:,}: {far * 1000:.1f} ms; page 1: {one * 1000:.1f} ms; "
            f"ratio {far / one:.2f} (target ≤ 2)"
        )
    services.db.dispose()


def _fill(services: Services) -> int:
    """Add partners and prospects below the demo's own; return the program they are in."""
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        program = session.scalars(select(Program.id).order_by(Program.id)).first()
        assert program is not None
        first = (session.scalar(select(func.max(Partner.id))) or 0) + 1
    for start in range(0, ROWS, BATCH):
        numbers = range(first + start, first + min(start + BATCH, ROWS))
        with services.db.transaction() as session:
            session.execute(insert(Partner), [_partner(number, now) for number in numbers])
            session.execute(insert(Prospect), [_prospect(number, program, now) for number in numbers])
    return program


def _words(number: int) -> tuple[str, str, str]:
    """Return a partner's name, address, and the text it is found by."""
    name, address = f"Bench {number * 7919 % 10_000_019:08}", f"b{number}@partner.example"
    return name, address, f"0 {name} {address}".lower()


def _partner(number: int, now: datetime) -> dict[str, object]:
    name, address, words = _words(number)
    return {
        "id": number,
        "name": name,
        "email": address,
        "email_key": address,
        "kind": "company",
        "search_text": words,
        "messaging_enabled": False,
        "created_at": now,
    }


def _prospect(number: int, program: int, now: datetime) -> dict[str, object]:
    return {
        "program_id": program,
        "partner_id": number,
        "sort_key": partners.sort_key(_words(number)[2]),
        "stage": STAGES[number % len(STAGES)],
        "source": "import",
        "created_at": now + timedelta(seconds=number // 100),
    }


def _place(services: Services, program: int, sort: Sort) -> str:
    """Return the cursor of the last page."""
    with services.db.transaction() as session:
        row = session.scalars(
            select(Prospect)
            .join(Prospect.partner)
            .where(Prospect.program_id == program, Partner.search_text.startswith("0 bench"))
            .order_by(prospect_list.SORT_COLUMNS[sort], Prospect.id)
            .offset(ROWS - PAGE_ROWS - 1)
            .limit(1)
        ).one()
        return cursor_text(prospect_list.cursor_of(row, sort)) or ""
