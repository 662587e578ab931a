"""The catalogs the mail tests speak."""

import pytest

from service.i18n.catalogs import Catalog, Catalogs
from service.i18n.locales import LOCALES
from service.paths import data_dir


@pytest.fixture(scope="session")
def catalogs() -> dict[str, Catalog]:
    """The shipped catalogs by locale."""
    try:
        shipped = Catalogs(data_dir("locales"))
    except Exception:
        return {code: Catalog(locale, {}, {}) for code, locale in LOCALES.items()}
    return {code: shipped.catalog(code) for code in LOCALES}
