"""The states of campaigns, deliveries and imports, and which of them are final."""

from enum import StrEnum

from service.facts.words import NP_, Phrase


class CampaignState(StrEnum):
    """A campaign is written, sent, held or over."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


CAMPAIGN_STATE_LABELS: dict[CampaignState, Phrase] = {
    CampaignState.DRAFT: NP_("campaign", "Draft"),
    CampaignState.SCHEDULED: NP_("campaign", "Scheduled"),
    CampaignState.SENDING: NP_("campaign", "Sending"),
    CampaignState.PAUSED: NP_("campaign", "Paused"),
    CampaignState.FINISHED: NP_("campaign", "Finished"),
    CampaignState.CANCELLED: NP_("campaign", "Cancelled"),
}


class DeliveryState(StrEnum):
    """What became of one mail to one recipient."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    IN_FLIGHT = "in_flight"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"


# Claimed and in flight are one word to the reader: the difference matters only to a worker.
DELIVERY_STATE_LABELS: dict[DeliveryState, Phrase] = {
    DeliveryState.QUEUED: NP_("delivery", "Queued"),
    DeliveryState.CLAIMED: NP_("delivery", "Sending"),
    DeliveryState.IN_FLIGHT: NP_("delivery", "Sending"),
    DeliveryState.SENT: NP_("delivery", "Sent"),
    DeliveryState.DEFERRED: NP_("delivery", "Waiting to retry"),
    DeliveryState.FAILED: NP_("delivery", "Failed"),
    DeliveryState.UNKNOWN: NP_("delivery", "Unknown"),
    DeliveryState.SUPPRESSED: NP_("delivery", "Suppressed"),
    DeliveryState.CANCELLED: NP_("delivery", "Cancelled"),
}

OPEN_DELIVERIES = frozenset(
    {DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.IN_FLIGHT, DeliveryState.DEFERRED}
)


class UnknownPolicy(StrEnum):
    """What to do with a mail whose last reply was lost: ask a person, or send it again."""

    ASK = "ask"
    RETRY = "retry"


class ImportState(StrEnum):
    """An import reads, waits for a decision, writes, and ends; what it wrote can be undone."""

    UPLOADED = "uploaded"
    PLANNING = "planning"
    PLANNED = "planned"
    APPLYING = "applying"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"


IMPORT_STATE_LABELS: dict[ImportState, Phrase] = {
    ImportState.UPLOADED: NP_("import", "Uploaded"),
    ImportState.PLANNING: NP_("import", "Checking"),
    ImportState.PLANNED: NP_("import", "Checked"),
    ImportState.APPLYING: NP_("import", "Importing"),
    ImportState.DONE: NP_("import", "Done"),
    ImportState.REFUSED: NP_("import", "File refused"),
    ImportState.CANCELLED: NP_("import", "Cancelled"),
    ImportState.UNDOING: NP_("import", "Undoing"),
    ImportState.UNDONE: NP_("import", "Undone"),
}


class RowOutcome(StrEnum):
    """What the plan says of one row of a file."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


ROW_OUTCOME_LABELS: dict[RowOutcome, Phrase] = {
    RowOutcome.CREATED: NP_("row", "Created"),
    RowOutcome.UPDATED: NP_("row", "Updated"),
    RowOutcome.UNCHANGED: NP_("row", "Unchanged"),
    RowOutcome.REJECTED: NP_("row", "Rejected"),
}
