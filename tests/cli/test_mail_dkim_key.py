"""`prospectus mail dkim-key`: a key file for its owner alone, and a record that verifiers find."""

import re
import stat
from pathlib import Path

import dkim
import pytest
from click.testing import CliRunner

from service import dkim_key
from service.cli.mail_dkim_key import command
from service.config import Settings
from service.mail.dkim import DkimSigner
from service.mail.mime import serialize
from tests.mail.letters import letter
from tests.mail.test_dkim import MOMENT


def make(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, arguments)
    return result.exit_code, result.output


@pytest.mark.parametrize(("more", "kind"), [((), "rsa"), (("--ed25519",), "ed25519")])
def test_a_key_and_its_record(tmp_path: Path, more: tuple[str, ...], kind: str) -> None:
    """The printed strings, joined, verify what the written key signs; the settings take the file."""
    file = tmp_path / "dkim.pem"
    code, out = make("--out", str(file), "--selector", "S1", "--domain", "Brand.example", *more)
    assert code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (line,) = re.findall(r"^s1\._domainkey\.brand\.example\. IN TXT (.*)$", out, re.MULTILINE)
    strings = re.findall(r'"([^"]*)"', line)
    assert max(map(len, strings)) <= 255
    env = dict(re.findall(r"^(DKIM_\w+)=(.*)$", out, re.MULTILINE))
    settings = Settings.from_env({**env, "MAIL_FROM": "a@brand.example"})
    key = dkim_key.read(file.read_bytes())
    assert (settings.dkim_selector, settings.dkim_domain, key.kind) == ("s1", "brand.example", kind)
    raw = DkimSigner(key, domain="brand.example", selector="s1").sign(serialize(letter()), moment=MOMENT)
    assert dkim.verify(raw, dnsfunc=lambda _name, timeout: "".join(strings).encode())


def test_without_a_domain_the_name_is_relative(tmp_path: Path) -> None:
    code, out = make("--out", str(tmp_path / "k"), "--ed25519")
    assert code == 0
    assert re.search(r"^prospectus\._domainkey IN TXT \"v=DKIM1; k=ed25519; p=\S{44}\"$", out, re.MULTILINE)
    assert "DKIM_DOMAIN" not in out


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "k"
    file.write_text("mine")
    assert make("--out", str(file))[0] == 2
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    "arguments", [("--selector", "a b"), ("--domain", "x..example"), ("--selector", "ä")]
)
def test_names_that_cannot_be_published_are_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = tmp_path / "k"
    assert make("--out", str(file), *arguments)[0] == (0 if "ä" in arguments else 2)
    assert file.exists() is ("ä" in arguments)


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert make("--out", str(tmp_path / "none" / "k"), "--ed25519")[0] == 2
