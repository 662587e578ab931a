"""Packs templates, locales and content into the wheel and takes the dependencies from requirements.in."""

from pathlib import Path

import polib
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

BUILD_ONLY = ("hatchling", "editables")


class CustomMetadataHook(MetadataHookInterface):
    """One list of dependencies serves the lock and the wheel."""

    def update(self, metadata: dict) -> None:
        lines = (Path(self.root) / "requirements.in").read_text(encoding="utf-8").splitlines()
        wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        metadata["dependencies"] = [line for line in wanted if not line.startswith(BUILD_ONLY)]


class CustomBuildHook(BuildHookInterface):
    """A standard wheel carries its data; an editable install reads the checkout."""

    def initialize(self, version: str, build_data: dict) -> None:
        root = Path(self.root)
        for catalog in sorted((root / "locales").rglob("*.po")):
            polib.pofile(str(catalog)).save_as_mofile(str(catalog.with_suffix(".mo")))
        if self.target_name == "wheel" and version == "standard":
            for name in ("templates", "locales", "content"):
                build_data["force_include"][str(root / name)] = f"service/_data/{name}"
