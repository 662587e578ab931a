"""Settings → Personal data of a user: found, handed out, erased; and what pages call somebody erased."""

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import erased, terms, user_data
from service.domain.letters import CONVERSATION
from service.facts.acts import Act
from service.facts.permissions import BuiltInRole
from service.i18n.locales import LOCALES
from service.models import AuditEntry, Import, Program, Role, Thread, User
from service.web.personal_data import KINDS
from service.web.user_data import SECTIONS
from tests.web.browser import Browser, Clock
from tests.web.pages import check_page, error_of, soup, words
from tests.web.threads import Post

PAGE = "/en/settings/personal-data"
FORMER = {"en": "Former user 1", "fr": "Ancien utilisateur 1", "ja": "元ユーザー1", "zh": "已离开的用户 1"}


@pytest.fixture
def thread(post: Post, ida: Browser, program: Program) -> Thread:
    """A conversation in which Ida wrote, and which is assigned to her."""
    made = post.open(program)
    post.brand_writes(made, "Our rates are below.")
    return made


@pytest.fixture
def ida(enter: Callable[..., Browser], program: Program) -> Browser:
    """The browser of the user who leaves; she is the first user there is."""
    return enter(BuiltInRole.COMMUNITY_MANAGER, email="ida@example.test", name="Ida Morgan")


@pytest.fixture
def boss(ida: Browser, enter: Callable[..., Browser]) -> Browser:
    """An administrator's browser."""
    return enter(name="Boss")


def erase(boss: Browser, address: str = "ida@example.test", user_id: int = 1) -> object:
    boss.get(f"{PAGE}/users/{user_id}")
    return boss.post(f"{PAGE}/users/{user_id}/erase", {"address": address})


def archive(data: bytes) -> dict[str, list[dict[str, object]]]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.namelist() == ["person.json"]
        facts: dict[str, list[dict[str, object]]] = json.loads(opened.read("person.json"))
        return facts


def test_each_section_has_its_words() -> None:
    assert SECTIONS.keys() == user_data.SHOWN.keys()
    assert KINDS.keys() == {"partner", "user"}


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(boss: Browser, thread: Thread, code: str) -> None:
    """Found beside partners, with what is stored and what erasing does, in each language."""
    found = check_page(boss.get(f"/{code}/settings/personal-data?q=ida"), code)
    (link,) = found.select("tbody th a")
    assert link["href"] == f"/{code}/settings/personal-data/users/1"
    page = check_page(boss.get(str(link["href"])), code)
    labels = [words(row) for row in page.select("tbody th")]
    assert len(labels) == len(set(labels)) >= 4
    assert page.select_one("form[action$='/users/1/erase']") is not None


def test_everything_is_handed_out_and_the_trail_tells_of_it(
    boss: Browser, thread: Thread, parts: Services
) -> None:
    """D-4."""
    boss.get(f"{PAGE}/users/1")
    answer = boss.post(f"{PAGE}/users/1/export.zip")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="user-1.zip"'
    facts = archive(answer.get_data())
    assert (facts["users"][0]["name"], facts["messages"][0]["body"]) == ("Ida Morgan", "Our rates are below.")
    assert soup_of_trail(boss)[0] == "Boss exported what is stored about a user: Ida Morgan"


def soup_of_trail(browser: Browser) -> list[str]:
    return [words(row) for row in soup(browser.get("/en/settings/audit")).select("tbody th")]


def test_everybody_may_have_their_own(ida: Browser, thread: Thread, parts: Services) -> None:
    """D-4: with no permission but their own account, and nobody else's."""
    page = soup(ida.get("/en/settings/profile"))
    form = page.select_one("form[action$='/settings/profile/export.zip']")
    assert form is not None
    answer = ida.post("/en/settings/profile/export.zip")
    facts = archive(answer.get_data())
    assert [user["email"] for user in facts["users"]] == ["ida@example.test"]
    assert ida.post(f"{PAGE}/users/1/export.zip").status_code == 403
    with parts.db.reading() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last is not None
        assert (last.act, last.user_id, last.subject_id) == (Act.OWN_DATA_EXPORTED.value, 1, 1)


def test_an_erasure_is_confirmed_by_the_address(boss: Browser, parts: Services) -> None:
    refused = erase(boss, "else@example.test")
    assert error_of(soup(refused), "address") == "Enter the email address of the person as it is shown above."
    done = erase(boss, "IDA@example.test")
    assert (done.status_code, done.headers["Location"]) == (303, PAGE)
    for path in (f"{PAGE}/users/1", "/en/settings/users/1"):
        assert boss.get(path).status_code == 404
    with parts.db.reading() as session:
        mark = erased.marks_of(session).mark(erased.user_key("ida@example.test"))
    assert list(parts.erasure_log.read()) == [mark]
    page = soup(boss.get(PAGE))
    assert [words(cell) for cell in page.select("td[data-label=Kind]")] == ["User"]
    assert "Ida" not in boss.get("/en/settings/users").get_data(as_text=True)


def test_whoever_is_erased_is_signed_out_at_once(ida: Browser, boss: Browser) -> None:
    """A-4, A-8."""
    assert ida.get("/en/settings/profile").status_code == 200
    erase(boss)
    answer = ida.get("/en/settings/profile")
    assert (answer.status_code, "/sign-in?next=" in answer.headers["Location"]) == (303, True)


def test_nobody_erases_themselves_nor_the_last_administrator(boss: Browser, parts: Services) -> None:
    with parts.db.reading() as session:
        own = session.scalars(select(User.id).where(User.name == "Boss")).one()
    page = soup(boss.get(f"{PAGE}/users/{own}"))
    assert page.select_one("form[action$=erase]") is None
    refused = erase(boss, "administrator@example.test", own)
    assert refused.status_code == 400
    assert "You cannot erase yourself" in refused.get_data(as_text=True)


def test_who_lacks_what_the_user_may_cannot_erase_them(
    enter: Callable[..., Browser], boss: Browser, parts: Services
) -> None:
    """A-3."""
    with parts.db.transaction() as session:
        session.add(Role(key=None, name="Privacy", permissions=["data.export", "data.erase"]))
    browser = enter(role="Privacy", email="privacy@example.test")
    answer = erase(browser)
    assert answer.status_code == 403
    with parts.db.reading() as session:
        assert session.get_one(User, 1).name == "Ida Morgan"


def test_a_restricted_reader_sees_nobody(
    enter: Callable[..., Browser], ida: Browser, program: Program
) -> None:
    """A-2."""
    browser = enter(BuiltInRole.ADMINISTRATOR, program)
    assert browser.get(f"{PAGE}/users/1").status_code == 403
    assert browser.post(f"{PAGE}/users/1/export.zip").status_code == 403
    assert erase(browser).status_code == 403
    assert "personal-data" not in str(soup(browser.get("/en/settings/users/1")).select_one("main"))


@pytest.mark.parametrize("code", LOCALES)
def test_pages_call_them_a_former_user(
    ida: Browser, boss: Browser, thread: Thread, parts: Services, clock: Clock, program: Program, code: str
) -> None:
    """D-5: in the trail, its filter and file, the inbox, imports and terms; partners read the program."""
    ida.post("/en/settings/profile/export.zip")
    with parts.db.transaction() as session:
        session.add(
            Import(
                program_id=program.id, user_id=1, size=1, file_name="a.csv", locale="en", state="done",
                created_at=clock.now,
            )
        )  # fmt: skip
        author = session.get_one(User, 1)
        terms.publish(session, {"en": "Be kind."}, based_on=0, actor=author, now=clock.now)
        token = parts.signer.sign(CONVERSATION, [thread.id, session.get_one(Thread, thread.id).link_version])
    erase(boss)
    label = FORMER[code]
    trail = soup(boss.get(f"/{code}/settings/audit"))
    assert label in words(trail.select_one("tbody th"))
    assert label in [words(option) for option in trail.select("select[name=who] option")]
    assert label in boss.get(f"/{code}/settings/audit.csv").get_data(as_text=True)
    for path in (
        f"/{code}/inbox/{thread.id}",
        f"/{code}/settings/import",
        f"/{code}/settings/messaging-terms",
    ):
        text = words(check_page(boss.get(path), code).main)
        assert label in text, path
    partners = words(check_page(boss.get(f"/{code}/conversation/{token}"), code).main)
    assert (label in partners, program.name in partners) == (False, True)
    assert not [path for path in ("audit", "users") if "Ida" in boss.get(f"/{code}/settings/{path}").text]


def test_a_user_page_says_what_erasing_does_beyond_disabling(boss: Browser) -> None:
    page = soup(boss.get("/en/settings/users/1"))
    section = page.select_one("#personal-data")
    assert section is not None
    assert "Disabling keeps the name" in words(section)
    assert section.select_one(f"a[href='{PAGE}/users/1']") is not None
