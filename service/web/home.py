"""The home page: what is going on, and what to do next."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from service import links
from service.domain import campaigns, groups, imports, ledger, notices, prospects
from service.facts.messages import News
from service.facts.stages import Stage
from service.facts.states import DeliveryState
from service.models import Notice
from service.web import navigation
from service.web.context import here, reader, reading, services, transaction
from service.web.forms import say
from service.web.routes import Audience, page

bp = Blueprint("home", __name__)


@page(bp, "/", needs=Audience.SIGNED_IN)
def index() -> ResponseReturnValue:
    """Show the program at a glance."""
    current = here().program
    if current is None:
        return render_template("home/no_program.html")
    with reading() as session:
        stages = prospects.count_by_stage(session, current.id)
        recent = campaigns.list_of(session, current.id, limit=5)
        counts = ledger.count_by_state(session, [campaign.id for campaign in recent])
        awaiting = sum(states.get(DeliveryState.UNKNOWN.value, 0) for states in counts.values())
        return render_template(
            "home/index.html",
            stages=[(stage.value, stages[stage.value]) for stage in Stage],
            total=sum(stages.values()),
            campaigns=recent,
            counts=counts,
            awaiting=awaiting,
            fresh=stages[Stage.NEW.value],
            imports=imports.list_of(session, current.id, limit=5),
            groups=groups.list_of(session, current.id),
        )


@page(bp, "/notices", needs=Audience.SIGNED_IN)
def news() -> ResponseReturnValue:
    """List the reader's notices."""
    with reading() as session:
        found = notices.list_recent(session, reader().id)
    lines = [
        {
            "item": item,
            "text": say(notices.NOTICES[item.kind], **item.values),
            "href": _target(item),
            "result_href": _result(item),
        }
        for item in found
        if item.kind in notices.NOTICES
    ]
    return render_template("home/notices.html", found=lines)


def _target(notice: Notice) -> str | None:
    if notice.subject_id is None:
        return None
    if notice.kind in set(News):
        return links.path("thread", here().locale.code, thread_id=notice.subject_id)
    if notice.kind.startswith("campaign"):
        return url_for("campaigns.show", campaign_id=notice.subject_id)
    return url_for("imports.show", import_id=notice.subject_id)


def _result(notice: Notice) -> str | None:
    """Where the rows of a finished import or dry run can be downloaded with what became of each."""
    if notice.kind not in {"import_done", "import_tried"} or notice.subject_id is None:
        return None
    return url_for("imports.show", import_id=notice.subject_id, _anchor="result")


@page(bp, "/settings", needs=Audience.SIGNED_IN)
def settings() -> ResponseReturnValue:
    """List what the reader may set up."""
    https = services().settings.https
    return render_template("home/settings.html", parts=navigation.settings(), https=https)


@page(bp, "/notices/read", needs=Audience.SIGNED_IN, methods=("POST",))
def read_news() -> ResponseReturnValue:
    """Mark the notices as read."""
    with transaction() as session:
        notices.mark_read(session, reader().id, now=here().now)
    return redirect(url_for("home.news"), 303)
