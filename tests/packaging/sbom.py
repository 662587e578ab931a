"""The list of what the service runs on, in CycloneDX 1.6, written from a lock: `make sbom`.

https://cyclonedx.org/docs/1.6/json/
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;]+)(?:\s*;\s*(?P<marker>.+))?"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Locked:
    """One line of a lock: a package of one version, the hashes of its files, and where it is installed."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def read(lock: str) -> Iterator[Locked]:
    """Read a lock; raises ValueError for a line that is not pinned to a version or has no hash."""
    for line in re.sub(r"\s*\\\n\s*", " ", lock).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        wanted, *hashes = re.split(r"\s+(?=--hash=)", line.strip())
        pinned = _PINNED.fullmatch(wanted)
        found = [_HASH.fullmatch(one) for one in hashes]
        if pinned is None or not found or None in found:
            raise ValueError(f"not pinned by version and hash: {line}")
        yield Locked(
            pinned["name"].lower(),
            pinned["version"],
            pinned["marker"] or "",
            tuple(one[1] for one in found if one is not None),
        )


def bill(locked: Iterable[Locked], *, version: str) -> dict[str, object]:
    """Return the bill of materials of the service in this version."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "prospectus", "version": version}},
        "components": [_component(one) for one in locked],
    }


def _component(one: Locked) -> dict[str, object]:
    purl = f"pkg:pypi/{one.name.replace('_', '-').replace('.', '-')}@{one.version}"
    marker = [{"name": "prospectus:marker", "value": one.marker}] if one.marker else []
    return {
        "type": "library",
        "bom-ref": purl,
        "name": one.name,
        "version": one.version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": content} for content in one.hashes],
        **({"properties": marker} if marker else {}),
    }


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    made = bill(read(Path(sys.argv[1]).read_text()), version=project["version"])
    sys.stdout.write(json.dumps(made, indent=2) + "\n")
