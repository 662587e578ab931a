"""Settings → Personal data: what is stored about one person, handed out whole or erased."""

import tempfile
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, StringField

from service.domain import erasure, people
from service.domain.errors import DomainError
from service.domain.personal_files import write_export
from service.facts.acts import Act
from service.facts.permissions import Permission
from service.facts.refusals import Refusal
from service.facts.words import N_, NP_, Phrase
from service.mail import addresses
from service.web.context import here, reader, reading, record, services, transaction
from service.web.forms import FILTERS, Form, done, say
from service.web.routes import page

bp = Blueprint("personal_data", __name__)
_PERSON = "/settings/personal-data/<int:partner_id>"
_IN_MEMORY = 8 << 20
_CHUNK = 1 << 16
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
    "rows of imported files": N_("Rows of imported files"),
    "import_leftovers": N_("Rows that an undo left in place"),
}


# People on the page of a search.
MATCHES = 20


class EraseForm(Form):
    """What must be entered before somebody is erased."""

    address = StringField(filters=FILTERS)
    never_again = BooleanField()


@page(bp, "/settings/personal-data", needs=Permission.DATA_EXPORT)
def index() -> ResponseReturnValue:
    """Find somebody by name or address."""
    _require_all_programs()
    text = request.args.get("q", "")[:200].strip()
    with reading() as session:
        found = people.list_matching(session, text, limit=MATCHES + 1) if text else ()
        return render_template(
            "personal_data/index.html",
            q=text,
            found=found[:MATCHES],
            more=len(found) > MATCHES,
            erasures=erasure.list_recent(session),
        )


@page(bp, _PERSON, needs=Permission.DATA_EXPORT)
def show(partner_id: int) -> ResponseReturnValue:
    """Show how much is stored about somebody, and where."""
    return _show(partner_id, EraseForm())


def _show(partner_id: int, form: EraseForm) -> ResponseReturnValue:
    _require_all_programs()
    with reading() as session:
        partner = people.find(session, partner_id)
        counts = people.export(session, partner_id).counts
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
    _require_all_programs()
    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    with reading() as session, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        write_export(archive, people.export(session, partner_id), services().attachments)
    with transaction() as session:
        record(session, Act.PERSON_EXPORTED)
    size = file.tell()
    file.seek(0)
    response = Response(_sent(file), mimetype="application/zip")
    response.call_on_close(file.close)
    response.content_length = size
    response.headers["Content-Disposition"] = f'attachment; filename="person-{partner_id}.zip"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _sent(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


@page(bp, f"{_PERSON}/erase", needs=Permission.DATA_ERASE, methods=("POST",))
def erase(partner_id: int) -> ResponseReturnValue:
    """Erase somebody everywhere."""
    _require_all_programs()
    form = EraseForm()
    try:
        with transaction() as session:
            _require_address(people.find(session, partner_id).email_key, form.address.data or "")
            gone = erasure.erase_partner(
                session,
                partner_id,
                actor_id=reader().id,
                never_again=bool(form.never_again.data),
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


def _require_address(address_key: str, typed: str) -> None:
    try:
        matches = addresses.parse(typed).key == address_key
    except addresses.AddressError:
        matches = False
    if not matches:
        raise DomainError(Refusal.ERASURE_UNCONFIRMED, field="address")


def _require_all_programs() -> None:
    # A person is not cut in pieces by programs: who may not see all of them may not see this.
    if not reader().all_programs:
        raise DomainError(Refusal.NEEDS_ALL_PROGRAMS)
