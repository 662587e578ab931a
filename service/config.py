"""The settings of one installation, read once from the environment."""

import ipaddress
import os
import secrets
import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from service import config_urls

LOCALE_CODES = ("en", "fr", "ja", "zh")
SECRET_CHARACTERS = 32
# Days that files and rows of imports, notices that were read, and captured mails are kept.
KEEP_IMPORTS_DAYS, KEEP_NOTICES_DAYS, KEEP_OUTBOX_DAYS = 365, 180, 30
# Months that the audit trail is kept, and conversations with partners whom a program is done with.
KEEP_AUDIT_MONTHS, KEEP_CONVERSATIONS_MONTHS = 24, 0
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsRefused(Exception):
    """The environment does not make a usable installation; `problems` lists every reason."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator decides; every field has a default that works on one machine.

    `mail_url` is `capture:` (keep mails in the local outbox) or `smtp://user:password@host:port`,
    `smtps://…` for TLS from the first byte; `?tls=none` allows an unencrypted relay. `base_url` is an origin:
    scheme, lower-case host in ASCII, and a port only where it is not the scheme's own. `secret_keys_old` sign
    nothing any more, and what they signed is still accepted; `vault_keys_old` likewise still open what they
    sealed. `mail_domain_connections` and `mail_domain_rate` (mails a minute, 0 for no limit) are what one
    worker asks of one recipient domain at most. `mail_bounce` is where mails that come back go, by
    subaddresses (`bounces+…@`); without it they go to `mail_from` and no report is believed. `mail_replies`
    is where partners' answers to messages go, by subaddresses as well; without it as for `mail_bounce`.
    `mail_account_networks` are private networks in which users' own mail servers may stand. `dkim_key` is the
    file of the key that signs mails from `dkim_domain` and below; without one they go out unsigned.
    `mail_timeout` is the most seconds to wait for any answer of the relay; 0 waits as long as RFC 5321 asks.
    `keep_imports_days`, `keep_notices_days`, `keep_outbox_days`, `keep_audit_months` and
    `keep_conversations_months` say how long; 0 is for ever.
    `download_url` is an https origin of another host, which serves attachments and nothing else, and which no
    cookie reaches; empty, attachments come from `base_url`.
    With `pseudo_locales` pages exist in en-XA and ar-XB too, for those who work on the words.
    With `translation_editing` translators may change the catalogs in the browser, and open pages follow them.
    `scanner_url` is where attachments are scanned, `clamd://host:port` or `clamd+unix:///path`; empty is
    nowhere, and then none is handed out. `scanner_timeout` is the most seconds for one file. With
    `scanner_local_signatures` a scanner without a dated database of signatures is good enough.
    """

    data: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = "http://127.0.0.1:8000"
    download_url: str = ""
    database_url: str = field(default="", repr=False)
    locale: str = "en"
    secret_key: str = field(default="", repr=False)
    secret_keys_old: tuple[str, ...] = field(default=(), repr=False)
    vault_key: str = field(default="", repr=False)
    vault_keys_old: tuple[str, ...] = field(default=(), repr=False)
    mail_url: str = field(default="capture:", repr=False)
    mail_from: str = "noreply@localhost.invalid"
    mail_bounce: str = ""
    mail_replies: str = ""
    dkim_key: Path | None = None
    dkim_selector: str = ""
    dkim_domain: str = ""
    trusted_proxies: int = 0
    mail_connections: int = 4
    mail_domain_connections: int = 20
    mail_domain_rate: int = 0
    mail_account_networks: tuple[IPNetwork, ...] = ()
    mail_timeout: int = 0
    keep_imports_days: int = KEEP_IMPORTS_DAYS
    keep_notices_days: int = KEEP_NOTICES_DAYS
    keep_outbox_days: int = KEEP_OUTBOX_DAYS
    keep_audit_months: int = KEEP_AUDIT_MONTHS
    keep_conversations_months: int = KEEP_CONVERSATIONS_MONTHS
    pseudo_locales: bool = False
    translation_editing: bool = False
    scanner_url: str = ""
    scanner_timeout: int = 30
    scanner_local_signatures: bool = False

    @property
    def database(self) -> str:
        """The SQLAlchemy URL: the one given, or SQLite under the data directory."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'prospectus.db'}"

    @property
    def captures_mail(self) -> bool:
        """Whether mails stay in the local outbox instead of leaving the machine."""
        return self.mail_url.startswith("capture:")

    @property
    def https(self) -> bool:
        """Whether the public address is https, which secure cookies and one-click unsubscribe need."""
        return self.base_url.startswith("https://")

    @classmethod
    def from_env(cls, env: Mapping[str, str], locales: Collection[str] = LOCALE_CODES) -> "Settings":
        """Read `DATA HOST PORT BASE_URL DOWNLOAD_URL DATABASE_URL LOCALE MAIL_URL MAIL_FROM MAIL_BOUNCE`
        `MAIL_REPLIES MAIL_CONNECTIONS MAIL_TIMEOUT MAIL_DOMAIN_CONNECTIONS MAIL_DOMAIN_RATE`
        `MAIL_ACCOUNT_NETWORKS SECRET_KEY SECRET_KEY_OLD VAULT_KEY VAULT_KEY_OLD DKIM_KEY DKIM_SELECTOR`
        `DKIM_DOMAIN TRUSTED_PROXIES KEEP_IMPORTS_DAYS KEEP_NOTICES_DAYS KEEP_OUTBOX_DAYS KEEP_AUDIT_MONTHS`
        `KEEP_CONVERSATIONS_MONTHS`
        `PSEUDO_LOCALES TRANSLATION_EDITING SCANNER_URL SCANNER_TIMEOUT SCANNER_LOCAL_SIGNATURES`.
        `locales` are the codes `LOCALE` may name.

        Raises SettingsRefused with all problems at once.
        """
        problems: list[str] = []
        port = _number(env, "PORT", 8000, low=1, high=65535, problems=problems)
        host = env.get("HOST") or "127.0.0.1"
        base_url = config_urls.base_url(env.get("BASE_URL") or f"http://{_reachable(host)}:{port}", problems)
        locale = env.get("LOCALE") or "en"
        if locale not in locales:
            problems.append(f"LOCALE must be one of {', '.join(locales)}, not {locale!r}")
        mail_url = config_urls.mail_url(env.get("MAIL_URL") or "capture:", problems)
        mail_from = env.get("MAIL_FROM") or "noreply@localhost.invalid"
        dkim_key, dkim_selector, dkim_domain = _dkim(env, _domain_of(mail_from), problems)
        settings = cls(
            data=Path(env.get("DATA") or "var"),
            host=host,
            port=port,
            base_url=base_url,
            download_url=config_urls.download_url(env.get("DOWNLOAD_URL") or "", base_url, problems),
            database_url=env.get("DATABASE_URL") or "",
            locale=locale,
            secret_key=_key(env, "SECRET_KEY", problems),
            secret_keys_old=_old_keys(env, "SECRET_KEY_OLD", problems),
            vault_key=_key(env, "VAULT_KEY", problems),
            vault_keys_old=_old_keys(env, "VAULT_KEY_OLD", problems),
            mail_url=mail_url,
            mail_bounce=env.get("MAIL_BOUNCE") or "",
            mail_replies=env.get("MAIL_REPLIES") or "",
            mail_from=mail_from,
            dkim_key=dkim_key,
            dkim_selector=dkim_selector,
            dkim_domain=dkim_domain,
            trusted_proxies=_number(env, "TRUSTED_PROXIES", 0, low=0, high=5, problems=problems),
            mail_connections=_number(env, "MAIL_CONNECTIONS", 4, low=1, high=50, problems=problems),
            mail_domain_connections=_number(
                env, "MAIL_DOMAIN_CONNECTIONS", 20, low=1, high=50, problems=problems
            ),
            mail_domain_rate=_number(env, "MAIL_DOMAIN_RATE", 0, low=0, high=100_000, problems=problems),
            mail_account_networks=_networks(env, "MAIL_ACCOUNT_NETWORKS", problems),
            mail_timeout=_number(env, "MAIL_TIMEOUT", 0, low=0, high=600, problems=problems),
            keep_imports_days=_days(env, "KEEP_IMPORTS_DAYS", KEEP_IMPORTS_DAYS, problems),
            keep_notices_days=_days(env, "KEEP_NOTICES_DAYS", KEEP_NOTICES_DAYS, problems),
            keep_outbox_days=_days(env, "KEEP_OUTBOX_DAYS", KEEP_OUTBOX_DAYS, problems),
            keep_audit_months=_months(env, "KEEP_AUDIT_MONTHS", KEEP_AUDIT_MONTHS, problems),
            keep_conversations_months=_months(
                env, "KEEP_CONVERSATIONS_MONTHS", KEEP_CONVERSATIONS_MONTHS, problems
            ),
            pseudo_locales=bool(_number(env, "PSEUDO_LOCALES", 0, low=0, high=1, problems=problems)),
            translation_editing=bool(
                _number(env, "TRANSLATION_EDITING", 0, low=0, high=1, problems=problems)
            ),
            scanner_url=config_urls.scanner_url(env.get("SCANNER_URL") or "", problems),
            scanner_timeout=_number(env, "SCANNER_TIMEOUT", 30, low=1, high=600, problems=problems),
            scanner_local_signatures=bool(
                _number(env, "SCANNER_LOCAL_SIGNATURES", 0, low=0, high=1, problems=problems)
            ),
        )
        if problems:
            raise SettingsRefused(tuple(problems))
        return settings

    def secret(self) -> str:
        """The key that signs links and sessions: the one given, or one made once under the data directory.

        Raises SettingsRefused for a file that holds no whole key.
        """
        if self.secret_key:
            return self.secret_key
        return _kept_key(self.data / "secret-key", "links already sent and sessions then end")

    def vault_keys(self) -> tuple[str, ...]:
        """The keys that seal secrets in the database, the current one first.

        Without `VAULT_KEY` it is one made once under the data directory; with it, that file still opens what
        it sealed. Raises SettingsRefused for a file that holds no whole key.
        """
        file = self.data / "vault-key"
        given = (self.vault_key,) if self.vault_key else ()
        kept = () if given and not file.exists() else (_kept_key(file, "stored passwords are then lost"),)
        return (*given, *kept, *self.vault_keys_old)


def _kept_key(file: Path, loss: str) -> str:
    if not file.exists():
        _make_secret(file)
    key = file.read_bytes().strip()
    if len(key) < SECRET_CHARACTERS or not key.isascii():
        raise SettingsRefused(
            (
                f"{file} must hold a key of at least {SECRET_CHARACTERS} characters; put the key back, "
                f"or remove the file to have a new one made ({loss})",
            )
        )
    return key.decode("ascii")


def _make_secret(file: Path) -> None:
    # The file appears whole or not at all, and of several processes that start at once one makes the key.
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as unfinished:
            unfinished.write(secrets.token_urlsafe(48))
            unfinished.flush()
            os.fsync(unfinished.fileno())
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()


def _dkim(env: Mapping[str, str], mail_domain: str, problems: list[str]) -> tuple[Path | None, str, str]:
    """Return the file of the key, its selector and its domain; without a file mails are not signed."""
    name = env.get("DKIM_KEY")
    if not name:
        return None, "", ""
    # Deferred: reading keys takes a library that an installation without one need not load.
    from service import dkim_key

    file = Path(name)
    if problem := _key_problem(file, dkim_key.read):
        problems.append(problem)
    selector = (env.get("DKIM_SELECTOR") or dkim_key.DEFAULT_SELECTOR).lower()
    if not config_urls.ASCII_HOST.fullmatch(selector) or selector.endswith("."):
        problems.append(f"DKIM_SELECTOR must be a label such as s2038, not {selector!r}")
    written = env.get("DKIM_DOMAIN") or mail_domain
    domain = config_urls.ascii_domain(written)
    if domain is None:
        problems.append(f"DKIM_DOMAIN must be a domain such as example.com, not {written!r}")
        return file, selector, written
    sender = config_urls.ascii_domain(mail_domain) or mail_domain
    if sender != domain and not sender.endswith(f".{domain}"):
        problems.append(
            f"DKIM_DOMAIN {domain} does not cover mails from {sender}, so that none would be signed"
        )
    return file, selector, domain


def _key_problem(file: Path, read: Callable[[bytes], object]) -> str | None:
    """Return what is wrong with the file of a key: not there, open to others, or no key to sign with."""
    try:
        mode = file.stat().st_mode
        content = file.read_bytes()
    except OSError as error:
        return f"DKIM_KEY {file} cannot be read: {error.strerror}"
    if mode & 0o007:
        return f"DKIM_KEY {file} is open to everybody on this machine; run chmod 600 {file}"
    try:
        read(content)
    except ValueError as refused:
        return f"DKIM_KEY {file} {refused}"
    return None


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].strip()


def _key(env: Mapping[str, str], name: str, problems: list[str]) -> str:
    key = env.get(name) or ""
    if key and len(key) < SECRET_CHARACTERS:
        problems.append(f"{name} must have at least {SECRET_CHARACTERS} characters")
    return key


def _old_keys(env: Mapping[str, str], name: str, problems: list[str]) -> tuple[str, ...]:
    keys = tuple(key for text in (env.get(name) or "").split(",") if (key := text.strip()))
    if any(len(key) < SECRET_CHARACTERS for key in keys):
        problems.append(
            f"{name} must be keys of at least {SECRET_CHARACTERS} characters with commas between them"
        )
    return keys


def _networks(env: Mapping[str, str], name: str, problems: list[str]) -> tuple[IPNetwork, ...]:
    texts = [text.strip() for text in (env.get(name) or "").split(",") if text.strip()]
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError:
        problems.append(f"{name} must be networks such as 10.1.0.0/16 with commas between them")
        return ()


def _reachable(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 (compared, not bound)
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _days(env: Mapping[str, str], name: str, default: int, problems: list[str]) -> int:
    return _number(env, name, default, low=0, high=36_500, problems=problems)


def _months(env: Mapping[str, str], name: str, default: int, problems: list[str]) -> int:
    return _number(env, name, default, low=0, high=1200, problems=problems)


def _number(
    env: Mapping[str, str], name: str, default: int, *, low: int, high: int, problems: list[str]
) -> int:
    text = env.get(name) or str(default)
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return int(text)
    problems.append(f"{name} must be a number from {low} to {high}, not {text!r}")
    return default
