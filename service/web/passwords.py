"""How this application hashes passwords, one choice for all its pages."""

from flask import current_app

from service.domain.passwords import Passwords


def hasher() -> Passwords:
    """Return the application's hasher; tests put a cheaper one under `extensions["passwords"]`."""
    kept = current_app.extensions.setdefault("passwords", Passwords())
    assert isinstance(kept, Passwords)
    return kept
