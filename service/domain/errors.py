"""The one error with which the product refuses: a code with its words, and the values they take."""

from service.facts.findings import Finding
from service.facts.refusals import Refusal


class DomainError(Exception):
    """A refusal; the entrance that called translates `refusal.phrase` with `values` for its reader.

    `field` names the form field it is about; `findings` says more when the reason has places.
    """

    def __init__(
        self,
        refusal: Refusal,
        /,
        *,
        field: str | None = None,
        findings: tuple[Finding, ...] = (),
        **values: object,
    ) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal
        self.field = field
        self.findings = findings
        self.values = values
