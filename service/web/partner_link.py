"""What all pages behind a partner's link share: the address is a key, and what is sent by it is counted."""

from flask import Response, request

from service.domain import conversations, throttle
from service.web.context import here, services, transaction


def keep_quiet(response: Response) -> Response:
    """Have no other site learn the address, and no search engine keep it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def count(token: str) -> None:
    """Count what is sent by a partner's link, before it is stored; raise DomainError(TOO_MANY_TRIES)."""
    with transaction() as session:
        thread = conversations.find(session, services().signer, token).thread
        brakes = throttle.conversation_brakes(thread.id, request.remote_addr or "")
        throttle.attempt(session, brakes, now=here().now)
