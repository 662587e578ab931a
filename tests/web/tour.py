"""Every page of the application on the demo's data: what walks in another language walk here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from service.adapters.capture import CapturedOutbox
from service.bootstrap import Services
from service.domain import (
    accounts,
    campaigns,
    demo,
    mail_accounts,
    messages,
    sessions,
    suppression,
    terms,
    threads,
    user_invitations,
)
from service.domain.campaign_checks import LeaveOut
from service.domain.campaigns import Writing
from service.domain.credentials import reset_link
from service.domain.letters import CONVERSATION, JOIN, UNSUBSCRIBE
from service.domain.mail_accounts import Access
from service.domain.selections import Selected
from service.domain.suppression import SuppressionReason
from service.facts.left_out import LeftOut
from service.facts.messages import Channel, ScanState, Side
from service.facts.states import DeliveryState
from service.mail.addresses import Mailbox, parse
from service.mail.mime import Letter, serialize
from service.mail.servers import Reach
from service.models import (
    Ad,
    Attachment,
    Campaign,
    Delivery,
    Group,
    Import,
    Message,
    MessagingTerms,
    Partner,
    Program,
    Prospect,
    Suppression,
    Thread,
    User,
)
from service.web.routes import Audience, declaration_of
from tests.web.browser import COOKIE, Browser, Clock
from tests.web.import_office import FILE, Office

PARTNERS_PAGES = (
    *("conversation.show", "conversation.show_terms"),
    *(f"conversation_files.{name}" for name in ("index", "download", "picture", "table")),
)
# The file that is attached, and what stands in it.
CELLS = frozenset({"見積り書.csv", "名前", "金額", "葉山", "=1+1"})
STATES = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.SUPPRESSED)


@dataclass(frozen=True, slots=True)
class World:
    """What the demo's data do not have yet, made: ids and tokens by the name of a rule's value."""

    values: dict[str, int]
    drafted: int
    tokens: dict[str, str]
    names: frozenset[str]
    """What people called themselves, their programs, groups, ads, files and emails."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A page as somebody sees it."""

    endpoint: str
    path: str
    reader: str
    answer: TestResponse


def administrator(app: Flask, parts: Services, clock: Clock) -> Browser:
    """A browser in which the demo's administrator is signed in, on the demo's data."""
    with parts.db.transaction() as session:
        demo.fill(session, now=clock.now)
        user = session.scalars(select(User).where(User.email == demo.ADMINISTRATOR)).one()
        secret = sessions.open_session(session, user, now=clock.now)[1]
    opened = Browser(app.test_client())
    opened.client.set_cookie(COOKIE, secret)
    return opened


def make(parts: Services, clock: Clock, browser: Browser) -> World:
    """Fill an installation so that there is one of everything; the administrator's browser is needed."""
    office = Office(browser, parts, clock)
    imported = office.upload_and_work(FILE)
    with parts.db.transaction() as session:
        # The one that the administrator works in.
        program = session.scalars(select(Program).order_by(Program.name)).first()
        user = session.scalars(select(User).where(User.email == demo.ADMINISTRATOR)).one()
        assert program is not None
        sent, drafted = (_campaign(session, program, user, number, clock.now) for number in range(2))
        campaigns.launch(
            session, parts.jobs, parts.composer, sent, leave_out=LeaveOut(missing=True), now=clock.now
        )
        rows = session.scalars(select(Delivery).where(Delivery.campaign_id == sent.id)).all()
        for row, state in zip(rows, STATES, strict=False):
            row.state = state.value
        reach = Reach((), {587: "start"})
        access = Access("smtp.corp.example", 587, "alex", "a password")
        account = mail_accounts.connect(
            session, parts.vault, user, "alex@corp.example", access, reach=reach, now=clock.now
        )
        suppression.suppress(
            session, program.id, "no@x.example", reason=SuppressionReason.MANUAL, now=clock.now
        )
        session.flush()
        terms.publish(
            session, {"en": "# Rules\n\nBe kind.", "ja": "親切に。"}, based_on=0, actor=user, now=clock.now
        )
        thread = _conversation(session, program, user, clock.now)
        said = _message(session, thread, user, clock.now)
        file = _file(session, parts, said, clock.now)
        values = {
            "campaign_id": sent.id,
            "delivery_id": rows[0].id,
            "prospect_id": rows[0].prospect_id or 1,
            "import_id": int(imported.rpartition("/")[2]),
            "account_id": account.id,
            "group_id": session.scalars(select(Group.id).where(Group.program_id == program.id)).first() or 0,
            "ad_id": session.scalars(select(Ad.id).where(Ad.program_id == program.id)).first() or 0,
            "message_id": said.id,
            "file_id": file.id,
            "entry_id": session.scalars(select(Suppression.id)).first() or 0,
            "terms_id": session.scalars(select(MessagingTerms.id)).one(),
            "thread_id": thread.id,
        }
        invited = user_invitations.invite(
            session, parts.jobs, parts.signer, email="ren@x.example", name="Ren", role=user.role, locale="en",
            programs=[program], all_programs=False, base_url="http://x.example", actor=user, now=clock.now,
        )  # fmt: skip
        link: dict[str, Any] = {"base_url": "http://x.example", "now": clock.now}
        talk = parts.signer.sign(CONVERSATION, [thread.id, thread.link_version])
        tokens = {
            "join.show": parts.signer.sign(JOIN, values["prospect_id"]),
            **dict.fromkeys(PARTNERS_PAGES, talk),
            "unsubscribe.show": parts.signer.sign(UNSUBSCRIBE, rows[0].id),
            "auth.sign_in_link": accounts.sign_in_link(session, parts.signer, user, **link).rpartition("/")[
                2
            ],
            "auth.invitation": user_invitations.link(
                parts.signer, invited, base_url=link["base_url"]
            ).rpartition("/")[2],
            "auth.reset": reset_link(parts.signer, user, **link).rpartition("/")[2],
        }
        names = names_of(session) | CELLS
        made = World({**values, "mail_id": 1}, drafted.id, tokens, names)
    _capture(parts)
    return made


def _conversation(session: Session, program: Program, user: User, now: datetime) -> Thread:
    """A conversation with something of every kind in it."""
    prospect = session.scalars(
        select(Prospect).where(Prospect.program_id == program.id).order_by(Prospect.id)
    ).first()
    assert prospect is not None
    prospect.partner.messaging_enabled = True
    terms_now = terms.find_current(session)
    assert terms_now is not None
    terms.accept(session, terms_now.id, user=user, now=now)
    thread = threads.open_with(session, program.id, prospect.partner_id, now=now)
    messages.send(session, thread.id, actor=user, body="Hello {firstName}", form_key="a", now=now)
    left_out = [LeftOut("春のご案内", "NAME_NO_EXTENSION", {"name": "Alex", "extensions": (".csv",)})]
    messages.answer(
        session,
        thread.id,
        body="はい",
        form_key="b",
        channel=Channel.EMAIL,
        left_out=left_out,
        uncounted=1,
        now=now,
    )
    gone = messages.answer(session, thread.id, body="gone", form_key="c", now=now)
    messages.withdraw(session, thread, gone.id, actor=None, now=now)
    messages.answer(session, thread.id, body="Hello {firstName}", form_key="d", now=now)
    return thread


def names_of(session: Session) -> frozenset[str]:
    """What people wrote of themselves and their things."""
    columns = (Partner.name, Program.name, Group.name, User.name, Ad.name, Import.file_name)
    found = {" ".join(name.split()) for column in columns for name in session.scalars(select(column))}
    return (
        frozenset(found)
        | {"Hello {firstName}", "はい", "Rules", "Be kind", "Be kind.", "親切に。"}
        | {"Alex", "alex", "Join Kumo Outdoor", "春のご案内"}
    )


def _campaign(session: Session, program: Program, user: User, number: int, now: datetime) -> Campaign:
    prospects = session.scalars(
        select(Prospect.id).where(Prospect.program_id == program.id).order_by(Prospect.id).limit(len(STATES))
    )
    writing = Writing("Alex", "", "en", {"en": ("Join {programName}", "Hello {firstName|there}")})
    return campaigns.draft(
        session, program, writing, form_key=f"key {number}", selected=Selected(frozenset(prospects)),
        actor=user, now=now,
    )  # fmt: skip


def _message(session: Session, thread: Thread, user: User, now: datetime) -> Message:
    return messages.send(session, thread.id, actor=user, body="春のご案内", form_key="tour", now=now)


def _file(session: Session, parts: Services, message: Message, now: datetime) -> Attachment:
    """A clean file of a message that both sides see."""
    content = "名前,金額\r\n葉山,=1+1\r\n".encode()
    file = Attachment(
        thread_id=message.thread_id, message_id=message.id, upload_key="tour", side=Side.BRAND.value,
        user_id=message.author_id, name="見積り書.csv", kind="csv", size=len(content), digest="d",
        file_id=parts.attachments.put(content), state=ScanState.CLEAN.value, give_up_at=now, created_at=now,
    )  # fmt: skip
    session.add(file)
    session.flush()
    return file


def _capture(parts: Services) -> None:
    assert isinstance(parts.mailer, CapturedOutbox)
    letter = Letter(
        sender=Mailbox("Alex", parse("noreply@brand.example")),
        recipients=(Mailbox("", parse("hana@x.example")),),
        subject="春のご案内",
        date=datetime(2038, 1, 18, 12, tzinfo=UTC),
        message_id="<m@brand.example>",
        language="ja",
        text="本文",
        html="<p>本文</p>",
    )
    connection = parts.mailer.connect()
    connection.begin(sender="noreply@brand.example", recipient="hana@x.example", data=serialize(letter))
    connection.close()


def visits(app: Flask, world: World, code: str, browser: Browser) -> Iterator[Visit]:
    """Open every page in a language: as the administrator, and as nobody what anybody may see."""
    nobody = Browser(app.test_client())
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if "GET" not in (rule.methods or ()):
            continue
        for path in paths(app, rule, world, code):
            yield Visit(rule.endpoint, path, "administrator", browser.client.get(path))
            if declaration_of(app, rule.endpoint).needs is Audience.ANYONE:
                yield Visit(rule.endpoint, path, "anonymous", nobody.client.get(path))


def paths(app: Flask, rule: Rule, world: World, code: str) -> Iterator[str]:
    adapter = app.url_map.bind("localhost")
    names = sorted(rule.arguments)
    for values in product(*(_values(rule, name, world, code) for name in names)):
        yield adapter.build(rule.endpoint, dict(zip(names, values, strict=True)), method="GET")


def _values(rule: Rule, name: str, world: World, code: str) -> Iterable[object]:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)
    if name == "campaign_id" and rule.endpoint in {"compose.edit", "compose.preview"}:
        return (world.drafted,)
    known: dict[str, object] = {
        "locale": code,
        "slug": "contact-a-prospect",
        "name": "prospects.webp",
        "token": world.tokens.get(rule.endpoint, "x"),
        **world.values,
    }
    return (known.get(name, 1),)
