"""Signed tokens for links: bound to one purpose, with nothing readable of the person in them."""

from itsdangerous import BadData, URLSafeSerializer


class Signer:
    """Signs small payloads; `keys` are the current one and then those before it, which still verify."""

    def __init__(self, *keys: str) -> None:
        # itsdangerous signs with the last of its keys.
        self._keys = list(reversed(keys))

    def sign(self, purpose: str, payload: object) -> str:
        """Return a token without an end, for links in mails that must work for years."""
        return _text(URLSafeSerializer(self._keys, salt=purpose).dumps(payload))

    def read(self, purpose: str, token: str) -> object | None:
        """Return what was signed for this purpose, or None."""
        try:
            payload: object = URLSafeSerializer(self._keys, salt=purpose).loads(token)
        except BadData:
            return None
        return payload


def _text(token: str | bytes) -> str:
    return token if isinstance(token, str) else token.decode("ascii")
