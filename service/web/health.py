"""Whether the service answers and what it has done, for machines."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select, text

from service.models import Campaign, Delivery
from service.web.context import reading
from service.web.routes import Audience, Located, page

bp = Blueprint("health", __name__)


@page(bp, "/healthz", needs=Audience.ANYONE, located=Located.NOWHERE)
def show() -> ResponseReturnValue:
    """Answer 200 while the database answers."""
    with reading() as session:
        session.execute(text("SELECT 1"))
    return jsonify(status="ok")


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
