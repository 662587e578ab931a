"""Who gets a campaign and who does not: suppressed, offices by choice, one mail for each address."""

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from service.domain import campaigns, deliveries, erased, recipients, suppression
from service.domain.campaign_checks import LeaveOut
from service.domain.campaigns import Writing
from service.domain.errors import DomainError
from service.domain.letters import Composer
from service.domain.selections import Selected
from service.domain.signing import AddressMarks, Signer
from service.domain.suppression import SuppressionReason
from service.facts.refusals import Refusal
from service.facts.role_accounts import is_role_account
from service.i18n.catalogs import Catalogs
from service.models import Delivery
from service.paths import data_dir
from tests.domain import factories
from tests.domain.factories import NOW, AskedJobs


@pytest.mark.parametrize(
    ("key", "office"),
    [
        ("info@x.example", True),
        ("kontakt@x.example", True),
        ("お問い合わせ@x.example", True),
        ("sales+fr@x.example", True),
        ("info.paris@x.example", False),
        ("information-desk@x.example", False),
        ("ann@info.example", False),
        ("infos", False),
    ],
)
def test_an_office_is_told_from_a_person(key: str, office: bool) -> None:
    assert is_role_account(key) is office


@pytest.mark.parametrize("leave_out", [False, True])
def test_nobody_gets_what_they_must_not(session: Session, leave_out: bool) -> None:
    """M-23: suppressed and unsubscribed never, an office by choice, one mail an address, none invalid."""
    program = factories.program(session)
    people = {
        "Ann": "ann@x.example",
        "Ann again": "ANN@X.Example",
        "Office": "Info@x.example",
        "Bounced": "bounced@x.example",
        "Gone": "gone@x.example",
    }
    ids = [
        factories.prospect(session, program, name, email=email, mpid=name).id
        for name, email in people.items()
    ]
    with pytest.raises(DomainError) as refused:
        factories.prospect(session, program, "Broken", email="broken@@x.example")
    assert refused.value.refusal is Refusal.EMAIL_INVALID
    for key, reason in (
        ("bounced@x.example", SuppressionReason.HARD_BOUNCE),
        ("gone@x.example", SuppressionReason.UNSUBSCRIBED),
    ):
        suppression.suppress(session, program.id, key, reason=reason, now=NOW)
    campaign = campaigns.draft(
        session,
        program,
        Writing("Alex", "", "en", {"en": ("Hello", "Hello")}),
        form_key="k",
        selected=Selected(frozenset(ids)),
        actor=factories.user(session, program),
        now=NOW,
    )
    composer = Composer(
        Catalogs(data_dir("locales")),
        Signer("k" * 40),
        base_url="https://brand.example",
        mail_from="noreply@brand.example",
        https=True,
    )
    campaigns.launch(session, AskedJobs(), composer, campaign, leave_out=LeaveOut(roles=leave_out), now=NOW)
    claimed = deliveries.claim(session, campaign.id, token="t", now=NOW)
    office = [] if leave_out else ["Info@x.example"]
    assert [mail.address for mail in claimed] == ["ann@x.example", *office]
    states = dict(session.execute(select(Delivery.address_key, Delivery.state)).all())
    assert {key for key, state in states.items() if state == "suppressed"} == {
        "bounced@x.example",
        "gone@x.example",
    }


def test_whose_time_zone_it_is_is_known(session: Session) -> None:
    program = factories.program(session)
    ids = [
        factories.prospect(session, program, "Own", time_zone="Asia/Tokyo").id,
        factories.prospect(session, program, "None").id,
    ]
    found = recipients.resolve(session, program, ids)
    assert [(item.time_zone, item.zone_known) for item in found] == [
        ("Asia/Tokyo", True),
        ("Europe/Paris", False),
    ]


def test_the_marks_of_erased_people_are_read_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many addresses there are, and an address counts under any key."""
    monkeypatch.setattr(recipients, "CHUNK", 1)
    session.info[erased.ADDRESS_MARKS] = AddressMarks("the old key")
    program = factories.program(session)
    made = [factories.prospect(session, program, name).id for name in ("Ann", "Bob", "Cleo")]
    gone = factories.prospect(session, program, "Gone", email="gone@x.example").id
    erased.keep_out(session, program.id, "gone@x.example", reason="unsubscribed", now=NOW)
    session.info[erased.ADDRESS_MARKS] = AddressMarks("the new key", "the old key")
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    found = recipients.resolve(session, program, [*made, gone])
    event.remove(connection, "before_cursor_execute", note)
    assert [one.suppressed for one in found] == [False, False, False, True]
    assert sum("erased_addresses" in statement for statement in asked) == 1
