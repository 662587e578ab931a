"""Campaigns: drafts, reviews, launches that freeze, and the buttons that hold and end them."""

from collections.abc import Mapping

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import ads, campaigns, previews, suppression
from service.domain.campaign_checks import LeaveOut
from service.domain.campaigns import Writing
from service.domain.errors import DomainError
from service.domain.ledger import count_by_state
from service.domain.letters import Composer
from service.domain.selections import Selected
from service.domain.signing import Signer
from service.domain.suppression import SuppressionReason
from service.facts.refusals import Refusal
from service.facts.states import UnknownPolicy
from service.i18n.catalogs import Catalogs
from service.mail import check
from service.mail.variants import choose_variant
from service.models import Campaign, Delivery, Program, SystemMail, User
from service.paths import data_dir
from tests.domain import factories
from tests.domain.factories import NOW, AskedJobs

TEXTS = {
    "en": ("Hello {firstName|there}", "Join **{programName}**: {joinUrl}"),
    "ja": ("{greetingName|ご担当者様}", "{currentDay}に{programName}へ。{joinUrl}"),
}


@pytest.fixture
def program(session: Session) -> Program:
    return factories.program(session)


@pytest.fixture
def actor(session: Session, program: Program) -> User:
    return factories.user(session, program)


@pytest.fixture(scope="module")
def composer() -> Composer:
    signer = Signer("k" * 40)
    return Composer(
        Catalogs(data_dir("locales")),
        signer,
        base_url="https://brand.example",
        mail_from="noreply@brand.example",
        https=True,
    )


@pytest.fixture
def jobs() -> AskedJobs:
    return AskedJobs()


def writing(variants: Mapping[str, tuple[str, str]] = TEXTS, **changes: object) -> Writing:
    facts = {"from_name": "Alex", "reply_to": "alex@brand.example", "source_locale": "en", **changes}
    return Writing(variants=variants, **facts)  # type: ignore[arg-type]


def draft(
    session: Session, program: Program, actor: User, *ids: int, key: str = "k1", text: Writing | None = None
) -> Campaign:
    selected = Selected(frozenset(ids))
    return campaigns.draft(
        session, program, text or writing(), form_key=key, selected=selected, actor=actor, now=NOW
    )


def launch(
    session: Session, jobs: AskedJobs, composer: Composer, campaign: Campaign, *, leave_out: bool = False
) -> None:
    campaigns.launch(session, jobs, composer, campaign, leave_out=LeaveOut(missing=leave_out), now=NOW)


def ledger(session: Session, campaign: Campaign) -> list[Delivery]:
    return list(
        session.scalars(select(Delivery).where(Delivery.campaign_id == campaign.id).order_by(Delivery.id))
    )


def test_it_works(
    session: Session, program: Program, actor: User, jobs: AskedJobs, composer: Composer
) -> None:
    anna = factories.prospect(session, program, "Anna", locale="en", first_name="Anna")
    yuki = factories.prospect(session, program, "雪", locale="ja", last_name="山田", time_zone="Asia/Tokyo")
    campaign = draft(session, program, actor, anna.id, yuki.id)
    launch(session, jobs, composer, campaign)
    rows = ledger(session, campaign)
    assert [(row.locale, row.time_zone, row.state) for row in rows] == [
        ("en", "Europe/Paris", "queued"),
        ("ja", "Asia/Tokyo", "queued"),
    ]
    assert (campaign.state, campaign.launched_at, jobs.delivered) == ("sending", NOW, [campaign.id])
    assert len({row.message_id for row in rows}) == 2


def test_launching_twice_is_one_launch(
    session: Session, program: Program, actor: User, jobs: AskedJobs, composer: Composer
) -> None:
    """F-14: the same form sent twice makes one campaign, and it goes out once."""
    anna = factories.prospect(session, program, "Anna")
    first = draft(session, program, actor, anna.id)
    second = draft(session, program, actor, anna.id)
    assert first is second
    launch(session, jobs, composer, first)
    launch(session, jobs, composer, second)
    assert (len(ledger(session, first)), jobs.delivered) == (1, [first.id])


def test_somebody_elses_form_key_is_refused(session: Session, program: Program, actor: User) -> None:
    """A-2."""
    draft(session, program, actor)
    other = factories.user(session, program, email="other@brand.example")
    with pytest.raises(DomainError) as refused:
        draft(session, program, other)
    assert refused.value.refusal is Refusal.NOT_FOUND


def test_one_mail_for_each_address(
    session: Session, program: Program, actor: User, jobs: AskedJobs, composer: Composer
) -> None:
    """M-23: the same address, otherwise written, gets one mail."""
    one = factories.prospect(session, program, "One", email="Team@shop.example", mpid="1")
    two = factories.prospect(session, program, "Two", email="team@SHOP.example", mpid="2")
    campaign = draft(session, program, actor, one.id, two.id)
    launch(session, jobs, composer, campaign)
    assert [row.address for row in ledger(session, campaign)] == ["Team@shop.example"]


def test_what_was_launched_no_longer_changes(
    session: Session, program: Program, actor: User, jobs: AskedJobs, composer: Composer
) -> None:
    """F-13: a sent campaign is immutable, whatever becomes of ads, names and people."""
    anna = factories.prospect(session, program, "Anna")
    ad = ads.add(session, program.id, name="Autumn", link_url="https://shop.example/a", image_url=None)
    text = writing({"en": ("Hi", f"{{adcode_{ad.id}}}")})
    campaign = draft(session, program, actor, anna.id, text=text)
    launch(session, jobs, composer, campaign)
    ads.edit(
        session, program.id, ad.id, version=1, name="Winter", link_url="https://w.example/", image_url=None
    )
    anna.partner.name = "Renamed"
    assert campaign.ads == {
        str(ad.id): {"name": "Autumn", "link_url": "https://shop.example/a", "image_url": None}
    }
    assert ledger(session, campaign)[0].values["name"] == "Anna"
    with pytest.raises(DomainError) as refused:
        campaigns.write(session, campaign, writing(), version=campaign.version)
    assert refused.value.refusal is Refusal.CAMPAIGN_ALREADY_LAUNCHED


def test_nobody_gets_dear_nothing(
    session: Session, program: Program, actor: User, jobs: AskedJobs, composer: Composer
) -> None:
    """T-8: a token without value and fallback is refused by name, or its recipients are left out."""
    named = factories.prospect(session, program, "Named", first_name="Zoé")
    blank = factories.prospect(session, program, "Blank", first_name="\u3164")
    text = writing({"en": ("Hi {firstName}", "Text")})
    campaign = draft(session, program, actor, named.id, blank.id, text=text)
    review = campaigns.review(session, composer, campaign)
    assert [recipient.name for recipient in review.missing] == ["Blank"]
    with pytest.raises(DomainError) as refused, session.begin_nested():
        launch(session, jobs, composer, campaign)
    assert (refused.value.refusal, refused.value.values) == (Refusal.VALUES_MISSING, {"num": 1})
    assert (campaign.state, campaign.launched_at) == ("draft", None)
    launch(session, jobs, composer, campaign, leave_out=True)
    assert [row.values["name"] for row in ledger(session, campaign)] == ["Named"]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (writing({}), Refusal.NO_VARIANT),
        (writing({"en": ("Subject", " ")}), Refusal.VARIANT_HALF_EMPTY),
        (writing({"ja": ("件名", "本文")}), Refusal.SOURCE_VARIANT_EMPTY),
        (writing({"en": ("Hi", "{fistName}")}), Refusal.CONTENT_HAS_ERRORS),
        (writing({"en": ("Hi", "{adcode_99}")}), Refusal.CONTENT_HAS_ERRORS),
        (writing(from_name=" "), Refusal.NAME_MISSING),
        (writing(from_name="Alex\u2028Bcc: x@y.example"), Refusal.SENDER_NAME_INVALID),
        (writing(reply_to="a@b.example, c@d.example"), Refusal.EMAIL_INVALID),
    ],
)
def test_a_draft_with_a_fault_does_not_go_out(
    session: Session,
    program: Program,
    actor: User,
    jobs: AskedJobs,
    composer: Composer,
    text: Writing,
    refusal: Refusal,
) -> None:
    """T-4, T-5, H-1, H-4: refused before anything is queued."""
    anna = factories.prospect(session, program, "Anna")
    campaign = draft(session, program, actor, anna.id, text=text)
    with pytest.raises(DomainError) as refused:
        launch(session, jobs, composer, campaign)
    assert refused.value.refusal is refusal
    assert jobs.delivered == []


def test_a_draft_without_recipients_does_not_go_out(
    session: Session, program: Program, actor: User, jobs: AskedJobs, composer: Composer
) -> None:
    with pytest.raises(DomainError) as refused:
        launch(session, jobs, composer, draft(session, program, actor))
    assert refused.value.refusal is Refusal.NO_RECIPIENTS


def test_the_second_of_two_savers_is_told(session: Session, program: Program, actor: User) -> None:
    """F-13."""
    campaign = draft(session, program, actor)
    campaigns.write(session, campaign, writing({"fr": ("Sujet", "Texte")}, source_locale="fr"), version=1)
    assert [(variant.locale, variant.subject) for variant in campaign.variants] == [("fr", "Sujet")]
    with pytest.raises(DomainError) as refused:
        campaigns.write(session, campaign, writing(), version=1)
    assert refused.value.refusal is Refusal.EDITED_MEANWHILE


def test_a_draft_can_be_deleted_and_a_campaign_cannot(
    session: Session, program: Program, actor: User, jobs: AskedJobs, composer: Composer
) -> None:
    anna = factories.prospect(session, program, "Anna")
    campaigns.discard(session, draft(session, program, actor, anna.id, key="gone"))
    assert campaigns.list_of(session, program.id) == []
    campaign = draft(session, program, actor, anna.id)
    launch(session, jobs, composer, campaign)
    with pytest.raises(DomainError) as refused:
        campaigns.discard(session, campaign)
    assert refused.value.refusal is Refusal.CAMPAIGN_ALREADY_LAUNCHED


def test_hold_go_on_and_end(
    session: Session, program: Program, actor: User, jobs: AskedJobs, composer: Composer
) -> None:
    """F-15: after *cancelled* nothing is queued any more."""
    ids = [factories.prospect(session, program, name).id for name in ("A", "B", "C")]
    campaign = draft(session, program, actor, *ids)
    launch(session, jobs, composer, campaign)
    assert [campaigns.pause(session, campaign) for _ in range(2)] == [True, False]
    assert [campaigns.resume(session, jobs, campaign) for _ in range(2)] == [True, False]
    assert (campaign.state, jobs.delivered) == ("sending", [campaign.id, campaign.id])
    flying = ledger(session, campaign)[0]
    flying.state = "in_flight"
    session.flush()
    assert [campaigns.cancel(session, campaign, now=NOW) for _ in range(2)] == [1, None]
    with pytest.raises(DomainError) as refused:
        campaigns.pause(session, campaign)
    assert refused.value.refusal is Refusal.CAMPAIGN_NOT_IN_STATE
    session.expire_all()
    assert count_by_state(session, [campaign.id]) == {campaign.id: {"in_flight": 1, "cancelled": 2}}


def test_a_suppressed_recipient_is_told_apart(session: Session, program: Program, actor: User) -> None:
    """M-7: the author sees it; the ledger decides again before each attempt."""
    gone = factories.prospect(session, program, "Gone", email="gone@people.example")
    suppression.suppress(
        session, program.id, "gone@people.example", reason=SuppressionReason.UNSUBSCRIBED, now=NOW
    )
    campaign = draft(session, program, actor, gone.id)
    assert [item.suppressed for item in campaigns.recipients_of(session, campaign)] == [True]


def test_a_preview_is_the_mail_and_a_test_is_the_preview(
    session: Session, program: Program, actor: User, jobs: AskedJobs, composer: Composer
) -> None:
    """T-11, M-9: the very bytes, judged by our own validator."""
    yuki = factories.prospect(session, program, "雪", locale="ja", last_name="山田", time_zone="Asia/Tokyo")
    campaign = draft(session, program, actor, yuki.id)
    recipient = campaigns.recipients_of(session, campaign)[0]
    composed = previews.preview(session, composer, campaign, recipient, now=NOW)
    assert (composed.subject, check.check(composed.raw)) == ("山田様", ())
    assert "2038年1月18日にMaison Auroreへ" in composed.text
    previews.send_test(session, jobs, composer, campaign, recipient, to=actor, now=NOW)
    mail = session.scalars(select(SystemMail)).one()
    assert (mail.address, mail.locale, mail.values["text"]) == (actor.email, "ja", composed.text)


@pytest.mark.parametrize(
    ("locale", "variants", "chosen"),
    [
        ("ja", {"en", "ja"}, "ja"),
        ("fr-CA", {"en", "fr"}, "fr"),
        ("zh_Hant_TW", {"en", "zh"}, "zh"),
        ("de", {"en", "ja", "fr"}, "ja"),
        ("de", {"en", "fr"}, "en"),
        (None, {"en", "fr"}, "en"),
    ],
)
def test_one_language_for_the_whole_mail(locale: str | None, variants: set[str], chosen: str) -> None:
    assert choose_variant(locale, variants, default="ja", source="en") == chosen


@pytest.mark.parametrize("name", ["佐藤\u3000健", "Léa\u00a0Moreau", "O’Connor"])
def test_spaces_of_any_width_may_stand_in_a_sender_name(
    session: Session, program: Program, actor: User, jobs: AskedJobs, composer: Composer, name: str
) -> None:
    anna = factories.prospect(session, program, "Anna")
    campaign = draft(session, program, actor, anna.id, text=writing(from_name=name))
    launch(session, jobs, composer, campaign)
    assert campaign.state == "sending"


def test_policies_are_kept(session: Session, program: Program, actor: User) -> None:
    campaign = draft(session, program, actor, text=writing(unknown_policy=UnknownPolicy.RETRY))
    assert campaign.unknown_policy == "retry"
