"""`prospectus db`: bring the database up to date, seal its secrets, hold back mails after a restore."""

import sys
from datetime import UTC, datetime
from functools import partial

import click

from service.adapters.jobs import migrate_engine
from service.bootstrap import Services
from service.cli.installation import installation_here, services_here, settings_here
from service.cli.person import erase_everywhere, erase_user_everywhere
from service.cli.words import REFUSED, WORDS, say
from service.config import Settings
from service.db import Database
from service.domain import erasure, fence, mail_accounts, message_search, second_factor, user_erasure
from service.domain.errors import DomainError
from service.domain.vault import Vault
from service.facts.words import N_, NN_
from service.migrations import environment
from service.models import Partner, User

BATCH = 500
ERASED_AGAIN = NN_(
    "%(num)s person who had been erased is erased again.",
    "%(num)s people who had been erased are erased again.",
)


@click.group("db", help=WORDS.say(N_("Prepare the database.")))
def group() -> None:
    """Hold the commands together."""


@group.command("upgrade", help=WORDS.say(N_("Create the tables or bring them up to date.")))
def upgrade() -> None:
    """Migrate what is there."""
    settings = settings_here()
    bring_up_to_date(settings, services_here(settings).db)
    say(N_("The database is up to date."))


@group.command("rotate-secrets", help=WORDS.say(N_("Seal all stored secrets with the current VAULT_KEY.")))
def rotate_secrets() -> None:
    """Leave nothing that needs an earlier key; running it twice does no harm."""
    services = installation_here()
    sealed, unreadable = seal_all(services.db, services.vault)
    say(NN_("%(num)s secret has been sealed again.", "%(num)s secrets have been sealed again."), num=sealed)
    if unreadable:
        # Which ones and why is in the log; the others are done.
        say(
            NN_(
                "%(num)s secret cannot be read with these keys. Add the earlier key to VAULT_KEY_OLD.",
                "%(num)s secrets cannot be read with these keys. Add the earlier key to VAULT_KEY_OLD.",
            ),
            num=unreadable,
        )
        sys.exit(REFUSED)


@group.command("reindex", help=WORDS.say(N_("Make the index that messages are searched by anew.")))
def reindex() -> None:
    """Index all messages, some at a time, while the service runs."""
    services = installation_here()
    after: int | None = 0
    while after is not None:
        with services.db.transaction() as session:
            after = message_search.reindex(session, after=after, limit=BATCH)
    say(N_("The index of the messages has been made anew."))


@group.command(
    "restored", help=WORDS.say(N_("After a restore: hold back what may have been sent since the backup."))
)
@click.option(
    "--nothing-was-sent",
    is_flag=True,
    help=WORDS.say(N_("Send what is held back: nothing was sent since the backup.")),
)
def restored(*, nothing_was_sent: bool) -> None:
    """Hold back, or let go of what was held back."""
    services = installation_here()
    now = datetime.now(UTC)
    with services.db.transaction() as session:
        if nothing_was_sent:
            count = fence.let_go(session, now=now)
            say(N_("Emails that wait to be sent again: %(count)s"), count=count)
            return
        # First, for it ends what the backup was sending: nobody with a mail on its way can be erased.
        fence.hold_back(session, now=now)
    refused = _erase_again(services, now=now)
    with services.db.reading() as session:
        say(N_("Emails held back until you decide: %(count)s"), count=fence.count_held_back(session))
        say(N_("They are listed as unknown in their campaigns."))
    if refused:
        sys.exit(REFUSED)


def _erase_again(services: Services, *, now: datetime) -> int:
    """Erase who is back from the backup, and say who cannot be erased yet and why; return how many."""
    erasures = services.erasure_log.read()
    with services.db.reading() as session:
        partners = [session.get_one(Partner, one) for one in erasure.partners_back(session, erasures)]
        users = [session.get_one(User, one) for one in user_erasure.users_back(session, erasures)]
        back = [(partner.email, partial(erase_everywhere, services, partner.id)) for partner in partners]
        again = partial(erase_user_everywhere, services, the_last_too=True)
        back += [(user.email, partial(again, user.id)) for user in users]
    refused = 0
    for address, erase in back:
        try:
            erase(now=now)
        except DomainError as error:
            refused += 1
            click.echo(f"{address}: {WORDS.say(error.refusal.phrase, **error.values)}", err=True)
    if len(back) > refused:
        say(ERASED_AGAIN, num=len(back) - refused)
    return refused


def bring_up_to_date(settings: Settings, db: Database) -> None:
    """Migrate our tables, seal what still stands in clear, then migrate the job engine's tables."""
    settings.data.mkdir(parents=True, exist_ok=True)
    environment.upgrade(db.engine)
    seal_all(db, Vault(*settings.vault_keys()))
    migrate_engine(settings.database)


def seal_all(db: Database, vault: Vault) -> tuple[int, int]:
    """Seal every secret with the current key; return how many were, and how many cannot be read."""
    sealed = unreadable = 0
    for noun in (second_factor, mail_accounts):
        seen: int | None = 0
        while seen is not None:
            with db.transaction() as session:
                seen, more, refused = noun.reseal(session, vault, after=seen, limit=BATCH)
            sealed, unreadable = sealed + more, unreadable + refused
    if sealed:
        db.fold_log()
    return sealed, unreadable
