"""The relationship stages of a prospect and the events that move one."""

from enum import StrEnum

from service.facts.words import N_, NP_, Phrase


class Stage(StrEnum):
    """How far a prospect and the brand have come; *Archived* is kept beside it, not in it."""

    NEW = "new"
    OUTREACH = "outreach"
    IN_CONVERSATION = "in_conversation"
    JOINED = "joined"
    DECLINED = "declined"
    EXPIRED = "expired"


class StageEvent(StrEnum):
    """What happened between the brand and the prospect."""

    MARKED = "marked"
    EMAIL_ACCEPTED = "email_accepted"
    MESSAGE_SENT = "message_sent"
    ANSWERED = "answered"
    JOINED = "joined"
    DECLINED = "declined"
    EXPIRED = "expired"
    ARCHIVED = "archived"
    RESTORED = "restored"


STAGE_LABELS: dict[Stage, Phrase] = {
    Stage.NEW: NP_("stage", "New"),
    Stage.OUTREACH: NP_("stage", "Outreach"),
    Stage.IN_CONVERSATION: NP_("stage", "In conversation"),
    Stage.JOINED: NP_("stage", "Joined"),
    Stage.DECLINED: NP_("stage", "Declined"),
    Stage.EXPIRED: NP_("stage", "Expired"),
}
# Where the prospect has said yes or no.
DECIDED = (Stage.JOINED, Stage.DECLINED)
ARCHIVED_LABEL = NP_("stage", "Archived")

# What the help says of each; `days` is the period an invitation waits, `restore` the label of that action.
STAGE_MEANINGS: dict[Stage, Phrase] = {
    Stage.NEW: N_("The prospect was added. Nothing has been sent yet."),
    Stage.OUTREACH: N_(
        "The mail server accepted your first email to the prospect, or you sent the first message."
    ),
    Stage.IN_CONVERSATION: N_("The prospect answered."),
    Stage.JOINED: N_("The prospect accepted the invitation."),
    Stage.DECLINED: N_("The prospect declined the invitation."),
    Stage.EXPIRED: N_(
        "The invitation was not answered in time: within %(days)s days, "
        "unless the program has a period of its own."
    ),
}
ARCHIVED_MEANING = N_(
    "You put the prospect away. The stage is kept underneath and returns when you select “%(restore)s”."
)

_RANK = {
    Stage.NEW: 0,
    Stage.OUTREACH: 1,
    Stage.IN_CONVERSATION: 2,
    Stage.DECLINED: 3,
    Stage.EXPIRED: 3,
    Stage.JOINED: 4,
}
_LEADS_TO = {
    StageEvent.MARKED: Stage.NEW,
    StageEvent.EMAIL_ACCEPTED: Stage.OUTREACH,
    StageEvent.MESSAGE_SENT: Stage.OUTREACH,
    StageEvent.ANSWERED: Stage.IN_CONVERSATION,
    StageEvent.JOINED: Stage.JOINED,
    StageEvent.DECLINED: Stage.DECLINED,
    StageEvent.EXPIRED: Stage.EXPIRED,
}


def advance(stage: Stage, event: StageEvent) -> Stage:
    """Return the stage after `event`: never a lower one; Declined and Expired leave each other alone."""
    target = _LEADS_TO.get(event, stage)
    return target if _RANK[target] > _RANK[stage] else stage
