"""What the parse finds wrong with a page, behind one function for every checker of pages."""

from service.facts.findings import Finding
from service.markdown.dialect import Document


def of(document: Document) -> tuple[Finding, ...]:
    """Return the findings of a parsed page, by place: tags, raw elements, addresses, ids, front matter.

    Lines and columns count from 1, in the source that was parsed; `path` is for the caller to fill in.
    """
    return tuple(sorted(document.findings, key=lambda finding: (finding.line, finding.column)))
