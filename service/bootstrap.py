"""From settings to services: the one place where the parts are chosen and put together."""

import logging
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from service import paths
from service.adapters.capture import CapturedOutbox
from service.adapters.smtp import Relay, SmtpMailer, Timeouts
from service.config import Settings, SettingsRefused
from service.db import Database
from service.domain.jobs import Jobs
from service.domain.letters import Composer
from service.domain.outbox import Mailer
from service.domain.signing import Signer
from service.i18n.catalogs import Catalogs

log = logging.getLogger(__name__)


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


def build(settings: Settings, *, jobs: bool = True) -> Services:
    """Put an installation together. Without `jobs` the job engine is not loaded: work waits for a sweep.

    Raises SettingsRefused for settings that only their use can judge.
    """
    catalogs = Catalogs(paths.data_dir("locales"), settings.data / "catalogs")
    for problem in catalogs.problems():
        log.error("catalog: %s", problem)
    signer = Signer(settings.secret(), *settings.secret_keys_old)
    try:
        composer = Composer(
            catalogs, signer, base_url=settings.base_url, mail_from=settings.mail_from, https=settings.https
        )
    except ValueError as error:
        raise SettingsRefused(
            (f"MAIL_FROM must be one email address, not {settings.mail_from!r}",)
        ) from error
    return Services(
        settings=settings,
        db=Database(settings.database),
        catalogs=catalogs,
        mailer=_mailer(settings),
        jobs=_jobs(settings, engine=jobs),
        signer=signer,
        composer=composer,
    )


def _mailer(settings: Settings) -> Mailer:
    if settings.captures_mail:
        return CapturedOutbox(settings.data / "outbox.db")
    try:
        relay = Relay.from_url(settings.mail_url)
    except ValueError as error:
        raise SettingsRefused((str(error),)) from error
    helo = urlsplit(settings.base_url).hostname or "localhost"
    return SmtpMailer(relay, helo=helo, timeouts=_timeouts(settings.mail_timeout))


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
