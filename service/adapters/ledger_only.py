"""Jobs without an engine: the ledger says what is to be done, and a worker's sweep finds it."""

from sqlalchemy.orm import Session


class LedgerOnly:
    """Fits `domain.jobs.Jobs` by doing nothing: a worker's sweep finds the rows by itself within seconds.

    For commands that must start fast and for the time before the engine has its tables.
    """

    def deliver(self, session: Session, campaign_id: int) -> None:
        """Leave it to the sweep."""

    def send_system_mail(self, session: Session, mail_id: int) -> None:
        """Leave it to the sweep."""

    def run_import(self, session: Session, import_id: int) -> None:
        """Leave it to the sweep."""

    def scan(self, session: Session, attachment_id: int) -> None:
        """Leave it to the sweep."""
