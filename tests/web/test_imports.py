"""The import pages: a file comes in, is shown as it was read, planned, applied, and given back."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from service.csvfile import encoding
from service.csvfile.encoding import Detection
from service.csvfile.source import Source
from service.domain import accounts, import_runs, partners, prospects
from service.facts.permissions import BuiltInRole
from service.facts.sources import Source as Origin
from service.facts.states import IMPORT_STATE_LABELS, ImportState
from service.models import Partner, Program, User
from service.models.imports import Import
from tests.web.browser import Browser
from tests.web.import_office import FILE, HEADER, Office
from tests.web.pages import check_page, form_of, soup, words


def test_dry_run_then_apply(office: Office) -> None:
    path = office.upload(FILE, dry_run="y")
    assert "data-poll" in office.page(path)
    office.work()
    body = office.page(path)
    assert "Nothing has been stored" in body
    assert "Blue &lt;b&gt;Harbor&lt;/b&gt;" in body
    assert "data-done" in body
    digest = re.findall(r'name="digest" value="([0-9a-f]{32})"', body)[0]
    assert office.browser.post(f"{path}/apply", {"digest": digest}).status_code == 303
    office.work()
    assert "The import is finished." in office.page(path)
    with office.parts.db.reading() as session:
        assert [one.name for one in session.scalars(select(Partner))] == ["Blue <b>Harbor</b>"]


@pytest.mark.parametrize(
    ("locale", "codec", "name"),
    [("ja", "cp932", "髙橋㈱"), ("zh", "gb18030", "青禾文化传媒"), ("fr", "cp1252", "Ateliers de l’Étang")],
)
def test_a_file_of_the_readers_language_goes_straight_through(
    office: Office, locale: str, codec: str, name: str
) -> None:
    body = office.page(f"/{locale}/settings/import")
    columns = re.findall(r'id="columns"[^>]*>\n([^<]+)</textarea>', body)[0].split("\t")
    assert len(columns) == 10
    text = ";".join(columns[:3]) + f"\r\n{name};a@x.example;x.example\r\n"
    path = office.upload(text.encode(codec), locale)
    office.work()
    assert name in office.page(path)
    result = office.browser.client.get(f"{path}/result.csv")
    assert result.status_code == 200
    assert result.data.decode(codec).startswith(";".join(columns[:3]))
    assert (result.headers["X-Content-Type-Options"], result.headers["Content-Disposition"][:10]) == (
        "nosniff",
        "attachment",
    )


def test_an_uncertain_file_shows_its_own_rows_in_each_reading(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C-1: the differences are marked, and the choice is kept with the file."""
    monkeypatch.setattr("service.csvfile.encoding.CERTAIN", 1e9)
    plain = "Plain,p@x.example,https://x.example,\n" * 30
    path = office.upload((HEADER + plain + "Été,a@x.example,https://x.example,\n").encode("mac_roman"), "fr")
    body = office.page(path)
    assert "<mark><bdi>Été</bdi></mark>" in body
    assert "Windows-1252" in body
    assert office.browser.post(f"{path}/read", {"encoding": "base64"}).status_code == 400
    assert office.browser.post(f"{path}/read", {"encoding": "mac_roman"}).status_code == 303
    office.work()
    assert "Été" in office.page(path)


def test_a_refused_file_says_why_and_can_be_read_otherwise(office: Office) -> None:
    body = office.page(office.upload("Name;Mail\nA;a@x.example\n"))
    assert "A required column is missing: Media property." in body
    body = office.page(office.upload(b"%PDF-1.7 \x00\x01"))
    assert "This is a file of type PDF, not a CSV file." in body
    path = office.upload("Name|Mail|URL\nA;1|a@x.example|x.example\n".replace("|", "!"))
    assert "missing" in office.page(path)
    office.browser.post(f"{path}/read", {"encoding": "utf-8", "delimiter": "!"})
    office.work()
    assert "A;1" in office.page(path)


def test_rows_by_outcome_and_reason(office: Office) -> None:
    path = office.upload(FILE, dry_run="y")
    office.work()
    body = office.page(f"{path}?outcome=rejected")
    assert "Blue &lt;b&gt;" not in body
    assert "Contact email: " in body
    assert "This group does not exist: Winter." in office.page(f"{path}?rule=email-invalid")
    assert "No rows here." in office.page(f"{path}?outcome=unchanged")
    assert "Bad" in office.page(f"{path}?outcome=nonsense&after=x")


@pytest.mark.parametrize("locale", ["en", "fr", "ja", "zh"])
def test_every_page_is_whole_in_every_language(office: Office, locale: str) -> None:
    check_page(office.browser.get(f"/{locale}/settings/import"), locale)
    for data, dry_run in ((FILE, "y"), (FILE, ""), ("a;b\n1;2\n", "y"), (b"%PDF-1.7", "y")):
        path = office.upload(data, locale, dry_run=dry_run)
        check_page(office.browser.get(path), locale)
        office.work()
        check_page(office.browser.get(path), locale)


def test_rows_are_found_by_name_address_number_and_known_partner(office: Office) -> None:
    office.upload_and_work(HEADER + "Blue Harbor,anna@blue.example,https://blue.example,\n")
    rows = "ÉTÉ 100%_x,b@x.example,https://x.example,\nBlue,anna@blue.example,https://y.example,\n"
    path = office.upload_and_work(HEADER + rows + "Other,c@z.example,https://z.example,\n", dry_run="y")

    def found(text: str, more: str = "") -> list[str]:
        page = soup(office.browser.get(f"{path}?q={quote(text)}{more}"))
        return [words(row.th.bdi) for row in page.select("#rows tbody tr") if row.th is not None]

    assert found("100%_X") == ["ÉTÉ 100%_x"]
    assert found("C@Z.example") == ["Other"]
    assert found("blue harbor") == ["Blue"]
    assert found("2") == ["Blue"]
    assert found("%") == ["ÉTÉ 100%_x"]
    assert found("example", "&outcome=unchanged") == ["Blue"]
    assert found("example", "&outcome=updated") == []
    assert found("nobody") == []
    page = soup(office.browser.get(f"{path}?q=other&outcome=created&rule=x"))
    assert [words(chip.b) for chip in page.select(".chip")] == ["x", "other"]
    assert "Known as: Blue Harbor" in words(soup(office.browser.get(f"{path}?q=blue")).select_one("#rows"))


def test_what_changed_between_plan_and_import_is_one_step_away(office: Office) -> None:
    """C-10: the rows that were not imported are listed by the link in the notice."""
    path = office.upload_and_work(FILE + "New,n@new.example,https://new.example,\n", dry_run="y")
    office.upload_and_work(HEADER + "Other,n@new.example,https://other.example,\n")
    digest = form_of(soup(office.browser.get(path)), action=f"{path}/apply")["digest"]
    office.browser.post(f"{path}/apply", {"digest": digest})
    office.work()
    page = soup(office.browser.get(path))
    link = page.select_one('a[href*="rule=drift"]')
    assert link is not None
    rows = soup(office.browser.get(str(link["href"]).partition("#")[0])).select("#rows tbody tr")
    assert [words(row.th.bdi) for row in rows if row.th is not None] == ["New"]
    assert "changed after the plan was made" in words(rows[0])


def test_progress_tells_rate_and_end_to_those_who_watch(office: Office) -> None:
    """C-13: measured since the reader began to watch, whatever the address says otherwise."""
    path = office.upload(
        HEADER + "".join(f"N{n},a{n}@x.example,x.example,\n" for n in range(400)), dry_run="y"
    )
    poll = str(soup(office.browser.get(path)).select("[data-poll]")[0]["data-poll"])
    with office.parts.db.transaction() as session:
        session.scalars(select(Import)).one().planned_rows = 100
    office.clock.pass_by(timedelta(seconds=10))
    shown = words(soup(office.browser.get(poll)))
    assert "100 of about 400 rows checked" in shown
    assert "About 10 rows per second." in shown
    assert "Expected end: in 30 seconds" in shown
    for wrong in ("x", "1~planning", "1e99~planning~0", "nan~planning~0", "1~applying~0", "1~planning~9999"):
        answer = office.browser.get(f"{path}/progress?watched={wrong}")
        assert answer.status_code == 200
        assert "rows per second" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("dry_run", [{"dry_run": "y"}, {}], ids=["dry run", "import"])
def test_a_file_of_names_alone_says_so(office: Office, dry_run: dict[str, str]) -> None:
    told = "The file has a header row and no rows below it."
    assert told in office.page(office.upload_and_work(HEADER, **dry_run))
    assert told not in office.page(office.upload_and_work(FILE, **dry_run))


@pytest.mark.parametrize("locale", ["en", "fr", "ja", "zh"])
def test_the_sample_file_can_be_imported_as_it_is(office: Office, locale: str) -> None:
    answer = office.browser.get(f"/{locale}/settings/import/sample.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    page = soup(office.browser.get(f"/{locale}/settings/import"))
    assert words(page.select_one(".sample pre")) == " ".join(answer.data.decode("utf-8-sig").split())
    path = office.upload_and_work(answer.data, locale)
    with office.parts.db.reading() as session:
        made = session.scalars(select(Import)).one()
        assert (made.created_rows, made.rejected_rows, made.mapping) == (1, 0, None)
    shown = soup(office.browser.get(path)).select_one('a[href*="import=1"]')
    assert shown is not None
    listed = soup(office.browser.get(str(shown["href"])))
    assert [words(chip.b) for chip in listed.select(".chip")][-1] == "people.csv"
    assert len(listed.select("tbody tr")) == 1


def test_the_form_says_what_is_missing(office: Office) -> None:
    office.browser.get("/en/settings/import")
    answer = office.browser.post("/en/settings/import", {"mode": "fill"})
    body = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "Choose a CSV file." in body
    assert "Choose a program." in body


def test_a_file_larger_than_a_form_comes_in(office: Office) -> None:
    """A request of other pages is limited to 1 MB; this one to the limit of files."""
    office.browser.get("/en/settings/import")
    fields = {"csrf_token": office.browser.token, "program": "1", "mode": "fill", "dry_run": "y"}
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    data = HEADER + "A,a@x.example,https://x.example,\n" * 60_000
    parts.append(
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n{data}\r\n--x--\r\n'
    )
    body = io.BytesIO("".join(parts).encode())
    answer = office.browser.client.post(
        "/en/settings/import",
        input_stream=body,
        content_type="multipart/form-data; boundary=x",
        content_length=len(body.getvalue()),
    )
    assert answer.status_code == 303
    with office.parts.db.reading() as session:
        assert session.scalars(select(Import.size)).one() == len(data)


def test_file_names_are_shown_and_never_used(office: Office) -> None:
    """U-1: a path, controls and a direction mark are taken out of the name."""
    path = office.upload(FILE, name="../../été\u202egnp.csv", dry_run="y")
    office.work()
    body = office.page(path)
    assert "<bdi>étégnp.csv</bdi>" in body
    assert "\u202e" not in body
    answer = office.browser.get(f"{path}/rejected.csv")
    assert "filename*=UTF-8''%C3%A9t%C3%A9gnp" in answer.headers["Content-Disposition"]


def move_to_other_program(office: Office, *, keeping: bool) -> None:
    """Have the user work in a new program; without `keeping` they may work in no other."""
    with office.parts.db.transaction() as session:
        other = Program(
            name="Other", name_key="other", default_locale="en", time_zone="UTC", created_at=office.clock.now
        )
        session.add(other)
        session.flush()
        user = session.scalars(select(User)).one()
        if not keeping:
            user.all_programs, user.programs = False, [other]
        accounts.work_in(session, user.id, other.id)


def test_imports_of_a_program_one_may_not_work_in_do_not_exist(office: Office) -> None:
    """A-2."""
    path = office.upload(FILE)
    move_to_other_program(office, keeping=False)
    for more in ("", "/progress", "/result.csv", "/columns", "/undo"):
        assert office.browser.get(path + more).status_code == 404
    unknown = path.replace("/1", "/99")
    for more in ("/read", "/apply", "/cancel", "/columns", "/undo"):
        answers = [office.browser.post(one + more, {"encoding": "utf-8"}) for one in (path, unknown)]
        assert answers[0].status_code == answers[1].status_code
    with office.parts.db.reading() as session:
        assert session.scalars(select(Import.state)).one() == "planning"
    assert "people.csv" not in office.page("/en/settings/import")


@pytest.mark.parametrize("data", [FILE, "a;b\n1;2\n"])
def test_links_lead_to_an_import_of_another_program(office: Office, data: str) -> None:
    """From a mail or a notice, after the user has switched: the page says which program it is."""
    path = office.upload(data, dry_run="y")
    office.work()
    move_to_other_program(office, keeping=True)
    page = check_page(office.browser.get(path), "en")
    assert page.main is not None
    told = "This import belongs to the program Alpine. You work in another program now."
    assert told in page.main.get_text()
    assert office.browser.get(f"{path}/progress").status_code == 200
    if data == FILE:
        found = form_of(page, action=f"{path}/apply")
        assert office.browser.post(f"{path}/apply", {"digest": found["digest"]}).status_code == 303
        office.work()
        page = soup(office.browser.get(path))
        assert "The import is finished." in words(page.main)
        assert not page.select('a[href*="source=import"]')
    else:
        answer = office.browser.post(f"{path}/read", {"encoding": "utf-8", "delimiter": ","})
        assert answer.status_code == 303


@pytest.mark.parametrize("wrong", ["utf-8", "big5", "euc_jp", "utf-16-le", "mac_roman", "iso2022_jp"])
@pytest.mark.parametrize(
    "header",
    [
        "パートナー名,連絡先メールアドレス,メディアプロパティ,グループ名,能表\n",
        "Name表,Email,URL,ソ\n",
        "Ｎａｍｅ,Email,URL,ソ\n",
    ],
)
def test_a_file_read_in_a_wrong_way_can_be_read_again(office: Office, wrong: str, header: str) -> None:
    """C-1: whatever the choice made of the header, its page opens and lets choose anew."""
    path = office.upload((header + "髙橋,a@x.example,x.example,,\n").encode("cp932"), "ja", dry_run="y")
    for name in (wrong, "cp932"):
        office.work()
        answer = office.browser.post(f"{path}/read", {"encoding": name, "delimiter": ","})
        assert answer.status_code == 303
        office.work()
        page = check_page(office.browser.get(path), "ja")
        assert page.find("form", attrs={"action": f"{path}/read"}) is not None
        assert office.browser.get("/ja/settings/import").status_code == 200
    assert "髙橋" in words(page.main)


@pytest.mark.parametrize("name", ["idna", "punycode", "utf-8\0", "utf-7", "unicode_escape", "\udc81"])
def test_only_encodings_that_are_offered_are_taken(office: Office, name: str) -> None:
    path = office.upload("a;b\n1;2\n")
    sent = name.encode("utf-8", "surrogateescape")
    assert office.browser.post(f"{path}/read", {"encoding": sent}).status_code == 400
    assert "missing" in office.page(path)


def test_a_file_is_judged_before_others_have_to_wait(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the bytes are looked at, somebody else may write; the same when they are read otherwise."""
    judged = []

    def detect(source: Source, locale: str) -> Detection:
        with office.parts.db.transaction() as session:  # would wait for another's transaction, and give up
            judged.append(session.scalar(select(func.count()).select_from(Import)))
        return real(source, locale)

    def chosen(name: str, source: Source) -> Detection:
        with office.parts.db.transaction():
            judged.append(name)
        return as_chosen(name, source)

    real, as_chosen = encoding.detect, encoding.chosen
    monkeypatch.setattr(encoding, "detect", detect)
    path = office.upload("Name;Mail\nA;a@x.example\n")
    monkeypatch.setattr(encoding, "detect", real)
    monkeypatch.setattr(encoding, "chosen", chosen)
    assert office.browser.post(f"{path}/read", {"encoding": "cp1252"}).status_code == 303
    assert judged == [0, "cp1252"]


def test_an_import_that_stopped_says_why_on_its_page_and_in_the_history(office: Office) -> None:
    """A-8, F-17."""
    failed, left = office.upload(FILE), office.upload(FILE)
    with office.parts.db.transaction() as session:
        import_runs.give_up(session, 1, failures=5, now=office.clock.now)
    with office.parts.db.transaction() as session:
        session.scalars(select(User)).one().all_programs = False
    office.work()
    with office.parts.db.transaction() as session:
        session.scalars(select(User)).one().all_programs = True
    reasons = {
        failed: "The import was stopped after 5 failed attempts.",
        left: "The import was stopped because 山田 花子 may no longer import prospects into this program.",
    }
    rows = [words(row) for row in soup(office.browser.get("/en/settings/import")).select("#history tbody tr")]
    for path, row in zip(reasons, reversed(rows), strict=True):
        assert reasons[path] in row
        assert reasons[path] in words(check_page(office.browser.get(path), "en").main)
    notices = soup(office.browser.get("/en/notices"))
    assert [link["href"] for link in notices.select("main a[href*=import]")] == [failed]


def test_the_history_goes_back_to_the_first_import(office: Office) -> None:
    with office.parts.db.transaction() as session:
        owner, place = session.scalars(select(User.id)).one(), session.scalars(select(Program.id)).one()
        facts = {"program_id": place, "user_id": owner, "size": 0, "locale": "en", "state": "done"}
        session.add_all(
            Import(file_name=f"f{number}.csv", created_at=office.clock.now, **facts) for number in range(120)
        )
    path, seen = "/en/settings/import", []
    while path:
        page = check_page(office.browser.get(path), "en")
        seen.append([words(cell.a) for cell in page.select("#history tbody th")])
        following = page.select_one("#history a[rel=next]")
        back = page.select_one("#history a[rel=prev]")
        assert (back is None) == (len(seen) == 1)
        path = str(following["href"]).partition("#")[0] if following else ""
    assert [len(one) for one in seen] == [50, 50, 20]
    assert [name for one in seen for name in one] == [f"f{number}.csv" for number in reversed(range(120))]
    assert office.browser.get("/en/settings/import?before=x").status_code == 200


@pytest.mark.parametrize("state", ImportState)
def test_every_state_has_a_badge_of_its_own(office: Office, state: ImportState) -> None:
    """In the history and on Home alike: none falls back to the dot of a state that is not known."""
    office.upload(FILE)
    with office.parts.db.transaction() as session:
        session.scalars(select(Import)).one().state = state.value
        partner = partners.add(session, partners.Profile(name="A", email="a@x.example"), now=office.clock.now)
        prospects.mark(session, 1, partner, source=Origin.MANUAL, now=office.clock.now)
    shown = [
        [one for one in page.select("main .badge.state") if words(one) == IMPORT_STATE_LABELS[state].text]
        for page in (soup(office.browser.get("/en/settings/import")), soup(office.browser.get("/en/")))
    ]
    assert [len(found) for found in shown] == [1, 1]
    assert shown[0] == shown[1]
    assert "#dot" not in str(shown[0])


def test_an_analyst_may_not_import(
    new_browser: Callable[[], Browser],
    program: Program,
    add_user: Callable[..., User],
    sign_in: Callable[..., object],
) -> None:
    """A-1."""
    add_user(BuiltInRole.ANALYST, "an@example.test")
    browser = new_browser()
    sign_in(browser, "an@example.test")
    assert browser.get("/en/settings/import").status_code == 403
