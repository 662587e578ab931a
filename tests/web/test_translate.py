"""The pages for translators: the dashboard, the lists, a message, and what saving does to the file."""

import json
import re
import resource
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from jinja2 import FileSystemBytecodeCache, pass_context
from jinja2.runtime import Context

from service.bootstrap import Services
from service.domain import sessions
from service.domain.translations import message_id
from service.facts.permissions import BuiltInRole
from service.i18n import po
from service.i18n.catalogs import Catalogs
from service.i18n.locales import LOCALES
from service.mail.specimens import NAMES
from service.models import Program, User
from service.paths import data_dir
from service.web.app import create_app
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.pages import check_page, form_of, soup, words

GROUPS = message_id((None, "Groups"))
GALLERY = ("/gallery", "/gallery/invitation/ja", "/gallery/test-mail/fr?part=text", "/gallery/errors/503",
           "/gallery/refusals/zh", "/gallery/notices/fr", "/gallery/empty/ja")  # fmt: skip
COUNTED = message_id((None, "%(num)s prospect"))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken catalog counts as left so, however young it is."""
    monkeypatch.setattr("service.i18n.catalogs._STEADY", 0)


@dataclass(slots=True)
class Desk:
    """A translator's browser, and the catalogs of the installation, which are a copy."""

    browser: Browser
    locales: Path
    services: Services

    def file(self, code: str) -> Path:
        return self.locales / code / "LC_MESSAGES" / "messages.po"

    def text(self, code: str, source: str) -> tuple[str, ...]:
        messages = po.read(self.file(code).read_bytes()).messages
        return next(one.strings for one in messages if one.key == (None, source))

    def write(self, code: str, old: str, new: str) -> None:
        """Change a file the way an editor does."""
        path = self.file(code)
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    def form(self, message: str, code: str) -> tuple[str, dict[str, str]]:
        action = f"/en/translate/texts/{message}/{code}"
        return action, form_of(soup(self.browser.get(f"/en/translate/texts/{message}")), action=action)


Sit = Callable[..., Desk]


@pytest.fixture
def sit(
    parts: Services,
    clock: Clock,
    tmp_path: Path,
    program: Program,
    add_user: Callable[..., User],
    compiled_templates: FileSystemBytecodeCache,
) -> Sit:
    locales = tmp_path / "locales"
    shutil.copytree(data_dir("locales"), locales)

    def open_desk(role: BuiltInRole = BuiltInRole.TRANSLATOR, *, editing: bool = True) -> Desk:
        settings = replace(parts.settings, translation_editing=editing)
        services = replace(parts, settings=settings, catalogs=Catalogs(locales, tmp_path / "good"))
        user = add_user(role, f"{role.value}@example.test", password=None)
        with parts.db.transaction() as session:
            secret = sessions.open_session(session, session.get_one(User, user.id), now=clock.now)[1]
        app = create_app(services, clock=clock)
        app.jinja_env.bytecode_cache = compiled_templates
        browser = Browser(app.test_client())
        browser.client.set_cookie(COOKIE, secret)
        return Desk(browser, locales, services)

    return open_desk


@pytest.fixture
def desk(sit: Sit) -> Desk:
    return sit()


def row(page: BeautifulSoup, code: str) -> list[str]:
    found = page.find(id=f"language-{code}")
    assert found is not None
    return [words(cell) for cell in found.find_all("td")]


@pytest.mark.parametrize("code", LOCALES)
def test_the_pages_are_in_the_readers_language(desk: Desk, code: str) -> None:
    for path in ("", "/ja", "/ja?show=findings", f"/texts/{GROUPS}", f"/texts/{COUNTED}", *GALLERY):
        check_page(desk.browser.get(f"/{code}/translate{path}"), code)


def test_the_dashboard_counts_what_is_missing_fuzzy_and_found(desk: Desk) -> None:
    before = row(soup(desk.browser.get("/en/translate")), "ja")
    desk.write("ja", 'msgid "Groups"\nmsgstr "グループ"', 'msgid "Groups"\nmsgstr ""')
    page = soup(desk.browser.get("/en/translate"))
    found = row(page, "ja")
    assert before[1:3] == ["0", "0"]
    assert found[0].endswith("99%")
    assert found[1:3] == ["1", "0"]
    missing = page.find(id="language-ja").find("a", string="1")  # type: ignore[union-attr]
    listed = soup(desk.browser.get(str(missing["href"])))  # type: ignore[index]
    assert [words(link) for link in listed.select("tbody th a")] == ["Groups"]


def test_texts_that_a_catalog_does_not_have_count_as_untranslated(desk: Desk) -> None:
    """F-16: a file that ends too soon, between two texts, is no mistake of syntax and yet not complete."""
    data = desk.file("ja").read_bytes()
    messages = po.read(data).messages
    kept = next(place for place, one in enumerate(messages) if one.key == (None, "Groups"))
    desk.file("ja").write_bytes(data[: data.rindex(b"\n\n", 0, data.index(b'\nmsgid "Groups"\n')) + 1])
    lost = len(messages) - kept
    page = soup(desk.browser.get("/en/translate"))
    found = row(page, "ja")
    assert found[0].endswith(f" {100 * kept // len(messages)}%")
    assert found[1] == f"{lost:,}"
    for shown in (page, soup(desk.browser.get("/en/translate/ja"))):
        (notice,) = shown.select("main .notice-warning")
        assert words(notice.select_one(".notice-title")) == "日本語"
        assert f"does not have {lost:,} texts" in words(notice)
    assert soup(desk.browser.get("/en/translate/fr")).select("main .notice-warning") == []


def test_a_catalog_that_cannot_be_read_is_named_with_its_line(desk: Desk) -> None:
    """F-16: file, line and reason, on the dashboard, in the list, beside the text, and on every page."""
    text = desk.file("fr").read_text(encoding="utf-8")
    desk.file("fr").write_text(text + '\nmsgid "open\n', encoding="utf-8")
    line = text.count("\n") + 2
    shown = words(soup(desk.browser.get("/en/translate")).find(id="language-fr"))
    assert f"Line {line:,}: " in shown
    for path in ("/en/translate/fr", f"/en/translate/texts/{GROUPS}", "/en/help/", "/en/nowhere"):
        page = soup(desk.browser.get(path))
        notices = [words(one) for one in page.select(".catalog-problems li")]
        assert len(notices) == 1
        assert notices[0].startswith(f"locales/fr/LC_MESSAGES/messages.po, line {line}: ")
    assert words(soup(desk.browser.get("/fr/translate")).h1) == "Traductions"


def test_others_are_told_nothing_of_broken_catalogs(sit: Sit) -> None:
    desk = sit(BuiltInRole.COMMUNITY_MANAGER)
    desk.file("fr").write_bytes(b"")
    page = soup(desk.browser.get("/en/groups"))
    assert page.select(".catalog-problems, .inspect-bar, meta[name=catalogs]") == []


def test_the_list_is_searched_filtered_and_paged(desk: Desk) -> None:
    def sources(path: str) -> list[str]:
        return [words(link) for link in soup(desk.browser.get(path)).select("tbody th a")]

    assert "Groups" in sources("/en/translate/ja?q=グループ")
    assert "Groups" in sources("/en/translate/ja?q=GROUPS")
    assert sources("/en/translate/ja?q=nothing+says+this") == []
    # The text that is these words stands before those that contain them.
    assert sources("/en/translate/zh?q=潜在客户")[0] == "Prospects"
    assert sources("/en/translate/en?q=select")[0] == "Select"
    first = sources("/en/translate/ja")
    page = soup(desk.browser.get("/en/translate/ja"))
    following = page.select_one("a[rel=next]")
    assert following is not None
    second = sources(str(following["href"]))
    assert len(first) == len(second) == 50
    assert not set(first) & set(second)
    assert sources("/en/translate/ja?from=99999999")


def test_errors_stand_before_warnings_on_the_pages_of_what_has_findings(desk: Desk) -> None:
    """However late in the file; and each text is on one page."""
    with desk.file("fr").open("a", encoding="utf-8") as file:
        file.write('\nmsgid "Left"\nmsgstr ""\n\nmsgid "Lost %(name)s"\nmsgstr "Perdu"\n')
    path, sources, signs = "/en/translate/fr?show=findings", list[str](), list[str]()
    while path:
        page = soup(desk.browser.get(path))
        sources += [str(link["href"]) for link in page.select("tbody th a")]
        signs += [str(rule["class"][1]) for rule in page.select("tbody .rule")]
        following = page.select_one("a[rel=next]")
        path = str(following["href"]) if following else ""
    assert signs == ["finding-error", "finding-warning", *["finding-advice"] * (len(signs) - 2)]
    assert len(set(sources)) == len(sources) > 50


def test_a_message_is_shown_in_every_language_with_places_and_terms(desk: Desk) -> None:
    page = soup(desk.browser.get(f"/en/translate/texts/{GROUPS}"))
    assert {code: words(page.select_one(f"#{code} textarea")) for code in LOCALES} == {
        "en": "Groups",
        "fr": "Groupes",
        "ja": "グループ",
        "zh": "群组",
    }
    assert "templates/groups/index.html" in [words(code) for code in page.select(".facts code")]
    assert "groupe" in [words(cell) for cell in page.select(".message tbody td")]
    assert desk.browser.get("/en/translate/texts/000000000000").status_code == 404


def test_saving_changes_the_bytes_of_one_entry(desk: Desk) -> None:
    before = desk.file("ja").read_bytes()
    mode = desk.file("ja").stat().st_mode
    action, form = desk.form(GROUPS, "ja")
    answer = desk.browser.post(action, form | {"text-0": "グループ一覧"})
    assert answer.status_code == 303
    after = desk.file("ja").read_bytes()
    assert after == before.replace(
        'msgid "Groups"\nmsgstr "グループ"'.encode(), 'msgid "Groups"\nmsgstr "グループ一覧"'.encode()
    )
    assert desk.file("ja").stat().st_mode == mode
    told = soup(desk.browser.get(answer.location)).select_one("main .notice-success")
    assert words(told) == "The text was saved. Language: Japanese"


def test_plural_forms_are_named_by_the_counts_that_take_them(desk: Desk) -> None:
    page = soup(desk.browser.get(f"/en/translate/texts/{COUNTED}"))
    labels = {code: [words(one) for one in page.select(f"#{code} .field-label")] for code in LOCALES}
    assert labels["fr"] == ["Text for counts such as 0 and 1", "Text for counts such as 2, 3, 4, and 5"]
    assert labels["ja"] == ["Text"]
    action, form = desk.form(COUNTED, "fr")
    desk.browser.post(action, form | {"text-1": "%(num)s prospects en tout"})
    assert desk.text("fr", "%(num)s prospect")[1] == "%(num)s prospects en tout"
    action, form = desk.form(COUNTED, "fr")
    assert desk.browser.post(action, form | {"text-1": ""}).status_code == 400


def test_an_error_is_refused_by_name_and_the_text_stays_in_the_form(desk: Desk) -> None:
    before = desk.file("ja").read_bytes()
    action, form = desk.form(COUNTED, "ja")
    answer = desk.browser.post(action, form | {"text-0": "%(nun)s件の見込み先"})
    page = soup(answer)
    assert answer.status_code == 400
    assert "nun" in words(page.select_one("#ja .notice-danger .findings"))
    assert page.select_one("[data-focus]") == page.select_one("#ja [data-focus]:has(.notice-danger)")
    assert words(page.select_one("#ja textarea")) == "%(nun)s件の見込み先"
    assert desk.file("ja").read_bytes() == before


def test_markup_that_the_source_does_not_have_is_refused(desk: Desk) -> None:
    before = desk.file("ja").read_bytes()
    action, form = desk.form(GROUPS, "ja")
    assert desk.browser.post(action, form | {"text-0": "<script>グループ</script>"}).status_code == 400
    assert desk.file("ja").read_bytes() == before


def test_a_concurrent_change_is_never_overwritten(desk: Desk) -> None:
    action, form = desk.form(GROUPS, "ja")
    desk.write("ja", 'msgid "Groups"\nmsgstr "グループ"', 'msgid "Groups"\nmsgstr "グループA"')
    answer = desk.browser.post(action, form | {"text-0": "グループB"})
    page = soup(answer)
    assert answer.status_code == 409
    assert words(page.select_one("#ja .versions pre")) == "グループA"
    assert words(page.select_one("#ja textarea")) == "グループB"
    assert desk.text("ja", "Groups") == ("グループA",)
    again = form_of(page, action=action)
    assert desk.browser.post(action, again).status_code == 303
    assert desk.text("ja", "Groups") == ("グループB",)


def test_a_change_elsewhere_in_the_file_is_no_conflict(desk: Desk) -> None:
    action, form = desk.form(GROUPS, "ja")
    desk.write("ja", 'msgid "Outbox"\nmsgstr "送信トレイ"', 'msgid "Outbox"\nmsgstr "送信トレー"')
    assert desk.browser.post(action, form | {"text-0": "グループB"}).status_code == 303
    assert (desk.text("ja", "Groups"), desk.text("ja", "Outbox")) == (("グループB",), ("送信トレー",))


def test_a_doubtful_text_is_marked_and_confirmed(desk: Desk) -> None:
    action, form = desk.form(GROUPS, "ja")
    desk.browser.post(action, form | {"fuzzy": "1"})
    assert '#, fuzzy\nmsgid "Groups"\n' in desk.file("ja").read_text(encoding="utf-8")
    action, form = desk.form(GROUPS, "ja")
    assert form.pop("fuzzy") == "1"
    desk.browser.post(action, form)
    assert "#, fuzzy" not in desk.file("ja").read_text(encoding="utf-8")


def test_without_the_setting_texts_are_read_only(sit: Sit) -> None:
    desk = sit(editing=False)
    before = desk.file("ja").read_bytes()
    page = soup(desk.browser.get(f"/en/translate/texts/{GROUPS}"))
    assert page.select("#message form:not(.places), meta[name=catalogs]") == []
    assert "TRANSLATION_EDITING" in words(page.select_one("#message .notice"))
    desk.browser.get("/en/settings/profile")
    answer = desk.browser.post(f"/en/translate/texts/{GROUPS}/ja", {"text-0": "X", "seen": ""})
    assert answer.status_code == 403
    assert desk.file("ja").read_bytes() == before


def test_a_catalog_that_cannot_be_written_is_named(desk: Desk) -> None:
    action, form = desk.form(GROUPS, "ja")
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow beyond a few hundred KB, as on a disk that is full for it.
    resource.setrlimit(resource.RLIMIT_FSIZE, (desk.file("ja").stat().st_size // 2, most[1]))
    try:
        answer = desk.browser.post(action, form | {"text-0": "グループB"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert answer.status_code == 400
    assert "ja/LC_MESSAGES/messages.po" in words(soup(answer).select_one("#ja .notice-danger"))


def test_the_version_changes_with_every_catalog_and_with_what_is_wrong(desk: Desk) -> None:
    def version() -> str:
        return desk.browser.get("/en/translate/version").get_data(as_text=True)

    page = soup(desk.browser.get("/en/help/"))
    asked = page.select_one("meta[name=catalogs]")
    assert asked is not None
    assert asked["data-version"] == version()
    seen = [version()]
    desk.write("ja", 'msgid "Groups"\nmsgstr "グループ"', 'msgid "Groups"\nmsgstr "グループA"')
    seen.append(version())
    desk.file("fr").write_bytes(b"nonsense")
    seen.append(version())
    assert len(set(seen)) == 3


def test_a_page_is_made_of_one_version_of_its_catalog(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-16: a catalog saved while a page is made shows in the next page, never in half of this one."""
    env = desk.browser.client.application.jinja_env
    percent = env.filters["percent"]

    @pass_context
    def save_meanwhile(context: Context, value: object) -> str:
        path = desk.file("ja")
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace('msgid "Help"\nmsgstr "ヘルプ"', 'msgid "Help"\nmsgstr "お助け"'), "utf-8"
        )
        return str(percent(context, value))

    def told() -> list[str]:
        page = soup(desk.browser.get("/ja/translate"))
        return [
            words(page.select_one(".side a[href='/ja/help/'], .nav a[href='/ja/help/']")),
            words(page.select_one(".footer a")),
        ]

    monkeypatch.setitem(env.filters, "percent", save_meanwhile)
    assert told() == ["ヘルプ", "ヘルプ"]
    assert told() == ["お助け", "お助け"]


def test_inspecting_lists_the_texts_of_the_page_beside_it(sit: Sit) -> None:
    desk = sit(BuiltInRole.ADMINISTRATOR)
    plain = desk.browser.get("/ja/groups?x=1")
    answer = desk.browser.post("/ja/translate/inspect", {"inspect": "on", "back": "/ja/groups?x=1"})
    assert answer.location == "/ja/groups?x=1"
    page = soup(desk.browser.get("/ja/groups"))
    kept = json.loads(page.find(id="page-texts").string)  # type: ignore[union-attr,arg-type]
    by_id = {one["id"]: one["text"] for one in kept}
    assert by_id[GROUPS] == "グループ"
    listed = {str(link["data-text"]): words(link) for link in page.select("#inspect-list a")}
    assert listed == {one: " ".join(text.split()) for one, text in by_id.items()}
    # The page itself is the same: nothing is marked in it.
    for place in ("title", "main", ".nav"):
        assert shape(page, place) == shape(soup(plain), place)
    desk.browser.post("/ja/translate/inspect", {"inspect": "off", "back": "/ja/groups"})
    assert soup(desk.browser.get("/ja/groups")).find(id="page-texts") is None


def shape(page: BeautifulSoup, place: str) -> str:
    """Return a part of a page without what is new in every answer."""
    found = page.select_one(place)
    assert found is not None
    for token in found.select("input[name=csrf_token]"):
        token["value"] = ""
    return re.sub(r"\?x=1", "", str(found))


@pytest.mark.parametrize(
    "back", ["https://evil.example/en/", "//evil.example/en/", "/en//evil.example", "/\\evil", ""]
)
def test_the_switch_leads_to_our_own_pages_only(desk: Desk, back: str) -> None:
    desk.browser.get("/en/settings/profile")
    answer = desk.browser.post("/en/translate/inspect", {"inspect": "on", "back": back})
    assert answer.location == "/en/translate"


def test_a_text_cannot_end_the_list_of_texts(sit: Sit) -> None:
    """X-1: markup in a value stays data in the JSON beside the page."""
    desk = sit(BuiltInRole.ADMINISTRATOR)
    desk.browser.submit("/en/settings/suppression-list", {"email": "somebody@example.test"})
    desk.browser.post("/en/translate/inspect", {"inspect": "on", "back": "/en/translate"})
    answer = desk.browser.get("/en/settings/suppression-list?q=</script><b>").get_data(as_text=True)
    kept = answer.partition('id="page-texts">')[2].partition("</script>")[0]
    assert "No address on the list contains this: </script><b>" in [one["text"] for one in json.loads(kept)]


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize("name", NAMES)
def test_every_mail_is_shown_in_every_language(desk: Desk, name: str, code: str) -> None:
    address = f"/en/translate/gallery/{name}/{code}"
    light, dark = (desk.browser.get(f"{address}/html{query}") for query in ("", "?dark=1"))
    assert "sandbox" in light.headers["Content-Security-Policy"]
    assert soup(light).html["lang"] == LOCALES[code].tag  # type: ignore[index]
    assert light.data != dark.data
    text = soup(desk.browser.get(f"{address}?part=text")).select_one("pre.mail-text")
    assert "%(" not in words(text)
    assert not re.search(r"[{}]", words(text))


def test_the_width_of_a_subject_counts_wide_letters_twice(desk: Desk) -> None:
    page = soup(desk.browser.get("/en/translate/gallery/test-mail/ja"))
    subject, width = (words(one) for one in page.select(".mail-head dd"))
    assert int(width) == sum(2 if ord(letter) > 0x2E80 else 1 for letter in subject)


def test_a_mail_whose_words_cannot_be_used_is_named_in_the_gallery(desk: Desk) -> None:
    """F-16: a token that is none, written into a catalog, breaks no page."""
    desk.write("ja", 'msgstr "{programName}へのご招待"', 'msgstr "{programname}へのご招待"')
    page = check_page(desk.browser.get("/en/translate/gallery"), "en")
    assert [words(one) for one in page.select("main .badge")] == ["Error"]
    shown = soup(desk.browser.get("/en/translate/gallery/invitation/ja"))
    assert "programname" in words(shown.select_one("main .notice-danger .findings"))
    assert desk.browser.get("/en/translate/gallery/invitation/ja/html").status_code == 404
