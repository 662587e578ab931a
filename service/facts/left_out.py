"""Why a file that came by email is not in its conversation: codes with their words, as rows keep them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.facts.file_refusals import FileRefusal
from service.facts.refusals import Refusal
from service.facts.words import N_, Phrase

THREAT = N_("The virus scanner found a threat in it: %(threat)s")
NOT_SCANNED = N_("The virus scanner could not look into this file, so it cannot be sent.")
OF_A_FILE = N_("%(file)s: %(reason)s")
# Of the refusals of a form, those that a mail can meet.
_OF_FORMS = (Refusal.ATTACHMENTS_OFF, Refusal.ATTACHMENTS_TOO_MANY, Refusal.ATTACHMENTS_QUOTA)
_PHRASES: Mapping[str, Phrase] = {
    **{refusal.name: refusal.phrase for refusal in FileRefusal},
    **{refusal.name: refusal.phrase for refusal in _OF_FORMS},
    "THREAT": THREAT,
    "NOT_SCANNED": NOT_SCANNED,
}
# With a thousand parts in a mail nobody reads more names than these.
MOST_NAMED = 20
_MOST_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file under the name it came with, the code of the reason, and the values its words take."""

    name: str
    reason: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def phrase(self) -> Phrase:
        """The words to translate."""
        return _PHRASES[self.reason]

    def stored(self) -> list[object]:
        """Return it as JSON keeps it, with what a stranger named cut to what a name may be."""
        return [_storable(self.name), self.reason, {key: _storable(one) for key, one in self.values.items()}]

    @classmethod
    def read(cls, stored: list[object]) -> "LeftOut":
        """Return what `stored` gave."""
        name, reason, values = stored
        return cls(str(name), str(reason), values if isinstance(values, dict) else {})


def _storable(value: object) -> object:
    if isinstance(value, str):
        return "".join(char for char in value if char.isprintable())[:_MOST_CHARACTERS]
    return list(value) if isinstance(value, tuple) else value
