"""What is installed is known to the byte, and nothing of it runs while it is installed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging import sbom

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(ROOT.glob("requirements*.txt"))
HASH = "a" * 64


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_line_of_a_lock_has_a_version_and_hashes(lock: Path) -> None:
    """D-8: nothing else stands in a lock."""
    text = lock.read_text()
    found = list(sbom.read(text))
    assert len(found) == sum(1 for line in text.splitlines() if line[:1].isalnum())
    assert sum(len(one.hashes) for one in found) == text.count("sha256:")


@pytest.mark.parametrize(
    "line", ["a>=1 --hash=sha256:" + HASH, "a==1", "a==1 --hash=md5:" + HASH, "-e .", "git+ssh://x/y"]
)
def test_what_is_not_pinned_is_refused(line: str) -> None:
    """D-8."""
    with pytest.raises(ValueError, match="not pinned"):
        list(sbom.read(f"b==2 \\\n    --hash=sha256:{HASH}\n{line}\n"))


def test_only_wheels_are_installed_and_only_by_their_hashes() -> None:
    """D-8: no install script of anybody runs."""
    makefile = (ROOT / "Makefile").read_text()
    (locked,) = [line for line in makefile.splitlines() if line.startswith("LOCKED :=")]
    assert locked == "LOCKED := $(PIP) --only-binary :all: --require-hashes"
    installing = [line for line in makefile.splitlines() if " -r requirements" in line]
    # A tool of the tests and some peers of the benches have no wheels; they are no part of the service.
    assert installing == [
        "\t$(LOCKED) -r requirements.txt",
        "\t$(LOCKED) --no-binary dkimpy -r requirements-dev.txt",
        "\t$(PIP) --require-hashes --upgrade --target $(VENV)/bench -r requirements-bench.txt",
    ]


def test_the_bill_names_what_the_service_runs_on() -> None:
    """D-8: every package of the lock, with the hashes of its files."""
    command = [sys.executable, "-m", "tests.packaging.sbom", "requirements.txt"]
    written = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    made = json.loads(written.stdout)
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    listed = {
        (part["name"], part["version"], tuple(one["content"] for one in part["hashes"]))
        for part in made["components"]
    }
    locked = set(sbom.read((ROOT / "requirements.txt").read_text()))
    assert listed == {(one.name, one.version, one.hashes) for one in locked}
    references = [part["bom-ref"] for part in made["components"]]
    assert len(set(references)) == len(references)
