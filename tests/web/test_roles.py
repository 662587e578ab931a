"""Settings → Roles: the matrix, custom roles made, changed and deleted."""

from collections.abc import Callable

import pytest

from service.bootstrap import Services
from service.domain import accounts, roles
from service.facts.permissions import PERMISSION_LABELS, ROLE_PERMISSIONS, BuiltInRole, Permission
from service.i18n.locales import LOCALES
from service.models import Program, Role
from tests.web.browser import Browser, Clock
from tests.web.pages import check_page, error_of, form_of, soup, words

PATH = "/en/settings/roles"
VIEW, GROUPS, EMAIL = Permission.PROSPECTS_VIEW, Permission.GROUPS_MANAGE, Permission.EMAIL_SEND


@pytest.fixture
def add(parts: Services, clock: Clock) -> Callable[..., Role]:
    """Add a custom role."""

    def make(*permissions: Permission, name: str = "Groups") -> Role:
        with parts.db.transaction() as session:
            return roles.add(session, name, permissions, actor=None, now=clock.now)

    return make


def kept(parts: Services, role: Role) -> tuple[str, list[str]]:
    with parts.db.reading() as session:
        found = session.get_one(Role, role.id)
        return found.name, found.permissions


@pytest.mark.parametrize("code", LOCALES)
def test_it_works(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Role], code: str
) -> None:
    role = add(VIEW, name="春のチーム")
    browser = enter()
    page = check_page(browser.get(f"/{code}/settings/roles"), code)
    assert words(page.select("tbody th a")[-1]) == "春のチーム"
    for path in ("new", role.id, f"{role.id}/delete", 1):
        check_page(browser.get(f"/{code}/settings/roles/{path}"), code)


def test_the_matrix_says_what_each_role_may_do(enter: Callable[..., Browser], program: Program) -> None:
    table = soup(enter().get(PATH)).select("table")[-1]
    shown = {
        words(row.th): [words(cell.select_one(".visually-hidden")) for cell in row.select("td")]
        for row in table.select("tbody tr")
    }
    assert shown == {
        PERMISSION_LABELS[permission].text: [
            "Yes" if permission in ROLE_PERMISSIONS[role] else "No" for role in BuiltInRole
        ]
        for permission in Permission
    }


def test_a_role_is_created_changed_and_deleted(
    enter: Callable[..., Browser], program: Program, parts: Services
) -> None:
    browser = enter()
    assert browser.submit(f"{PATH}/new", {"name": "Groups", "permissions": [VIEW, GROUPS]}).status_code == 303
    with parts.db.reading() as session:
        role = roles.list_all(session)[-1]
    assert kept(parts, role) == ("Groups", sorted([VIEW, GROUPS]))
    path = f"{PATH}/{role.id}"
    form = form_of(soup(browser.get(path)), action=path)
    assert browser.post(path, {**form, "name": "Mail", "permissions": [EMAIL]}).status_code == 303
    assert kept(parts, role) == ("Mail", [EMAIL])
    page = soup(browser.get(f"{path}/delete"))
    assert "Mail" in words(page.main)
    assert browser.post(f"{path}/delete").status_code == 303
    assert browser.get(path).status_code == 404


def test_a_taken_name_is_said_beside_its_field(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Role]
) -> None:
    add(VIEW)
    answer = enter().submit(f"{PATH}/new", {"name": "ＧＲＯＵＰＳ", "permissions": [EMAIL]})
    assert answer.status_code == 400
    assert error_of(soup(answer), "name") == "A role with this name already exists: ＧＲＯＵＰＳ."
    assert form_of(soup(answer), action=f"{PATH}/new")["permissions"] == EMAIL


def test_who_saves_second_sees_what_the_other_changed(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Role], parts: Services
) -> None:
    """F-13: the second save gets a page that shows the difference, and overwrites nothing."""
    role = add(VIEW)
    one, other = enter(), enter(email="other@example.test")
    path = f"{PATH}/{role.id}"
    forms = [form_of(soup(browser.get(path)), action=path) for browser in (one, other)]
    assert one.post(path, {**forms[0], "permissions": [VIEW, GROUPS]}).status_code == 303
    answer = other.post(path, {**forms[1], "name": "Mine", "permissions": [VIEW, EMAIL]})
    assert answer.status_code == 409
    assert kept(parts, role) == ("Groups", sorted([VIEW, GROUPS]))
    shown = [words(item) for item in soup(answer).select(".notice-warning dd")]
    assert shown == ["Groups", "Groups", "Email"]
    mine = form_of(soup(answer), action=path)
    assert (mine["name"], sorted(mine["permissions"])) == ("Mine", sorted([VIEW, EMAIL]))
    assert other.post(path, mine).status_code == 303
    assert kept(parts, role) == ("Mine", sorted([VIEW, EMAIL]))


def test_built_in_roles_are_read_only(
    enter: Callable[..., Browser], program: Program, parts: Services
) -> None:
    browser = enter()
    with parts.db.reading() as session:
        analyst = next(role for role in roles.list_all(session) if role.key == BuiltInRole.ANALYST)
    path = f"{PATH}/{analyst.id}"
    assert soup(browser.get(path)).select("main form") == []
    assert browser.post(path, {"version": 1, "name": "X", "permissions": [EMAIL]}).status_code == 400
    assert browser.post(f"{path}/delete").status_code == 400
    with parts.db.reading() as session:
        assert (
            accounts.role_permissions(session.get_one(Role, analyst.id))
            == ROLE_PERMISSIONS[BuiltInRole.ANALYST]
        )


@pytest.fixture
def keeper(
    enter: Callable[..., Browser], program: Program, add: Callable[..., Role], parts: Services
) -> tuple[Browser, Role]:
    """Somebody who manages roles and has little else, and their role."""
    role = add(Permission.ROLES_MANAGE, VIEW, name="Keepers")
    browser = enter(BuiltInRole.ANALYST, program, email="keeper@example.test")
    with parts.db.transaction() as session:
        user = accounts.find_user(session, "keeper@example.test")
        assert user is not None
        user.role = session.get_one(Role, role.id)
    return browser, role


def test_what_one_lacks_stays_as_it_is(
    keeper: tuple[Browser, Role], add: Callable[..., Role], parts: Services
) -> None:
    """A-3: boxes of permissions that one lacks are fixed; who sends them anyway is refused."""
    browser, _ = keeper
    role = add(VIEW, EMAIL)
    path = f"{PATH}/{role.id}"
    page = soup(browser.get(path))
    free = {str(box["value"]) for box in page.select("[name=permissions]:not([disabled])")}
    assert free == {Permission.ROLES_MANAGE, VIEW}
    assert [str(box["value"]) for box in page.select("[name=permissions][disabled][checked]")] == [EMAIL]
    data = {"version": 1, "name": "Groups", "permissions": []}
    assert browser.post(path, data).status_code == 303
    assert kept(parts, role) == ("Groups", [EMAIL])
    assert browser.post(path, {**data, "version": 2, "permissions": [GROUPS]}).status_code == 403
    assert browser.post(f"{path}/delete").status_code == 403
    assert browser.submit(f"{PATH}/new", {"name": "All", "permissions": list(Permission)}).status_code == 403
    assert kept(parts, role) == ("Groups", [EMAIL])


def test_the_own_role_can_be_renamed_only(keeper: tuple[Browser, Role], parts: Services) -> None:
    """A-3: a user edits their own role."""
    browser, role = keeper
    path = f"{PATH}/{role.id}"
    assert soup(browser.get(path)).select("[name=permissions]:not([disabled])") == []
    answer = browser.post(path, {"version": 1, "name": "Keepers", "permissions": [VIEW]})
    assert answer.status_code == 400
    assert kept(parts, role) == ("Keepers", sorted([Permission.ROLES_MANAGE, VIEW]))
    assert browser.post(path, {"version": 1, "name": "Door"}).status_code == 303
    assert kept(parts, role) == ("Door", sorted([Permission.ROLES_MANAGE, VIEW]))


def test_a_role_in_use_is_not_deleted(keeper: tuple[Browser, Role], parts: Services) -> None:
    browser, role = keeper
    assert soup(browser.get(f"{PATH}/{role.id}/delete")).select("main form") == []
    assert browser.post(f"{PATH}/{role.id}/delete").status_code == 400
    assert kept(parts, role)[0] == "Keepers"
