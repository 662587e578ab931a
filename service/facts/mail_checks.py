"""What a look at a user's own mail server can come to, in our words and never in the server's."""

from enum import StrEnum

from service.facts.words import N_, Phrase


class MailCheck(StrEnum):
    """The result of connecting, signing in and naming the sender; a mail account keeps its value."""

    OK = "ok"
    NAME_NOT_FOUND = "name_not_found"
    ADDRESS_REFUSED = "address_refused"
    CONNECTION_REFUSED = "connection_refused"
    TIMEOUT = "timeout"
    LOST = "lost"
    NOT_SMTP = "not_smtp"
    SERVER_REFUSED = "server_refused"
    NO_ENCRYPTION = "no_encryption"
    ENCRYPTION_FAILED = "encryption_failed"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NAME = "certificate_name"
    CERTIFICATE_UNKNOWN = "certificate_unknown"
    SIGN_IN_UNKNOWN = "sign_in_unknown"
    SIGN_IN_REFUSED = "sign_in_refused"
    SENDER_REFUSED = "sender_refused"
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 (a word, not a password)


MAIL_CHECK_WORDS: dict[MailCheck, Phrase] = {
    MailCheck.OK: N_("The connection works."),
    MailCheck.NAME_NOT_FOUND: N_("The server name was not found. Check its spelling."),
    MailCheck.ADDRESS_REFUSED: N_(
        "The server name leads into a private or special network. Enter a mail server on the internet."
    ),
    MailCheck.CONNECTION_REFUSED: N_(
        "Nothing takes connections on this port. Check the server and the port."
    ),
    MailCheck.TIMEOUT: N_("The server did not answer in time. Check the server and the port."),
    MailCheck.LOST: N_("The connection was lost before everything was checked."),
    MailCheck.NOT_SMTP: N_("What answers on this port is not a mail server."),
    MailCheck.SERVER_REFUSED: N_("The server does not accept connections from here."),
    MailCheck.NO_ENCRYPTION: N_("The server offers no encryption on this port, so no password was sent."),
    MailCheck.ENCRYPTION_FAILED: N_("No encrypted connection came about. Check the port."),
    MailCheck.CERTIFICATE_EXPIRED: N_("The certificate of the server has expired or is not valid yet."),
    MailCheck.CERTIFICATE_NAME: N_(
        "The certificate of the server is for another name. Check the server name."
    ),
    MailCheck.CERTIFICATE_UNKNOWN: N_(
        "The certificate of the server comes from no authority that is trusted here."
    ),
    MailCheck.SIGN_IN_UNKNOWN: N_("The server offers no way to sign in with a password."),
    MailCheck.SIGN_IN_REFUSED: N_("The server refused the user name or the password."),
    MailCheck.SENDER_REFUSED: N_("The server does not let this user send from this address."),
    MailCheck.SECRET_UNREADABLE: N_("The stored password can no longer be read. Enter it again."),
}
# What time may mend by itself: worth another try without asking anybody.
PASSING = frozenset(
    {
        MailCheck.NAME_NOT_FOUND,
        MailCheck.CONNECTION_REFUSED,
        MailCheck.TIMEOUT,
        MailCheck.LOST,
        MailCheck.NOT_SMTP,
        MailCheck.SERVER_REFUSED,
    }
)
