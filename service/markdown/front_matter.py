"""The YAML block between `---` lines at the head of a page."""

from collections.abc import Mapping

import yaml

from service.facts.findings import Finding, Severity
from service.facts.words import N_

LONGEST = 16 * 1024
# The same safe reading, six times faster where the package was built with its C part.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

UNREADABLE = N_("The front matter cannot be read: %(reason)s")
NOT_A_MAPPING = N_("The front matter is not a list of keys and values")


def split(source: str) -> tuple[Mapping[str, object], str, list[Finding]]:
    """Return the keys, the source with the block blanked out (line numbers stay), and what is wrong.

    Without a closing line there is no front matter, and the first line is a rule.
    """
    if not source.startswith("---\n"):
        return {}, source, []
    end = source.find("\n---\n", 3, LONGEST)
    if end < 0 and source.endswith("\n---") and len(source) <= LONGEST:
        end = len(source) - 4
    if end < 0:
        return {}, source, []
    body = "\n" * source.count("\n", 0, end + 1) + source[end + 4 :]
    try:
        matter = yaml.load(source[4 : end + 1], LOADER)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        reason = str(getattr(error, "problem", None) or error).splitlines()[0]
        return {}, body, [Finding("front-matter", Severity.ERROR, UNREADABLE, {"reason": reason}, line, 1)]
    if matter is None:
        return {}, body, []
    if not isinstance(matter, dict) or not all(isinstance(key, str) for key in matter):
        return {}, body, [Finding("front-matter", Severity.ERROR, NOT_A_MAPPING, {}, 1, 1)]
    return matter, body, []
