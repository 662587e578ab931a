"""The brand's terms for messages: versions in several languages, and who accepted which of them when."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.domain import checks
from service.domain.errors import DomainError
from service.facts.limits import TERMS_BYTES
from service.facts.refusals import Refusal
from service.i18n.locales import LOCALES
from service.models import MessagingTerms, TermsAcceptance, User


def publish(
    session: Session, texts: Mapping[str, str], *, based_on: int, actor: User, now: datetime
) -> MessagingTerms | None:
    """Store a new version, Markdown by locale, and return the one that holds now; the same texts are none.

    A version without any text ends the terms: nothing is asked any more. `based_on` is the id of the version
    that the author saw, 0 for none. Raises DomainError: LOCALE_UNKNOWN, TERMS_TOO_LONG, TEXT_UNPRINTABLE,
    EDITED_MEANWHILE.
    """
    latest = find_latest(session)
    if based_on != (latest.id if latest else 0):
        raise DomainError(Refusal.EDITED_MEANWHILE)
    kept = {}
    for code, text in texts.items():
        checks.locale(code, field=f"text_{code}")
        if len(text.encode("utf-8", "surrogatepass")) > TERMS_BYTES:
            raise DomainError(Refusal.TERMS_TOO_LONG, field=f"text_{code}", num=TERMS_BYTES // 1024)
        written = checks.paragraphs(text, field=f"text_{code}")
        if written:
            kept[code] = written
    if kept == (latest.texts if latest else {}):
        return find_current(session)
    made = MessagingTerms(texts=kept, author_id=actor.id, created_at=now)
    session.add(made)
    session.flush()
    return made if kept else None


def accept(
    session: Session,
    terms_id: int,
    *,
    user: User | None = None,
    partner_id: int | None = None,
    now: datetime,
) -> None:
    """Note that a user, or a partner, accepts the version they were shown; twice is once.

    Raises DomainError(TERMS_NOT_ACCEPTED) where that is not the version that holds.
    """
    current = find_current(session)
    if current is None or current.id != terms_id:
        raise DomainError(Refusal.TERMS_NOT_ACCEPTED, field="accept")
    if accepted_at(session, current, user=user, partner_id=partner_id) is not None:
        return
    user_id = user.id if user is not None else None
    try:
        with session.begin_nested():
            session.add(
                TermsAcceptance(terms_id=current.id, user_id=user_id, partner_id=partner_id, accepted_at=now)
            )
    except IntegrityError:
        return  # accepted in another window at this very moment


def require_accepted(session: Session, user: User | None = None, *, partner_id: int | None = None) -> None:
    """Raise DomainError(TERMS_NOT_ACCEPTED) where terms hold that this user, or partner, has not accepted."""
    if find_unaccepted(session, user, partner_id=partner_id) is not None:
        raise DomainError(Refusal.TERMS_NOT_ACCEPTED, field="accept")


# Queries


def find_latest(session: Session) -> MessagingTerms | None:
    """Return the latest version, also one that ended the terms."""
    return session.scalars(select(MessagingTerms).order_by(MessagingTerms.id.desc()).limit(1)).first()


def find_current(session: Session) -> MessagingTerms | None:
    """Return the version that holds, None where nothing is to be accepted."""
    latest = find_latest(session)
    return latest if latest is not None and latest.texts else None


def find_unaccepted(
    session: Session, user: User | None = None, *, partner_id: int | None = None
) -> MessagingTerms | None:
    """Return the version that this user, or partner, still has to accept, or None."""
    current = find_current(session)
    if current is None or accepted_at(session, current, user=user, partner_id=partner_id) is not None:
        return None
    return current


def find_version(session: Session, terms_id: int) -> MessagingTerms:
    """Return a version; raise DomainError(NOT_FOUND)."""
    found = session.get(MessagingTerms, terms_id)
    if found is None:
        raise DomainError(Refusal.NOT_FOUND)
    return found


def accepted_at(
    session: Session, terms: MessagingTerms, *, user: User | None = None, partner_id: int | None = None
) -> datetime | None:
    """Return when a user, or a partner, accepted a version."""
    query = select(TermsAcceptance.accepted_at).where(TermsAcceptance.terms_id == terms.id)
    if user is not None:
        return session.scalar(query.where(TermsAcceptance.user_id == user.id))
    return session.scalar(query.where(TermsAcceptance.partner_id == partner_id))


def text_in(terms: MessagingTerms, locale: str) -> tuple[str, str]:
    """Return the language and the text to show to a reader of a language: theirs, or the first there is."""
    for code in (locale, *LOCALES):
        if code in terms.texts:
            return code, terms.texts[code]
    return locale, ""


def list_versions(session: Session, *, limit: int = 50) -> Sequence[tuple[MessagingTerms, str, int]]:
    """Return the latest versions first, each with its author's name and how many accepted it."""
    accepted = (
        select(TermsAcceptance.terms_id, func.count().label("number"))
        .group_by(TermsAcceptance.terms_id)
        .subquery()
    )
    query = (
        select(MessagingTerms, User.name, func.coalesce(accepted.c.number, 0))
        .outerjoin(User, User.id == MessagingTerms.author_id)
        .outerjoin(accepted, accepted.c.terms_id == MessagingTerms.id)
        .order_by(MessagingTerms.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1] or "", row[2]) for row in session.execute(query)]
