"""What the domain asks of the job engine: work that begins when the caller's transaction commits."""

from typing import Protocol

from sqlalchemy.orm import Session


class Jobs(Protocol):
    """Enqueue inside the caller's transaction; the same thing asked twice is harmless."""

    def deliver(self, session: Session, campaign_id: int) -> None:
        """Send what is queued of a campaign."""

    def send_system_mail(self, session: Session, mail_id: int) -> None:
        """Send one system mail, in a lane that no campaign can block."""

    def run_import(self, session: Session, import_id: int) -> None:
        """Plan or apply an import, whichever its state asks for."""

    def scan(self, session: Session, attachment_id: int) -> None:
        """Have the virus scanner look at an attached file."""
