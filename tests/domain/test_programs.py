"""Programs and ads: unique names, checked facts, and two people saving at once."""

from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import ads, checks, programs
from service.domain.errors import DomainError
from service.facts.refusals import Refusal
from service.mail import values
from service.models import Program, ProgramMinute
from tests.domain import factories
from tests.domain.factories import NOW

NUMBERS = count()
FACTS = {"name": "Kumo", "default_locale": "ja", "time_zone": "Asia/Tokyo", "invitation_days": 30}


def test_it_works(session: Session) -> None:
    program = factories.program(session)
    programs.edit(session, program.id, version=1, **FACTS)  # type: ignore[arg-type]
    assert (program.name, program.default_locale, program.time_zone) == ("Kumo", "ja", "Asia/Tokyo")
    assert (program.invitation_days, program.version) == (30, 2)
    assert programs.find_by_name(session, "ＫＵＭＯ") is program


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"name": "maison aurore"}, Refusal.PROGRAM_NAME_TAKEN),
        ({"default_locale": "de"}, Refusal.LOCALE_UNKNOWN),
        ({"time_zone": "Europe/Atlantis"}, Refusal.ZONE_UNKNOWN),
        ({"invitation_days": 0}, Refusal.EXPIRY_OUT_OF_RANGE),
        ({"invitation_days": 366}, Refusal.EXPIRY_OUT_OF_RANGE),
    ],
)
def test_bad_facts_are_refused(session: Session, change: dict[str, object], refusal: Refusal) -> None:
    factories.program(session)
    with pytest.raises(DomainError) as refused:
        factories.program(session, **{"name": "Second", **change})  # type: ignore[arg-type]
    assert refused.value.refusal is refusal


def test_the_second_of_two_savers_is_told(session: Session) -> None:
    """F-13: nobody overwrites what they have not seen."""
    program = factories.program(session)
    programs.edit(session, program.id, version=1, **FACTS)  # type: ignore[arg-type]
    with pytest.raises(DomainError) as refused:
        programs.edit(session, program.id, version=1, **{**FACTS, "name": "Late"})  # type: ignore[arg-type]
    assert (refused.value.refusal, program.name) == (Refusal.EDITED_MEANWHILE, "Kumo")


def test_an_ad_belongs_to_its_program(session: Session) -> None:
    """T-4, A-2: a foreign ad is the same as none."""
    program, other = factories.program(session), factories.program(session, "Other")
    ad = ads.add(session, program.id, name="Autumn", link_url="https://shop.example/a", image_url=None)
    assert [item.id for item in ads.list_of(session, program.id)] == [ad.id]
    with pytest.raises(DomainError) as refused:
        ads.find(session, other.id, ad.id)
    assert refused.value.refusal is Refusal.NOT_FOUND


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "//evil.example",
        "shop.example",
        "https://",
        "http://a b/",
        "data:x",
        "https://u:p@shop.example/",
        "https://a..b/",
        "https://a.example:99999/",
    ],
)
def test_an_ad_links_to_the_web_only(session: Session, link: str) -> None:
    """X-5."""
    with pytest.raises(DomainError) as refused:
        ads.add(session, factories.program(session).id, name="Ad", link_url=link, image_url=None)
    assert (refused.value.refusal, refused.value.field) == (Refusal.URL_INVALID, "link_url")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example/été?q=花#ü", "https://shop.example/%C3%A9t%C3%A9?q=%E8%8A%B1#%C3%BC"),
        ("https://例え.jp/", "https://xn--r8jz45g.jp/"),
        ("https://faß.de:8443/a%20b", "https://xn--fa-hia.de:8443/a%20b"),
        ("http://Shop.Example/A?b=c&d=%3D", "http://shop.example/A?b=c&d=%3D"),
    ],
)
def test_an_ads_link_is_kept_as_mails_can_carry_it(session: Session, given: str, kept: str) -> None:
    """H-9, T-7: whatever is stored can be sent, so that no ad breaks the emails of its program."""
    ad = ads.add(session, factories.program(session).id, name="Ad", link_url=given, image_url=given)
    assert (ad.link_url, ad.image_url) == (kept, kept)
    assert values.Ad(ad.name, ad.link_url, ad.image_url).link == kept


@given(st.text(max_size=40))
def test_every_link_that_is_kept_can_be_sent(text: str) -> None:
    try:
        kept = checks.link(f"https://shop.example/{text}", field="link_url")
    except DomainError:
        return
    assert values.Ad("Ad", kept).link == kept


def test_the_moment_of_making_is_kept(session: Session) -> None:
    assert factories.program(session).created_at == NOW


def limited(session: Session, limit: int, *, name: str = "Limited") -> Program:
    program = factories.program(session, name)
    programs.edit(session, program.id, version=1, **{**FACTS, "name": name, "hourly_limit": limit})  # type: ignore[arg-type]
    return program


def test_a_limit_holds_for_any_sixty_minutes(session: Session) -> None:
    """M-17: a window that slides by the minute, with the moment at which it lets the next one through."""
    program = limited(session, 10)
    at = [NOW + timedelta(minutes=minutes) for minutes in (0, 20, 60, 61, 82)]
    took = [programs.take_allowance(session, program.id, 6, now=moment) for moment in at]
    assert took == [6, 4, 0, 6, 4]
    assert programs.allowance_at(session, program, now=at[4]) == at[3] + timedelta(minutes=61)
    programs.return_allowance(session, program.id, 3, now=at[4])
    assert programs.allowance_at(session, program, now=at[4]) is None
    assert programs.take_allowance(session, program.id, 6, now=at[4]) == 3
    programs.forget_minutes(session, now=at[4] + timedelta(minutes=61))
    assert programs.take_allowance(session, program.id, 99, now=at[4] + timedelta(minutes=61)) == 10


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(tries=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 12)), max_size=12))
def test_no_sixty_minutes_hold_more_than_the_limit(session: Session, tries: list[tuple[int, int]]) -> None:
    """M-17: whatever the second in which each mail was claimed; and what was allowed may be taken."""
    program = limited(session, 10, name=f"Limited {next(NUMBERS)}")
    now, sent = NOW, list[datetime]()
    for seconds, wanted in tries:
        now += timedelta(seconds=seconds)
        waits = programs.allowance_at(session, program, now=now)
        taken = programs.take_allowance(session, program.id, wanted, now=now)
        assert (taken > 0) == (waits is None)
        sent += [now] * taken
    for moment in sent:
        assert sum(moment <= other < moment + programs.WINDOW for other in sent) <= 10


def test_a_clock_that_was_ahead_holds_nobody_longer_than_the_window(session: Session) -> None:
    """F-11, M-17: set back by a day, what was sent before counts as sent now, and no later."""
    program = limited(session, 10)
    for minutes in (0, 1):
        taken = programs.take_allowance(session, program.id, 4, now=NOW + timedelta(days=1, minutes=minutes))
        assert taken == 4
    programs.begin_anew(session, now=NOW)
    assert programs.take_allowance(session, program.id, 99, now=NOW) == 2
    assert programs.take_allowance(session, program.id, 99, now=NOW + timedelta(minutes=61)) == 10


def test_what_is_given_back_is_given_back_to_its_own_minute(session: Session) -> None:
    """M-17: or the next window would let more through than the limit."""
    program = limited(session, 10)
    assert programs.take_allowance(session, program.id, 10, now=NOW) == 10
    programs.return_allowance(session, program.id, 10, now=NOW)
    for minutes in (5, 67):
        at = NOW + timedelta(minutes=minutes)
        assert programs.take_allowance(session, program.id, 99, now=at) == 10
    programs.return_allowance(session, program.id, 99, now=NOW + timedelta(minutes=67))
    assert programs.take_allowance(session, program.id, 99, now=NOW + timedelta(minutes=67)) == 10


def test_a_program_without_a_limit_counts_nothing(session: Session) -> None:
    program = factories.program(session, "Free")
    assert programs.take_allowance(session, program.id, 10**6, now=NOW) == 10**6
    programs.return_allowance(session, program.id, 5, now=NOW)
    assert programs.allowance_at(session, program, now=NOW) is None
    assert session.scalars(select(ProgramMinute)).all() == []


@pytest.mark.parametrize("limit", [0, -1, 1_000_001])
def test_a_limit_that_is_none_is_refused(session: Session, limit: int) -> None:
    with pytest.raises(DomainError) as caught:
        limited(session, limit)
    assert caught.value.refusal is Refusal.RATE_OUT_OF_RANGE
