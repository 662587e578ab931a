"""Settings → Personal data: what is stored about one person, handed out whole or erased."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import BooleanField, StringField

from service.domain import erasure, partners, people, user_data, user_erasure
from service.domain.errors import DomainError
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.words import N_, NP_, Phrase
from service.web import hand_out
from service.web.context import here, reader, reading, record, services, transaction
from service.web.forms import FILTERS, Form, done, say
from service.web.routes import page

bp = Blueprint("personal_data", __name__)
_PERSON = "/settings/personal-data/<int:partner_id>"
# What the sections of an export are called on the page, in the order they are shown.
SECTIONS: dict[str, Phrase] = {
    "partners": N_("Profile"),
    "media_properties": N_("Media properties"),
    "prospects": N_("Prospects"),
    "stage_changes": N_("Stage history"),
    "groups": N_("Groups"),
    "deliveries": N_("Emails of campaigns"),
    "delivery_attempts": N_("Attempts to deliver an email"),
    "bounces": N_("Bounces"),
    "system_mails": N_("Notification emails"),
    "suppressions": N_("Entries of the suppression list"),
    "suppression_lifts": N_("Removed entries of the suppression list"),
    "threads": NP_("personal data", "Conversations"),
    "messages": NP_("personal data", "Messages"),
    "attachments": NP_("personal data", "Attachments"),
    "drafts": NP_("personal data", "Drafts"),
    "import_rows": N_("Rows of imports"),
    "import_leftovers": N_("Rows that an undo left in place"),
}


KINDS: dict[str, Phrase] = {erasure.PARTNER: N_("Partner"), user_erasure.USER: N_("User")}
# People on the page of a search.
MATCHES = 20


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody whom a search found."""

    kind: str
    name: str
    email: str
    href: str


class EraseForm(Form):
    """What must be entered before somebody is erased."""

    address = StringField(filters=FILTERS)
    never_again = BooleanField()


@page(bp, "/settings/personal-data", needs=Permission.DATA_EXPORT)
def index() -> ResponseReturnValue:
    """Find somebody by name or address."""
    hand_out.require_all_programs()
    text = request.args.get("q", "")[:200].strip()
    with reading() as session:
        found = _found(session, text) if text else []
        return render_template(
            "personal_data/index.html",
            q=text,
            found=found[:MATCHES],
            more=len(found) > MATCHES,
            kinds={kind: say(label) for kind, label in KINDS.items()},
            erasures=erasure.list_recent(session),
        )


def _found(session: Session, text: str) -> list[Found]:
    """Users first, who are few, then partners; one more than are shown, where there are more."""
    users = user_data.list_matching(session, text, limit=MATCHES + 1)
    others = people.list_matching(session, text, limit=MATCHES + 1 - len(users))
    return [
        *(
            Found(user_erasure.USER, one.name, one.email, url_for("user_data.show", user_id=one.id))
            for one in users
        ),
        *(
            Found(erasure.PARTNER, one.name, one.email, url_for("personal_data.show", partner_id=one.id))
            for one in others
        ),
    ]


@page(bp, _PERSON, needs=Permission.DATA_EXPORT)
def show(partner_id: int) -> ResponseReturnValue:
    """Show how much is stored about somebody, and where."""
    return _show(partner_id, EraseForm())


def _show(partner_id: int, form: EraseForm) -> ResponseReturnValue:
    hand_out.require_all_programs()
    with reading() as session:
        partner = partners.find(session, partner_id)
        counts = people.count(session, partner_id)
        problems = form.problems()
        shown = render_template(
            "personal_data/show.html",
            partner=partner,
            form=form,
            problems=problems,
            sections=[(say(label), counts[name]) for name, label in SECTIONS.items() if counts.get(name)],
        )
    return shown, 400 if problems else 200


@page(bp, f"{_PERSON}/export.zip", needs=Permission.DATA_EXPORT, methods=("POST",))
def export(partner_id: int) -> ResponseReturnValue:
    """Hand everything out as one archive; not by a link, for the trail tells of it."""
    hand_out.require_all_programs()
    with reading() as session:
        file = hand_out.open_archive(people.export(session, partner_id))
    with transaction() as session:
        record(session, Act.PERSON_EXPORTED)
    return hand_out.answer(file, f"person-{partner_id}.zip")


@page(bp, f"{_PERSON}/erase", needs=Permission.DATA_ERASE, methods=("POST",))
def erase(partner_id: int) -> ResponseReturnValue:
    """Erase somebody everywhere."""
    hand_out.require_all_programs()
    form = EraseForm()
    try:
        with reading() as session:
            hand_out.require_address(partners.find(session, partner_id).email_key, form.address.data or "")
            looked = erasure.look_through(session, partner_id)
        with transaction() as session:
            gone = erasure.erase_partner(
                session,
                partner_id,
                actor_id=reader().id,
                never_again=bool(form.never_again.data),
                looked=looked,
                now=here().now,
            )
            record(session, Act.PERSON_ERASED)
            services().erasure_log.note(gone.marks, at=here().now)
    except DomainError as error:
        if error.refusal is Refusal.NOT_FOUND:
            raise
        form.refuse(error)
        return _show(partner_id, form)
    services().clear_outside(gone)
    done(N_("Everything about this person is erased."))
    return redirect(url_for("personal_data.index"), 303)
