"""Writing an email: the form in every language, its preview as any recipient, the test mail, the launch."""

import hashlib
import secrets
from dataclasses import replace

from flask import (
    Blueprint,
    abort,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from service.domain import campaigns, previews, prospects, recipients, selections
from service.domain.campaign_checks import LeaveOut
from service.domain.errors import DomainError
from service.domain.recipients import Recipient
from service.domain.schedules import Start
from service.domain.selections import Selected
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.states import CampaignState
from service.facts.words import N_
from service.mail import shipped
from service.models import Campaign, Program
from service.web import drafts, letters, schedules
from service.web.context import here, program, reader, reading, record, services, transaction
from service.web.drafts import ComposeForm
from service.web.forms import done, number, refusal_text, say, warn
from service.web.routes import page
from service.web.security import framed

bp = Blueprint("compose", __name__)
PATH = "/campaigns/<int:campaign_id>"


@page(bp, "/campaigns/new", needs=Permission.EMAIL_SEND)
def new() -> ResponseReturnValue:
    """Start an email to the selection, or to one prospect."""
    form = drafts.empty_form(
        form_key=secrets.token_urlsafe(16),
        from_name=reader().name,
        reply_to=reader().email,
        source_locale=program().default_locale,
        template=request.args.get("template", ""),
    )
    with reading() as session:
        selected = _asked_for(session, request.args.get("prospect"))
        return _shown(session, form, None, selected)


@page(bp, "/campaigns/new", needs=Permission.EMAIL_SEND, methods=("POST",))
def create() -> ResponseReturnValue:
    """Store the draft, then do what the button says; the same form sent again is the same campaign."""
    form = ComposeForm()
    try:
        with transaction() as session:
            campaign = _by_key(session, form)
            campaign_id = campaign.id
            if campaign.state == CampaignState.DRAFT.value:
                _store(session, campaign, form)
    except DomainError as error:
        if error.refusal is not Refusal.EDITED_MEANWHILE:
            raise
        return _again(form, campaign_id, error)
    if campaign.state != CampaignState.DRAFT.value:
        return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)
    return _act(form, campaign_id)


@page(bp, f"{PATH}/edit", needs=Permission.EMAIL_SEND)
def edit(campaign_id: int) -> ResponseReturnValue:
    """Show a draft."""
    with reading() as session:
        campaign = _find(session, campaign_id)
        if campaign.state != CampaignState.DRAFT.value:
            return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)
        form = drafts.form_of(campaign)
        return _shown(session, form, campaign, Selected.from_json(campaign.selection))


@page(bp, f"{PATH}/edit", needs=Permission.EMAIL_SEND, methods=("POST",))
def update(campaign_id: int) -> ResponseReturnValue:
    """Store what was written, then do what the button says."""
    form = ComposeForm()
    try:
        with transaction() as session:
            campaign = _find(session, campaign_id)
            _store(session, campaign, form)
    except DomainError as error:
        if error.refusal in {Refusal.CAMPAIGN_ALREADY_LAUNCHED, Refusal.CAMPAIGN_SCHEDULED}:
            warn(refusal_text(error))
            return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)
        if error.refusal is not Refusal.EDITED_MEANWHILE:
            raise
        return _again(form, campaign_id, error)
    if campaign.state != CampaignState.DRAFT.value:
        return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)
    return _act(form, campaign_id)


@page(bp, f"{PATH}/preview", needs=Permission.EMAIL_SEND, methods=("POST",))
@page(bp, "/campaigns/new/preview", needs=Permission.EMAIL_SEND, methods=("POST",))
def look(campaign_id: int | None = None) -> ResponseReturnValue:
    """Keep what is being typed and tell the page's script what is wrong and where the preview is."""
    form = ComposeForm()
    if campaign_id is None and form.is_untouched():
        return jsonify(status=say(drafts.NOT_SAVED), findings=[])
    if request.form.get("theirs"):
        # The author has yet to choose between two versions: typing must not choose for them.
        return jsonify(status=say(Refusal.EDITED_MEANWHILE.phrase), findings=[])
    try:
        with transaction() as session:
            campaign = _by_key(session, form) if campaign_id is None else _find(session, campaign_id)
            began_with = campaign.version
            _store(session, campaign, form)
            # Typing is no save: the next Save must still find the version that it began with.
            campaign.version = began_with
            recipient = _wanted_recipient(session, campaign)
            seen = drafts.see(session, campaign, recipient)
            answer: dict[str, object] = {
                "status": seen.status,
                "findings": [found for places in drafts.findings_of(session, campaign) for found in places],
            }
            # Where there is no mail, the frame says why: it must not go on showing somebody else's.
            answer["subject"] = seen.composed.subject if seen.composed else ""
            if recipient is not None:
                shows = seen.composed.raw if seen.composed else repr(seen).encode()
                digest = hashlib.sha256(shows).hexdigest()[:12]
                answer["url"] = _preview_url(campaign.id, recipient.prospect_id, v=digest)
    except DomainError as error:
        return jsonify(status=refusal_text(error), findings=[])
    return jsonify(answer)


@page(bp, f"{PATH}/preview/<int:prospect_id>/<any(html,text,raw):part>", needs=Permission.EMAIL_SEND)
def preview(campaign_id: int, prospect_id: int, part: str) -> ResponseReturnValue:
    """Serve the mail this recipient would get, in its own frame and under its own policy."""
    with reading() as session:
        campaign = _find(session, campaign_id)
        prospect = prospects.find(session, program().id, prospect_id)
        recipient = recipients.resolve(session, program(), [prospect.id])[0]
        seen = drafts.see(session, campaign, recipient)
    dark = request.args.get("scheme") == "dark"
    if seen.composed is None:
        return framed(make_response(render_template("campaigns/_unreadable.html", seen=seen, dark=dark)))
    if part == "html":
        return framed(make_response(letters.in_scheme(seen.composed.html, dark=dark)))
    response = make_response(
        seen.composed.text if part == "text" else letters.open_mail(seen.composed.raw).raw
    )
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return framed(response)


def _find(session: Session, campaign_id: int) -> Campaign:
    # Whoever writes does so in the program they work in: recipients, ads and addresses are that one's.
    return campaigns.find(session, [program().id], campaign_id)


def _by_key(session: Session, form: ComposeForm) -> Campaign:
    selected = _asked_for(session, request.form.get("prospect"))
    return campaigns.draft(
        session,
        session.get_one(Program, program().id),
        form.writing(),
        form_key=(form.form_key.data or secrets.token_urlsafe(16))[:64],
        selected=selected,
        actor=reader(),
        now=here().now,
    )


def _store(session: Session, campaign: Campaign, form: ComposeForm) -> None:
    # What stands there already is no conflict: a form sent twice has one result.
    writing = form.writing()
    if campaign.author_id != reader().id:
        # Nobody sends from another user's mail account: who writes on somebody's draft sends the common way.
        writing = replace(writing, mail_account_id=None)
    if not drafts.is_stored(campaign, writing):
        campaigns.write(session, campaign, writing, version=number(form.version.data))
    form.version.data = str(campaign.version)


def _act(form: ComposeForm, campaign_id: int) -> ResponseReturnValue:
    action = request.form.get("action", "save")
    if action in {"template", "replace"} and form.template.data in shipped.CAMPAIGN_TEMPLATES:
        if action == "template" and form.has_own_words():
            return _again(form, campaign_id, None, replaces=True)
        _use_template(form, campaign_id)
    elif action in {"send", "schedule"}:
        return _launch(form, campaign_id, later=action == "schedule")
    elif action == "test":
        _send_test(campaign_id)
    elif action == "save":
        done(N_("The draft has been saved."))
    arguments = {name: value for name in ("as", "part", "send_at") if (value := request.form.get(name))}
    anchor = "preview" if action == "preview" else None
    return redirect(
        url_for("compose.edit", campaign_id=campaign_id, _anchor=anchor, **arguments),  # type: ignore[arg-type]
        303,
    )


def _use_template(form: ComposeForm, campaign_id: int) -> None:
    form.fill(drafts.shipped_texts(form.template.data))
    with transaction() as session:
        _store(session, _find(session, campaign_id), form)
    done(N_("The template has filled every language. You can edit each of them."))


def _launch(form: ComposeForm, campaign_id: int, *, later: bool) -> ResponseReturnValue:
    try:
        start = _start(later)
        with transaction() as session:
            campaign = _find(session, campaign_id)
            launched = campaigns.launch(
                session,
                services().jobs,
                services().composer,
                campaign,
                leave_out=LeaveOut.kept_with(campaign),
                at=start.moment if start else None,
                now=here().now,
            )
            if launched:
                act = Act.CAMPAIGN_SCHEDULED if start else Act.CAMPAIGN_LAUNCHED
                record(session, act, subject_id=campaign.id, program_id=campaign.program_id)
            if selections.find(session, reader().id, program().id).to_json() == campaign.selection:
                selections.keep(session, reader().id, program().id, selections.NOTHING, now=here().now)
    except DomainError as error:
        return _again(form, campaign_id, error)
    if start is not None and campaign.state == CampaignState.SCHEDULED.value:
        schedules.say_scheduled(start)
    else:
        done(N_("The campaign is on its way."))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)


def _start(later: bool) -> Start | None:
    """Return when the campaign is to start, None for at once; refuses a time that would be overlooked."""
    text = request.form.get("send_at", "").strip()
    if later:
        return schedules.read(text)
    if text:
        raise DomainError(Refusal.TIME_UNUSED, field="send_at")
    return None


def _send_test(campaign_id: int) -> None:
    with transaction() as session:
        campaign = _find(session, campaign_id)
        recipient = _wanted_recipient(session, campaign)
        if recipient is None:
            warn(say(N_("No recipient is selected. Select at least one prospect.")))
            return
        seen = drafts.see(session, campaign, recipient)
        if seen.composed is None:
            warn(seen.status)
            return
        previews.send_test(
            session,
            services().jobs,
            services().composer,
            campaign,
            recipient,
            to=reader(),
            now=here().now,
        )
    done(N_("A test email is on its way to %(address)s."), address=reader().email)


def _again(
    form: ComposeForm, campaign_id: int, error: DomainError | None, *, replaces: bool = False
) -> ResponseReturnValue:
    """Show the form as it was sent, with what was refused; nothing typed is lost."""
    with reading() as session:
        campaign = _find(session, campaign_id)
        selected = Selected.from_json(campaign.selection)
        conflict = error is not None and error.refusal is Refusal.EDITED_MEANWHILE
        if conflict:
            form.version.data = str(campaign.version)
        values = drafts.page_of(
            session, form, campaign, selected, refused=error, conflict=conflict, replaces=replaces
        )
        return render_template("campaigns/compose.html", **values), 409 if conflict else 400


def _shown(
    session: Session, form: ComposeForm, campaign: Campaign | None, selected: Selected
) -> ResponseReturnValue:
    return render_template("campaigns/compose.html", **drafts.page_of(session, form, campaign, selected))


def _asked_for(session: Session, prospect: str | None) -> Selected:
    if not prospect:
        return selections.find(session, reader().id, program().id)
    wanted = number(prospect)
    if not wanted:
        abort(404)
    prospects.find(session, program().id, wanted)
    return Selected(frozenset({wanted}))


def _wanted_recipient(session: Session, campaign: Campaign) -> Recipient | None:
    wanted = number(request.values.get("as"))
    if wanted:
        ids = [prospects.find(session, program().id, wanted).id]
    else:
        chosen = Selected.from_json(campaign.selection)
        ids = list(selections.prospect_ids(session, program().id, chosen))[:1]
    return next(iter(recipients.resolve(session, program(), ids)), None)


def _preview_url(campaign_id: int, prospect_id: int, *, v: str) -> str:
    return url_for(
        "compose.preview",
        campaign_id=campaign_id,
        prospect_id=prospect_id,
        part=letters.part_of(request.values.get("part", "")),
        v=v,
    )


@page(bp, f"{PATH}/discard", needs=Permission.EMAIL_SEND, methods=("POST",))
def discard(campaign_id: int) -> ResponseReturnValue:
    """Delete a draft."""
    try:
        with transaction() as session:
            campaigns.discard(session, _find(session, campaign_id))
    except DomainError as error:
        warn(refusal_text(error))
    else:
        done(N_("The draft has been deleted."))
    return redirect(url_for("campaigns.index"), 303)
