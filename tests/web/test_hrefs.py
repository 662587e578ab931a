"""Addresses that are made once: the same as Flask's in every language, and of every row."""

import flask
import pytest
from flask import g

from service.bootstrap import Services
from service.i18n.locales import LOCALES
from service.web import hrefs
from service.web.app import create_app


@pytest.mark.parametrize("code", LOCALES)
def test_a_page_by_itself(services: Services, code: str) -> None:
    """Twice, as the second one is kept; a page without a language in its path too."""
    app = create_app(services)
    with app.test_request_context(f"/{code}/sign-in"):
        app.preprocess_request()
        for endpoint in ("inbox.index", "prospects.index", "auth.sign_in") * 2:
            made = hrefs.url_for(endpoint)
            assert made == flask.url_for(endpoint)
            assert made.startswith(f"/{code}/")
        assert hrefs.url_for("inbox.index", q="a b") == f"/{code}/inbox?q=a+b"


def test_before_the_language_is_known(services: Services) -> None:
    app = create_app(services)
    with app.test_request_context("/"):
        assert "here" not in g
        assert hrefs.url_for("inbox.index", locale="fr") == "/fr/inbox"


def test_each_row(services: Services) -> None:
    """The number in the path or in the query, beside values that hold what stands for it."""
    app = create_app(services)
    with app.test_request_context("/ja/sign-in"):
        app.preprocess_request()
        odd = {"q": "999999999999999 & %s"}
        for endpoint, name in (("threads.show", "thread_id"), ("compose.new", "prospect")):
            href = hrefs.url_of_each(endpoint, name, **odd)
            for number in (1, 20, 10**14):
                assert href(number) == flask.url_for(endpoint, **{name: number}, **odd)
