"""The wheel, built and installed elsewhere, finds its templates, catalogs, help pages and migrations."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE_PYTHON = Path(sys.base_prefix) / "bin" / "python3"

TRY = """
import service, sys
from datetime import UTC, datetime
from pathlib import Path
assert Path(service.__file__).is_relative_to(sys.argv[1]), service.__file__
from service import bootstrap
from service.cli.db import bring_up_to_date
from service.config import Settings
from service.mail import shipped
from service.paths import data_dir
from service.web.app import create_app
settings = Settings(data=Path(sys.argv[2]))
services = bootstrap.build(settings, jobs=False)
bring_up_to_date(settings, services.db)
client = create_app(services).test_client()
for path in ("/ja/sign-in", "/zh/help/contact-a-prospect", "/fr/nothing"):
    print(client.get(path).status_code)
values = {"program_name": "Maison Aurore", "moment": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)}
print(shipped.system("test-mail", services.catalogs.catalog("ja"), values).subject)
print(data_dir("content").is_relative_to(sys.argv[1]))
services.db.dispose()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `make wheel` builds it."""
    built = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = built.glob("*.whl")
    return made


def test_it_carries_what_it_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for code in ("en", "fr", "ja", "zh"):
        assert f"service/_data/locales/{code}/LC_MESSAGES/messages.po" in names
        assert f"service/_data/locales/{code}/LC_MESSAGES/messages.mo" in names
        assert f"service/_data/content/{code}/contact-a-prospect.md" in names
    assert "service/_data/templates/email/_layout/body.html" in names
    assert "service/web/static/css/tokens.css" in names
    assert [name for name in names if name.startswith(("tests/", "var/", ".github/"))] == []


def test_installed_elsewhere_it_renders_a_page_and_a_mail(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    install = [
        str(BASE_PYTHON),
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
    ]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(target), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", TRY, str(target), str(tmp_path / "data")]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    statuses_and_words = run.stdout.split("\n")
    assert statuses_and_words[:3] == ["200", "200", "404"]
    assert "Maison Aurore" in statuses_and_words[3]
    assert statuses_and_words[4] == "True"
