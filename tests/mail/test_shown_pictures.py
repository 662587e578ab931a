"""Which pictures of a mail are files that somebody attached, and which only belong to how it looks."""

import pytest

from service.mail.received import read
from service.mail.replies import read_reply
from tests.mail.answers import part, parts

LOGO = b"A" * 4000
PHOTO = b"A" * 100_000


def picture(octets: bytes, *more: str) -> bytes:
    head = ["Content-Type: image/png", "Content-Transfer-Encoding: base64", *more]
    return "\n".join(head).encode() + b"\n\n" + octets


def files(page: str, *pictures: bytes) -> int:
    """How many files a mail has, of HTML with these pictures beside it."""
    return len(read_reply(read(parts("related", part(page, "text/html"), *pictures))).files)


ID, NAME = "Content-ID: <logo@x>", 'Content-Disposition: inline; filename="image001.png"'
SHOWN = '<p>Yes.</p><img src="cid:logo@x">'
QUOTED = '<p>Yes.</p><div class="gmail_quote"><img src="cid:logo@x"></div>'


@pytest.mark.parametrize(
    ("page", "one", "count"),
    [
        (SHOWN, picture(LOGO, ID, NAME), 0),
        (SHOWN, picture(PHOTO, ID, NAME), 1),
        (SHOWN.replace("@", "%40"), picture(LOGO, ID, NAME), 0),
        (QUOTED, picture(PHOTO, ID, NAME), 0),
        (SHOWN + QUOTED, picture(PHOTO, ID, NAME), 1),
        ("<p>Yes.</p>", picture(LOGO, ID, NAME), 1),
        ("<p>Yes.</p>", picture(LOGO, ID), 0),
        ("<p>Yes.</p>", picture(PHOTO, ID), 1),
        ("<p>Yes.</p>", picture(LOGO), 1),
        (SHOWN, picture(LOGO, ID, NAME.replace("inline", "attachment")), 1),
        (SHOWN, picture(LOGO, ID, NAME).replace(b"image/png", b"application/pdf"), 1),
    ],
)
def test_small_pictures_that_a_text_shows_are_its_look(page: str, one: bytes, count: int) -> None:
    """Nothing that could be meant is lost: in doubt it is a file."""
    assert files(page, one) == count
