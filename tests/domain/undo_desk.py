"""A desk where two people are known before, and the file that is imported there and undone."""

from service.db import Database
from service.domain import partners
from service.models import Program
from tests.domain.factories import NOW, prospect
from tests.domain.import_desk import HEADER, Desk

FILE = (
    HEADER
    + "Blue Harbor,anna@blue.example,https://blue.example,Summer,Anna,Sailing,,ja\n"
    + "みどり企画,yamada@みどり.example,midori.example https://b.example,夏,,,,Japonais\n"
    + "Blue Harbor,ANNA@BLUE.example,https://blue.example,夏,,,,\n"
    + "No Group,c@x.example,https://x.example,Winter,,,,\n"
)
KNOWN = "Red Harbor,red@x.example,https://red.example https://other.example,夏,Rhea,Boats,,fr\n"
ACCOUNT = "Their name,them@y.example,https://y.example,Summer,Yu,,98765,zh\n"


def furnish(db: Database) -> Desk:
    """A desk where two people are known before."""
    desk = Desk(db)
    with db.transaction() as session:
        red = prospect(session, session.get_one(Program, desk.program_id), "Red", email="red@x.example")
        red.partner.description = "Ships"
        profile = partners.Profile(name="Account", email="account@x.example", mpid="98765", first_name="Y")
        partners.add(session, profile, now=NOW)
    return desk
