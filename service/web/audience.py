"""Whom a draft goes to, as its page tells it: who gets it, and who of the selected does not, and why."""

from collections.abc import Sequence

from service.domain.campaign_checks import Review
from service.domain.recipients import Recipient
from service.facts.refusals import Refusal

NAMED = 20
LISTED = 50


def getting(
    found: Sequence[Recipient], review: Review | None, *, leave_out: bool, leave_out_roles: bool
) -> list[Recipient]:
    """Return who of the selected will really get the mail; `review` is None for what is not stored yet."""
    known = review or Review(recipients=tuple(found), counts={})
    chosen = known.chosen(leave_out=leave_out, leave_out_roles=leave_out_roles)
    return [item for item in chosen if not item.suppressed]


def told(
    found: Sequence[Recipient], review: Review | None, *, leave_out: bool, leave_out_roles: bool
) -> dict[str, object]:
    """Return what the card of recipients names."""
    gets = getting(found, review, leave_out=leave_out, leave_out_roles=leave_out_roles)
    suppressed = sum(item.suppressed for item in found)
    missing = review.lacking(leave_out_roles=leave_out_roles) if review else ()
    roles = [item for item in found if item.has_role_address]
    return {
        "selected_count": len(found),
        "recipient_count": len(gets),
        "first_recipients": gets[:LISTED],
        "suppressed_count": suppressed,
        "left_out_count": len(found) - suppressed - len(gets),
        "missing": missing[:NAMED],
        "missing_count": len(missing),
        "leave_out": leave_out,
        # While the content has errors nobody knows who lacks a value: the choice waits, its box hidden.
        "leave_out_waits": leave_out and not missing and _has_errors(review),
        "roles": roles[:NAMED],
        "roles_count": len(roles),
        "leave_out_roles": leave_out_roles,
    }


def _has_errors(review: Review | None) -> bool:
    problems = review.problems if review else ()
    return any(problem.refusal is Refusal.CONTENT_HAS_ERRORS for problem in problems)
