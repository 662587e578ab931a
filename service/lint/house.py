"""House style: where good writers differ, what a catalog's own majority does, or what its owners pinned."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from service.i18n import po
from service.i18n.locales import Locale
from service.lint import styles
from service.lint.styles import CHOICES, LONG_VOWEL
from service.lint.tokenizer import mask


@dataclass(frozen=True, slots=True)
class House:
    """The choices of one catalog by their name; a choice that nobody made is absent."""

    choices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    pinned: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> str | None:
        return self.choices.get(name)


NO_HOUSE = House()


class StyleError(Exception):
    """A pinned style that is none: the path, and which."""


def learn(file: po.PoFile, locale: Locale, pinned: Mapping[str, str]) -> House:
    """The style of a catalog: what is pinned, then what its majority does."""
    language = styles.language(locale)
    texts = (string for entry in file.messages if not entry.fuzzy for string in entry.strings if string)
    text = "\n".join(styles.shown(mask(string)) for string in texts) if language in CHOICES else ""
    shape = styles.shape(text)
    made: dict[str, str] = {}
    for choice in CHOICES.get(language, ()):
        if style := styles.majority(styles.counted(choice, shape if choice.shaped else text)):
            made[choice.name] = style
    if extra := styles.EXTRA.get(language):
        made.update(extra(text))
    return House(MappingProxyType({**made, **pinned}), frozenset(pinned))


def customary(locale: Locale) -> House:
    """The style of a text that stands alone and shows none of its own, as a help page."""
    made = {c.name: c.customary for c in CHOICES.get(styles.language(locale), ()) if c.customary}
    return House(MappingProxyType(made), frozenset(made))


Pins = Mapping[str, Mapping[str, str]]


def pins(root: Path) -> Pins:
    """What the project in `root` pinned: `[tool.prospectus.lint.LANGUAGE]` of its `pyproject.toml`.

    StyleError for a language, a choice or a style that no rule knows; nothing where there is no such file.
    """
    path = root / "pyproject.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StyleError(f"{path}: {error}") from error
    tables = data.get("tool", {}).get("prospectus", {}).get("lint", {})
    for language, table in tables.items():
        for name, style in table.items():
            if style not in _known(language).get(name, ()):
                raise StyleError(f"{path}: [tool.prospectus.lint.{language}] {name} = {style!r}")
    return {language: dict(table) for language, table in tables.items()}


def _known(language: str) -> dict[str, tuple[str, ...]]:
    known = {c.name: (*c.styles, *c.also) for c in CHOICES.get(language.partition("_")[0], ())}
    return {**known, LONG_VOWEL: ("long", "short")} if language == "ja" else known


def pinned_for(pinned: Pins, locale: Locale) -> Mapping[str, str]:
    """A locale's pinned choices: those of its language, and its own over them."""
    return {**pinned.get(styles.language(locale), {}), **pinned.get(locale.code, {})}
