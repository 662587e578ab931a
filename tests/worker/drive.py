"""Send a campaign without the job engine: only the protocol of the ledger, in a process that starts fast.

Usage: python drive.py CAMPAIGN_ID; exit code 0 when nothing of the campaign is open any more.
"""

import os
import sys
from datetime import UTC, datetime

from service.bootstrap import build
from service.config import Settings
from service.domain import deliveries
from service.facts.states import CampaignState
from service.models import Campaign
from service.worker import deliver, sweep


def now() -> datetime:
    return datetime.now(UTC)


def main(campaign_id: int) -> int:
    services = build(Settings.from_env(os.environ), jobs=False)
    sweep.repair(services, now=now(), everything=True)
    room = deliver.open_room(services, now)
    try:
        while deliver.deliver_batch(services, room, campaign_id, now):
            pass
    finally:
        room.close()
    with services.db.transaction() as session:
        deliveries.finish_if_done(session, campaign_id, now=now())
        state = session.get_one(Campaign, campaign_id).state
    return 0 if state == CampaignState.FINISHED.value else 3


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
