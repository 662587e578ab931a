"""A user's name in texts that stay: of campaigns, of mails of the product, of what others were told."""

import pytest
from sqlalchemy import func, select

from service.db import Database
from service.domain import user_erasure
from service.facts.states import CampaignState
from service.models import (
    Campaign,
    MailAccount,
    Notice,
    SystemMail,
    User,
)
from tests.domain import leaver
from tests.domain.conftest import BOTH
from tests.domain.factories import NOW
from tests.domain.leaver import ADDRESS, LATER, NAME, Leaver


@pytest.fixture
def known(db: Database) -> Leaver:
    return leaver.put(db)


@BOTH
def test_campaigns_go_on_in_the_name_of_the_program(db: Database, known: Leaver) -> None:
    """A-8: what goes out from their own mail account waits, as for any account that is disconnected."""
    with db.transaction() as session:
        session.add(
            Campaign(
                program_id=known.program_id, author_id=known.other_id, form_key="third", state="draft",
                from_name=f"For {NAME}", reply_to="team@brand.example", source_locale="en",
                unknown_policy="ask", created_at=NOW,
            )
        )  # fmt: skip
    leaver.erase(db, known)
    with db.reading() as session:
        found = session.scalars(select(Campaign).order_by(Campaign.id)).all()
        own = [one for one in found if one.author_id == known.user_id]
        assert [(one.from_name, one.reply_to, one.from_address) for one in own] == [
            ("Maison Aurore", None, None)
        ] * 3
        account = session.scalars(select(MailAccount).where(MailAccount.user_id == known.user_id)).one()
        named = {one.state: one.mail_account_id for one in own}
        assert named == {
            CampaignState.FINISHED.value: None,
            CampaignState.SENDING.value: account.id,
            CampaignState.DRAFT.value: None,
        }
        assert (account.address, account.secret, account.disconnected_at) == ("", None, LATER)
        assert (found[-1].from_name, found[-1].reply_to) == ("Maison Aurore", "team@brand.example")
        others = [one for one in found if one.author_id == known.other_id and one.form_key != "third"]
        assert {one.from_name for one in others} == {"Mei of Aurore"}


@pytest.mark.parametrize(
    ("from_name", "own", "named"),
    [
        ("Ida Morgan", False, True),
        ("Maison Aurore, IDA MORGAN", False, True),
        ("Ida at Aurore", True, True),
        ("Ida at Aurore", False, False),
        ("Aurore team", True, False),
        ("山田", True, True),
        ("Idaho Travel", True, False),
        ("", True, False),
        ("", False, False),
    ],
)
def test_a_senders_name_that_is_the_users(from_name: str, own: bool, named: bool) -> None:
    name = "山田 花子" if from_name == "山田" else "Ida Morgan"
    assert user_erasure._names(from_name, name, own=own) is named


@BOTH
@pytest.mark.parametrize(
    ("name", "text", "whole"),
    [
        ("Max", "Maximum reach", "Max"),
        ("Anna", "Annapurna Interactive", "Anna, Maison Aurore"),
        ("Ana de Armas", "Studio Delta", "Ana de Armas"),
        ("林", "森林", "林"),
        ("Ida Morgan", "", "IDA MORGAN"),
    ],
)
def test_who_has_a_word_in_common_is_somebody_else(
    db: Database, known: Leaver, name: str, text: str, whole: str
) -> None:
    """D-5: neither the campaigns of others, nor the user's own, nor what others were told of change."""
    with db.transaction() as session:
        session.get_one(User, known.user_id).name = name
        for author_id in (known.user_id, known.other_id):
            for from_name in (text, whole):
                session.add(
                    Campaign(
                        program_id=known.program_id, author_id=author_id, form_key=f"{author_id}{from_name}",
                        state="draft", from_name=from_name, source_locale="en", unknown_policy="ask",
                        created_at=NOW,
                    )
                )  # fmt: skip
        for values in ({"subject": text}, {"file": f"{text} {ADDRESS}x.csv"}):
            session.add(Notice(user_id=known.other_id, kind="import_done", values=values, created_at=NOW))
    leaver.erase(db, known)
    with db.reading() as session:
        made = select(Campaign.author_id, Campaign.from_name).order_by(Campaign.id.desc()).limit(4)
        found = [tuple(row) for row in session.execute(made)]
        told = session.scalars(select(Notice.values).where(Notice.user_id == known.other_id)).all()
    assert found[::-1] == [
        (known.user_id, text), (known.user_id, "Maison Aurore"),
        (known.other_id, text), (known.other_id, "Maison Aurore"),
    ]  # fmt: skip
    assert told[1:] == [{"subject": text}, {"file": f"{text} {ADDRESS}x.csv"}]


def test_a_single_word_deletes_nothing_that_others_were_told(db: Database, known: Leaver) -> None:
    """Their address does, and a full name that is written without spaces."""
    with db.transaction() as session:
        session.get_one(User, known.user_id).name = "Max"
        for values in ({"subject": "Max"}, {"file": f"{ADDRESS}.csv"}, {"subject": f"From {ADDRESS}."}):
            session.add(Notice(user_id=known.other_id, kind="import_done", values=values, created_at=NOW))
    done = leaver.erase(db, known)
    with db.reading() as session:
        told = session.scalars(select(Notice.values).where(Notice.user_id == known.other_id)).all()
    assert told[1:] == [{"subject": "Max"}]
    assert done.is_told_in("Max") is False
    assert user_erasure.Erased(names=frozenset({"山田花子"})).is_told_in("山田花子さん") is True


def test_mails_of_the_product_name_nobody(db: Database, known: Leaver) -> None:
    """What waits to go to others goes out without the name; what was for the user does not go out."""
    leaver.erase(db, known)
    with db.reading() as session:
        mails = session.scalars(select(SystemMail).order_by(SystemMail.id)).all()
        values = {mail.message_id: mail.values for mail in mails if mail.message_id.startswith("m-")}
    assert values == {
        f"m-{known.user_id}-1": {"inviter": "Prospectus", "days": 7},
        f"m-{known.user_id}-2": {"reply_to": None, "ads": [1]},
        f"m-{known.other_id}-0": {"url": "https://x.example/mei"},
        f"m-{known.other_id}-1": {"inviter": "Mei", "days": 7},
        f"m-{known.other_id}-2": {"reply_to": "mei@brand.example", "ads": [1]},
    }


def test_what_others_were_told_of_them_goes(db: Database, known: Leaver) -> None:
    with db.transaction() as session:
        for values in ({"subject": f"{NAME} invites you"}, {"name": f"{NAME} Records", "first": 1}):
            session.add(Notice(user_id=known.other_id, kind="import_done", values=values, created_at=NOW))
    with db.reading() as session:
        before = session.scalar(select(func.count(Notice.id)).where(Notice.user_id == known.other_id))
    leaver.erase(db, known)
    with db.reading() as session:
        left = session.scalars(select(Notice.values).where(Notice.user_id == known.other_id)).all()
    assert (before, len(left)) == (3, 2)
    # A partner who is called alike is somebody else.
    assert {"name": f"{NAME} Records", "first": 1} in left
