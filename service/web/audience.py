"""Whom a draft goes to, as its page tells it: who gets it, and who of the selected does not, and why."""

from collections import Counter
from collections.abc import Sequence

from service.domain.campaign_checks import LeaveOut, Review
from service.domain.recipients import Recipient
from service.facts.refusals import Refusal
from service.facts.stages import DECIDED

NAMED = 20
LISTED = 50


def getting(found: Sequence[Recipient], review: Review | None, leave_out: LeaveOut) -> list[Recipient]:
    """Return who of the selected will really get the mail; `review` is None for what is not stored yet."""
    known = review or Review(recipients=tuple(found), counts={})
    return [item for item in known.chosen(leave_out) if not item.suppressed]


def told(found: Sequence[Recipient], review: Review | None, leave_out: LeaveOut) -> dict[str, object]:
    """Return what the card of recipients names."""
    gets = getting(found, review, leave_out)
    suppressed = sum(item.suppressed for item in found)
    missing = review.lacking(leave_out) if review else ()
    roles = [item for item in found if item.has_role_address]
    decided = [item for item in found if item.has_decided and not item.suppressed]
    stages = Counter(item.stage for item in decided)
    return {
        "selected_count": len(found),
        "recipient_count": len(gets),
        "first_recipients": gets[:LISTED],
        "suppressed_count": suppressed,
        "left_out_count": len(found) - suppressed - len(gets),
        "missing": missing[:NAMED],
        "missing_count": len(missing),
        "leave_out": leave_out.missing,
        # While the content has errors nobody knows who lacks a value: the choice waits, its box hidden.
        "leave_out_waits": leave_out.missing and not missing and _has_errors(review),
        "roles": roles[:NAMED],
        "roles_count": len(roles),
        "leave_out_roles": leave_out.roles,
        "decided": decided[:NAMED],
        "decided_count": len(decided),
        "decided_stages": [(stage, stages[stage]) for stage in DECIDED if stages[stage]],
        "leave_out_decided": leave_out.decided,
    }


def _has_errors(review: Review | None) -> bool:
    problems = review.problems if review else ()
    return any(problem.refusal is Refusal.CONTENT_HAS_ERRORS for problem in problems)
