"""The demo: programs, users, people, groups, ads and conversations, made only where there is nothing yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain import accounts, ads, groups, messages, partners, programs, prospects, threads
from service.domain.demo_people import people
from service.domain.demo_talks import TALKS, Mark, Talk
from service.facts.permissions import BuiltInRole
from service.facts.sources import PartnerKind, Source
from service.facts.stages import StageEvent
from service.models import Partner, Program, Thread, User

ADMINISTRATOR = "admin@prospectus.example"


@dataclass(frozen=True, slots=True)
class _Colleague:
    email: str
    name: str
    role: BuiltInRole
    locale: str
    zone: str


_COLLEAGUES = (
    _Colleague(ADMINISTRATOR, "Alex Morgan", BuiltInRole.ADMINISTRATOR, "en", "Europe/London"),
    _Colleague("sato@prospectus.example", "佐藤 葵", BuiltInRole.COMMUNITY_MANAGER, "ja", "Asia/Tokyo"),
    _Colleague("lin@prospectus.example", "林晓", BuiltInRole.ANALYST, "zh", "Asia/Shanghai"),
    _Colleague("moreau@prospectus.example", "Léa Moreau", BuiltInRole.TRANSLATOR, "fr", "Europe/Paris"),
)
# name, time zone, default language; groups; ads
_PROGRAMS = (
    (
        "Maison Aurore",
        "Europe/Paris",
        "en",
        ("Lancement d’automne", "Tokyo pop-up", "华东重点", "Newsletter partners"),
        (("Autumn collection", "autumn"), ("Free delivery week", "delivery")),
    ),
    (
        "Kumo Outdoor",
        "Asia/Tokyo",
        "ja",
        ("キャンプ特集", "Trail creators"),
        (("春の新作テント", "tents"),),
    ),
)


def fill(session: Session, *, now: datetime) -> bool:
    """Fill an empty installation with the demo; return whether it was empty."""
    if session.scalar(select(Program.id).limit(1)) is not None:
        return False
    accounts.ensure_roles(session)
    made = [_program(session, *facts, now=now) for facts in _PROGRAMS]
    users = [_user(session, colleague, made, now=now) for colleague in _COLLEAGUES]
    for user in users:
        accounts.work_in(session, user.id, made[0].id)
    known = _partners(session, now=now)
    _prospects(session, made[0], known[::2], users[0], now=now)
    _prospects(session, made[1], known[1::3], users[0], now=now)
    _talks(session, made, known, users, now=now)
    return True


def _program(  # noqa: PLR0917 (the five facts of one row of the table above)
    session: Session,
    name: str,
    zone: str,
    locale: str,
    group_names: tuple[str, ...],
    ad_rows: tuple[tuple[str, str], ...],
    *,
    now: datetime,
) -> Program:
    program = programs.add(session, name=name, default_locale=locale, time_zone=zone, now=now)
    for group_name in group_names:
        groups.create(session, program.id, name=group_name, now=now)
    for ad_name, slug in ad_rows:
        ads.add(session, program.id, name=ad_name, link_url=f"https://shop.example/{slug}", image_url=None)
    return program


def _user(session: Session, colleague: _Colleague, made: list[Program], *, now: datetime) -> User:
    return accounts.add_user(
        session,
        email=colleague.email,
        name=colleague.name,
        role=accounts.built_in_role(session, colleague.role),
        locale=colleague.locale,
        time_zone=colleague.zone,
        programs=made,
        all_programs=colleague.role is BuiltInRole.ADMINISTRATOR,
        now=now,
    )


def _partners(session: Session, *, now: datetime) -> list[Partner]:
    return [
        partners.add(
            session,
            partners.Profile(
                name=person.name,
                email=person.email,
                kind=PartnerKind(person.kind),
                mpid=person.mpid,
                first_name=person.first_name,
                last_name=person.last_name,
                locale=person.locale,
                time_zone=person.zone,
                country=person.country,
                business_model=person.model,
                media_properties=(person.site,),
                messaging_enabled=person.mpid is not None,
            ),
            now=now - timedelta(days=40),
        )
        for person in people()
    ]


def _prospects(
    session: Session, program: Program, chosen: list[Partner], actor: User, *, now: datetime
) -> None:
    sets = groups.list_of(session, program.id)
    for number, partner in enumerate(chosen):
        marked = now - timedelta(days=30 - number % 25, hours=number)
        source = Source.MARKETPLACE if partner.mpid else Source.MANUAL
        prospect = prospects.mark(session, program.id, partner, source=source, now=marked, actor_id=actor.id)
        _history(session, prospect.id, number, marked)
        if number % 3 != 2:
            group = groups.find(session, program.id, sets[number % len(sets)].id)
            groups.add_members(session, group, [partner.id])


def _history(session: Session, prospect_id: int, number: int, marked: datetime) -> None:
    # Every third prospect has been written to; some of these answered, joined or declined.
    if number % 3:
        return
    events = [StageEvent.EMAIL_ACCEPTED]
    events += {0: [], 3: [StageEvent.ANSWERED], 6: [StageEvent.JOINED], 9: [StageEvent.DECLINED]}[number % 12]
    for step, event in enumerate(events, start=1):
        prospects.record(session, prospect_id, event, now=marked + timedelta(hours=5 * step))


@dataclass(frozen=True, slots=True)
class _Opened:
    """A conversation that is being made, and the colleague who writes in it."""

    talk: Talk
    thread: Thread
    author: User


def _talks(
    session: Session, made: list[Program], known: list[Partner], users: list[User], *, now: datetime
) -> None:
    opened = [_open(session, talk, made, known, users, now=now) for talk in TALKS]
    # As it would have happened: what is newest has the highest number, in lists of messages and of notices.
    said = [(line.hours, number, one) for one in opened for number, line in enumerate(one.talk.said)]
    for _, number, one in sorted(said, key=lambda row: -row[0]):
        _say(session, one, number, now=now)
    for one in opened:
        _mark(session, one, users[0], now=now)


def _open(
    session: Session,
    talk: Talk,
    made: list[Program],
    known: list[Partner],
    users: list[User],
    *,
    now: datetime,
) -> _Opened:
    program_id = next(one.id for one in made if one.name == talk.program)
    partner = next(one for one in known if one.name == talk.name)
    # A colleague writes in their own language, all others are the administrator's.
    author = next((one for one in users[1:2] if one.locale == partner.locale), users[0])
    first = now - timedelta(hours=talk.said[0].hours)
    return _Opened(talk, threads.open_with(session, program_id, partner.id, now=first), author)


def _say(session: Session, one: _Opened, number: int, *, now: datetime) -> None:
    said = one.talk.said[number]
    moment, form = now - timedelta(hours=said.hours), f"demo-{number}"
    if said.is_answer:
        messages.mark_read_by_partner(session, one.thread, now=moment)
        messages.answer(session, one.thread.id, body=said.text, form_key=form, now=moment)
    else:
        threads.mark_read(session, one.thread, now=moment)
        messages.send(session, one.thread.id, actor=one.author, body=said.text, form_key=form, now=moment)


def _mark(session: Session, one: _Opened, drafter: User, *, now: datetime) -> None:
    marks, thread = one.talk.marks, one.thread
    last = now - timedelta(hours=one.talk.said[-1].hours / 2)
    if Mark.UNREAD not in marks:
        threads.mark_read(session, thread, now=last)
    threads.set_priority(session, thread, priority=Mark.PRIORITY in marks)
    if Mark.ASSIGNED in marks:
        threads.assign(session, thread, one.author.id)
    if Mark.ARCHIVED in marks:
        threads.archive(session, thread, now=last)
    if one.talk.draft:
        form = f"demo-draft-{thread.id}"
        messages.keep_draft(session, thread, actor=drafter, body=one.talk.draft, form_key=form, now=last)
