"""Handing over one mail and waiting for its reply, as the post room's loop would."""

import select
import time

from service.domain.outbox import MailConnection, Mailer
from service.facts.replies import Outcome, Reply, Unreachable

SENDER = "noreply@brand.example"


def hand_over(
    connection: MailConnection, data: bytes, *, recipient: str = "p@example.com", sender: str = SENDER
) -> Reply:
    """Send one mail over an open connection."""
    reply = connection.begin(sender=sender, recipient=recipient, data=data)
    while reply is None:
        waiting = [connection.socket]
        wait = max(connection.deadline - time.monotonic(), 0)
        ready = any(select.select(waiting, waiting if connection.waits_to_write else [], [], wait))
        reply = connection.proceed() if ready else connection.give_up()
    return reply


def send_once(
    mailer: Mailer, data: bytes, *, recipient: str = "p@example.com", sender: str = SENDER
) -> Reply:
    """Open a connection, send one mail and close it; that no server is reached is a reply too."""
    try:
        connection = mailer.connect()
    except Unreachable as error:
        return Reply(Outcome.UNREACHABLE, str(error))
    try:
        return hand_over(connection, data, recipient=recipient, sender=sender)
    finally:
        connection.close()
