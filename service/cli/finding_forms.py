"""Findings on catalogs and pages in the forms that people and programs read: lines, JSON, SARIF, GitHub's."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from service.cli.catalog_files import near
from service.cli.words import WORDS
from service.facts.findings import SEVERITY_LABELS, Finding, Severity

_SARIF = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def message(finding: Finding) -> str:
    """What was found, in the terminal's language, and how often."""
    said = WORDS.say(finding.phrase, **finding.values)
    return f"{said} (×{finding.times})" if finding.times > 1 else said


def line(finding: Finding) -> str:
    """Place, severity, rule and reason for a terminal."""
    label = WORDS.say(SEVERITY_LABELS[finding.severity])
    return f"{near(finding.path)}:{finding.line}:{finding.column}: {label} {finding.rule} {message(finding)}"


def page_line(path: str, finding: Finding) -> str:
    """The same for a help page, the rule behind the reason."""
    label = WORDS.say(SEVERITY_LABELS[finding.severity])
    return f"{path}:{finding.line}:{finding.column}: {label}: {message(finding)} [{finding.rule}]"


def listed(finding: Finding) -> dict[str, object]:
    """A finding as an object of JSON."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "message": message(finding),
    }


def github(finding: Finding) -> str:
    """A workflow command: https://docs.github.com/actions/reference/workflow-commands-for-github-actions."""
    place = f"file={_property(near(finding.path))},line={finding.line},col={finding.column}"
    return f"::{_GITHUB[finding.severity]} {place}::{_data(f'{finding.rule} {message(finding)}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(findings: Sequence[Finding]) -> dict[str, object]:
    """A log of one run: SARIF 2.1.0 (OASIS), columns counted in characters."""
    from importlib.metadata import version  # only this form says it

    rules = sorted({finding.rule for finding in findings})
    driver = {
        "name": "prospectus",
        "version": version("prospectus"),
        "rules": [{"id": rule} for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, rules.index(finding.rule)) for finding in findings],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, index: int) -> dict[str, object]:
    artifact = {"uri": _uri(str(finding.path))}
    region = {"startLine": max(finding.line, 1), "startColumn": max(finding.column, 1)}
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _SARIF[finding.severity],
        "message": {"text": message(finding)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
    }
    if finding.fix is not None:
        deleted = {"charOffset": finding.fix.start, "charLength": finding.fix.end - finding.fix.start}
        replacement = {"deletedRegion": deleted, "insertedContent": {"text": finding.fix.text}}
        change = {"artifactLocation": artifact, "replacements": [replacement]}
        result["fixes"] = [{"artifactChanges": [change]}]
    return result


def _uri(path: str) -> str:
    short = near(path)
    return Path(short).as_uri() if Path(short).is_absolute() else quote(Path(short).as_posix())
