"""A catalog that remembers what it said, so that each text of a page can be led back to its message."""

from service.facts.words import Phrase
from service.i18n.catalogs import Catalog

Said = tuple[str | None, str, str]
"""Context and source text of a message, and the words that were shown for it, values and markup included."""


class Listening(Catalog):
    """The same words as another catalog; `said` has each message and text once, in order. For one request."""

    __slots__ = ("_said",)

    def __init__(self, catalog: Catalog) -> None:
        for name in Catalog.__slots__:
            setattr(self, name, getattr(catalog, name))
        self._said: dict[Said, None] = {}

    @property
    def said(self) -> tuple[Said, ...]:
        """What was said so far."""
        return tuple(self._said)

    def note(self, context: str | None, source: str, shown: str) -> None:
        """Remember a text that somebody else put together with the words of this catalog."""
        self._said.setdefault((context, source, shown))

    def say(self, phrase: Phrase, /, **values: object) -> str:
        """Say a phrase and remember it."""
        shown = super().say(phrase, **values)
        self.note(phrase.context, phrase.text, shown)
        return shown


class Overhearing(Listening):
    """A catalog whose texts are noted as they are looked up, placeholders in them: for what is no page."""

    __slots__ = ()

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(catalog)
        self.ready = {}

    def gettext(self, text: str) -> str:
        said = super().gettext(text)
        self.note(None, text, said)
        return said

    def pgettext(self, context: str, text: str) -> str:
        said = super().pgettext(context, text)
        self.note(context, text, said)
        return said

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        said = super().ngettext(singular, plural, number)
        self.note(None, singular, said)
        return said

    def npgettext(self, context: str, singular: str, plural: str, number: int) -> str:
        said = super().npgettext(context, singular, plural, number)
        self.note(context, singular, said)
        return said
