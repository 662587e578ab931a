"""Writing an email: the form in every language, its preview as any recipient, the test mail, the launch."""

import secrets
from collections.abc import Mapping

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.core import UnboundField

from service.domain import ads, campaigns, previews, programs, prospects, recipients, selections
from service.domain.campaign_checks import Review
from service.domain.campaigns import Writing
from service.domain.errors import DomainError
from service.domain.recipients import Recipient
from service.domain.selections import Selected
from service.facts.permissions import Permission
from service.facts.states import CampaignState, UnknownPolicy
from service.facts.words import N_
from service.i18n.locales import LOCALES
from service.mail import shipped
from service.mail.compiled import ContentRefused
from service.mail.tokens import TOKENS
from service.models import Campaign, Program
from service.web import letters
from service.web.context import here, program, reader, reading, services, transaction
from service.web.forms import FILTERS, Form, done, refusal_text, say, warn
from service.web.routes import page
from service.web.security import MAIL_POLICY

bp = Blueprint("compose", __name__)
PATH = "/campaigns/<int:campaign_id>"
RISKIEST = 6


def _fields() -> dict[str, UnboundField]:
    fields: dict[str, UnboundField] = {}
    for code in LOCALES:
        fields[f"subject_{code}"] = StringField()
        fields[f"content_{code}"] = TextAreaField()
    return fields


class ComposeForm(Form):
    """Names, template, policy, and subject and content in each language."""

    form_key = HiddenField()
    version = HiddenField()
    from_name = StringField(filters=FILTERS)
    reply_to = StringField(filters=FILTERS)
    template = SelectField(validate_choice=False)
    source_locale = SelectField()
    unknown_policy = RadioField(choices=[policy.value for policy in UnknownPolicy])

    def writing(self) -> Writing:
        """Return what the author wrote."""
        texts = {
            code: (
                self[f"subject_{code}"].data or "",
                (self[f"content_{code}"].data or "").replace("\r\n", "\n"),
            )
            for code in LOCALES
        }
        return Writing(
            from_name=self.from_name.data or "",
            reply_to=self.reply_to.data or "",
            source_locale=self.source_locale.data or "en",
            variants=texts,
            template=self.template.data or None,
            unknown_policy=UnknownPolicy(self.unknown_policy.data or UnknownPolicy.ASK.value),
        )

    def fill(self, texts: Mapping[str, tuple[str, str]]) -> None:
        """Put texts into every language at once."""
        for code, (subject, content) in texts.items():
            self[f"subject_{code}"].data, self[f"content_{code}"].data = subject, content


for _name, _field in _fields().items():
    setattr(ComposeForm, _name, _field)


@page(bp, "/campaigns/new", needs=Permission.EMAIL_SEND)
def new() -> ResponseReturnValue:
    """Start an email to the selection, or to one prospect."""
    form = _form(Campaign(version=1, variants=[]))
    form.form_key.data = secrets.token_urlsafe(16)
    form.from_name.data = reader().name
    form.reply_to.data = reader().email
    form.source_locale.data = program().default_locale
    form.unknown_policy.data = UnknownPolicy.ASK.value
    template = request.args.get("template", "")
    if template in shipped.CAMPAIGN_TEMPLATES:
        form.template.data = template
        form.fill(_shipped(template))
    with reading() as session:
        selected = _asked_for(session, request.args.get("prospect"))
        found = recipients.resolve(
            session, program(), selections.prospect_ids(session, program().id, selected)
        )
        return render_template("campaigns/compose.html", **_page(session, form, None, found, selected))


@page(bp, "/campaigns/new", needs=Permission.EMAIL_SEND, methods=("POST",))
def create() -> ResponseReturnValue:
    """Store the draft, then do what the button says."""
    form = _form(None)
    with transaction() as session:
        selected = _asked_for(session, request.form.get("prospect"))
        campaign = campaigns.draft(
            session,
            session.get_one(Program, program().id),
            form.writing(),
            form_key=(form.form_key.data or secrets.token_urlsafe(16))[:64],
            selected=selected,
            actor=reader(),
            now=here().now,
        )
    if campaign.state != CampaignState.DRAFT.value:
        return redirect(url_for("campaigns.show", campaign_id=campaign.id), 303)
    form.version.data = str(campaign.version)
    return _act(form, campaign.id)


@page(bp, f"{PATH}/edit", needs=Permission.EMAIL_SEND, methods=("GET", "POST"))
def edit(campaign_id: int) -> ResponseReturnValue:
    """Show and change a draft."""
    with reading() as session:
        campaign = campaigns.find(session, [program().id], campaign_id)
        if campaign.state != CampaignState.DRAFT.value:
            return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)
        if request.method == "GET":
            form = _form(campaign)
            found = campaigns.recipients_of(session, campaign)
            selected = Selected.from_json(campaign.selection)
            return render_template(
                "campaigns/compose.html", **_page(session, form, campaign, found, selected)
            )
    form = _form(None)
    try:
        with transaction() as session:
            campaign = campaigns.find(session, [program().id], campaign_id)
            campaigns.write(session, campaign, form.writing(), version=_number(form.version.data))
    except DomainError as error:
        form.refuse(error)
        return _again(form, campaign_id)
    form.version.data = str(campaign.version)
    return _act(form, campaign_id)


@page(bp, f"{PATH}/preview/<int:prospect_id>/<any(html,text,raw):part>", needs=Permission.EMAIL_SEND)
def preview(campaign_id: int, prospect_id: int, part: str) -> ResponseReturnValue:
    """Serve the mail this recipient would get, in its own frame and under its own policy."""
    with reading() as session:
        campaign = campaigns.find(session, [program().id], campaign_id)
        prospect = prospects.find(session, program().id, prospect_id)
        found = recipients.resolve(session, program(), [prospect.id])
        try:
            raw = previews.preview(session, services().composer, campaign, found[0], now=here().now).raw
        except ContentRefused as error:
            places = [finding for found_in in error.findings for finding in [found_in]]
            text = render_template("campaigns/_unreadable.html", findings=places)
            response = make_response(text)
            response.headers["Content-Security-Policy"] = MAIL_POLICY
            return response
    opened = letters.open_mail(raw)
    if part == "html":
        response = make_response(opened.html)
    else:
        response = make_response(opened.text if part == "text" else opened.raw)
        response.headers["Content-Type"] = "text/plain; charset=utf-8"
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


def _act(form: ComposeForm, campaign_id: int) -> ResponseReturnValue:
    action = request.form.get("action", "save")
    if action == "template" and form.template.data in shipped.CAMPAIGN_TEMPLATES:
        form.fill(_shipped(form.template.data))
        with transaction() as session:
            campaign = campaigns.find(session, [program().id], campaign_id)
            campaigns.write(session, campaign, form.writing(), version=_number(form.version.data))
        done(N_("The template has filled every language. You can edit each of them."))
    elif action == "send":
        return _launch(form, campaign_id)
    elif action == "test":
        _send_test(campaign_id)
    elif action == "save":
        done(N_("The draft has been saved."))
    arguments = {name: value for name in ("as", "part") if (value := request.form.get(name))}
    return redirect(url_for("compose.edit", campaign_id=campaign_id, **arguments), 303)  # type: ignore[arg-type]


def _launch(form: ComposeForm, campaign_id: int) -> ResponseReturnValue:
    try:
        with transaction() as session:
            campaign = campaigns.find(session, [program().id], campaign_id)
            campaigns.launch(
                session,
                services().jobs,
                services().composer,
                campaign,
                leave_out=request.form.get("leave_out") == "yes",
                now=here().now,
            )
            selections.keep(session, reader().id, program().id, selections.NOTHING, now=here().now)
    except DomainError as error:
        form.refuse(error)
        return _again(form, campaign_id)
    done(N_("The campaign is on its way."))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)


def _send_test(campaign_id: int) -> None:
    try:
        with transaction() as session:
            campaign = campaigns.find(session, [program().id], campaign_id)
            wanted = request.form.get("as", 0, type=int)
            found = campaigns.recipients_of(session, campaign)
            chosen = next((item for item in found if item.prospect_id == wanted), None) or next(
                iter(found), None
            )
            if chosen is None:
                warn(say(N_("No recipient is selected. Select at least one prospect.")))
                return
            previews.send_test(session, services().jobs, services().composer, campaign, chosen,
                             to=reader(), now=here().now)  # fmt: skip
    except ContentRefused:
        warn(say(N_("The content has errors. Correct them, then send the test again.")))
    except DomainError as error:
        warn(refusal_text(error))
    else:
        done(N_("A test email is on its way to %(address)s."), address=reader().email)


def _again(form: ComposeForm, campaign_id: int) -> ResponseReturnValue:
    with reading() as session:
        campaign = campaigns.find(session, [program().id], campaign_id)
        found = campaigns.recipients_of(session, campaign)
        selected = Selected.from_json(campaign.selection)
        return render_template(
            "campaigns/compose.html", **_page(session, form, campaign, found, selected)
        ), 400


def _form(campaign: Campaign | None) -> ComposeForm:
    form = ComposeForm(obj=campaign) if campaign is not None else ComposeForm()
    form.template.choices = ["", *shipped.CAMPAIGN_TEMPLATES]
    form.source_locale.choices = list(LOCALES)
    if campaign is not None and campaign.variants:
        form.fill({variant.locale: (variant.subject, variant.content) for variant in campaign.variants})
    return form


def _page(
    session: Session,
    form: ComposeForm,
    campaign: Campaign | None,
    found: list[Recipient],
    selected: Selected,
) -> dict[str, object]:
    review = campaigns.review(session, services().composer, campaign) if campaign is not None else None
    chosen = request.values.get("as", type=int)
    risky = riskiest(found)
    shown = next((item for item in found if item.prospect_id == chosen), None) or next(iter(risky), None)
    return {
        "form": form,
        "campaign": campaign,
        "recipients": found,
        "recipient_count": len(found),
        "suppressed_count": sum(recipient.suppressed for recipient in found),
        "prospect": request.values.get("prospect", ""),
        "risky": risky,
        "shown": shown,
        "part": request.values.get("part") if request.values.get("part") in letters.PARTS else "html",
        "review": review,
        "counts": review.counts if review else _counts(session, form, found),
        "findings": _findings(review),
        "tokens": TOKENS,
        "ads": ads.list_of(session, program().id),
        "templates": shipped.CAMPAIGN_TEMPLATES,
        "locales": list(LOCALES.values()),
    }


def _counts(session: Session, form: ComposeForm, found: list[Recipient]) -> dict[str, int]:
    current = programs.find(session, program().id)
    codes = [code for code in LOCALES if form[f"subject_{code}"].data] or list(LOCALES)
    source = form.source_locale.data or current.default_locale
    return recipients.count_by_variant(found, codes, default=current.default_locale, source=source)


def _findings(review: Review | None) -> Mapping[str, object]:
    return review.findings if review else {}


def riskiest(found: list[Recipient]) -> list[Recipient]:
    """Return the recipients most likely to go wrong: a missing name, the longest name, each language."""
    chosen: dict[int, Recipient] = {}
    for test in (lambda item: not item.first_name, lambda item: not item.mpid):
        chosen.update(
            {item.prospect_id: item for item in found if test(item) and len(chosen) < RISKIEST // 2}
        )
    if found:
        longest = max(found, key=lambda item: len(item.name))
        chosen[longest.prospect_id] = longest
    for code in dict.fromkeys(item.locale for item in found):
        first = next(item for item in found if item.locale == code)
        chosen[first.prospect_id] = first
    return list(chosen.values())[: RISKIEST * 2]


def _asked_for(session: Session, prospect: str | None) -> Selected:
    if not prospect:
        return selections.find(session, reader().id, program().id)
    if not (prospect.isascii() and prospect.isdigit()):
        abort(404)
    prospects.find(session, program().id, int(prospect))
    return Selected(frozenset({int(prospect)}))


def _shipped(template: str) -> dict[str, tuple[str, str]]:
    texts = {}
    for code in LOCALES:
        draft = shipped.draft(template, services().catalogs.catalog(code))
        texts[code] = (draft.subject, draft.content)
    return texts


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
