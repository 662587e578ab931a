"""An email that is being written, for tests of the form: its texts, what is stored of it, its frame."""

from bs4 import BeautifulSoup

from service.bootstrap import Services
from service.models import Campaign
from service.web.security import MAIL_POLICY
from tests.web.browser import Browser
from tests.web.pages import soup

TEXTS = {
    "from_name": "Alex Morgan",
    "reply_to": "alex@brand.example",
    "source_locale": "en",
    "unknown_policy": "ask",
    "version": "1",
    "subject_en": "Hello {mpname}",
    "content_en": "Dear {firstName|there},\n\ntoday is {currentDay}.",
    "subject_ja": "{mpname}へ",
    "content_ja": "{currentDay}",
}


def stored(parts: Services, campaign_id: int) -> Campaign:
    """Return a draft as it is stored, with its texts."""
    with parts.db.reading() as session:
        campaign = session.get_one(Campaign, campaign_id)
        assert campaign.variants is not None
        return campaign


def texts_of(campaign: Campaign) -> dict[str, tuple[str, str]]:
    """Return subject and content by language."""
    return {variant.locale: (variant.subject, variant.content) for variant in campaign.variants}


def check_frame(browser: Browser, src: str) -> BeautifulSoup:
    """Hold what a frame shows against the policy for mails, and return it parsed."""
    response = browser.get(src)
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"] == MAIL_POLICY
    return soup(response)
