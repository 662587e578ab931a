"""What somebody typed: a session that ends, another language, a page loaded again lose none of it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from service import bootstrap
from service.config import Settings
from service.domain import accounts, sessions
from service.domain.demo import ADMINISTRATOR
from service.i18n.catalogs import Catalogs
from service.models import User
from service.web.app import create_app
from service.web.identity import cookie_name
from tests.journeys import conftest, served
from tests.journeys.served import Served

pytestmark = pytest.mark.journey
TEXT = "秋のクリエイター"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, tuple[str, str]]]:
    """The demo, and the cookie of a colleague beside its administrator's."""
    services = bootstrap.build(
        Settings(data=tmp_path_factory.mktemp("typed"), secret_key="tests" * 8), jobs=False
    )
    cookie = served.signed_in(services)
    with services.db.transaction() as session:
        administrator = accounts.find_user(session, ADMINISTRATOR)
        assert administrator is not None
        other = session.query(User).filter(User.email_key != administrator.email_key).first()
        assert other is not None
        other.role_id = administrator.role_id
        _, secret = sessions.open_session(session, other, now=administrator.created_at)
        other_cookie = (cookie_name(services.settings), secret)
    with served.answering(create_app(services)) as url:
        yield Served(url, cookie), other_cookie
    services.db.dispose()


@pytest.fixture
def context(browser: Browser, demo: tuple[Served, tuple[str, str]]) -> Iterator[BrowserContext]:
    opened = demo[0].administrator(browser, viewport={"width": 390, "height": 844})
    opened.set_default_timeout(conftest.PATIENCE)
    yield opened
    opened.close()


def refused(page: Page, url: str) -> None:
    """Type into a form whose session ends meanwhile, and send it."""
    page.goto(f"{url}/ja/groups")
    name = page.locator("main input[name=name]:visible").last
    name.fill(TEXT)
    page.context.clear_cookies()
    with page.expect_navigation():
        name.press("Enter")
    assert page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") == 401


def test_a_form_sent_after_the_session_ended_has_its_text_again(
    context: BrowserContext, demo: tuple[Served, tuple[str, str]], catalogs: Catalogs
) -> None:
    """Signing in leads to the form, which has what was typed, once: what was taken does not come back."""
    (at, cookie), page, say = (
        (demo[0].url, demo[0].cookie),
        context.new_page(),
        catalogs.catalog("ja").gettext,
    )
    refused(page, at)
    told = page.locator("[data-typed-kept]")
    expect(told).to_be_visible()
    context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": at}])
    page.get_by_role("link", name=say("Sign in"), exact=True).click()
    page.wait_for_url(f"{at}/ja/groups")
    back = say("What you had typed is back in the form. It has not been sent.")
    expect(page.get_by_role("status").filter(has_text=back)).to_be_visible()
    name = page.locator("main input[name=name]:visible").last
    expect(name).to_have_value(TEXT)
    name.press("Enter")
    expect(page.get_by_role("link", name=TEXT, exact=True)).to_be_visible()
    expect(page.locator("main input[name=name]:visible").last).to_have_value("")
    page.reload()
    expect(page.locator("main input[name=name]:visible").last).to_have_value("")
    assert page.evaluate("sessionStorage.length") == 0


def test_somebody_else_is_not_given_it(context: BrowserContext, demo: tuple[Served, tuple[str, str]]) -> None:
    """What one user typed is not shown to the next one of the same tab."""
    (at, _), (name, value), page = (demo[0].url, demo[0].cookie), demo[1], context.new_page()
    refused(page, at)
    context.add_cookies([{"name": name, "value": value, "url": at}])
    page.goto(f"{at}/ja/groups")
    expect(page.locator("main input[name=name]:visible").last).to_have_value("")
    assert page.evaluate("sessionStorage.length") == 0


def test_another_language_and_a_page_loaded_again_keep_it(
    context: BrowserContext, demo: tuple[Served, tuple[str, str]]
) -> None:
    """Both ask for the page anew, and browsers give nothing back to pages that must not be stored."""
    at, page = demo[0].url, context.new_page()
    page.goto(f"{at}/ja/prospects/new")
    page.locator("main input[name=name]").fill(TEXT)
    page.locator("summary", has_text="日本語").click()
    page.locator("a[hreflang=fr]").click()
    page.wait_for_url(f"{at}/fr/prospects/new")
    expect(page.locator("main input[name=name]")).to_have_value(TEXT)
    page.reload()
    expect(page.locator("main input[name=name]")).to_have_value(TEXT)
    # Whoever goes to the page anew begins anew.
    page.goto(f"{at}/fr/prospects")
    page.goto(f"{at}/fr/prospects/new")
    expect(page.locator("main input[name=name]")).to_have_value("")
