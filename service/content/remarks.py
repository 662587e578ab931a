"""A page cut into blocks, each with what the checks find in it, for a writer to read side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from service.facts.findings import Finding
from service.markdown import html
from service.markdown.dialect import Document


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a page's HTML, and what is found where it begins; the pieces joined are the page."""

    html: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Remarked:
    """A page's parts in order; `above` is found in no block of it, such as in its front matter."""

    parts: tuple[Part, ...]
    above: tuple[Finding, ...] = ()


def beside(document: Document, findings: Iterable[Finding]) -> Remarked:
    """Lay what is found beside the last block that begins on its line or before it."""
    pieces = list(html.pieces(document))
    laid: list[list[Finding]] = [[] for _ in pieces]
    for finding in findings:
        at = max(place for place, (line, _) in enumerate(pieces) if line <= max(finding.line, 0))
        laid[at].append(finding)
    parts = tuple(
        Part(written, gathered(found) if line else ())
        for (line, written), found in zip(pieces, laid, strict=True)
    )
    return Remarked(parts, gathered(laid[0]))


def gathered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings with those that say the same as one, at the place of the first, with their number."""
    kept: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = (finding.rule, finding.severity, finding.phrase, str(sorted(finding.values.items())))
        first = kept.get(key)
        kept[key] = replace(first, times=first.times + finding.times) if first else finding
    return tuple(kept.values())
