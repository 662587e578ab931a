"""From settings to services: the one place where the parts are chosen and put together."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from service import dkim_key, paths
from service.adapters.account_post import AccountPost
from service.adapters.attachment_files import AttachmentFiles
from service.adapters.capture import CapturedOutbox
from service.adapters.clamd import Clamd
from service.adapters.dns import DnsLookup
from service.adapters.erasure_log import ErasureLog
from service.adapters.file_judge import FileJudge
from service.adapters.smtp import Relay, SmtpMailer
from service.adapters.smtp_connection import Timeouts
from service.config import Settings, SettingsRefused
from service.db import Database
from service.domain.attachment_store import AttachmentStore
from service.domain.erased import ADDRESS_MARKS
from service.domain.erasure import Erased
from service.domain.jobs import Jobs
from service.domain.letters import Composer
from service.domain.outbox import Mailer
from service.domain.scanning import Scanner
from service.domain.signing import AddressMarks, Signer
from service.domain.vault import Vault
from service.i18n.catalogs import Catalogs
from service.mail.dkim import DkimSigner
from service.mail.published import Lookup
from service.mail.servers import MailServer, Reach
from service.mail.verp import MOST_BASE, ReplyAddresses, ReturnPath

log = logging.getLogger(__name__)
# Users name their servers themselves: none of them may hold a worker for minutes.
ACCOUNT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Services:
    """What the entrances work with; made once a process and shared by its threads."""

    settings: Settings
    db: Database
    catalogs: Catalogs
    mailer: Mailer
    jobs: Jobs
    signer: Signer
    composer: Composer
    return_path: ReturnPath
    replies: ReplyAddresses
    vault: Vault
    account_post: AccountPost
    erasure_log: ErasureLog
    file_judge: FileJudge
    attachments: AttachmentStore
    scanner: Scanner | None

    # Each call begins a new span of time for the questions that follow.
    dns: Callable[[], Lookup] = DnsLookup

    @property
    def captured(self) -> CapturedOutbox | None:
        """The local outbox, where mails are captured."""
        return self.mailer if isinstance(self.mailer, CapturedOutbox) else None

    def clear_outside(self, done: Erased) -> None:
        """Remove what an erasure left to be removed outside of what it committed."""
        self.db.fold_log()
        for file_id in done.file_ids:
            self.attachments.delete(file_id)
        if self.captured is not None:
            self.captured.forget(done.addresses, done.names)

    def mailer_for(self, server: MailServer) -> Mailer:
        """Return what takes mail for a user's own server; where mails are captured, nothing leaves for it."""
        return self.mailer if self.settings.captures_mail else self.account_post.mailer(server)


def build(settings: Settings, *, jobs: bool = True) -> Services:
    """Put an installation together. Without `jobs` the job engine is not loaded: work waits for a sweep.

    Raises SettingsRefused for settings that only their use can judge.
    """
    catalogs = Catalogs(paths.data_dir("locales"), settings.data / "catalogs")
    for problem in catalogs.problems():
        log.error("catalog: %s", problem)
    keys = (settings.secret(), *settings.secret_keys_old)
    signer = Signer(*keys)
    replies = _replies(settings, keys)
    try:
        composer = Composer(
            catalogs,
            signer,
            base_url=settings.base_url,
            mail_from=settings.mail_from,
            https=settings.https,
            dkim=_dkim(settings),
            replies=replies,
        )
    except ValueError as error:
        raise SettingsRefused(
            (f"MAIL_FROM must be one email address, not {settings.mail_from!r}",)
        ) from error
    return Services(
        settings=settings,
        db=Database(settings.database, {ADDRESS_MARKS: AddressMarks(*keys)}),
        catalogs=catalogs,
        mailer=_mailer(settings),
        jobs=_jobs(settings, engine=jobs),
        signer=signer,
        composer=composer,
        return_path=_return_path(settings, keys),
        replies=replies,
        vault=Vault(*settings.vault_keys()),
        erasure_log=ErasureLog(settings.data / "erasures.jsonl"),
        account_post=AccountPost(
            Reach(settings.mail_account_networks),
            helo=_helo(settings),
            timeouts=_timeouts(min(settings.mail_timeout or ACCOUNT_SECONDS, ACCOUNT_SECONDS)),
        ),
        file_judge=FileJudge(),
        attachments=AttachmentFiles(settings.data / "attachments"),
        scanner=_scanner(settings),
    )


def _scanner(settings: Settings) -> Scanner | None:
    if not settings.scanner_url:
        return None
    try:
        return Clamd.from_url(settings.scanner_url, seconds=settings.scanner_timeout)
    except ValueError as error:
        raise SettingsRefused((f"SCANNER_URL {error}",)) from error


def _return_path(settings: Settings, keys: tuple[str, ...]) -> ReturnPath:
    try:
        return ReturnPath(settings.mail_from, settings.mail_bounce, *keys)
    except ValueError as error:
        raise _mailbox_refused("MAIL_BOUNCE", "bounces@example.com", settings.mail_bounce) from error


def _replies(settings: Settings, keys: tuple[str, ...]) -> ReplyAddresses:
    # Where nothing else is said, answers come in with the bounces.
    named = ("MAIL_REPLIES", "replies@example.com", settings.mail_replies)
    if not settings.mail_replies:
        named = ("MAIL_BOUNCE", "bounces@example.com", settings.mail_bounce)
    try:
        return ReplyAddresses(named[2], *keys)
    except ValueError as error:
        raise _mailbox_refused(*named) from error


def _mailbox_refused(name: str, example: str, given: str) -> SettingsRefused:
    return SettingsRefused(
        (
            f"{name} must be one email address such as {example}, with at most "
            f"{MOST_BASE} characters before the @ and no + among them, not {given!r}",
        )
    )


def _dkim(settings: Settings) -> DkimSigner | None:
    """Load the key that signs mails, once."""
    if settings.dkim_key is None:
        return None
    try:
        key = dkim_key.read(settings.dkim_key.read_bytes())
    except (OSError, dkim_key.KeyRefused) as error:
        raise SettingsRefused((f"DKIM_KEY {settings.dkim_key} {error}",)) from error
    if key.is_weak:
        log.warning("DKIM_KEY: an RSA key of %d bits or more is advised", dkim_key.ADVISED_BITS)
    return DkimSigner(key, domain=settings.dkim_domain, selector=settings.dkim_selector)


def _mailer(settings: Settings) -> Mailer:
    if settings.captures_mail:
        return CapturedOutbox(settings.data / "outbox.db")
    try:
        relay = Relay.from_url(settings.mail_url)
    except ValueError as error:
        raise SettingsRefused((str(error),)) from error
    return SmtpMailer(relay, helo=_helo(settings), timeouts=_timeouts(settings.mail_timeout))


def _helo(settings: Settings) -> str:
    return urlsplit(settings.base_url).hostname or "localhost"


def _timeouts(most: int) -> Timeouts:
    usual = Timeouts()
    return Timeouts(**{name: min(seconds, most or seconds) for name, seconds in asdict(usual).items()})


def _jobs(settings: Settings, *, engine: bool) -> Jobs:
    # Deferred: the job engine takes half a second to import, and most commands do without it.
    if engine:
        from service.adapters.jobs import EngineJobs

        return EngineJobs(settings.database)
    from service.adapters.ledger_only import LedgerOnly

    return LedgerOnly()
