"""The settings of one installation, read once from the environment."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LOCALE_CODES = ("en", "fr", "ja", "zh")


class SettingsRefused(Exception):
    """The environment does not make a usable installation; `problems` lists every reason."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator decides; every field has a default that works on one machine.

    `mail_url` is `capture:` (keep mails in the local outbox) or `smtp://user:password@host:port`,
    `smtps://…` for TLS from the first byte; `?tls=none` allows an unencrypted relay.
    """

    data: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = "http://127.0.0.1:8000"
    database_url: str = ""
    locale: str = "en"
    secret_key: str = ""
    mail_url: str = "capture:"
    mail_from: str = "noreply@localhost.invalid"
    trusted_proxies: int = 0
    mail_connections: int = 4

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
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read `DATA HOST PORT BASE_URL DATABASE_URL LOCALE SECRET_KEY MAIL_URL MAIL_FROM TRUSTED_PROXIES`.

        Raises SettingsRefused with all problems at once.
        """
        problems: list[str] = []
        port = _number(env, "PORT", 8000, low=1, high=65535, problems=problems)
        host = env.get("HOST") or "127.0.0.1"
        base_url = env.get("BASE_URL") or f"http://{_reachable(host)}:{port}"
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            problems.append(f"BASE_URL must be an http or https address, not {base_url!r}")
        locale = env.get("LOCALE") or "en"
        if locale not in LOCALE_CODES:
            problems.append(f"LOCALE must be one of {', '.join(LOCALE_CODES)}, not {locale!r}")
        mail_url = env.get("MAIL_URL") or "capture:"
        if urlsplit(mail_url).scheme not in {"capture", "smtp", "smtps"}:
            problems.append("MAIL_URL must start with capture:, smtp:// or smtps://")
        secret_key = env.get("SECRET_KEY") or ""
        if secret_key and len(secret_key) < 32:
            problems.append("SECRET_KEY must have at least 32 characters")
        settings = cls(
            data=Path(env.get("DATA") or "var"),
            host=host,
            port=port,
            base_url=base_url.rstrip("/"),
            database_url=env.get("DATABASE_URL") or "",
            locale=locale,
            secret_key=secret_key,
            mail_url=mail_url,
            mail_from=env.get("MAIL_FROM") or "noreply@localhost.invalid",
            trusted_proxies=_number(env, "TRUSTED_PROXIES", 0, low=0, high=5, problems=problems),
            mail_connections=_number(env, "MAIL_CONNECTIONS", 4, low=1, high=50, problems=problems),
        )
        if problems:
            raise SettingsRefused(tuple(problems))
        return settings

    def secret(self) -> str:
        """The key that signs links and sessions: the one given, or one made once under the data directory."""
        if self.secret_key:
            return self.secret_key
        file = self.data / "secret-key"
        if not file.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(48), encoding="ascii")
        return file.read_text(encoding="ascii").strip()


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 (compared, not bound)


def _number(
    env: Mapping[str, str], name: str, default: int, *, low: int, high: int, problems: list[str]
) -> int:
    text = env.get(name) or str(default)
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return int(text)
    problems.append(f"{name} must be a number from {low} to {high}, not {text!r}")
    return default
