"""Settings → Personal data, of a user of the brand: what is stored, handed out whole or erased."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField

from service.domain import accounts, user_data, user_erasure
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.words import N_, NP_, Phrase
from service.models import User
from service.web import hand_out
from service.web.context import here, reader, reading, record, services, transaction
from service.web.forms import FILTERS, Form, done, say
from service.web.routes import Audience, page

bp = Blueprint("user_data", __name__)
_USER = "/settings/personal-data/users/<int:user_id>"
# What the sections of an export are called on the page, in the order they are shown.
SECTIONS: dict[str, Phrase] = {
    "users": N_("Profile"),
    "user_sessions": N_("Sessions"),
    "recovery_codes": N_("Recovery codes"),
    "notification_choices": N_("Notification settings"),
    "mail_accounts": N_("Mail accounts"),
    "messages": NP_("personal data", "Messages"),
    "attachments": NP_("personal data", "Attachments"),
    "drafts": NP_("personal data", "Drafts"),
    "threads": NP_("personal data", "Conversations"),
    "campaigns": N_("Campaigns"),
    "imports": N_("Imports"),
    "stage_changes": N_("Changes of stages"),
    "suppression_lifts": N_("Removed entries of the suppression list"),
    "selections": N_("Selected prospects"),
    "notices": N_("Notifications"),
    "digests": N_("Daily emails"),
    "system_mails": N_("Notification emails"),
    "messaging_terms": N_("Versions of the messaging terms"),
    "terms_acceptances": N_("Accepted messaging terms"),
    "audit_entries": N_("Entries of the audit trail"),
    "erasures": N_("Erasures"),
}


class EraseForm(Form):
    """What must be entered before a user is erased."""

    address = StringField(filters=FILTERS)


@page(bp, _USER, needs=Permission.DATA_EXPORT)
def show(user_id: int) -> ResponseReturnValue:
    """Show how much is stored about a user, and where."""
    return _show(user_id, EraseForm())


def _show(user_id: int, form: EraseForm) -> ResponseReturnValue:
    hand_out.require_all_programs()
    with reading() as session:
        person = accounts.find(session, user_id)
        counts = user_data.count(session, user_id)
        problems = form.problems()
        shown = render_template(
            "user_data/show.html",
            person=person,
            form=form,
            problems=problems,
            is_me=person.id == reader().id,
            sections=[(say(label), counts[name]) for name, label in SECTIONS.items() if counts[name]],
        )
    return shown, 400 if problems else 200


@page(bp, f"{_USER}/export.zip", needs=Permission.DATA_EXPORT, methods=("POST",))
def export(user_id: int) -> ResponseReturnValue:
    """Hand everything out as one archive; not by a link, for the trail tells of it."""
    hand_out.require_all_programs()
    return _handed_out(user_id, Act.USER_EXPORTED)


@page(bp, "/settings/profile/export.zip", needs=Audience.SIGNED_IN, methods=("POST",))
def own() -> ResponseReturnValue:
    """Hand a user everything about themselves."""
    return _handed_out(reader().id, Act.OWN_DATA_EXPORTED)


def _handed_out(user_id: int, act: Act) -> ResponseReturnValue:
    with reading() as session:
        file = hand_out.open_archive(user_data.export(session, user_id))
    with transaction() as session:
        record(session, act, subject_id=user_id)
    return hand_out.answer(file, f"user-{user_id}.zip")


@page(bp, f"{_USER}/erase", needs=Permission.DATA_ERASE, methods=("POST",))
def erase(user_id: int) -> ResponseReturnValue:
    """Erase a user: their name and address everywhere, and their way in."""
    hand_out.require_all_programs()
    form = EraseForm()
    try:
        with transaction() as session:
            hand_out.require_address(accounts.find(session, user_id).email_key, form.address.data or "")
            actor = session.get_one(User, reader().id)
            gone = user_erasure.erase(session, user_id, actor=actor, now=here().now)
            record(session, Act.USER_ERASED, subject_id=user_id)
            services().erasure_log.note(gone.marks, at=here().now)
    except DomainError as error:
        if error.refusal in {Refusal.NOT_FOUND, Refusal.NOT_ALLOWED}:
            raise
        form.refuse(error)
        return _show(user_id, form)
    services().clear_outside(gone)
    done(N_("The user has been erased."))
    return redirect(url_for("personal_data.index"), 303)
