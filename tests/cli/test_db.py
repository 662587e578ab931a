"""`prospectus db reindex`: the index of the messages is made anew while the service runs."""

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from service.bootstrap import Services
from service.cli import db as commands
from service.domain import message_search
from service.models import MessageGrams
from tests.domain.talk import Talk


def test_messages_are_found_again(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one batch of them, and twice does no harm."""
    monkeypatch.setattr(commands, "BATCH", 2)
    with services.db.transaction() as session:
        talk = Talk(session)
        thread = talk.thread()
        for _ in range(3):
            talk.send(thread, "春のテント")
        session.execute(delete(MessageGrams))
    for _ in range(2):
        done = CliRunner(env={"LC_ALL": "C.UTF-8", "DATA": str(services.settings.data)}).invoke(
            commands.group, ["reindex"]
        )
        assert (done.output, done.exit_code) == ("The index of the messages has been made anew.\n", 0)
    with services.db.reading() as session:
        found = message_search.search(session, [talk.program.id], "テント", limit=9)
        assert (len(found.hits), found.next) == (3, None)
