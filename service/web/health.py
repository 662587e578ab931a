"""Whether the service answers and what it has done, for machines."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from service.db import Trouble, trouble_of
from service.domain import scanning, workers
from service.domain.scanning import ScannerState
from service.models import Campaign, Delivery
from service.web.context import here, reading, services
from service.web.routes import Audience, Located, page

bp = Blueprint("health", __name__)


@page(bp, "/healthz", needs=Audience.ANYONE, located=Located.NOWHERE)
def show() -> ResponseReturnValue:
    """Answer 200 while the database answers, and tell whether workers are silent or in trouble."""
    try:
        with reading() as session:
            alive = workers.list_alive(session, now=here().now)
            silent = len(workers.list_silent(session, now=here().now))
    except DBAPIError as error:
        if trouble_of(error) is Trouble.OTHER:
            raise
        return jsonify(status="down", database=trouble_of(error).value), 503
    in_trouble = sum(1 for beat in alive if beat.trouble)
    counts = {"alive": len(alive), "silent": silent, "in_trouble": in_trouble}
    scanner = _scanner_state()
    cannot_scan = scanner not in {None, ScannerState.READY}
    told = {} if scanner is None else {"scanner": scanner.value}
    return jsonify(status="degraded" if silent or in_trouble or cannot_scan else "ok", workers=counts, **told)


def _scanner_state() -> ScannerState | None:
    """Whether attachments can be scanned now (U-11); None where no scanner is set up."""
    scanner = services().scanner
    if scanner is None:
        return None
    accepts_local = services().settings.scanner_local_signatures
    return scanning.state_of(scanner, accepts_local=accepts_local, now=here().now)


@page(bp, "/metrics", needs=Audience.ANYONE, located=Located.NOWHERE)
def metrics() -> ResponseReturnValue:
    """Print counts for Prometheus; numbers only, no names."""
    registry = CollectorRegistry()
    deliveries = Gauge("prospectus_deliveries", "Deliveries by state", ["state"], registry=registry)
    campaigns = Gauge("prospectus_campaigns", "Campaigns by state", ["state"], registry=registry)
    with reading() as session:
        for state, number in session.execute(select(Delivery.state, func.count()).group_by(Delivery.state)):
            deliveries.labels(state).set(number)
        for state, number in session.execute(select(Campaign.state, func.count()).group_by(Campaign.state)):
            campaigns.labels(state).set(number)
    return generate_latest(registry), 200, {"Content-Type": CONTENT_TYPE_LATEST}
