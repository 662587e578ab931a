"""What bounces do to a campaign that is being sent: signed senders out, refusals judged, the rest held."""

from dataclasses import replace

from sqlalchemy import select

from service import bootstrap
from service.bootstrap import Services
from service.config import Settings
from service.facts.bounces import PauseReason
from service.facts.states import CampaignState, DeliveryState
from service.models import Bounce, Campaign, Delivery, Suppression
from tests.adapters.conversation import Conversation
from tests.sink import Sink
from tests.worker.oracle import counts
from tests.worker.test_deliver import launch, send_all, through

BOUNCES = "bounces@brand.example"


def paused(services: Services, campaign_id: int) -> tuple[str, str | None]:
    with services.db.reading() as session:
        row = session.get_one(Campaign, campaign_id)
        return row.state, row.pause_reason


def test_each_mail_has_a_sender_that_names_its_delivery(settings: Settings) -> None:
    """M-14: on the envelope alone; the mail itself is from the brand's address."""
    services = bootstrap.build(replace(settings, mail_bounce=BOUNCES), jobs=False)
    campaign_id = launch(services, 3)
    send_all(services, campaign_id)
    mails = services.mailer.mails()  # type: ignore[attr-defined]
    with services.db.reading() as session:
        rows = {row.id: row.address for row in session.scalars(select(Delivery))}
    assert {services.return_path.read(mail.sender): mail.recipient for mail in mails} == rows
    first = services.mailer.find(mails[0].id)  # type: ignore[attr-defined]
    assert BOUNCES.encode() not in first.raw
    assert b"bounces+" not in first.raw
    services.db.dispose()


def test_without_an_address_for_bounces_the_sender_is_the_brand(services: Services) -> None:
    campaign_id = launch(services, 2)
    send_all(services, campaign_id)
    mails = services.mailer.mails()  # type: ignore[attr-defined]
    assert {mail.sender for mail in mails} == {services.settings.mail_from}


def test_refusals_at_each_step_are_judged(sink: Sink, settings: Settings) -> None:
    """M-15, F-8: each for its own recipient; the campaign goes on."""
    services = through(sink, settings)
    answers = {
        ("rcpt", "p1@example.com"): "550 5.1.1 No such user",
        ("rcpt", "p2@example.com"): "450 4.2.1 Greylisted",
        ("data", "p3@example.com"): "552 5.2.2 Over quota",
        ("data", "p4@example.com"): "554 5.7.1 Not wanted",
    }
    sink.script = lambda step, to: answers.get((step, to), "250 Ok")
    campaign_id = launch(services, 6)
    send_all(services, campaign_id)
    with services.db.reading() as session:
        kinds = {
            row.address: row.kind
            for row in session.execute(select(Delivery.address, Bounce.kind).join_from(Bounce, Delivery))
        }
        suppressed = [(row.address_key, row.reason) for row in session.scalars(select(Suppression))]
    assert kinds == {"p1@example.com": "hard", "p3@example.com": "full", "p4@example.com": "policy"}
    assert suppressed == [("p1@example.com", "hard_bounce")]
    assert paused(services, campaign_id) == (CampaignState.SENDING.value, None)
    services.db.dispose()


def test_a_refused_sender_holds_the_campaign_instead_of_failing_it(settings: Settings) -> None:
    """M-15: no recipient has been named when MAIL is refused, so it is about us."""

    def answer(line: str) -> str:
        if line.startswith("MAIL"):
            return "550 Sender refused"
        return "250 Ok"

    with Conversation(answer) as server:
        url = f"smtp://127.0.0.1:{server.port}?tls=none"
        services = bootstrap.build(replace(settings, mail_url=url, mail_connections=1), jobs=False)
        campaign_id = launch(services, 40)
        send_all(services, campaign_id)
        found = counts(services, campaign_id)
        services.db.dispose()
    assert paused(services, campaign_id) == (CampaignState.PAUSED.value, PauseReason.SENDER_REFUSED.name)
    assert found == {DeliveryState.FAILED: 3, DeliveryState.QUEUED: 37}


def test_a_bad_list_is_held_and_what_is_left_stays_in_the_queue(sink: Sink, settings: Settings) -> None:
    """M-16: every second address does not exist; nothing is lost, and nobody beyond is written to."""
    services = through(sink, settings)
    sink.script = lambda step, to: (
        "550 5.1.1 No such user" if step == "rcpt" and int(to[1:].partition("@")[0]) % 2 else "250 Ok"
    )
    campaign_id = launch(services, 120)
    send_all(services, campaign_id)
    assert paused(services, campaign_id) == (CampaignState.PAUSED.value, PauseReason.HARD_BOUNCES.name)
    found = counts(services, campaign_id)
    assert sum(found.values()) == 120
    assert set(found) == {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.QUEUED}
    assert found[DeliveryState.SENT] == len(sink.taken())
    services.db.dispose()
