"""Settings → Users: the list, inviting, the page that accepts, roles, programs, disabling."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.bootstrap import Services
from service.domain import accounts, roles
from service.facts.limits import PAGE_ROWS
from service.facts.permissions import BuiltInRole, Permission
from service.i18n.locales import LOCALES
from service.models import Program, Role, SystemMail, User
from tests.domain import factories
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.conftest import PASSWORD
from tests.web.pages import check_page, error_of, form_of, soup, words

PATH = "/en/settings/users"
AIKO = {"name": "愛子", "email": "aiko@example.test", "locale": "ja"}


@pytest.fixture
def role_id(parts: Services) -> Callable[[BuiltInRole], int]:
    """Return the id of a built-in role."""

    def find(key: BuiltInRole) -> int:
        with parts.db.transaction() as session:
            return accounts.built_in_role(session, key).id

    return find


@pytest.fixture
def invite(
    enter: Callable[..., Browser], program: Program, role_id: Callable[[BuiltInRole], int]
) -> Callable[..., Browser]:
    """Invite Aiko as an administrator would; return the administrator's browser."""

    def send(**changes: object) -> Browser:
        browser = enter()
        data = {**AIKO, "role": role_id(BuiltInRole.COMMUNITY_MANAGER), "programs": [program.id], **changes}
        answer = browser.submit(f"{PATH}/new", data)
        assert (answer.status_code, answer.location) == (303, PATH)
        return browser

    return send


def link(parts: Services) -> str:
    with parts.db.reading() as session:
        mail = session.scalars(select(SystemMail).order_by(SystemMail.id.desc())).first()
        assert mail is not None
        return str(mail.values["url"]).removeprefix(parts.settings.base_url)


def found(parts: Services, email: str = AIKO["email"]) -> User | None:
    with parts.db.reading() as session:
        user = accounts.find_user(session, email)
        if user is not None:
            assert user.programs is not None  # loaded while the session is open
        return user


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(
    browser: Browser, invite: Callable[..., Browser], parts: Services, clock: Clock, code: str
) -> None:
    boss = invite(locale=code)
    user = found(parts)
    assert user is not None
    page = check_page(boss.get(f"/{code}/settings/users"), code)
    assert [words(row) for row in page.select("tbody th a")] == ["山田 花子", "愛子"]
    check_page(boss.get(f"/{code}/settings/users/new"), code)
    check_page(boss.get(f"/{code}/settings/users/{user.id}"), code)
    path = link(parts)
    assert path.startswith(f"/{code}/invitation/")
    page = check_page(browser.get(path), code)
    assert AIKO["email"] in words(page.main)
    answer = browser.post(path, {"password": PASSWORD, "time_zone": "Asia/Tokyo"})
    assert (answer.status_code, answer.location) == (303, f"/{code}/")
    check_page(browser.get(f"/{code}/prospects"), code)
    assert found(parts).seen_at == clock.now  # type: ignore[union-attr]


def test_a_used_link_lets_nobody_in(
    browser: Browser, new_browser: Callable[[], Browser], invite: Callable[..., Browser], parts: Services
) -> None:
    """A-3: a used invite is refused, and says so."""
    invite()
    path, form = link(parts), {"password": PASSWORD, "time_zone": "UTC"}
    assert browser.submit(path, form).status_code == 303
    other = new_browser()
    other.get("/en/sign-in")
    for answer in (other.get(path), other.post(path, {**form, "password": "another good one"})):
        assert answer.status_code == 410
        assert other.cookie(COOKIE) is None


def test_somebody_signed_in_does_not_accept_anothers_invitation(
    invite: Callable[..., Browser], parts: Services
) -> None:
    """A-3: not even whoever sent it."""
    boss = invite()
    path = link(parts)
    assert boss.get(path).status_code == 403
    assert boss.post(path, {"password": PASSWORD, "time_zone": "UTC"}).status_code == 403
    assert found(parts).password_hash is None  # type: ignore[union-attr]


def test_a_bad_password_is_said_beside_its_field_and_uses_nothing_up(
    browser: Browser, invite: Callable[..., Browser], parts: Services
) -> None:
    invite()
    path = link(parts)
    answer = browser.submit(path, {"password": "short", "time_zone": "Europe/Paris"})
    assert answer.status_code == 400
    page = soup(answer)
    assert error_of(page, "password") == "パスワードは8文字以上で入力してください。"
    assert form_of(page)["time_zone"] == "Europe/Paris"
    assert browser.submit(path, {"password": PASSWORD, "time_zone": "Europe/Paris"}).status_code == 303


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": "aiko"}, "email"),
        ({"email": "administrator@example.test"}, "email"),
        ({"locale": "xx"}, "locale"),
        ({"role": ""}, "role"),
    ],
)
def test_what_cannot_be_invited_is_said_beside_its_field(
    enter: Callable[..., Browser], program: Program, role_id: Callable[..., int], changes: dict[str, str],
    field: str,
) -> None:  # fmt: skip
    data = {**AIKO, "role": role_id(BuiltInRole.ANALYST), **changes}
    answer = enter().submit(f"{PATH}/new", data)
    assert answer.status_code == 400
    assert error_of(soup(answer), field)


def test_nobody_becomes_an_administrator_by_overlooking_the_role(
    enter: Callable[..., Browser], program: Program, parts: Services
) -> None:
    """The form as it opens, with a name and an address: the role is asked for."""
    browser = enter()
    offered = soup(browser.get(f"{PATH}/new")).select("select[name=role] option")
    chosen = next((one for one in offered if one.has_attr("selected")), offered[0])
    answer = browser.submit(f"{PATH}/new", {**AIKO, "role": str(chosen["value"])})
    assert (answer.status_code, error_of(soup(answer), "role")) == (400, "Choose a role.")
    assert found(parts) is None


def test_buttons_of_an_invitation(invite: Callable[..., Browser], parts: Services, browser: Browser) -> None:
    boss, first = invite(), link(parts)
    user = found(parts)
    assert user is not None
    page = soup(boss.get(f"{PATH}/{user.id}"))
    actions = [str(form["action"]) for form in page.select("main form[action]")]
    assert [action.rpartition("/")[2] for action in actions] == [str(user.id), "resend", "withdraw"]
    assert boss.post(actions[1]).status_code == 303
    second = link(parts)
    assert (browser.get(first).status_code, browser.get(second).status_code) == (410, 200)
    assert boss.post(actions[2]).location == PATH
    assert browser.get(second).status_code == 410
    assert found(parts) is None
    assert boss.post(actions[2]).status_code == 404


def test_role_and_programs_hold_from_the_next_request_on(
    enter: Callable[..., Browser], program: Program, parts: Services, role_id: Callable[..., int]
) -> None:
    """A-8: an open tab loses what was taken, and A-4: its session secret changes."""
    with parts.db.transaction() as session:
        other = factories.program(session, "Bergwerk")
    boss = enter()
    theirs = enter(BuiltInRole.COMMUNITY_MANAGER, program, other, email="aiko@example.test")
    user = found(parts)
    assert user is not None
    path, before = f"{PATH}/{user.id}", theirs.cookie(COOKIE)
    assert theirs.get("/en/settings/import").status_code == 200
    form = form_of(soup(boss.get(path)), action=path)
    assert sorted(form["programs"]) == sorted([str(program.id), str(other.id)])
    data = {**form, "role": str(role_id(BuiltInRole.ANALYST)), "programs": [str(other.id)]}
    assert boss.post(path, data).status_code == 303
    assert theirs.get("/en/settings/import").status_code == 403
    assert theirs.cookie(COOKIE) != before
    assert "Alpine" not in words(soup(theirs.get("/en/")).select_one(".bar"))


def test_who_saves_second_sees_what_the_other_changed(
    enter: Callable[..., Browser], program: Program, parts: Services, role_id: Callable[..., int]
) -> None:
    """F-13: nothing is overwritten unseen."""
    boss = enter()
    enter(BuiltInRole.COMMUNITY_MANAGER, program, email="aiko@example.test")
    path = f"{PATH}/{found(parts).id}"  # type: ignore[union-attr]
    form = form_of(soup(boss.get(path)), action=path)
    assert boss.post(path, {**form, "role": role_id(BuiltInRole.ANALYST)}).status_code == 303
    answer = boss.post(path, {**form, "role": role_id(BuiltInRole.TRANSLATOR)})
    assert answer.status_code == 409
    assert "Analyst" in words(soup(answer).select_one(".notice-warning"))
    assert found(parts).role_id == role_id(BuiltInRole.ANALYST)  # type: ignore[union-attr]
    again = form_of(soup(answer), action=path)
    assert boss.post(path, again).status_code == 303
    assert found(parts).role_id == role_id(BuiltInRole.TRANSLATOR)  # type: ignore[union-attr]


@pytest.fixture
def keeper(
    app: object, parts: Services, program: Program, enter: Callable[..., Browser], clock: Clock
) -> Browser:
    """Somebody who manages users in one program and has little else."""
    with parts.db.transaction() as session:
        role = roles.add(
            session,
            "Keepers",
            {Permission.USERS_MANAGE, Permission.PROSPECTS_VIEW},
            actor=None,
            now=clock.now,
        )
    browser = enter(BuiltInRole.ANALYST, program, email="keeper@example.test")
    with parts.db.transaction() as session:
        user = accounts.find_user(session, "keeper@example.test")
        assert user is not None
        user.role = session.get_one(Role, role.id)
    return browser


def test_nobody_gives_more_than_they_have(
    keeper: Browser, parts: Services, program: Program, role_id: Callable[..., int]
) -> None:
    """A-3: neither a permission nor a program, offered or not."""
    with parts.db.transaction() as session:
        foreign = factories.program(session, "Bergwerk")
    page = soup(keeper.get(f"{PATH}/new"))
    assert [words(option) for option in page.select("#f-role option")] == ["Keepers"]
    assert [words(label) for label in page.select(".choice label")] == ["Alpine"]
    own = page.select_one("#f-role option")
    assert own is not None
    good = {**AIKO, "role": own["value"], "programs": [program.id]}
    for changes, status in (
        ({"role": role_id(BuiltInRole.ADMINISTRATOR)}, 403),
        ({"programs": [foreign.id]}, 404),
        ({"programs": [999_999]}, 404),
        ({"all_programs": "1"}, 400),
        ({"role": 999_999}, 404),
    ):
        assert keeper.post(f"{PATH}/new", {**good, **changes}).status_code == status, changes
        assert found(parts) is None
    assert keeper.post(f"{PATH}/new", good).status_code == 303
    user = found(parts)
    assert user is not None
    assert [one.id for one in user.programs] == [program.id]


def test_a_user_with_more_rights_is_read_only(
    keeper: Browser, add_user: Callable[..., User], role_id: Callable[..., int], parts: Services
) -> None:
    """A-3."""
    boss, me = add_user(password=None), f"{PATH}/{1}"
    page = soup(keeper.get(f"{PATH}/{boss.id}"))
    assert page.select("main form") == []
    data = {"before": f"{boss.role_id}/1/", "role": str(role_id(BuiltInRole.ANALYST))}
    assert keeper.post(f"{PATH}/{boss.id}", data).status_code == 403
    for verb in ("disable", "enable", "resend", "withdraw"):
        answer = keeper.post(f"{PATH}/{boss.id}/{verb}")
        notice = soup(keeper.get(f"{PATH}/{boss.id}")).select_one(".notices")
        assert (answer.status_code, verb) == (303, verb)
        assert "Your role does not include this permission" in words(notice)
    kept = found(parts, boss.email)
    assert kept is not None
    assert (kept.role_id, kept.disabled_at) == (boss.role_id, None)
    assert soup(keeper.get(me)).select("main form") == []


def test_disabling_shuts_out_at_once_and_the_last_administrator_stays(
    enter: Callable[..., Browser], program: Program, parts: Services
) -> None:
    """A-3, A-4, A-8."""
    boss, theirs = enter(), enter(BuiltInRole.ANALYST, email="aiko@example.test")
    path = f"{PATH}/{found(parts).id}"  # type: ignore[union-attr]
    assert boss.post(f"{path}/disable").status_code == 303
    assert "/sign-in" in theirs.get("/en/").location
    assert "Disabled" in words(soup(boss.get(path)).main)
    assert boss.post(f"{path}/enable").status_code == 303
    me = found(parts, "administrator@example.test")
    assert me is not None
    answer = boss.post(f"{PATH}/{me.id}/disable")
    assert "last account administrator" in words(soup(boss.get(answer.location)).select_one(".notices"))
    assert boss.get("/en/").status_code == 200


def test_the_list_is_narrowed_by_name_state_and_role(
    invite: Callable[..., Browser], enter: Callable[..., Browser], role_id: Callable[..., int]
) -> None:
    boss = invite()
    enter(BuiltInRole.ANALYST, email="lin@example.test", name="林 晓")

    def names(query: str) -> list[str]:
        return [words(link) for link in soup(boss.get(f"{PATH}?{query}")).select("tbody th a")]

    assert names("q=AIKO@") == ["愛子"]
    assert names("state=invited") == ["愛子"]
    assert names(f"role={role_id(BuiltInRole.ANALYST)}") == ["林 晓"]
    assert names("q=nobody") == []
    assert len(names("state=x&role=y&unknown=1")) == 3
    chips = soup(boss.get(f"{PATH}?q=aiko&state=invited")).select(".chip")
    assert [re.sub(r"^Remove filter ", "", words(chip)) for chip in chips] == ["Search aiko", "State Invited"]


def test_pages_keep_what_narrows_the_list(
    enter: Callable[..., Browser], program: Program, parts: Services, role_id: Callable[..., int]
) -> None:
    """Each user is on one page, there and back, and the count is of all pages."""
    boss = enter()
    with parts.db.transaction() as session:
        for number in range(PAGE_ROWS + 2):
            factories.user(session, program, email=f"u{number}@brand.example")
    role = role_id(BuiltInRole.COMMUNITY_MANAGER)

    def opened(path: str) -> tuple[list[str], dict[str, str]]:
        page = check_page(boss.get(path), "en")
        assert words(page.select_one("[role=status]")) == f"{PAGE_ROWS + 2} users"
        assert [words(chip) for chip in page.select(".chip-remove")] == [
            "Remove filter Search alex",
            "Remove filter State Active",
            "Remove filter Role Community manager",
        ]
        links = {str(link["rel"][0]): str(link["href"]) for link in page.select(".pager a")}
        return [str(link["href"]) for link in page.select("tbody th a")], links

    first, links = opened(f"{PATH}?q=alex&state=active&role={role}")
    last, back = opened(links["next"])
    assert (len(first), len(last), list(links), list(back)) == (PAGE_ROWS, 2, ["next"], ["prev"])
    assert len({*first, *last}) == PAGE_ROWS + 2
    assert opened(back["prev"])[0] == first


def test_the_number_of_queries_does_not_grow_with_the_rows(
    enter: Callable[..., Browser], program: Program, count_queries: Callable[..., int]
) -> None:
    boss = enter()
    one = count_queries(lambda: boss.get(PATH))
    for number in range(3):
        enter(BuiltInRole.ANALYST, program, email=f"user{number}@example.test")
    assert count_queries(lambda: boss.get(PATH)) == one


def test_what_people_call_themselves_stays_text(
    invite: Callable[..., Browser], parts: Services, browser: Browser
) -> None:
    """X-1: in the list, on the page, in the invitation."""
    hostile = "<script>alert(1)</script>\"'{{7*7}}"
    boss = invite(name=hostile)
    user = found(parts)
    assert user is not None
    for page in (boss.get(PATH), boss.get(f"{PATH}/{user.id}"), browser.get(link(parts))):
        text = page.get_data(as_text=True)
        assert "<script>alert" not in text
        assert hostile in words(soup(page).main)
