"""Settings → Profile → Mail accounts: connect one's own mailbox, check it, change it, disconnect it.

A password is written here and never read back: no page holds one, not even the page that refuses a form.
"""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import PasswordField, SelectField, StringField

from service.domain import mail_accounts, throttle
from service.domain.errors import DomainError
from service.domain.mail_accounts import Access, AccountUnusable
from service.facts.acts import Act
from service.facts.mail_checks import MAIL_CHECK_WORDS, MailCheck
from service.facts.permissions import Permission
from service.facts.words import N_, Phrase
from service.mail.servers import FIRST, Checked, Reach
from service.models import MailAccount, User
from service.web.context import here, reader, reading, record, services, transaction
from service.web.forms import FILTERS, Form, done, number, refusal_text, say, warn
from service.web.routes import page

bp = Blueprint("mail_accounts", __name__)
SENDING = Permission.EMAIL_SEND
WITH_CODE = N_("%(reason)s Reply code: %(code)s.")


class AccountForm(Form):
    """An address and the server that sends for it."""

    address = StringField(filters=FILTERS)
    host = StringField(filters=FILTERS)
    port = SelectField(validate_choice=False)
    user_name = StringField(filters=FILTERS)
    password = PasswordField()

    def access(self) -> Access:
        """Return what was entered of the server."""
        return Access(
            self.host.data or "",
            number(self.port.data),
            self.user_name.data or "",
            self.password.data or "",
        )


@page(bp, "/settings/mail-accounts", needs=SENDING)
def index() -> ResponseReturnValue:
    """List the reader's own accounts, and how each of them is."""
    with reading() as session:
        found = mail_accounts.list_of(session, reader().id)
    return render_template("mail_accounts/index.html", accounts=[(one, trouble_of(one)) for one in found])


@page(bp, "/settings/mail-accounts/new", needs=SENDING, methods=("GET",))
def new() -> ResponseReturnValue:
    """Ask for an address and its server."""
    form = AccountForm(formdata=None, data={"address": reader().email, "user_name": reader().email})
    return _show(form, None)


@page(bp, "/settings/mail-accounts/new", needs=SENDING, methods=("POST",))
def create() -> ResponseReturnValue:
    """Keep the account, then check it."""
    form = AccountForm()
    try:
        with transaction() as session:
            account = mail_accounts.connect(
                session,
                services().vault,
                session.get_one(User, reader().id),
                form.address.data or "",
                form.access(),
                reach=_reach(),
                now=here().now,
            )
            record(session, Act.ACCOUNT_CONNECTED, subject_id=account.id)
    except DomainError as error:
        form.refuse(error)
        return _show(form, None)
    return _checked(account.id)


@page(bp, "/settings/mail-accounts/<int:account_id>", needs=SENDING, methods=("GET",))
def edit(account_id: int) -> ResponseReturnValue:
    """Show the server of an account; its password stays where it is."""
    with reading() as session:
        account = mail_accounts.find(session, reader().id, account_id)
    kept = {"host": account.host, "port": str(account.port), "user_name": account.user_name}
    return _show(AccountForm(formdata=None, data=kept), account)


@page(bp, "/settings/mail-accounts/<int:account_id>", needs=SENDING, methods=("POST",))
def update(account_id: int) -> ResponseReturnValue:
    """Change the server, the user name or the password, then check the account."""
    form = AccountForm()
    try:
        with transaction() as session:
            account = mail_accounts.find(session, reader().id, account_id)
            mail_accounts.change(session, services().vault, account, form.access(), reach=_reach())
    except DomainError as error:
        if error.field is None:
            raise
        form.refuse(error)
        with reading() as session:
            return _show(form, mail_accounts.find(session, reader().id, account_id))
    return _checked(account_id)


@page(bp, "/settings/mail-accounts/<int:account_id>/check", needs=SENDING, methods=("POST",))
def check(account_id: int) -> ResponseReturnValue:
    """Check the connection of an account."""
    with reading() as session:
        mail_accounts.find(session, reader().id, account_id)
    return _checked(account_id)


@page(bp, "/settings/mail-accounts/<int:account_id>/disconnect", needs=SENDING, methods=("GET",))
def confirm_disconnect(account_id: int) -> ResponseReturnValue:
    """Name what disconnecting will do before it is done."""
    with reading() as session:
        account = mail_accounts.find(session, reader().id, account_id)
        waiting = mail_accounts.under_way(session, account.id)
    return render_template("mail_accounts/disconnect.html", account=account, waiting=waiting)


@page(bp, "/settings/mail-accounts/<int:account_id>/disconnect", needs=SENDING, methods=("POST",))
def disconnect(account_id: int) -> ResponseReturnValue:
    """Forget the password of an account."""
    with transaction() as session:
        account = mail_accounts.find(session, reader().id, account_id)
        mail_accounts.disconnect(session, account, now=here().now)
        record(session, Act.ACCOUNT_DISCONNECTED, subject_id=account_id)
    said = N_("The mail account %(address)s is disconnected. Its password has been deleted.")
    done(said, address=account.address)
    return redirect(url_for("mail_accounts.index"), 303)


def _checked(account_id: int) -> ResponseReturnValue:
    """Look at the server outside of any transaction, keep and tell what it came to."""
    brakes = throttle.mail_check_brakes(reader().id)
    try:
        with transaction() as session:
            throttle.attempt(session, brakes, now=here().now)
        with reading() as session:
            account = mail_accounts.find(session, reader().id, account_id)
        found = _look_at(account)
        with transaction() as session:
            mail_accounts.record(session, account_id, found, version=account.version, now=here().now)
            if found.result is MailCheck.OK:
                throttle.forgive(session, brakes)
    except DomainError as error:
        warn(refusal_text(error))
    else:
        if found.result is MailCheck.OK:
            said = N_("The mail account %(address)s is connected. You can send from it.")
            done(said, address=account.address)
        else:
            warn(_words(found.result, found.code))
    return redirect(url_for("mail_accounts.index"), 303)


def _look_at(account: MailAccount) -> Checked:
    try:
        server = mail_accounts.server_of(services().vault, account)
    except AccountUnusable as error:
        return Checked(error.result or MailCheck.SECRET_UNREADABLE)
    return services().account_post.check(server)


def trouble_of(account: MailAccount) -> str:
    """Return what is wrong with an account in the reader's words, nothing where all is well."""
    if account.last_error in set(MailCheck):
        return _words(MailCheck(account.last_error), account.last_code)
    return ""


def _words(result: MailCheck, code: int | None) -> str:
    reason = say(MAIL_CHECK_WORDS[result])
    return reason if code is None else say(WITH_CODE, reason=reason, code=str(code))


def _reach() -> Reach:
    return services().account_post.reach


def _show(form: AccountForm, account: MailAccount | None) -> ResponseReturnValue:
    words: dict[bool, Phrase] = {True: N_("%(port)s (TLS)"), False: N_("%(port)s (STARTTLS)")}
    form.port.choices = [
        (str(port), say(words[tls == FIRST], port=str(port))) for port, tls in _reach().ports.items()
    ]
    problems = form.problems()
    return render_template(
        "mail_accounts/edit.html", form=form, account=account, problems=problems
    ), 400 if problems else 200
