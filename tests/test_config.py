"""The settings of an installation: what is read, what is put in order, what is refused and in which words."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service import bootstrap, dkim_key
from service.config import Settings, SettingsRefused
from service.domain.signing import Signer

OLD, OLDER, NEW = "the old key that was long enough", "an older key that was also long enough", "n" * 32


def problems(**env: str) -> tuple[str, ...]:
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_env(env)
    return refused.value.problems


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://partners.example.com", "https://partners.example.com"),
        ("https://Partners.Example.COM/", "https://partners.example.com"),
        ("https://partners.example.com:443", "https://partners.example.com"),
        ("http://partners.example.com:80/", "http://partners.example.com"),
        ("http://partners.example.com:443", "http://partners.example.com:443"),
        ("HTTPS://partners.example.com.", "https://partners.example.com"),
        ("https://例え.jp", "https://xn--r8jz45g.jp"),
        ("https://XN--R8JZ45G.jp", "https://xn--r8jz45g.jp"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://[2001:DB8:0::1]", "http://[2001:db8::1]"),
        ("http://my_machine:8000", "http://my_machine:8000"),
        ("http://192.0.2.7", "http://192.0.2.7"),
        ("", "http://127.0.0.1:8000"),
    ],
)
def test_the_base_url_is_the_origin_that_a_browser_names(given: str, kept: str) -> None:
    """Forms are accepted from this very origin, so it is written as browsers write it."""
    assert Settings.from_env({"BASE_URL": given}).base_url == kept


@pytest.mark.parametrize(
    "given",
    [
        "http://[::1",
        "http://[not-an-address]",
        "http://x:port",
        "http://x:99999",
        "https://x.example/app",
        "https://x.example?a=b",
        "https://x.example#part",
        "https://user@x.example",
        "https://",
        "x.example",
        "ftp://x.example",
        "https://relay..example",
        f"https://{'x' * 70}.example",
        "https://a b.example",
        "https://\u2100.example",
        "https://例\u200d.jp",
    ],
)
def test_a_base_url_that_no_browser_could_name_is_refused(given: str) -> None:
    assert problems(BASE_URL=given) == (
        f"BASE_URL must be an http or https address without a path, not {given!r}",
    )


BASE = "https://partners.example.com"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("https://files.example.net", "https://files.example.net"),
        ("https://Files.Example.NET.:443/", "https://files.example.net"),
        ("https://files.partners.example.com", "https://files.partners.example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("https://例え.jp", "https://xn--r8jz45g.jp"),
    ],
)
def test_the_download_url_is_an_origin_of_another_host(given: str, kept: str) -> None:
    """U-6: it may share the domain, since no cookie of ours names one."""
    assert Settings.from_env({"BASE_URL": BASE, "DOWNLOAD_URL": given}).download_url == kept


@pytest.mark.parametrize(
    "given",
    [
        "http://files.example.net",
        "files.example.net",
        "//files.example.net",
        "https://",
        "https://files.example.net/x",
        "https://files.example.net?x",
        "https://files.example.net#x",
        "https://me@files.example.net",
        "https://files..example.net",
        "https://files.example.net:port",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
def test_a_download_url_that_is_no_https_origin_is_refused(given: str) -> None:
    """U-6."""
    assert problems(BASE_URL=BASE, DOWNLOAD_URL=given) == (
        f"DOWNLOAD_URL must be an https address without a path, not {given!r}",
    )


@pytest.mark.parametrize("given", [BASE, f"{BASE}:8443", "https://Partners.example.com."])
def test_downloads_from_the_host_of_the_pages_are_refused(given: str) -> None:
    """U-6: another port is no other host to a cookie."""
    assert problems(BASE_URL=BASE, DOWNLOAD_URL=given) == (
        "DOWNLOAD_URL must be on another host than BASE_URL; cookies do not stop at ports",
    )


def test_downloads_elsewhere_need_cookies_bound_to_their_host() -> None:
    """U-6, A-4: without https their names have no `__Host-`, and a host of the same domain could set them."""
    given = {"BASE_URL": "http://partners.example.com", "DOWNLOAD_URL": "https://files.example.com"}
    assert problems(**given) == ("DOWNLOAD_URL needs a BASE_URL with https",)


@pytest.mark.parametrize(
    ("host", "base_url"),
    [("0.0.0.0", "http://127.0.0.1:8000"), ("::", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000")],
)
def test_without_a_base_url_there_is_one_that_works(host: str, base_url: str) -> None:
    assert Settings.from_env({"HOST": host}).base_url == base_url


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("capture:", "capture:"),
        ("smtp://relay.example:25?tls=none", "smtp://relay.example:25?tls=none"),
        ("smtps://us%40er:pa%2Fss@Relay.Example", "smtps://us%40er:pa%2Fss@relay.example"),
        ("smtp://例え.jp:2525", "smtp://xn--r8jz45g.jp:2525"),
        ("smtp://[::1]:25", "smtp://[::1]:25"),
        ("smtp://mail_relay", "smtp://mail_relay"),
    ],
)
def test_the_relay_is_named_in_ascii(given: str, kept: str) -> None:
    assert Settings.from_env({"MAIL_URL": given}).mail_url == kept


@pytest.mark.parametrize(
    "given",
    [
        "smtp://[x",
        "smtp://relay..example.com",
        f"smtp://{'x' * 70}.example.com",
        "smtp://user:secret@",
        "smtp://user:secret@relay:port",
        "smtp://user:sec[ret@relay.example",
        "smtp://例\u200d.jp",
    ],
)
def test_a_relay_that_cannot_exist_is_refused_without_showing_its_password(given: str) -> None:
    """F-9: such a name would be an error for every recipient; it is found before the first."""
    (problem,) = problems(MAIL_URL=given)
    assert problem.startswith("MAIL_URL does not name a mail server that can exist: ")
    assert "sec" not in problem


def test_every_problem_is_told_at_once() -> None:
    assert problems(
        BASE_URL="x",
        MAIL_URL="pigeon:",
        SECRET_KEY="short",
        SECRET_KEY_OLD=f"{OLD},short",
        PORT="0",
        LOCALE="de",
    ) == (
        "PORT must be a number from 1 to 65535, not '0'",
        "BASE_URL must be an http or https address without a path, not 'x'",
        "LOCALE must be one of en, fr, ja, zh, not 'de'",
        "MAIL_URL must start with capture:, smtp:// or smtps://",
        "SECRET_KEY must have at least 32 characters",
        "SECRET_KEY_OLD must be keys of at least 32 characters with commas between them",
    )


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    """D-7: several processes that start together sign with one key, and leave nothing else behind."""
    settings = Settings(data=tmp_path / "var")
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: settings.secret(), range(8)))
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    (file,) = (tmp_path / "var").iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("secret-key", 0o600)


@pytest.mark.parametrize("content", [b"", b"\n", b"too short", "ö".encode() * 40])
def test_a_key_file_without_a_whole_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """D-7: an empty key would verify what anybody signs."""
    file = tmp_path / "secret-key"
    file.write_bytes(content)
    settings = Settings(data=tmp_path)
    for use in (settings.secret, lambda: bootstrap.build(settings, jobs=False)):
        with pytest.raises(SettingsRefused) as refused:
            use()
        assert str(refused.value).startswith(f"{file} must hold a key of at least 32 characters;")
    assert file.read_bytes() == content


def test_the_vaults_key_is_a_setting_or_made_once(tmp_path: Path) -> None:
    """D-1: apart from the key that signs; the file still opens what it sealed when a setting takes over."""
    settings = Settings(data=tmp_path)
    (made,) = settings.vault_keys()
    assert settings.vault_keys() == (made,)
    assert (len(made), stat.S_IMODE((tmp_path / "vault-key").stat().st_mode)) == (64, 0o600)
    given = Settings.from_env({"DATA": str(tmp_path), "VAULT_KEY": NEW, "VAULT_KEY_OLD": f"{OLD},{OLDER}"})
    assert given.vault_keys() == (NEW, made, OLD, OLDER)
    elsewhere = Settings.from_env({"DATA": str(tmp_path / "other"), "VAULT_KEY": NEW})
    assert elsewhere.vault_keys() == (NEW,)
    assert not (tmp_path / "other").exists()
    (tmp_path / "vault-key").write_text("short")
    with pytest.raises(SettingsRefused, match="stored passwords are then lost"):
        settings.vault_keys()


def test_networks_are_read_and_refused() -> None:
    """W-10: what an operator lets users reach beyond the internet."""
    read = Settings.from_env({"MAIL_ACCOUNT_NETWORKS": "10.1.0.0/16, fd00:1::/32,"}).mail_account_networks
    assert [str(network) for network in read] == ["10.1.0.0/16", "fd00:1::/32"]
    for wrong in ("10.1.0.1/16", "internal", "10.1.0.0/16;10.2.0.0/16"):
        assert problems(MAIL_ACCOUNT_NETWORKS=wrong, VAULT_KEY="short", VAULT_KEY_OLD="short") == (
            "VAULT_KEY must have at least 32 characters",
            "VAULT_KEY_OLD must be keys of at least 32 characters with commas between them",
            "MAIL_ACCOUNT_NETWORKS must be networks such as 10.1.0.0/16 with commas between them",
        )


def test_settings_show_no_secret() -> None:
    """D-2: an exception or a debugger that prints them gives nothing away."""
    secrets = {
        "SECRET_KEY": f"canary-a{NEW}",
        "SECRET_KEY_OLD": f"canary-b{NEW}",
        "VAULT_KEY": f"canary-c{NEW}",
        "VAULT_KEY_OLD": f"canary-d{NEW}",
        "MAIL_URL": "smtp://user:canary-e@relay.example",
        "DATABASE_URL": "postgresql+psycopg://prospectus:canary-f@db.example/x",
    }
    assert "canary" not in repr(Settings.from_env(secrets))


def test_links_outlive_a_change_of_key(tmp_path: Path) -> None:
    """D-7, M-6: what earlier keys signed still verifies, and new links are signed with the new key."""
    settings = Settings.from_env(
        {"DATA": str(tmp_path), "SECRET_KEY": NEW, "SECRET_KEY_OLD": f"{OLD}, {OLDER} ,"}
    )
    assert settings.secret_keys_old == (OLD, OLDER)
    built = bootstrap.build(settings, jobs=False)
    try:
        for key in (OLD, OLDER, NEW):
            assert built.signer.read("unsubscribe", Signer(key).sign("unsubscribe", 7)) == 7
        assert built.signer.read("unsubscribe", Signer("x" * 32).sign("unsubscribe", 7)) is None
        assert Signer(NEW).read("unsubscribe", built.signer.sign("unsubscribe", 7)) == 7
        assert Signer(OLD).read("unsubscribe", built.signer.sign("unsubscribe", 7)) is None
    finally:
        built.db.dispose()


def test_bounces_go_where_the_operator_says(tmp_path: Path) -> None:
    """M-14: nowhere by default; the address is judged when the parts are put together."""
    assert Settings.from_env({}).mail_bounce == ""
    settings = Settings.from_env({"DATA": str(tmp_path), "MAIL_BOUNCE": "bounces@brand.example"})
    built = bootstrap.build(settings, jobs=False)
    assert built.return_path.of(7).startswith("bounces+")
    built.db.dispose()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """The file of a key that signs mails, which only its owner reads."""
    file = tmp_path / "dkim.pem"
    file.write_bytes(dkim_key.make(ed25519_key=True))
    file.chmod(0o600)
    return file


def test_a_key_signs_for_the_domain_that_mails_come_from(key_file: Path) -> None:
    settings = Settings.from_env({"DKIM_KEY": str(key_file), "MAIL_FROM": "partners@Mail.例え.jp"})
    assert (settings.dkim_key, settings.dkim_selector, settings.dkim_domain) == (
        key_file,
        "prospectus",
        "mail.xn--r8jz45g.jp",
    )
    given = {"DKIM_KEY": str(key_file), "MAIL_FROM": "a@mail.brand.example", "DKIM_SELECTOR": "S1.Brand"}
    settings = Settings.from_env({**given, "DKIM_DOMAIN": "Brand.Example."})
    assert (settings.dkim_selector, settings.dkim_domain) == ("s1.brand", "brand.example")
    assert Settings.from_env({"DKIM_SELECTOR": "s1", "DKIM_DOMAIN": "x.example"}).dkim_key is None


def test_every_problem_of_signing_is_told_with_the_others(key_file: Path) -> None:
    key_file.chmod(0o644)
    assert problems(
        DKIM_KEY=str(key_file),
        DKIM_SELECTOR="a b",
        DKIM_DOMAIN="brand.example",
        MAIL_FROM="a@other.example",
        PORT="0",
    ) == (
        "PORT must be a number from 1 to 65535, not '0'",
        f"DKIM_KEY {key_file} is open to everybody on this machine; run chmod 600 {key_file}",
        "DKIM_SELECTOR must be a label such as s2038, not 'a b'",
        "DKIM_DOMAIN brand.example does not cover mails from other.example, so that none would be signed",
    )


@pytest.mark.parametrize("domain", ["brand", "a b.example", "x..example", "☃\u200d"])
def test_a_domain_that_cannot_sign_is_refused(key_file: Path, domain: str) -> None:
    assert problems(DKIM_KEY=str(key_file), DKIM_DOMAIN=domain, MAIL_FROM="a@brand.example") == (
        f"DKIM_DOMAIN must be a domain such as example.com, not {domain!r}",
    )


def test_a_file_without_a_usable_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "none.pem"
    env = {"DKIM_KEY": str(file), "MAIL_FROM": "a@brand.example"}
    assert problems(**env) == (f"DKIM_KEY {file} cannot be read: No such file or directory",)
    file.write_text("not a key")
    file.chmod(0o600)
    assert problems(**env) == (f"DKIM_KEY {file} does not hold a private key in PEM form",)
    settings = Settings(data=tmp_path, secret_key=NEW, dkim_key=file, dkim_domain="brand.example")
    with pytest.raises(SettingsRefused) as refused:
        bootstrap.build(settings, jobs=False)
    assert refused.value.problems == (f"DKIM_KEY {file} does not hold a private key in PEM form",)


def test_translations_are_edited_only_where_somebody_switched_it_on() -> None:
    assert [Settings.from_env(env).translation_editing for env in ({}, {"TRANSLATION_EDITING": "1"})] == [
        False,
        True,
    ]
    assert problems(TRANSLATION_EDITING="yes") == (
        "TRANSLATION_EDITING must be a number from 0 to 1, not 'yes'",
    )


@pytest.mark.parametrize(
    "url",
    ["", "clamd://clamav", "clamd://127.0.0.1:3310", "clamd://[::1]:3310/", "clamd+unix:///run/clamd.ctl"],
)
def test_a_scanner_is_named_by_host_or_by_path(url: str, tmp_path: Path) -> None:
    settings = Settings.from_env({"SCANNER_URL": url, "DATA": str(tmp_path), "SECRET_KEY": NEW})
    services = bootstrap.build(settings, jobs=False)
    services.db.dispose()
    assert (settings.scanner_url, services.scanner is None) == (url, not url)


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:3310", "clamd:", "clamd://", "clamd://a b", "clamd://a:0", "clamd://a:99999", "clamd://a/b",
     "clamd+unix://", "clamd+unix://run/clamd.ctl", "clamd+unix:run", "http://a"],
)  # fmt: skip
def test_a_scanner_that_cannot_exist_is_refused(url: str) -> None:
    assert problems(SCANNER_URL=url) == (
        f"SCANNER_URL must look like clamd://host:3310 or clamd+unix:///path, not {url!r}",
    )


def test_a_scanner_has_a_time_and_may_have_local_signatures_only() -> None:
    usual = Settings.from_env({})
    assert (usual.scanner_timeout, usual.scanner_local_signatures) == (30, False)
    chosen = Settings.from_env({"SCANNER_TIMEOUT": "5", "SCANNER_LOCAL_SIGNATURES": "1"})
    assert (chosen.scanner_timeout, chosen.scanner_local_signatures) == (5, True)
    assert len(problems(SCANNER_TIMEOUT="0", SCANNER_LOCAL_SIGNATURES="yes")) == 2


def test_answers_come_in_with_the_bounces_unless_they_have_a_mailbox_of_their_own(tmp_path: Path) -> None:
    """The reason names the setting that is wrong."""
    base = {"DATA": str(tmp_path), "MAIL_BOUNCE": "bounces@brand.example"}
    for more, mailbox in (({}, "bounces+"), ({"MAIL_REPLIES": "replies@brand.example"}, "replies+")):
        services = bootstrap.build(Settings.from_env({**base, **more}), jobs=False)
        assert str(services.replies.of(1, 1)).startswith(mailbox)
        services.db.dispose()
    with pytest.raises(SettingsRefused, match="MAIL_REPLIES must be one email address"):
        bootstrap.build(Settings.from_env({**base, "MAIL_REPLIES": "a+b@brand.example"}), jobs=False)


def test_how_long_records_are_kept() -> None:
    """D-6: the trail two years, conversations for ever unless something else is said; months are numbers."""
    usual = Settings.from_env({})
    assert (usual.keep_audit_months, usual.keep_conversations_months) == (24, 0)
    said = Settings.from_env({"KEEP_AUDIT_MONTHS": "0", "KEEP_CONVERSATIONS_MONTHS": "6"})
    assert (said.keep_audit_months, said.keep_conversations_months) == (0, 6)
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_env({"KEEP_AUDIT_MONTHS": "1201", "KEEP_CONVERSATIONS_MONTHS": "never"})
    assert refused.value.problems == (
        "KEEP_AUDIT_MONTHS must be a number from 0 to 1200, not '1201'",
        "KEEP_CONVERSATIONS_MONTHS must be a number from 0 to 1200, not 'never'",
    )
