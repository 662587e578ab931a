"""Catalogs others wrote, from the packages installed here: WTForms', and Django's where the peers are."""

from pathlib import Path

import wtforms

from service.paths import PACKAGE, data_dir

_PEERS = PACKAGE.parent / ".venv" / "bench" / "django"


def paths() -> list[Path]:
    """Every real `.po` file at hand, our own included."""
    roots = (data_dir("locales"), Path(wtforms.__file__).parent, _PEERS)
    return sorted(path for root in roots if root.is_dir() for path in root.rglob("*.po"))
