"""Where templates, locales and content are: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def data_dir(name: str) -> Path:
    """Return the directory `templates`, `locales` or `content`; FileNotFoundError if it is nowhere."""
    for root in (PACKAGE / "_data", PACKAGE.parent):
        if (root / name).is_dir():
            return root / name
    raise FileNotFoundError(name)
