"""Settings → Audit trail: sentences, filters, pages, the file, and which forms leave an entry."""

import csv
import io
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from service.bootstrap import Services
from service.domain import audit, groups
from service.facts.acts import Act
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import AuditEntry, Program, User
from service.web import audit as web_audit
from tests.domain import factories
from tests.web.browser import Browser, Clock
from tests.web.conftest import PASSWORD
from tests.web.pages import check_page, soup, words
from tests.web.test_access import UNSAFE

PATH = "/en/settings/audit"
# What changes nothing that the trail tells of: drafts, reading, uploads not applied yet, one's own settings.
NOT_RECORDED = {
    "auth.code", "auth.forgotten", "compose.create", "compose.update", "compose.look", "compose.discard",
    "groups.create", "groups.edit", "help.vote", "home.read_news", "import_columns.choose",
    "imports.cancel", "imports.read", "imports.upload", "join.answer", "mail_accounts.check",
    "mail_accounts.update", "partners.mark", "profile.edit", "programs.switch", "prospect_facts.edit",
    "prospects.add_to_group", "prospects.new", "prospects.select", "translate_inspect.switch",
    "unsubscribe.change", "attachments.upload", "attachments.remove", "conversation.answer",
    "conversation.change", "conversation.messaging", "conversation.read", "conversation.report",
    "conversation_files.upload", "conversation_files.remove", "inbox.open_thread", "notifications.save",
    "terms.accept", "thread_marks.assign", "thread_marks.mark_read", "thread_marks.mark_unread",
    "thread_marks.set_priority", "threads.keep_draft", "threads.set_language",
}  # fmt: skip
# What the trail tells of: here, in the verb it calls, or when its import is through.
RECORDED = {
    "ads.edit", "ads.index", "auth.invitation", "auth.reset", "auth.sign_in", "auth.sign_in_link",
    "auth.sign_out", "campaigns.change", "campaigns.decide", "decisions.decide", "groups.delete",
    "import_undo.undo", "imports.apply", "mail_accounts.create", "mail_accounts.disconnect",
    "profile.end_other_sessions", "profile.end_session", "profile.password", "profile.recovery_codes",
    "profile.turn_off", "profile.two_step", "programs.edit", "prospects.archive", "prospects.restore",
    "roles.delete", "roles.new", "roles.update", "schedules.change", "schedules.start_now", "schedules.undo",
    "suppressions.add", "suppressions.lift", "translate_texts.save", "users.change", "users.new",
    "users.update", "personal_data.erase", "personal_data.export", "terms.publish",
    "thread_marks.archive", "thread_marks.restore", "thread_marks.revoke_links", "threads.edit",
    "threads.send", "threads.withdraw", "user_data.erase", "user_data.export", "user_data.own",
}  # fmt: skip


@pytest.fixture
def put(parts: Services, clock: Clock) -> Callable[..., None]:
    """Write an entry."""

    def write(act: Act, actor: User | None = None, at: datetime | None = None, **more: object) -> None:
        with parts.db.transaction() as session:
            audit.record(session, act, actor=actor, now=at or clock.now, **more)  # type: ignore[arg-type]

    return write


def told(browser: Browser, query: str = "", path: str = PATH) -> list[str]:
    page = soup(browser.get(f"{path}?{query}"))
    return [words(row) for row in page.select("tbody th")]


def acts(parts: Services) -> list[Act]:
    with parts.db.reading() as session:
        return [Act(act) for act in session.scalars(select(AuditEntry.act).order_by(AuditEntry.id))]


def test_every_form_has_its_place_in_the_trail_or_none(app: Flask) -> None:
    """A new route that changes something has to say whether the trail tells of it."""
    unsafe = {rule.endpoint for rule in app.url_map.iter_rules() if set(UNSAFE) & (rule.methods or set())}
    assert unsafe == RECORDED | NOT_RECORDED
    assert not RECORDED & NOT_RECORDED


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("en", "山田 花子 deleted a group: Spring"),
        ("fr", "山田 花子 a supprimé un groupe : Spring"),
        ("ja", "山田 花子がグループを削除しました：Spring"),
        ("zh", "山田 花子删除了群组：Spring"),
    ],
)
def test_it_works(
    enter: Callable[..., Browser], program: Program, parts: Services, code: str, sentence: str
) -> None:
    browser = enter()
    with parts.db.transaction() as session:
        group = groups.create(session, program.id, name="Spring", now=factories.NOW)
    browser.post(f"/en/groups/{group.id}/delete")
    page = check_page(browser.get(f"/{code}/settings/audit"), code)
    first = page.select_one("tbody tr")
    assert first is not None
    assert words(first.th).replace("\u00a0", " ") == sentence
    assert "Alpine" in words(first)
    moment = first.time
    assert moment is not None
    assert moment["datetime"] == "2038-01-18T12:00:00+00:00"
    shown = {"en": "9:00", "fr": "21:00", "ja": "21:00", "zh": "21:00"}  # in the reader's zone, Asia/Tokyo
    assert shown[code] in words(moment)


def test_signing_in_and_out_leaves_its_trace_and_no_address(
    browser: Browser, add_user: Callable[..., User], sign_in: Callable[..., object], parts: Services
) -> None:
    """D-3: nothing of what was typed is kept."""
    user = add_user()
    sign_in(browser, password="wrong horse battery")
    sign_in(browser, email="canary@nowhere.example")
    sign_in(browser)
    browser.get("/en/settings/profile")
    browser.post("/en/sign-out")
    assert acts(parts)[1:] == [Act.SIGN_IN_FAILED, Act.SIGN_IN_UNKNOWN, Act.SIGNED_IN, Act.SIGNED_OUT]
    with parts.db.reading() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()[1:]
        assert [(row.user_id, row.subject_id, row.details) for row in rows] == [
            (None, user.id, {}),
            (None, None, {}),
            (user.id, user.id, {}),
            (user.id, user.id, {}),
        ]


def test_the_own_account_is_told_of(enter: Callable[..., Browser], program: Program, parts: Services) -> None:
    browser = enter()
    before = len(acts(parts))
    browser.post("/en/settings/profile/password", {"new_password": PASSWORD})
    browser.post("/en/settings/profile/password", {"current_password": "no", "new_password": PASSWORD})
    assert acts(parts)[before:] == [Act.PASSWORD_CHANGED]


def test_what_is_done_twice_is_told_once(
    enter: Callable[..., Browser], program: Program, launch: Callable[..., int], parts: Services
) -> None:
    """An act that changed nothing is none."""
    browser = enter()
    campaign_id = launch()
    before = len(acts(parts))
    for verb in ("pause", "pause", "resume", "cancel", "cancel"):
        browser.post(f"/en/campaigns/{campaign_id}/{verb}")
    kept = acts(parts)[before:]
    assert kept == [Act.CAMPAIGN_PAUSED, Act.CAMPAIGN_RESUMED, Act.CAMPAIGN_CANCELLED]
    assert told(browser)[0] == "山田 花子 cancelled a campaign: Join Alpine"


def test_a_refused_act_leaves_no_entry(
    enter: Callable[..., Browser], program: Program, parts: Services
) -> None:
    """The entry is written in the transaction of the act: one does not stay without the other."""
    browser = enter()
    before = len(acts(parts))
    for path, data in (
        ("/en/groups/999/delete", {}),
        ("/en/settings/ads", {"name": "", "link_url": "x"}),
        ("/en/settings/suppression-list", {"email": "no address"}),
        ("/en/settings/roles/new", {"name": ""}),
    ):
        assert browser.post(path, data).status_code in {400, 404}, path
    assert len(acts(parts)) == before


def test_a_reader_sees_their_programs_only(
    enter: Callable[..., Browser], program: Program, parts: Services, put: Callable[..., None]
) -> None:
    """A-2: in the table, in the filters and in the file."""
    with parts.db.transaction() as session:
        foreign = factories.program(session, "Bergwerk")
    reader = enter(BuiltInRole.ANALYST, program)
    with parts.db.reading() as session:
        me = session.scalars(select(User)).one()
        boss = session.get_one(User, me.id)
    put(Act.GROUP_DELETED, program_id=program.id, name="Ours")
    put(Act.GROUP_DELETED, program_id=foreign.id, name="Theirs")
    put(Act.SIGN_IN_UNKNOWN)
    put(Act.USER_ENABLED, subject_id=boss.id)
    everything = [
        "The service enabled a user: 山田 花子",
        "The service deleted a group: Ours",
        "The service added a user: 山田 花子 Role: Analyst",
    ]
    assert told(reader) == everything
    assert told(reader, f"program={foreign.id}") == []
    assert "Bergwerk" not in reader.get(PATH).get_data(as_text=True)
    assert len(list(csv.reader(io.StringIO(reader.get(f"{PATH}.csv").get_data(as_text=True))))) == 4


def test_filters_by_person_area_and_day_of_the_readers_zone(
    enter: Callable[..., Browser], program: Program, parts: Services, put: Callable[..., None]
) -> None:
    browser = enter()
    with parts.db.reading() as session:
        me = session.scalars(select(User)).one()
    put(Act.SIGNED_OUT, me, at=datetime(2038, 1, 10, 14, 59, 59, tzinfo=UTC), subject_id=me.id)
    put(Act.GROUP_DELETED, me, at=datetime(2038, 1, 10, 15, tzinfo=UTC), program_id=program.id, name="G")
    out, deleted = "山田 花子 signed out.", "山田 花子 deleted a group: G"
    assert told(browser, f"who={me.id}") == [deleted, out]
    assert told(browser, "area=sign_in") == [out]
    # 15:00 UTC is midnight in Tokyo.
    assert told(browser, "from=2038-01-11&to=2038-01-11") == [deleted]
    assert told(browser, "from=2038-01-10&to=2038-01-10") == [out]
    page = soup(browser.get(f"{PATH}?area=sign_in&from=2038-01-10"))
    assert [words(chip) for chip in page.select(".chip")] == [
        "Remove filter Area Signing in",
        "Remove filter From Jan 10, 2038",
    ]
    assert told(browser, "area=nothing&who=x&from=2038-13-40&to=0001-01-01&program=-1")[0] == deleted


def test_pages_and_the_number_of_queries(
    enter: Callable[..., Browser],
    program: Program,
    put: Callable[..., None],
    count_queries: Callable[..., int],
) -> None:
    """W-5."""
    browser = enter()
    put(Act.GROUP_DELETED, program_id=program.id, name="0")
    path = f"{PATH}?program={program.id}"
    few = count_queries(lambda: browser.get(path))
    for number in range(PAGE_ROWS + 1):
        put(Act.GROUP_DELETED, program_id=program.id, name=str(number))
    assert count_queries(lambda: browser.get(path)) == few
    page = soup(browser.get(path))
    assert len(page.select("tbody tr")) == PAGE_ROWS
    following = page.select_one("a[rel=next]")
    assert following is not None
    rest = soup(browser.get(str(following["href"])))
    assert [words(row.th) for row in rest.select("tbody tr")] == [
        "The service deleted a group: 0",
        "The service deleted a group: 0",
    ]


@pytest.mark.parametrize("code", LOCALES)
def test_the_file_holds_the_filter_and_runs_nothing(
    enter: Callable[..., Browser], program: Program, put: Callable[..., None], code: str
) -> None:
    """C-12: a cell that a spreadsheet would run gets an apostrophe."""
    browser = enter(name="=1+1")
    with_formula = "=HYPERLINK(1)"
    put(Act.GROUP_DELETED, program_id=program.id, name=with_formula)
    put(Act.SIGN_IN_UNKNOWN)
    answer = browser.get(f"/{code}/settings/audit.csv?program={program.id}")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    data = answer.get_data()
    assert data.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert len(rows) == 1
    assert len(header) == len(rows[0]) == 6
    assert rows[0][0] == "2038-01-18T21:00:00+09:00"
    assert (rows[0][3], rows[0][5]) == ("Alpine", "group_deleted")
    assert with_formula in rows[0][2]
    everything = browser.get(f"/{code}/settings/audit.csv").get_data().decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(everything)) for cell in row]
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]


def test_the_file_is_read_in_parts_whatever_happens_meanwhile(
    enter: Callable[..., Browser],
    program: Program,
    put: Callable[..., None],
    parts: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """W-5: each entry once, none that came later, and no transaction is open between the parts."""
    browser = enter()
    for number in range(7):
        put(Act.GROUP_DELETED, program_id=program.id, name=str(number))
    read, written = web_audit._csv, []

    def meanwhile(rows: Iterable[Sequence[str]]) -> bytes:
        written.append(read(rows))
        if len(written) == 2:
            put(Act.GROUP_DELETED, program_id=program.id, name="later")
            with parts.db.transaction() as session:  # on SQLite it would wait for an open one's end
                session.execute(
                    delete(AuditEntry).where(AuditEntry.act == "group_deleted", AuditEntry.id < 3)
                )
        return written[-1]

    monkeypatch.setattr(web_audit, "BATCH", 3)
    monkeypatch.setattr(web_audit, "_csv", meanwhile)
    text = browser.get(f"{PATH}.csv?program={program.id}").get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(text)))[1:]
    told_ = [row[2].rpartition(" ")[2] for row in rows]
    assert told_ == [str(number) for number in range(6, -1, -1)][: len(told_)]
    assert len(told_) >= 5


def test_a_file_that_cannot_be_read_whole_is_no_file(
    enter: Callable[..., Browser],
    program: Program,
    put: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A trail that ends early would look like a whole one: the answer says that it failed."""
    browser = enter()
    for number in range(7):
        put(Act.GROUP_DELETED, program_id=program.id, name=str(number))
    read = audit.list_page

    def broken(*given: object, before: int, limit: int) -> Sequence[AuditEntry]:
        if before:
            raise OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error"))
        return read(*given, before=before, limit=limit)  # type: ignore[arg-type]

    monkeypatch.setattr(web_audit, "BATCH", 3)
    monkeypatch.setattr(audit, "list_page", broken)
    answer = browser.get(f"{PATH}.csv")
    assert (answer.status_code, answer.mimetype) == (503, "text/html")


def test_the_page_says_what_is_in_the_file(enter: Callable[..., Browser], program: Program) -> None:
    """C-12."""
    text = enter().get(PATH).get_data(as_text=True)
    assert "every entry of the filter" in text
    assert "begins with an apostrophe" in text


def test_names_of_things_stay_text(
    enter: Callable[..., Browser], program: Program, put: Callable[..., None]
) -> None:
    """X-1."""
    browser = enter(name="<script>alert(1)</script>")
    put(Act.GROUP_DELETED, program_id=program.id, name="<b>{{7*7}}%(who)s</b>")
    text = browser.get(PATH).get_data(as_text=True)
    assert "<script>alert" not in text
    assert told(browser)[0] == "The service deleted a group: <b>{{7*7}}%(who)s</b>"


def test_an_act_of_a_later_version_is_shown_by_its_code(
    enter: Callable[..., Browser], program: Program, parts: Services, clock: Clock
) -> None:
    browser = enter()
    with parts.db.transaction() as session:
        session.add(AuditEntry(at=clock.now, act="moon_landed", details={}, program_id=program.id))
    assert told(browser)[0] == "moon_landed"
